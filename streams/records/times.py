"""Times: RFC 3339 in records, integer milliseconds since 1970-01-01 UTC in the code."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta

Millis = int
"""Milliseconds since 1970-01-01 UTC."""

SECOND_MS: Final = 1_000
MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2099
YEARS_RULE: Final = "must be in the years 2000 to 2099"
FORMAT_RULE: Final = "must be an RFC 3339 time such as 2026-05-21T16:10:06.123Z"
ZONE_RULE: Final = "must have a time zone, Z or an offset such as +02:00"
"""The rules of a time in words. They are checked in this order: form, zone, years."""

# Instants between these two are in the valid years in any zone; they spare a batch the exact check.
SAFE_RANGE_START: Final = datetime(2000, 1, 2, tzinfo=UTC)
SAFE_RANGE_END: Final = datetime(2099, 12, 31, tzinfo=UTC)

TIME_PATTERN: Final = (
    r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"[Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?"
    r"([Zz]|[+-]([01][0-9]|2[0-3]):?[0-5][0-9])$"
)

Time = Annotated[
    datetime,
    Meta(tz=True, extra_json_schema={"format": "date-time", "pattern": TIME_PATTERN}),
]
"""An instant: RFC 3339 with a time zone, in the years 2000 to 2099; written in UTC with milliseconds."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def to_ms(time: datetime) -> Millis:
    """Return an aware time in milliseconds, rounded down."""
    return (time - _EPOCH) // _MS


def from_ms(ms: Millis) -> datetime:
    """Return milliseconds as a UTC time."""
    return _EPOCH + ms * _MS


def truncate_to_ms(time: datetime) -> datetime:
    """Return an aware time as it is written: in whole milliseconds, rounded down."""
    return time if time.microsecond % 1000 == 0 else time - timedelta(microseconds=time.microsecond % 1000)


def has_valid_year(time: datetime) -> bool:
    """True if the year is valid in a record, both in its own time zone and in UTC."""
    if SAFE_RANGE_START <= time < SAFE_RANGE_END:
        return True
    # The own year is checked first: conversion to UTC fails at the end of the calendar (9999 in New York).
    return FIRST_YEAR <= time.year <= LAST_YEAR and FIRST_YEAR <= time.astimezone(UTC).year <= LAST_YEAR


def to_rfc3339(time: datetime) -> str:
    """Return a time as RFC 3339 in UTC with milliseconds: `2026-05-21T16:10:06.123Z`."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def parse_time(text: str) -> datetime:
    """Return an aware UTC time from RFC 3339 text.

    Raises ValueError if the text is not an RFC 3339 time, has no time zone, or is not in the years 2000 to
    2099; its message is the rule.
    """
    try:
        # As records are decoded; datetime.fromisoformat accepts weeks, commas and times without seconds.
        time: datetime = msgspec.convert(text, Time)
    except msgspec.ValidationError as error:
        raise ValueError(ZONE_RULE if "timezone" in str(error) else FORMAT_RULE) from None
    if not has_valid_year(time):
        raise ValueError(YEARS_RULE)
    return time.astimezone(UTC)
