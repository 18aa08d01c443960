"""Records to bytes: one JSON object, UTF-8, times in UTC with milliseconds."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import msgspec
import orjson

from streams.records.arrivals import Arrivals, Windows
from streams.records.times import MINUTE_MS, from_ms

_OPTIONS: Final = orjson.OPT_PASSTHROUGH_DATETIME
_LEFT: Final = (datetime, Arrivals)
"""What is written here, not by a library: most of a hit is times, and most of these are of arrivals."""
_SECONDS: Final = len('"2026-05-21T16:10:06')
_MILLISECONDS: Final = _SECONDS + len(".123")
_MINUTE: Final = len('"2026-05-21T16:10:')
_REMEMBERED: Final = 1 << 14
_IN_MINUTE: Final = [b"%02d" % second for second in range(60)]
_IN_SECOND: Final = [b'.%03dZ"' % ms for ms in range(1000)]


def encode(record: msgspec.Struct) -> bytes:
    """The record as JSON without a line feed; fields that have their default are left out."""
    return orjson.dumps(msgspec.to_builtins(record, builtin_types=_LEFT), default=_rest, option=_OPTIONS)


def _rest(value: object) -> orjson.Fragment:
    if isinstance(value, datetime):
        return _time(value)
    if isinstance(value, Arrivals):
        return orjson.Fragment(_arrivals(value))
    raise TypeError(f"no JSON form for {type(value).__name__}")


# The passages of a journey are told again with each later hit.
@lru_cache(maxsize=_REMEMBERED)
def _time(value: datetime) -> orjson.Fragment:
    """As `rfc3339` writes it; by way of orjson, which takes a third of the time."""
    # With six digits of a second, or none if they are all 0.
    text = orjson.dumps(value.astimezone(UTC), option=orjson.OPT_UTC_Z)
    if value.microsecond:
        return orjson.Fragment(text[:_MILLISECONDS] + b'Z"')
    return orjson.Fragment(text[:_SECONDS] + b'.000Z"')


def _arrivals(value: Arrivals) -> bytes:
    """As the list of what comes next is written: only the times differ from one vehicle to another."""
    at = value.at
    written = [
        b'%s"earliest":%s,"expected":%s,"latest":%s%s'
        % (before, _ms(at + earliest), _ms(at + expected), _ms(at + latest), after)
        for before, after, earliest, expected, latest in _around(value.windows)
    ]
    return b"[" + b",".join(written) + b"]"


@lru_cache(maxsize=_REMEMBERED)
def _around(windows: Windows) -> list[tuple[bytes, bytes, int, int, int]]:
    """Of each window the text before its times and after them, and the times in ms."""
    return [
        (
            orjson.dumps({"site_id": each.site_id, "km": each.km})[:-1] + b",",
            b","
            + orjson.dumps(
                {"share": each.share}
                if each.territory is None
                else {"share": each.share, "territory": each.territory}
            )[1:],
            each.earliest,
            each.expected,
            each.latest,
        )
        for each in windows
    ]


def _ms(ms: int) -> bytes:
    minute, rest = divmod(ms, MINUTE_MS)
    return _minute(minute) + _IN_MINUTE[rest // 1000] + _IN_SECOND[rest % 1000]


@lru_cache(maxsize=_REMEMBERED)
def _minute(number: int) -> bytes:
    """A time to its minute, of that number since 1970 UTC."""
    return orjson.dumps(from_ms(number * MINUTE_MS), option=orjson.OPT_UTC_Z)[:_MINUTE]
