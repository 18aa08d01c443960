"""The secrets of the cameras, from files and the environment."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from streams.gateway.config import MQTT_PASSWORD, Camera, GatewaySection
from streams.kafka.client import Secret
from streams.records.faults import Fault
from streams.runtime.errors import OperatorError

# With more of it a login is longer than the header that carries it may be.
_MOST: Final = 4096
_MQTT: Final = "mqtt"
_LONG: Final = f"holds a secret of at most {_MOST} bytes, and this is longer"


class AccessError(OperatorError, ValueError):
    """Secrets of cameras have faults. `faults` holds all of them; none holds a secret."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


def variable_of(camera_id: str) -> str:
    """The environment's variable for a camera's secret, which goes before its file."""
    return "ANPR_CAMERA_" + re.sub("[^A-Z0-9]", "_", camera_id.upper())


def secrets_of(cameras: Mapping[str, Camera], environ: Mapping[str, str]) -> dict[str, Secret]:
    """The secrets by camera; those with a certificate have none.

    Raises AccessError with all faults: a secret that is missing, cannot be read, is empty, too long, of
    several lines or of no use, a variable that is set and is of two cameras, a token that two cameras have or
    that begins or ends with a space, which a header does not keep, and a user of Basic with a colon
    (RFC 7617, 2).
    """
    reading = _Reading(cameras, environ)
    found = {name: secret for name in cameras if (secret := reading.secret(name)) is not None}
    if reading.faults:
        raise AccessError(reading.faults)
    return found


def mqtt_password(policy: GatewaySection, environ: Mapping[str, str]) -> Secret | None:
    """The password for the broker of MQTT; None without a user. Raises AccessError as `secrets_of`."""
    if policy.mqtt_user is None:
        return None
    # Read as the secret of a camera is, and told as what it is.
    camera = Camera(secret_file=policy.mqtt_password_file)
    variable = variable_of(_MQTT)
    given = {variable: environ[MQTT_PASSWORD]} if environ.get(MQTT_PASSWORD) else {}
    reading = _Reading({_MQTT: camera}, given)
    secret = reading.secret(_MQTT)
    if reading.faults:
        place = "gateway.mqtt_password_file"
        raise AccessError(
            fault._replace(
                field=MQTT_PASSWORD if fault.field == variable else place,
                rule=f"or {MQTT_PASSWORD} in the environment is required by `mqtt_user`, both are missing"
                if policy.mqtt_password_file is None and not given
                else fault.rule,
            )
            for fault in reading.faults
        )
    return secret


class _Reading:
    """What was read so far, and the faults in it."""

    def __init__(self, cameras: Mapping[str, Camera], environ: Mapping[str, str]) -> None:
        self._cameras = cameras
        self._environ = environ
        self._of: dict[str, str] = {}
        self._tokens: dict[str, str] = {}
        self.faults: list[Fault] = []

    def secret(self, name: str) -> Secret | None:
        """That of a camera; None if it has none, or one with a fault."""
        camera, variable, place = self._cameras[name], variable_of(name), f"cameras.{name}.secret_file"
        given = self._environ.get(variable)
        other = self._of.setdefault(variable, name)
        if given and other != name:
            rule = f"is of two cameras, {other} and {name}: give one of them another id, or both a file"
            self._fault(variable, rule)
            return None
        if camera.auth == "certificate":
            if given or camera.secret_file is not None:
                rule = "goes with `auth` basic, digest or bearer, but `auth` is certificate"
                self._fault(variable if given else place, rule)
            return None
        if camera.auth == "basic" and ":" in (camera.user or name):
            rule = "has no colon where `auth` is basic, for the password begins behind the first"
            self._fault(f"cameras.{name}.user", rule, json.dumps(camera.user or name, ensure_ascii=False))
        text = given or self._content(name, variable, place)
        # Editors and `echo` end a file with a line's end; it is no part of the secret.
        text = text.removesuffix("\n").removesuffix("\r") if text is not None else None
        if text is None or not self._is_sound(text, name, variable if given else place):
            return None
        return Secret(text)

    def _is_sound(self, text: str, name: str, where: str) -> bool:
        bearer = self._cameras[name].auth == "bearer"
        if not text.strip():
            self._fault(where, "holds a secret, and this is blank")
        elif len(text.encode("utf-8", "surrogatepass")) > _MOST:
            self._fault(where, _LONG)
        elif any(ord(char) < 32 or ord(char) == 127 for char in text):
            self._fault(where, "holds one line without control characters, and this holds more")
        elif bearer and text != text.strip():
            self._fault(where, "holds a token without a space before or behind it, and here is one")
        elif bearer and self._tokens.setdefault(text, name) != name:
            self._fault(where, f"holds a token of its own, and this is that of {self._tokens[text]}")
        else:
            return True
        return False

    def _content(self, name: str, variable: str, place: str) -> str | None:
        camera = self._cameras[name]
        if camera.secret_file is None:
            rule = f"or {variable} in the environment is required by `auth` {camera.auth}, both are missing"
            self._fault(place, rule)
            return None
        path = json.dumps(camera.secret_file, ensure_ascii=False)
        try:
            with Path(camera.secret_file).open("rb") as file:
                content = file.read(_MOST + 3)
            if len(content) <= _MOST + len(b"\r\n"):
                return content.decode()
            self._fault(place, _LONG, path)
        except UnicodeDecodeError:
            self._fault(place, "names a file of UTF-8 text, and this is none", path)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            why = getattr(error, "strerror", None) or str(error)
            self._fault(place, f"names a file that cannot be read ({why})", path)
        return None

    def _fault(self, field: str, rule: str, value: str = "") -> None:
        self.faults.append(Fault(field, rule, value))
