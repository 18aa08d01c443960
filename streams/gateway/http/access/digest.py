"""Digest access (RFC 7616, and RFC 2617 and 2069 as older cameras speak it): challenges and their answers."""

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Mapping
from itertools import count
from typing import Final, Literal
from urllib.request import parse_http_list

REALM: Final = "anpr"
_ALGORITHMS: Final[Mapping[str, str]] = {"md5": "md5", "sha-256": "sha256"}
_NONCE_LIFETIME_MS: Final = 300_000
_MAX_NONCES: Final = 10_000
_NONCE: Final = re.compile(r"(([0-9a-f]{1,16})\.[0-9a-f]{1,16})\.([0-9a-f]{32})", re.ASCII)
_COUNT: Final = re.compile(r"[0-9a-fA-F]{1,8}", re.ASCII)
NonceState = Literal["good", "bare", "stale", "wrong"]
"""What the nonce of an answer is: good; none, nor a realm; no longer good; of another realm or form."""


def parse_authorization(text: str) -> dict[str, str]:
    """The fields of an Authorization header behind its scheme; unquoted, names in lower case."""
    found: dict[str, str] = {}
    for part in parse_http_list(text):
        name, equals, value = part.partition("=")
        if equals:
            value = value.strip()
            if len(value) >= 2 and value[0] == value[-1] == '"':
                value = value[1:-1]
            found[name.strip().lower()] = value
    return found


def is_valid_response(fields: Mapping[str, str], method: str, uri: str, secret: str) -> bool:
    """Whether the fields of an answer prove a secret for a request (RFC 7616, 3.4.1), whatever their nonce.

    `uri` is as in the request line. `qop` is auth or not there at all (RFC 2069).
    """
    name = _ALGORITHMS.get(fields.get("algorithm", "MD5").lower())
    if name is None or fields.get("uri") != uri or fields.get("qop", "auth") != "auth":
        return False
    first = _hash(name, fields.get("username", ""), fields.get("realm", ""), secret)
    second = _hash(name, method, uri)
    counted = [fields.get("nc", ""), fields.get("cnonce", ""), "auth"] if "qop" in fields else []
    expected = _hash(name, first, fields.get("nonce", ""), *counted, second)
    return hmac.compare_digest(_encode(expected), _encode(fields.get("response", "").lower()))


class DigestChallenges:
    """Challenges, and whether the nonces that come back are good.

    A nonce is a time, a number and their HMAC by a `key` of this process, good for five minutes. Of each the
    highest count is remembered, so that an answer is good once; of cameras that send no count (RFC 2069) it
    may be repeated for as long as the nonce is fresh.

    Dahua's ITSAPI answers with an empty realm and nonce, "bare". That answer is the same each time for a
    path, so whoever hears it once can send it again for ever: it is worth what TLS around it is. It is for
    the caller to say for which cameras it is good.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._nonce_numbers = count()
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._evicted_ms = -1
        """When the latest nonce was made of which the count is remembered no more."""

    def build_challenges(self, now_ms: int, stale: bool = False) -> list[str]:
        """What to answer to who has no right answer; `now` in ms since 1970 UTC."""
        # No two cameras share a nonce: both would begin to count at 1.
        front = f"{now_ms:x}.{next(self._nonce_numbers):x}"
        nonce = f"{front}.{self._sign(front)}"
        more = ", stale=true" if stale else ""
        return [
            f'Digest realm="{REALM}", nonce="{nonce}", algorithm={name}, qop="auth"{more}'
            for name in ("SHA-256", "MD5")
        ]

    def use_nonce(self, fields: Mapping[str, str], now_ms: int) -> NonceState:
        """What the nonce of an answer is that proved its secret; takes its count, which is good once."""
        nonce, realm = fields.get("nonce", ""), fields.get("realm", "")
        if not nonce and not realm:
            return "bare"
        if realm != REALM:
            return "wrong"
        made = self._created_ms(nonce)
        # One that is not of this process may be of the last: the secret is right, so it is asked anew.
        if made is None or not 0 <= now_ms - made <= _NONCE_LIFETIME_MS:
            return "stale"
        return self._use_count(fields, nonce, made) if "qop" in fields else "good"

    def _use_count(self, fields: Mapping[str, str], nonce: str, created_ms: int) -> NonceState:
        text = fields.get("nc", "")
        if not _COUNT.fullmatch(text):
            return "wrong"
        last = self._counts.get(nonce)
        if last is None and created_ms <= self._evicted_ms:
            return "stale"
        number = int(text, 16)
        if number <= (last or 0):
            return "stale"
        self._counts[nonce] = number
        self._counts.move_to_end(nonce)
        if len(self._counts) > _MAX_NONCES:
            gone, _ = self._counts.popitem(last=False)
            self._evicted_ms = max(self._evicted_ms, self._created_ms(gone) or 0)
        return "good"

    def _sign(self, prefix: str) -> str:
        return hmac.new(self._key, prefix.encode(), "sha256").hexdigest()[:32]

    def _created_ms(self, nonce: str) -> int | None:
        found = _NONCE.fullmatch(nonce)
        if found is None or not hmac.compare_digest(self._sign(found[1]), found[3]):
            return None
        return int(found[2], 16)


def _hash(algorithm: str, *parts: str) -> str:
    return hashlib.new(algorithm, _encode(":".join(parts)), usedforsecurity=False).hexdigest()


def _encode(text: str) -> bytes:
    # Bytes that are no UTF-8 come out of headers as lone surrogates.
    return text.encode("utf-8", "surrogatepass")
