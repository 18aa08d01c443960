"""Checks of handovers: their keys together and against other sections."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from streams.correlation.config import CorrelationConfig
from streams.settings import toml_format
from streams.settings.checks.check import (
    Check,
    TomlValues,
    check_reference,
    list_entries,
    section_entries,
    section_values,
)
from streams.settings.validation import SettingFinding

_REFERENCES: Final = {"from_centre": "centres", "to_centre": "centres", "copy": "centres", "sites": "sites"}
"""The keys with one id or several, and the section of these ids."""


def _check_references(values: TomlValues) -> Iterator[SettingFinding]:
    for name, handover in section_entries(values, "handovers"):
        for key, section in _REFERENCES.items():
            value = handover.get(key)
            if isinstance(value, list):
                for index, entry in list_entries(handover, key):
                    yield from check_reference(values, section, entry, ("handovers", name, key, index))
            elif value is not None:
                yield from check_reference(values, section, value, ("handovers", name, key))


def _check_territories(values: TomlValues) -> Iterator[SettingFinding]:
    for name, handover in section_entries(values, "handovers"):
        to = handover.get("to")
        if to is not None and to == handover.get("from"):
            rule, shown = "must be another territory than `from`", toml_format.format_for_message(str(to))
            yield SettingFinding(("handovers", name, "to"), rule, shown, "a handover crosses a border")


def _check_days(values: TomlValues) -> Iterator[SettingFinding]:
    for name, handover in section_entries(values, "handovers"):
        begins, ends = handover.get("begins"), handover.get("ends")
        if isinstance(begins, date) and isinstance(ends, date) and ends <= begins:
            rule = f"must be after `begins` ({begins.isoformat()})"
            advice = "otherwise the handover never applies"
            yield SettingFinding(("handovers", name, "ends"), rule, ends.isoformat(), advice)


def _check_retention(values: TomlValues) -> Iterator[SettingFinding]:
    correlation, default = section_values(values, "correlation"), CorrelationConfig()
    minutes = correlation.get("handover_minutes", default.handover_minutes)
    hours = correlation.get("kept_hours", default.kept_hours)
    if isinstance(minutes, int | float) and isinstance(hours, int | float) and minutes > hours * 60:
        rule = f"must not be longer than `kept_hours` ({hours:g})"
        advice = "a handover ends at the latest when its passage expires"
        yield SettingFinding(("correlation", "handover_minutes"), rule, f"{minutes:g}", advice)


HANDOVERS: Final = (
    Check(
        "The `from_centre`, `to_centre` and `copy` of a handover must be ids in `[centres.<id>]`, and its "
        "`sites` ids in `[sites.<id>]` or of built-in sites.",
        _check_references,
    ),
    Check("The `to` of a handover must be another territory than its `from`.", _check_territories),
    Check("The `ends` of a handover must be after its `begins`.", _check_days),
    Check(
        "In `[correlation]`, `handover_minutes` must not be longer than `kept_hours`.",
        _check_retention,
    ),
)
