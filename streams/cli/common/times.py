"""Times on the command line: the option type, and the formats in which tables and messages show them."""

from datetime import datetime
from typing import Final

import click

from streams.records.times import Millis, parse_time, to_ms, to_rfc3339


class _TimeType(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic from click 8.4 on
    """Converts RFC 3339 text to epoch milliseconds."""

    name = "TIME"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Millis:
        if isinstance(value, int):
            return value
        try:
            return to_ms(parse_time(str(value)))
        except ValueError as error:
            self.fail(f"{value!r}: a time {error}", param, ctx)


TIME: Final = _TimeType()
"""The type of options that name a time: RFC 3339 with a zone; the command gets epoch milliseconds."""


def format_datetime(time: datetime) -> str:
    """Return date and time in UTC to the second: `2026-05-21 10:00:00`."""
    return to_rfc3339(time)[:19].replace("T", " ")


def format_date_minute(time: datetime) -> str:
    """Return date and time in UTC to the minute: `2026-05-21 10:00`."""
    return to_rfc3339(time)[:16].replace("T", " ")


def format_minute(time: datetime) -> str:
    """Return the time of day in UTC to the minute: `10:00`."""
    return to_rfc3339(time)[11:16]


def format_second(time: datetime) -> str:
    """Return the time of day in UTC to the second: `10:00:00`."""
    return to_rfc3339(time)[11:19]


def format_span(earliest: datetime | None, latest: datetime | None) -> str:
    """Return a span to the minute: `10:00 to 10:20`, or `10:00` for a moment; empty without both ends."""
    if earliest is None or latest is None:
        return ""
    begin = format_minute(earliest)
    return begin if earliest == latest else f"{begin} to {format_minute(latest)}"
