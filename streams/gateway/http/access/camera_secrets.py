"""The secrets of the cameras, from files and the environment."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from streams.gateway.config import MQTT_PASSWORD_VARIABLE, GatewayCameraConfig, GatewayConfig
from streams.kafka.client import Secret
from streams.records.faults import Fault
from streams.runtime.errors import OperatorError

# With more of it a login is longer than the header that carries it may be.
_MAX_BYTES: Final = 4096
_MQTT_ID: Final = "mqtt"
_TOO_LONG_RULE: Final = f"holds a secret of at most {_MAX_BYTES} bytes, and this is longer"


class AccessError(OperatorError, ValueError):
    """Secrets of cameras have faults. `faults` holds all of them; none holds a secret."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


def environment_variable(camera_id: str) -> str:
    """The environment's variable for a camera's secret, which goes before its file."""
    return "ANPR_CAMERA_" + re.sub("[^A-Z0-9]", "_", camera_id.upper())


def read_camera_secrets(
    cameras: Mapping[str, GatewayCameraConfig], environ: Mapping[str, str]
) -> dict[str, Secret]:
    """The secrets by camera; those with a certificate have none.

    Raises AccessError with all faults: a secret that is missing, cannot be read, is empty, too long, of
    several lines or of no use, a variable that is set and is of two cameras, a token that two cameras have or
    that begins or ends with a space, which a header does not keep, and a user of Basic with a colon
    (RFC 7617, 2).
    """
    reading = _SecretReader(cameras, environ)
    found = {name: secret for name in cameras if (secret := reading.read_secret(name)) is not None}
    if reading.faults:
        raise AccessError(reading.faults)
    return found


def read_mqtt_password(config: GatewayConfig, environ: Mapping[str, str]) -> Secret | None:
    """The password for the broker of MQTT; None without a user. Raises AccessError as `secrets_of`."""
    if config.mqtt_user is None:
        return None
    # Read as the secret of a camera is, and told as what it is.
    camera = GatewayCameraConfig(secret_file=config.mqtt_password_file)
    variable = environment_variable(_MQTT_ID)
    given = {variable: environ[MQTT_PASSWORD_VARIABLE]} if environ.get(MQTT_PASSWORD_VARIABLE) else {}
    reading = _SecretReader({_MQTT_ID: camera}, given)
    secret = reading.read_secret(_MQTT_ID)
    if reading.faults:
        place = "gateway.mqtt_password_file"
        raise AccessError(
            fault._replace(
                field=MQTT_PASSWORD_VARIABLE if fault.field == variable else place,
                rule=(
                    f"or {MQTT_PASSWORD_VARIABLE} in the environment is required by `mqtt_user`, "
                    "both are missing"
                )
                if config.mqtt_password_file is None and not given
                else fault.rule,
            )
            for fault in reading.faults
        )
    return secret


class _SecretReader:
    """What was read so far, and the faults in it."""

    def __init__(self, cameras: Mapping[str, GatewayCameraConfig], environ: Mapping[str, str]) -> None:
        self._cameras = cameras
        self._environ = environ
        self._camera_by_variable: dict[str, str] = {}
        self._tokens: dict[str, str] = {}
        self.faults: list[Fault] = []

    def read_secret(self, name: str) -> Secret | None:
        """That of a camera; None if it has none, or one with a fault."""
        camera, variable, place = (
            self._cameras[name],
            environment_variable(name),
            f"cameras.{name}.secret_file",
        )
        given = self._environ.get(variable)
        other = self._camera_by_variable.setdefault(variable, name)
        if given and other != name:
            rule = f"is of two cameras, {other} and {name}: give one of them another id, or both a file"
            self._add_fault(variable, rule)
            return None
        if camera.auth == "certificate":
            if given or camera.secret_file is not None:
                rule = "goes with `auth` basic, digest or bearer, but `auth` is certificate"
                self._add_fault(variable if given else place, rule)
            return None
        if camera.auth == "basic" and ":" in (camera.user or name):
            rule = "has no colon where `auth` is basic, for the password begins behind the first"
            self._add_fault(f"cameras.{name}.user", rule, json.dumps(camera.user or name, ensure_ascii=False))
        text = given or self._read_file(name, variable, place)
        # Editors and `echo` end a file with a line's end; it is no part of the secret.
        text = text.removesuffix("\n").removesuffix("\r") if text is not None else None
        if text is None or not self._is_valid(text, name, variable if given else place):
            return None
        return Secret(text)

    def _is_valid(self, text: str, name: str, where: str) -> bool:
        bearer = self._cameras[name].auth == "bearer"
        if not text.strip():
            self._add_fault(where, "holds a secret, and this is blank")
        elif len(text.encode("utf-8", "surrogatepass")) > _MAX_BYTES:
            self._add_fault(where, _TOO_LONG_RULE)
        elif any(ord(char) < 32 or ord(char) == 127 for char in text):
            self._add_fault(where, "holds one line without control characters, and this holds more")
        elif bearer and text != text.strip():
            self._add_fault(where, "holds a token without a space before or behind it, and here is one")
        elif bearer and self._tokens.setdefault(text, name) != name:
            self._add_fault(where, f"holds a token of its own, and this is that of {self._tokens[text]}")
        else:
            return True
        return False

    def _read_file(self, name: str, variable: str, field: str) -> str | None:
        camera = self._cameras[name]
        if camera.secret_file is None:
            rule = f"or {variable} in the environment is required by `auth` {camera.auth}, both are missing"
            self._add_fault(field, rule)
            return None
        path = json.dumps(camera.secret_file, ensure_ascii=False)
        try:
            with Path(camera.secret_file).open("rb") as file:
                content = file.read(_MAX_BYTES + 3)
            if len(content) <= _MAX_BYTES + len(b"\r\n"):
                return content.decode()
            self._add_fault(field, _TOO_LONG_RULE, path)
        except UnicodeDecodeError:
            self._add_fault(field, "names a file of UTF-8 text, and this is none", path)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            why = getattr(error, "strerror", None) or str(error)
            self._add_fault(field, f"names a file that cannot be read ({why})", path)
        return None

    def _add_fault(self, field: str, rule: str, value: str = "") -> None:
        self.faults.append(Fault(field, rule, value))
