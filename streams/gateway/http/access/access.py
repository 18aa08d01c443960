"""Identification of the camera that sent a request."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from streams.gateway.config import GatewayCameraConfig
from streams.gateway.http.access.camera_secrets import read_camera_secrets
from streams.gateway.http.access.digest import REALM, DigestChallenges, is_valid_response, parse_authorization
from streams.records.times import Millis

_CAMERA_PATH: Final = "/cameras/"
_MAX_LOGIN_LENGTH: Final = 8192
_MAX_USER_LENGTH: Final = 64
_BARE_DIGEST_VENDORS: Final = frozenset(("dahua",))
"""Vendors whose cameras send a Digest without a realm and a nonce."""


class Login(NamedTuple):
    """What a request has to prove its sender.

    `path` has its query, as in the request line. `certificate` is as `ssl.SSLSocket.getpeercert` returns it.
    """

    method: str
    path: str
    authorization: str | None
    certificate: Mapping[str, Any] | None


class Unauthorised(Exception):  # noqa: N818 - it is an answer, not a fault of the program
    """A request without a valid login; `status` and `challenges` (for WWW-Authenticate) are the answer.

    `is_challenge` if the client was only asked to log in, or to do so again, as Digest does at first. `user`,
    for the log alone, is the user's name of the request if it is printable.
    """

    def __init__(
        self, status: int, message: str, challenges: Sequence[str] = (), is_challenge: bool = False
    ) -> None:
        super().__init__(message)
        self.status = status
        self.challenges = tuple(challenges)
        self.is_challenge = is_challenge
        self.user = ""


class Access:
    """Identifies the camera that sent a request. Raises AccessError with all faults of the secrets.

    A path `/cameras/<id>`, or one below it, names the camera: the login must be that camera's. Where several
    cameras share a login, only such a path tells them apart; they are refused on any other. A "/" in an id is
    written %2F.
    """

    def __init__(
        self, cameras: Mapping[str, GatewayCameraConfig], environ: Mapping[str, str], key: bytes | None = None
    ) -> None:
        """`key` signs the nonces of Digest; by default a random one is made."""
        self._cameras = cameras
        self._secrets = read_camera_secrets(cameras, environ)
        self._digests = DigestChallenges(key or secrets.token_bytes(32))
        self._cameras_by_login: dict[tuple[str, str], list[str]] = {}
        for camera_id, camera in cameras.items():
            self._cameras_by_login.setdefault((camera.auth, camera.user or camera_id), []).append(camera_id)
        self._secret_hashes = {
            camera_id: _hash(secret.reveal()) for camera_id, secret in self._secrets.items()
        }
        self._camera_by_token_hash = {
            self._secret_hashes[camera_id]: camera_id
            for camera_id, camera in cameras.items()
            if camera.auth == "bearer"
        }
        self._dummy_hash = _hash("")
        self._auth_methods = {camera.auth for camera in cameras.values()}

    def identify_camera(self, login: Login, now_ms: Millis) -> str:
        """Return the camera that sent a request. Raises Unauthorised."""
        camera_ids = self._authenticate(login, now_ms)
        named_id = _camera_in_path(login.path)
        if named_id in camera_ids:
            return named_id
        if named_id:
            raise Unauthorised(403, f"the login of {' or '.join(camera_ids)} sends as another camera")
        if len(camera_ids) > 1:
            raise Unauthorised(
                400, f"several cameras share this login: send to {_CAMERA_PATH}<id> instead of another path"
            )
        return camera_ids[0]

    def _authenticate(self, login: Login, now_ms: Millis) -> list[str]:
        """Return the cameras that have this login; at least one."""
        if login.authorization is None:
            camera_ids = [
                camera_id
                for name in _certificate_names(login.certificate)
                for camera_id in self._cameras_by_login.get(("certificate", name), ())
            ]
            if camera_ids:
                return camera_ids
            raise self._unauthorised(now_ms, "no login", is_challenge=True)
        scheme, _, credentials = login.authorization[:_MAX_LOGIN_LENGTH].partition(" ")
        scheme, credentials = scheme.lower(), credentials.strip()
        stale, user = False, ""
        if scheme == "basic":
            user, camera_ids = self._check_basic(credentials)
        elif scheme == "bearer":
            # Looking up a hash takes the same time for every token: nobody can choose how a hash begins.
            camera_id = self._camera_by_token_hash.get(_hash(credentials))
            camera_ids = [camera_id] if camera_id is not None else []
        elif scheme == "digest":
            fields = parse_authorization(credentials)
            user = fields.get("username", "")
            camera_ids, stale = self._check_digest(fields, login, now_ms)
        else:
            raise self._unauthorised(now_ms, "unknown authentication scheme")
        if not camera_ids:
            message = "stale nonce" if stale else "wrong user or secret"
            unauthorised = self._unauthorised(now_ms, message, stale, is_challenge=stale)
            unauthorised.user = user[:_MAX_USER_LENGTH] if user.isprintable() else ""
            raise unauthorised
        return camera_ids

    def _check_basic(self, credentials: str) -> tuple[str, list[str]]:
        """Return the user's name in the credentials, and the cameras that have this login."""
        try:
            user, colon, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return "", []
        secret_hash = _hash(secret)
        candidates = self._cameras_by_login.get(("basic", user), ()) if colon else ()
        camera_ids = [
            camera_id
            for camera_id in candidates
            if hmac.compare_digest(secret_hash, self._secret_hashes[camera_id])
        ]
        if not candidates:
            # An unknown user must take as long as a known one.
            hmac.compare_digest(secret_hash, self._dummy_hash)
        # Without a colon the text may be a secret.
        return (user if colon else ""), camera_ids

    def _check_digest(
        self, fields: Mapping[str, str], login: Login, now_ms: Millis
    ) -> tuple[list[str], bool]:
        """Return the cameras that have this login, and whether only its nonce is stale."""
        candidates = self._cameras_by_login.get(("digest", fields.get("username", "")), ())
        camera_ids = [
            camera_id
            for camera_id in candidates
            if is_valid_response(fields, login.method, login.path, self._secrets[camera_id].reveal())
        ]
        if not candidates:
            # An unknown user must take as long as a known one.
            is_valid_response(fields, login.method, login.path, "")
        if not camera_ids:
            return [], False
        # Once for all cameras with one login: they share the response, whose count is valid once.
        nonce_state = self._digests.use_nonce(fields, now_ms)
        if nonce_state == "bare":
            return [
                camera_id
                for camera_id in camera_ids
                if self._cameras[camera_id].vendor in _BARE_DIGEST_VENDORS
            ], False
        return (camera_ids if nonce_state == "good" else []), nonce_state == "stale"

    def _unauthorised(
        self, now_ms: Millis, message: str, stale: bool = False, is_challenge: bool = False
    ) -> Unauthorised:
        challenges = self._digests.build_challenges(now_ms, stale) if "digest" in self._auth_methods else []
        if "basic" in self._auth_methods:
            challenges.append(f'Basic realm="{REALM}", charset="UTF-8"')
        if "bearer" in self._auth_methods:
            challenges.append(f'Bearer realm="{REALM}"')
        return Unauthorised(401, message, challenges, is_challenge)


def _camera_in_path(path: str) -> str:
    """Return the camera that a path names, "" if it names none."""
    if not path.startswith(_CAMERA_PATH):
        return ""
    return unquote(path.removeprefix(_CAMERA_PATH).partition("?")[0].partition("/")[0])


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _certificate_names(certificate: Mapping[str, Any] | None) -> list[str]:
    """Return the common name and the DNS names of a certificate (RFC 5280, 4.1.2.6 and 4.2.1.6)."""
    if not certificate:
        return []
    subject, alternatives = certificate.get("subject", ()), certificate.get("subjectAltName", ())
    common_names = [value for part in subject for key, value in part if key == "commonName"]
    dns_names = [value for kind, value in alternatives if kind == "DNS"]
    return list(dict.fromkeys([*common_names, *dns_names]))
