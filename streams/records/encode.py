"""Records to bytes: one JSON object, UTF-8, times in UTC with milliseconds."""

from datetime import UTC, datetime
from typing import Final

import msgspec
import orjson

_OPTIONS: Final = orjson.OPT_PASSTHROUGH_DATETIME
_SECONDS: Final = len('"2026-05-21T16:10:06')
_MILLISECONDS: Final = _SECONDS + len(".123")


def encode(record: msgspec.Struct) -> bytes:
    """The record as JSON without a line feed; fields that have their default are left out."""
    return orjson.dumps(
        msgspec.to_builtins(record, builtin_types=(datetime,)), default=_time, option=_OPTIONS
    )


def _time(value: object) -> orjson.Fragment:
    """As `rfc3339` writes it; by way of orjson, which takes a third of the time."""
    if not isinstance(value, datetime):
        raise TypeError(f"no JSON form for {type(value).__name__}")
    # With six digits of a second, or none if they are all 0.
    text = orjson.dumps(value.astimezone(UTC), option=orjson.OPT_UTC_Z)
    if value.microsecond:
        return orjson.Fragment(text[:_MILLISECONDS] + b'Z"')
    return orjson.Fragment(text[:_SECONDS] + b'.000Z"')
