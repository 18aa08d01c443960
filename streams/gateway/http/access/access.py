"""Which camera sends."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

from streams.gateway.config import Camera
from streams.gateway.http.access.camera_secrets import secrets_of
from streams.gateway.http.access.digest import REALM, Digests, answers, fields_of

_PATH: Final = "/cameras/"
_LONGEST: Final = 8192
_SHOWN: Final = 64
_BARE: Final = frozenset(("dahua",))
"""Makers whose cameras send a Digest without a realm and a nonce."""


class Refused(Exception):  # noqa: N818 - it is an answer, not a fault of the program
    """A request of nobody that is known. `status` and `challenges` (WWW-Authenticate) are the answer.

    `asked`: it was only not asked yet to prove who it is, or has to do it anew, as with Digest at first.
    `user`, for the log alone, is the user's name that was given, in printable characters.
    """

    def __init__(self, status: int, words: str, challenges: Sequence[str] = (), asked: bool = False) -> None:
        super().__init__(words)
        self.status = status
        self.challenges = tuple(challenges)
        self.asked = asked
        self.user = ""


class Access:
    """Tells which camera a request is from. Raises AccessError with all that is wrong with the secrets.

    A path `/cameras/<id>`, or one below it, names the camera: the login must be that camera's. Of cameras
    with one login it says which it is; on any other path they are refused. A "/" in an id is written %2F.
    """

    def __init__(
        self, cameras: Mapping[str, Camera], environ: Mapping[str, str], key: bytes | None = None
    ) -> None:
        """`key` is for the nonces of Digest; without it one is drawn."""
        self._cameras = cameras
        self._secrets = secrets_of(cameras, environ)
        self._digests = Digests(key or secrets.token_bytes(32))
        self._by_user: dict[tuple[str, str], list[str]] = {}
        for name, camera in cameras.items():
            self._by_user.setdefault((camera.auth, camera.user or name), []).append(name)
        self._hashes = {name: _hashed(secret.reveal()) for name, secret in self._secrets.items()}
        self._tokens = {
            self._hashes[name]: name for name, camera in cameras.items() if camera.auth == "bearer"
        }
        self._nobody = _hashed("")
        self._kinds = {camera.auth for camera in cameras.values()}

    def camera(
        self,
        method: str,
        path: str,
        authorization: str | None,
        certificate: Mapping[str, Any] | None,
        now: int,
    ) -> str:
        """The camera that sends a request; `path` with its query, as in the request line.

        `certificate` as `ssl.SSLSocket.getpeercert` gives it; `now` in ms since 1970 UTC. Raises Refused.
        """
        proven = self._proven(method, path, authorization, certificate, now)
        named = _named(path)
        if named in proven:
            return named
        if named:
            raise Refused(403, f"the login of {' or '.join(proven)} sends as another camera")
        if len(proven) > 1:
            raise Refused(400, f"several cameras have this login: send to {_PATH}<id>, not to another path")
        return proven[0]

    def _proven(
        self,
        method: str,
        path: str,
        authorization: str | None,
        certificate: Mapping[str, Any] | None,
        now: int,
    ) -> list[str]:
        """The cameras whose login it is; never none."""
        if authorization is None:
            found = [
                camera
                for name in _names(certificate)
                for camera in self._by_user.get(("certificate", name), ())
            ]
            if found:
                return found
            raise self._refused(now, "no login", asked=True)
        scheme, _, rest = authorization[:_LONGEST].partition(" ")
        scheme, rest = scheme.lower(), rest.strip()
        stale, user = False, ""
        if scheme == "basic":
            user, found = self._basic(rest)
        elif scheme == "bearer":
            # Found by a hash of it, of which nobody can choose how it begins.
            token = self._tokens.get(_hashed(rest))
            found = [token] if token is not None else []
        elif scheme == "digest":
            fields = fields_of(rest)
            user = fields.get("username", "")
            found, stale = self._digest(fields, method, path, now)
        else:
            raise self._refused(now, "a kind of login that is not known")
        if not found:
            words = "a stale nonce" if stale else "a wrong user or secret"
            refused = self._refused(now, words, stale, asked=stale)
            refused.user = user[:_SHOWN] if user.isprintable() else ""
            raise refused
        return found

    def _basic(self, text: str) -> tuple[str, list[str]]:
        """The user's name that was given, and the cameras whose login it is."""
        try:
            user, colon, secret = base64.b64decode(text, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return "", []
        given = _hashed(secret)
        names = self._by_user.get(("basic", user), ()) if colon else ()
        found = [name for name in names if hmac.compare_digest(given, self._hashes[name])]
        if not names:
            # A user that is not known takes as long as one that is.
            hmac.compare_digest(given, self._nobody)
        # Without a colon the text may be a secret.
        return (user if colon else ""), found

    def _digest(self, fields: Mapping[str, str], method: str, uri: str, now: int) -> tuple[list[str], bool]:
        names = self._by_user.get(("digest", fields.get("username", "")), ())
        found = [name for name in names if answers(fields, method, uri, self._secrets[name].reveal())]
        if not names:
            # A user that is not known takes as long as one that is.
            answers(fields, method, uri, "")
        if not found:
            return [], False
        # Once for all cameras of one login: they have one answer, whose count is good once.
        nonce = self._digests.use(fields, now)
        if nonce == "bare":
            return [name for name in found if self._cameras[name].maker in _BARE], False
        return (found if nonce == "good" else []), nonce == "stale"

    def _refused(self, now: int, words: str, stale: bool = False, asked: bool = False) -> Refused:
        challenges = self._digests.challenges(now, stale) if "digest" in self._kinds else []
        if "basic" in self._kinds:
            challenges.append(f'Basic realm="{REALM}", charset="UTF-8"')
        if "bearer" in self._kinds:
            challenges.append(f'Bearer realm="{REALM}"')
        return Refused(401, words, challenges, asked)


def _named(path: str) -> str:
    """The camera that a path names, "" without one."""
    if not path.startswith(_PATH):
        return ""
    return unquote(path.removeprefix(_PATH).partition("?")[0].partition("/")[0])


def _hashed(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _names(certificate: Mapping[str, Any] | None) -> list[str]:
    """The names of a certificate: its common name, and those of DNS (RFC 5280, 4.1.2.6 and 4.2.1.6)."""
    if not certificate:
        return []
    common = [value for part in certificate.get("subject", ()) for key, value in part if key == "commonName"]
    others = [value for kind, value in certificate.get("subjectAltName", ()) if kind == "DNS"]
    return list(dict.fromkeys([*common, *others]))
