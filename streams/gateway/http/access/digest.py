"""Digest access (RFC 7616, and RFC 2617 and 2069 for older cameras): challenges and the responses to them."""

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Mapping
from itertools import count
from typing import Final, Literal
from urllib.request import parse_http_list

from streams.records.times import MINUTE_MS, Millis

REALM: Final = "anpr"
_ALGORITHMS: Final[Mapping[str, str]] = {"md5": "md5", "sha-256": "sha256"}
_NONCE_LIFETIME_MS: Final = 5 * MINUTE_MS
_MAX_NONCES: Final = 10_000
_NONCE: Final = re.compile(r"(([0-9a-f]{1,16})\.[0-9a-f]{1,16})\.([0-9a-f]{32})", re.ASCII)
_COUNT: Final = re.compile(r"[0-9a-fA-F]{1,8}", re.ASCII)
NonceState = Literal["good", "bare", "stale", "wrong"]
"""State of the nonce of a response: `good`; `bare`, without a nonce and a realm; `stale`, no longer valid;
`wrong`, of another realm or malformed."""


def parse_authorization(text: str) -> dict[str, str]:
    """Return the fields of an Authorization header behind its scheme: unquoted, with names in lower case."""
    fields: dict[str, str] = {}
    for part in parse_http_list(text):
        name, equals, value = part.partition("=")
        if equals:
            value = value.strip()
            if len(value) >= 2 and value[0] == value[-1] == '"':
                value = value[1:-1]
            fields[name.strip().lower()] = value
    return fields


def is_valid_response(fields: Mapping[str, str], method: str, uri: str, secret: str) -> bool:
    """True if the fields of a response prove a secret for a request (RFC 7616, 3.4.1), whatever their nonce.

    `uri` is as in the request line. `qop` must be auth or missing (RFC 2069).
    """
    algorithm = _ALGORITHMS.get(fields.get("algorithm", "MD5").lower())
    if algorithm is None or fields.get("uri") != uri or fields.get("qop", "auth") != "auth":
        return False
    user_hash = _hash(algorithm, fields.get("username", ""), fields.get("realm", ""), secret)
    request_hash = _hash(algorithm, method, uri)
    count_fields = [fields.get("nc", ""), fields.get("cnonce", ""), "auth"] if "qop" in fields else []
    expected = _hash(algorithm, user_hash, fields.get("nonce", ""), *count_fields, request_hash)
    return hmac.compare_digest(_encode(expected), _encode(fields.get("response", "").lower()))


class DigestChallenges:
    """Makes challenges, and validates the nonces that come back.

    A nonce is a time, a serial number and their HMAC by a `key` of this process, valid for five minutes. The
    highest count of each nonce is remembered, so that a response is valid once. Cameras that send no count
    (RFC 2069) may repeat a response while its nonce is valid.

    Dahua's ITSAPI responds with an empty realm and nonce, state "bare". Such a response is the same every
    time for a path, so anyone who intercepts it once can repeat it for ever: it is as secure as the TLS
    around it. The caller decides for which cameras it is accepted.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._serial_numbers = count()
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._evicted_ms: Millis = -1
        """Creation of the newest nonce whose count is no longer remembered."""

    def build_challenges(self, now_ms: Millis, stale: bool = False) -> list[str]:
        """Return the challenges for a request without a valid response."""
        # No two cameras share a nonce: both would start to count at 1.
        signed_part = f"{now_ms:x}.{next(self._serial_numbers):x}"
        nonce = f"{signed_part}.{self._sign(signed_part)}"
        stale_field = ", stale=true" if stale else ""
        return [
            f'Digest realm="{REALM}", nonce="{nonce}", algorithm={name}, qop="auth"{stale_field}'
            for name in ("SHA-256", "MD5")
        ]

    def use_nonce(self, fields: Mapping[str, str], now_ms: Millis) -> NonceState:
        """Return the state of the nonce of a response that proved its secret, and use up its count."""
        nonce, realm = fields.get("nonce", ""), fields.get("realm", "")
        if not nonce and not realm:
            return "bare"
        if realm != REALM:
            return "wrong"
        created_ms = self._created_ms(nonce)
        # A nonce of another process may be of the one before: the secret is right, so a new challenge will
        # do.
        if created_ms is None or not 0 <= now_ms - created_ms <= _NONCE_LIFETIME_MS:
            return "stale"
        return self._use_count(fields, nonce, created_ms) if "qop" in fields else "good"

    def _use_count(self, fields: Mapping[str, str], nonce: str, created_ms: Millis) -> NonceState:
        text = fields.get("nc", "")
        if not _COUNT.fullmatch(text):
            return "wrong"
        last_count = self._counts.get(nonce)
        if last_count is None and created_ms <= self._evicted_ms:
            return "stale"
        new_count = int(text, 16)
        if new_count <= (last_count or 0):
            return "stale"
        self._counts[nonce] = new_count
        self._counts.move_to_end(nonce)
        if len(self._counts) > _MAX_NONCES:
            evicted, _ = self._counts.popitem(last=False)
            self._evicted_ms = max(self._evicted_ms, self._created_ms(evicted) or 0)
        return "good"

    def _sign(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), "sha256").hexdigest()[:32]

    def _created_ms(self, nonce: str) -> Millis | None:
        """Return when a nonce was made; None if it is not one of this process."""
        match = _NONCE.fullmatch(nonce)
        if match is None or not hmac.compare_digest(self._sign(match[1]), match[3]):
            return None
        return int(match[2], 16)


def _hash(algorithm: str, *parts: str) -> str:
    return hashlib.new(algorithm, _encode(":".join(parts)), usedforsecurity=False).hexdigest()


def _encode(text: str) -> bytes:
    # Bytes that are not UTF-8 come out of headers as lone surrogates.
    return text.encode("utf-8", "surrogatepass")
