"""Records to bytes: one JSON object, UTF-8, times in UTC with milliseconds."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import msgspec
import orjson

from streams.records.arrivals import Arrivals, ArrivalWindows
from streams.records.times import MINUTE_MS, from_ms

_OPTIONS: Final = orjson.OPT_PASSTHROUGH_DATETIME
_CUSTOM_TYPES: Final = (datetime, Arrivals)
"""What is written here, not by a library: most of a hit is times, and most of these are of arrivals."""
_SECONDS_LENGTH: Final = len('"2026-05-21T16:10:06')
_MILLISECONDS_LENGTH: Final = _SECONDS_LENGTH + len(".123")
_MINUTE_LENGTH: Final = len('"2026-05-21T16:10:')
_CACHE_SIZE: Final = 1 << 14
_SECOND_TEXTS: Final = [b"%02d" % second for second in range(60)]
_MILLISECOND_TEXTS: Final = [b'.%03dZ"' % ms for ms in range(1000)]


def encode(record: msgspec.Struct) -> bytes:
    """The record as JSON without a line feed; fields that have their default are left out."""
    return orjson.dumps(
        msgspec.to_builtins(record, builtin_types=_CUSTOM_TYPES), default=_encode_custom, option=_OPTIONS
    )


def _encode_custom(value: object) -> orjson.Fragment:
    if isinstance(value, datetime):
        return _encode_time(value)
    if isinstance(value, Arrivals):
        return orjson.Fragment(_encode_arrivals(value))
    raise TypeError(f"no JSON form for {type(value).__name__}")


# The passages of a journey are told again with each later hit.
@lru_cache(maxsize=_CACHE_SIZE)
def _encode_time(value: datetime) -> orjson.Fragment:
    """As `rfc3339` writes it; by way of orjson, which takes a third of the time."""
    # With six digits of a second, or none if they are all 0.
    text = orjson.dumps(value.astimezone(UTC), option=orjson.OPT_UTC_Z)
    if value.microsecond:
        return orjson.Fragment(text[:_MILLISECONDS_LENGTH] + b'Z"')
    return orjson.Fragment(text[:_SECONDS_LENGTH] + b'.000Z"')


def _encode_arrivals(value: Arrivals) -> bytes:
    """As the list of what comes next is written: only the times differ from one vehicle to another."""
    at = value.at_ms
    written = [
        b'%s"earliest":%s,"expected":%s,"latest":%s%s'
        % (before, _encode_ms(at + earliest), _encode_ms(at + expected), _encode_ms(at + latest), after)
        for before, after, earliest, expected, latest in _window_texts(value.windows)
    ]
    return b"[" + b",".join(written) + b"]"


@lru_cache(maxsize=_CACHE_SIZE)
def _window_texts(windows: ArrivalWindows) -> list[tuple[bytes, bytes, int, int, int]]:
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
            each.earliest_ms,
            each.expected_ms,
            each.latest_ms,
        )
        for each in windows
    ]


def _encode_ms(ms: int) -> bytes:
    minute, rest = divmod(ms, MINUTE_MS)
    return _encode_minute(minute) + _SECOND_TEXTS[rest // 1000] + _MILLISECOND_TEXTS[rest % 1000]


@lru_cache(maxsize=_CACHE_SIZE)
def _encode_minute(minute: int) -> bytes:
    """A time to its minute, of that number since 1970 UTC."""
    return orjson.dumps(from_ms(minute * MINUTE_MS), option=orjson.OPT_UTC_Z)[:_MINUTE_LENGTH]
