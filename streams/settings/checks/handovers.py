"""What handovers ask of their own keys together and of other sections."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from streams.correlation.config import CorrelationConfig
from streams.settings import toml_format
from streams.settings.checks.check import Check, TomlValues, check_reference, section_entries
from streams.settings.validation import SettingFinding

_REFERENCES: Final = {"from_centre": "centres", "to_centre": "centres", "copy": "centres", "sites": "sites"}
"""A key with one id or several, and the section that has them."""


def _check_references(values: TomlValues) -> Iterator[SettingFinding]:
    for name, handover in section_entries(values, "handovers"):
        for key, section in _REFERENCES.items():
            given = handover.get(key)
            if isinstance(given, list):
                for index, each in enumerate(given):
                    yield from check_reference(values, section, each, ("handovers", name, key, index))
            elif given is not None:
                yield from check_reference(values, section, given, ("handovers", name, key))


def _check_territories(values: TomlValues) -> Iterator[SettingFinding]:
    for name, handover in section_entries(values, "handovers"):
        to = handover.get("to")
        if to is not None and to == handover.get("from"):
            rule = "is another territory than `from`, for a handover is over a border"
            yield SettingFinding(("handovers", name, "to"), rule, toml_format.format_for_message(str(to)))


def _check_days(values: TomlValues) -> Iterator[SettingFinding]:
    for name, handover in section_entries(values, "handovers"):
        begins, ends = handover.get("begins"), handover.get("ends")
        if isinstance(begins, date) and isinstance(ends, date) and ends <= begins:
            rule = f"is after `begins` ({begins.isoformat()}), else it is never in force"
            yield SettingFinding(("handovers", name, "ends"), rule, ends.isoformat())


def _check_retention(values: TomlValues) -> Iterator[SettingFinding]:
    section = values.get("correlation")
    given = section if isinstance(section, dict) else {}
    default = CorrelationConfig()
    minutes = given.get("handover_minutes", default.handover_minutes)
    hours = given.get("kept_hours", default.kept_hours)
    if isinstance(minutes, int | float) and isinstance(hours, int | float) and minutes > hours * 60:
        rule = f"is at most `kept_hours` ({hours:g}), for a handover ends while its passage is remembered"
        yield SettingFinding(("correlation", "handover_minutes"), rule, f"{minutes:g}")


HANDOVERS: Final = (
    Check(
        "The `from_centre`, `to_centre` and `copy` of a handover name only centres in `[centres.<id>]`, its "
        "`sites` only sites in `[sites.<id>]` or shipped ones.",
        _check_references,
    ),
    Check("The `to` of a handover is another territory than its `from`.", _check_territories),
    Check("The `ends` of a handover is after its `begins`.", _check_days),
    Check("In `[correlation]`, `handover_minutes` is at most `kept_hours`.", _check_retention),
)
