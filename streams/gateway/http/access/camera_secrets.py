"""The secrets of cameras, and the password for the MQTT broker, from files and the environment."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Final

from streams.gateway.config import MQTT_PASSWORD_VARIABLE, GatewayCameraConfig, GatewayConfig
from streams.records.faults import Fault
from streams.runtime.errors import OperatorError
from streams.runtime.secrets import Secret, SecretReader, SecretSource

_MAX_BYTES: Final = 4096
"""A login with a longer secret would exceed the longest header that a server accepts."""


class AccessError(OperatorError, ValueError):
    """Secrets of cameras have faults. `faults` holds all of them; none shows a secret."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


def environment_variable(camera_id: str) -> str:
    """Return the environment variable of a camera's secret, which takes precedence over its file."""
    return "ANPR_CAMERA_" + re.sub("[^A-Z0-9]", "_", camera_id.upper())


def read_camera_secrets(
    cameras: Mapping[str, GatewayCameraConfig], environ: Mapping[str, str]
) -> dict[str, Secret]:
    """Return the secrets by camera; cameras with a certificate have none.

    Raises AccessError with all faults: a secret that is missing, cannot be read, is blank, too long or of
    several lines, or is set for a camera with a certificate; a variable that is set and belongs to two
    cameras; a token that two cameras have, or that begins or ends with a space, which a header does not
    preserve; and a user of Basic with a colon (RFC 7617, 2).
    """
    reader = _CameraSecretReader(environ)
    secrets = {camera_id: reader.read(camera_id, camera) for camera_id, camera in cameras.items()}
    if reader.faults:
        raise AccessError(reader.faults)
    return {camera_id: secret for camera_id, secret in secrets.items() if secret is not None}


def read_mqtt_password(config: GatewayConfig, environ: Mapping[str, str]) -> Secret | None:
    """Return the password for the MQTT broker; None without a user.

    Raises AccessError if it is missing, cannot be read, or is not a single line of at most 4,096 bytes.
    """
    if config.mqtt_user is None:
        return None
    reader = SecretReader(environ, _MAX_BYTES)
    source = SecretSource(MQTT_PASSWORD_VARIABLE, "gateway.mqtt_password_file", config.mqtt_password_file)
    password = reader.read(source, "`mqtt_user`")
    if reader.faults:
        raise AccessError(reader.faults)
    return password


class _CameraSecretReader:
    """Reads the secrets of cameras, and checks each against the others."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._reader = SecretReader(environ, _MAX_BYTES)
        self._camera_by_variable: dict[str, str] = {}
        self._camera_by_token: dict[str, str] = {}

    @property
    def faults(self) -> list[Fault]:
        """Everything that is wrong with the secrets read so far."""
        return self._reader.faults

    def read(self, camera_id: str, camera: GatewayCameraConfig) -> Secret | None:
        """Return the secret of a camera; None if it needs none, or has one with a fault."""
        reader = self._reader
        source = SecretSource(
            environment_variable(camera_id), f"cameras.{camera_id}.secret_file", camera.secret_file
        )
        first_camera = self._camera_by_variable.setdefault(source.variable, camera_id)
        if reader.is_in_environment(source) and first_camera != camera_id:
            reader.add_fault(
                source.variable,
                f"must belong to one camera, not to both {first_camera} and {camera_id} (rename one, or set "
                "the `secret_file` of both)",
            )
            return None
        if camera.auth == "certificate":
            if reader.is_in_environment(source) or source.path is not None:
                reader.add_fault(reader.field(source), "must not be set with `auth` certificate")
            return None
        if camera.auth == "basic" and ":" in (camera.user or camera_id):
            # The password begins behind the first colon.
            user = json.dumps(camera.user or camera_id, ensure_ascii=False)
            rule = "must not have a colon with `auth` basic"
            reader.faults.append(Fault(f"cameras.{camera_id}.user", rule, user))
        secret = reader.read(source, f"`auth` {camera.auth}")
        if secret is None or (camera.auth == "bearer" and not self._check_token(camera_id, source, secret)):
            return None
        return secret

    def _check_token(self, camera_id: str, source: SecretSource, secret: Secret) -> bool:
        token, field = secret.reveal(), self._reader.field(source)
        if token != token.strip():
            self._reader.add_fault(field, "must hold a token without a space at its start or end")
            return False
        first_camera = self._camera_by_token.setdefault(token, camera_id)
        if first_camera != camera_id:
            self._reader.add_fault(field, f"must hold another token than that of camera {first_camera}")
        return first_camera == camera_id
