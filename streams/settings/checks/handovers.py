"""What handovers ask of their own keys together and of other sections."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from streams.correlation.config import CorrelationPolicy
from streams.settings import toml_format
from streams.settings.checks.check import Check, Values, named, tables
from streams.settings.validation import Finding

_NAMES: Final = {"from_centre": "centres", "to_centre": "centres", "copy": "centres", "sites": "sites"}
"""A key with one id or several, and the section that has them."""


def _names(values: Values) -> Iterator[Finding]:
    for name, handover in tables(values, "handovers"):
        for key, section in _NAMES.items():
            given = handover.get(key)
            if isinstance(given, list):
                for index, each in enumerate(given):
                    yield from named(values, section, each, ("handovers", name, key, index))
            elif given is not None:
                yield from named(values, section, given, ("handovers", name, key))


def _territories(values: Values) -> Iterator[Finding]:
    for name, handover in tables(values, "handovers"):
        to = handover.get("to")
        if to is not None and to == handover.get("from"):
            rule = "is another territory than `from`, for a handover is over a border"
            yield Finding(("handovers", name, "to"), rule, toml_format.in_message(str(to)))


def _days(values: Values) -> Iterator[Finding]:
    for name, handover in tables(values, "handovers"):
        begins, ends = handover.get("begins"), handover.get("ends")
        if isinstance(begins, date) and isinstance(ends, date) and ends <= begins:
            rule = f"is after `begins` ({begins.isoformat()}), else it is never in force"
            yield Finding(("handovers", name, "ends"), rule, ends.isoformat())


def _kept(values: Values) -> Iterator[Finding]:
    section = values.get("correlation")
    given = section if isinstance(section, dict) else {}
    default = CorrelationPolicy()
    minutes = given.get("handover_minutes", default.handover_minutes)
    hours = given.get("kept_hours", default.kept_hours)
    if isinstance(minutes, int | float) and isinstance(hours, int | float) and minutes > hours * 60:
        rule = f"is at most `kept_hours` ({hours:g}), for a handover ends while its passage is remembered"
        yield Finding(("correlation", "handover_minutes"), rule, f"{minutes:g}")


HANDOVERS: Final = (
    Check(
        "The `from_centre`, `to_centre` and `copy` of a handover name only centres in `[centres.<id>]`, its "
        "`sites` only sites in `[sites.<id>]` or shipped ones.",
        _names,
    ),
    Check("The `to` of a handover is another territory than its `from`.", _territories),
    Check("The `ends` of a handover is after its `begins`.", _days),
    Check("In `[correlation]`, `handover_minutes` is at most `kept_hours`.", _kept),
)
