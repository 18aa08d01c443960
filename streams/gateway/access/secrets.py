"""The secrets of the cameras, from files and the environment."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from streams.broker.connection import Secret
from streams.gateway.policy import Camera
from streams.records.faults import Fault

_MOST: Final = 64 * 1024


class AccessError(ValueError):
    """Secrets of cameras have faults. `faults` holds all of them; none holds a secret."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


def variable_of(camera_id: str) -> str:
    """The environment's variable for a camera's secret, which goes before its file."""
    return "ANPR_CAMERA_" + re.sub("[^A-Z0-9]", "_", camera_id.upper())


def secrets_of(cameras: Mapping[str, Camera], environ: Mapping[str, str]) -> dict[str, Secret]:
    """The secrets by camera; those with a certificate have none.

    Raises AccessError with all faults: a secret that is missing, cannot be read, is empty or has several
    lines, a variable that is of two cameras, and a token that two cameras have.
    """
    faults: list[Fault] = []
    found: dict[str, Secret] = {}
    variables: dict[str, str] = {}
    tokens: dict[str, str] = {}
    for name, camera in cameras.items():
        if camera.auth == "certificate":
            continue
        variable = variable_of(name)
        place = f"cameras.{name}.secret_file"
        given = environ.get(variable)
        if given and variable in variables:
            faults.append(Fault(variable, f"is of two cameras, {variables[variable]} and {name}", ""))
        variables[variable] = name
        text = given or _text(camera, place, variable, faults)
        if text is None:
            continue
        text = text.removesuffix("\n").removesuffix("\r")
        where = variable if given else place
        if not text.strip():
            faults.append(Fault(where, "holds a secret, and this is blank", ""))
        elif any(ord(char) < 32 or ord(char) == 127 for char in text):
            faults.append(Fault(where, "holds one line without control characters, and this holds more", ""))
        elif camera.auth == "bearer" and text in tokens:
            faults.append(Fault(where, f"holds a token of its own, and this is that of {tokens[text]}", ""))
        else:
            found[name] = Secret(text)
            if camera.auth == "bearer":
                tokens[text] = name
    if faults:
        raise AccessError(faults)
    return found


def _text(camera: Camera, place: str, variable: str, faults: list[Fault]) -> str | None:
    if camera.secret_file is None:
        rule = f"or {variable} in the environment is required by `auth` {camera.auth}, both are missing"
        faults.append(Fault(place, rule, ""))
        return None
    try:
        with Path(camera.secret_file).expanduser().open("rb") as file:
            return file.read(_MOST).decode()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "is no UTF-8 text"
        faults.append(Fault(place, f"names a file that can be read ({why})", camera.secret_file))
        return None
