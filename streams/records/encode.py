"""Records to bytes: one JSON object, UTF-8, times in UTC with milliseconds."""

from datetime import datetime
from typing import Final

import msgspec
import orjson

from streams.records.times import rfc3339

_OPTIONS: Final = orjson.OPT_PASSTHROUGH_DATETIME


def encode(record: msgspec.Struct) -> bytes:
    """The record as JSON without a line feed; fields that have their default are left out."""
    return orjson.dumps(
        msgspec.to_builtins(record, builtin_types=(datetime,)), default=_time, option=_OPTIONS
    )


def _time(value: object) -> str:
    if isinstance(value, datetime):
        return rfc3339(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")
