"""Which camera sends."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

from streams.gateway.config import GatewayCameraConfig
from streams.gateway.http.access.camera_secrets import read_camera_secrets
from streams.gateway.http.access.digest import REALM, DigestChallenges, is_valid_response, parse_authorization

_CAMERA_PATH: Final = "/cameras/"
_MAX_LOGIN_LENGTH: Final = 8192
_MAX_USER_LENGTH: Final = 64
_BARE_DIGEST_VENDORS: Final = frozenset(("dahua",))
"""Makers whose cameras send a Digest without a realm and a nonce."""


class Unauthorised(Exception):  # noqa: N818 - it is an answer, not a fault of the program
    """A request of nobody that is known. `status` and `challenges` (WWW-Authenticate) are the answer.

    `asked`: it was only not asked yet to prove who it is, or has to do it anew, as with Digest at first.
    `user`, for the log alone, is the user's name that was given, in printable characters.
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
    """Tells which camera a request is from. Raises AccessError with all that is wrong with the secrets.

    A path `/cameras/<id>`, or one below it, names the camera: the login must be that camera's. Of cameras
    with one login it says which it is; on any other path they are refused. A "/" in an id is written %2F.
    """

    def __init__(
        self, cameras: Mapping[str, GatewayCameraConfig], environ: Mapping[str, str], key: bytes | None = None
    ) -> None:
        """`key` is for the nonces of Digest; without it one is drawn."""
        self._cameras = cameras
        self._secrets = read_camera_secrets(cameras, environ)
        self._digests = DigestChallenges(key or secrets.token_bytes(32))
        self._cameras_by_login: dict[tuple[str, str], list[str]] = {}
        for name, camera in cameras.items():
            self._cameras_by_login.setdefault((camera.auth, camera.user or name), []).append(name)
        self._secret_hashes = {name: _hash(secret.reveal()) for name, secret in self._secrets.items()}
        self._camera_by_token_hash = {
            self._secret_hashes[name]: name for name, camera in cameras.items() if camera.auth == "bearer"
        }
        self._dummy_hash = _hash("")
        self._auth_methods = {camera.auth for camera in cameras.values()}

    def identify_camera(
        self,
        method: str,
        path: str,
        authorization: str | None,
        certificate: Mapping[str, Any] | None,
        now_ms: int,
    ) -> str:
        """The camera that sends a request; `path` with its query, as in the request line.

        `certificate` as `ssl.SSLSocket.getpeercert` gives it; `now` in ms since 1970 UTC. Raises Refused.
        """
        proven = self._authenticate(method, path, authorization, certificate, now_ms)
        named = _camera_in_path(path)
        if named in proven:
            return named
        if named:
            raise Unauthorised(403, f"the login of {' or '.join(proven)} sends as another camera")
        if len(proven) > 1:
            raise Unauthorised(
                400, f"several cameras have this login: send to {_CAMERA_PATH}<id>, not to another path"
            )
        return proven[0]

    def _authenticate(
        self,
        method: str,
        path: str,
        authorization: str | None,
        certificate: Mapping[str, Any] | None,
        now_ms: int,
    ) -> list[str]:
        """The cameras whose login it is; never none."""
        if authorization is None:
            found = [
                camera
                for name in _certificate_names(certificate)
                for camera in self._cameras_by_login.get(("certificate", name), ())
            ]
            if found:
                return found
            raise self._unauthorised(now_ms, "no login", is_challenge=True)
        scheme, _, rest = authorization[:_MAX_LOGIN_LENGTH].partition(" ")
        scheme, rest = scheme.lower(), rest.strip()
        stale, user = False, ""
        if scheme == "basic":
            user, found = self._check_basic(rest)
        elif scheme == "bearer":
            # Found by a hash of it, of which nobody can choose how it begins.
            token = self._camera_by_token_hash.get(_hash(rest))
            found = [token] if token is not None else []
        elif scheme == "digest":
            fields = parse_authorization(rest)
            user = fields.get("username", "")
            found, stale = self._check_digest(fields, method, path, now_ms)
        else:
            raise self._unauthorised(now_ms, "a kind of login that is not known")
        if not found:
            words = "a stale nonce" if stale else "a wrong user or secret"
            refused = self._unauthorised(now_ms, words, stale, is_challenge=stale)
            refused.user = user[:_MAX_USER_LENGTH] if user.isprintable() else ""
            raise refused
        return found

    def _check_basic(self, text: str) -> tuple[str, list[str]]:
        """The user's name that was given, and the cameras whose login it is."""
        try:
            user, colon, secret = base64.b64decode(text, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return "", []
        given = _hash(secret)
        names = self._cameras_by_login.get(("basic", user), ()) if colon else ()
        found = [name for name in names if hmac.compare_digest(given, self._secret_hashes[name])]
        if not names:
            # A user that is not known takes as long as one that is.
            hmac.compare_digest(given, self._dummy_hash)
        # Without a colon the text may be a secret.
        return (user if colon else ""), found

    def _check_digest(
        self, fields: Mapping[str, str], method: str, uri: str, now_ms: int
    ) -> tuple[list[str], bool]:
        names = self._cameras_by_login.get(("digest", fields.get("username", "")), ())
        found = [
            name for name in names if is_valid_response(fields, method, uri, self._secrets[name].reveal())
        ]
        if not names:
            # A user that is not known takes as long as one that is.
            is_valid_response(fields, method, uri, "")
        if not found:
            return [], False
        # Once for all cameras of one login: they have one answer, whose count is good once.
        nonce = self._digests.use_nonce(fields, now_ms)
        if nonce == "bare":
            return [name for name in found if self._cameras[name].maker in _BARE_DIGEST_VENDORS], False
        return (found if nonce == "good" else []), nonce == "stale"

    def _unauthorised(
        self, now_ms: int, message: str, stale: bool = False, is_challenge: bool = False
    ) -> Unauthorised:
        challenges = self._digests.build_challenges(now_ms, stale) if "digest" in self._auth_methods else []
        if "basic" in self._auth_methods:
            challenges.append(f'Basic realm="{REALM}", charset="UTF-8"')
        if "bearer" in self._auth_methods:
            challenges.append(f'Bearer realm="{REALM}"')
        return Unauthorised(401, message, challenges, is_challenge)


def _camera_in_path(path: str) -> str:
    """The camera that a path names, "" without one."""
    if not path.startswith(_CAMERA_PATH):
        return ""
    return unquote(path.removeprefix(_CAMERA_PATH).partition("?")[0].partition("/")[0])


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _certificate_names(certificate: Mapping[str, Any] | None) -> list[str]:
    """The names of a certificate: its common name, and those of DNS (RFC 5280, 4.1.2.6 and 4.2.1.6)."""
    if not certificate:
        return []
    common = [value for part in certificate.get("subject", ()) for key, value in part if key == "commonName"]
    others = [value for kind, value in certificate.get("subjectAltName", ()) if kind == "DNS"]
    return list(dict.fromkeys([*common, *others]))
