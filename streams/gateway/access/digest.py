"""Digest access (RFC 7616, and RFC 2617 as older cameras speak it): challenges, and judging the answers."""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final, Literal
from urllib.request import parse_http_list

REALM: Final = "anpr"
_ALGORITHMS: Final[Mapping[str, str]] = {"md5": "md5", "sha-256": "sha256"}
_FRESH_MS: Final = 300_000
_REMEMBERED: Final = 10_000
_Said = Literal["right", "wrong", "stale"]


def fields_of(text: str) -> dict[str, str]:
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


class Digests:
    """Judges the answers of cameras to its challenges.

    A nonce is a time and its HMAC by a `key` of this process, good for five minutes. Of each the highest
    count is remembered, so that an answer is good once; of cameras that send no count (RFC 2069) it may be
    repeated for as long as the nonce is fresh.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._counts: OrderedDict[tuple[str, str], int] = OrderedDict()

    def challenges(self, now: int, stale: bool = False) -> list[str]:
        """What to answer to who has no right answer; `now` in ms since 1970 UTC."""
        nonce = self._nonce(now)
        more = ", stale=true" if stale else ""
        return [
            f'Digest realm="{REALM}", nonce="{nonce}", algorithm={name}, qop="auth"{more}'
            for name in ("SHA-256", "MD5")
        ]

    def judge(
        self, fields: Mapping[str, str], method: str, uri: str, secret: str, now: int, bare: bool
    ) -> _Said:
        """Whether an answer is right for a secret.

        `bare`: an empty realm and nonce are good too, as Dahua's ITSAPI sends them. Such an answer is the
        same each time for a path, so whoever hears it once can send it again: it is worth what TLS around it
        is.
        """
        nonce, realm = fields.get("nonce", ""), fields.get("realm", "")
        name = _ALGORITHMS.get(fields.get("algorithm", "MD5").lower())
        if name is None or fields.get("uri") != uri:
            return "wrong"
        expected = _response(name, fields, method, secret)
        if not hmac.compare_digest(expected.encode(), fields.get("response", "").lower().encode()):
            return "wrong"
        if bare and not nonce and not realm:
            return "right"
        made = self._made_at(nonce)
        if made is None or realm != REALM:
            return "wrong"
        if not 0 <= now - made <= _FRESH_MS:
            return "stale"
        return self._once(fields, nonce)

    def _once(self, fields: Mapping[str, str], nonce: str) -> _Said:
        if "qop" not in fields:
            return "right"
        try:
            count = int(fields.get("nc", ""), 16)
        except ValueError:
            return "wrong"
        seen = nonce, fields.get("username", "")
        if count <= self._counts.get(seen, 0):
            return "stale"
        self._counts[seen] = count
        self._counts.move_to_end(seen)
        if len(self._counts) > _REMEMBERED:
            self._counts.popitem(last=False)
        return "right"

    def _nonce(self, now: int) -> str:
        return f"{now:x}.{self._mark(now)}"

    def _mark(self, now: int) -> str:
        return hmac.new(self._key, str(now).encode(), "sha256").hexdigest()[:32]

    def _made_at(self, nonce: str) -> int | None:
        time, _, mark = nonce.partition(".")
        try:
            made = int(time, 16)
        except ValueError:
            return None
        return made if hmac.compare_digest(self._mark(made).encode(), mark.encode()) else None


def _response(name: str, fields: Mapping[str, str], method: str, secret: str) -> str:
    """RFC 7616, 3.4.1."""
    hashed: Callable[[str], str] = lambda text: hashlib.new(name, text.encode()).hexdigest()  # noqa: E731
    nonce = fields.get("nonce", "")
    first = hashed(f"{fields.get('username', '')}:{fields.get('realm', '')}:{secret}")
    second = hashed(f"{method}:{fields.get('uri', '')}")
    if "qop" not in fields:
        return hashed(f"{first}:{nonce}:{second}")
    return hashed(
        f"{first}:{nonce}:{fields.get('nc', '')}:{fields.get('cnonce', '')}:{fields['qop']}:{second}"
    )
