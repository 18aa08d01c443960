"""Times on the command line."""

import click

from streams.records.times import parse_time, to_ms


class _TimeType(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic from click 8.4 on
    """RFC 3339 text to milliseconds since 1970 UTC."""

    name = "TIME"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return to_ms(parse_time(str(value)))
        except ValueError as error:
            self.fail(f"{value!r}: a time {error}", param, ctx)


TIME = _TimeType()
"""The type of options that take a time: RFC 3339 with a zone, given to the command as ms since 1970 UTC."""
