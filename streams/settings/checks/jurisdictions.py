"""Checks of jurisdictions: the permissions of lookbacks, against themselves and the retention of reads."""

from collections.abc import Iterator
from typing import Final

from streams.records.faults import MISSING_RULE
from streams.settings import toml_format
from streams.settings.checks.check import Check, TomlValues, section_entries, section_values
from streams.settings.validation import SettingFinding


def _check_sources(values: TomlValues) -> Iterator[SettingFinding]:
    for country, jurisdiction in section_entries(values, "jurisdictions"):
        path = ("jurisdictions", country)
        if jurisdiction.get("lookback_hours") and "lookback_source" not in jurisdiction:
            advice = "name the law that permits `lookback_hours`"
            yield SettingFinding((*path, "lookback_source"), MISSING_RULE, advice=advice)
        begins, ends = jurisdiction.get("lookback_begins"), jurisdiction.get("lookback_ends")
        if type(begins) is type(ends) and begins is not None and ends <= begins:  # type: ignore[operator]
            yield SettingFinding(
                (*path, "lookback_ends"),
                f"must be after `lookback_begins` ({begins})",
                toml_format.format_for_message(str(ends)),
            )


def _check_retention(values: TomlValues) -> Iterator[SettingFinding]:
    retained = section_values(values, "topics").get("reads_hours", {})
    for country, jurisdiction in section_entries(values, "jurisdictions"):
        lookback_hours = jurisdiction.get("lookback_hours")
        if not isinstance(lookback_hours, dict) or not isinstance(retained, dict):
            continue
        max_hours = retained.get(country)
        for basis, hours in lookback_hours.items():
            path = ("jurisdictions", country, "lookback_hours", basis)
            if not isinstance(hours, int | float):
                continue
            if max_hours is None:
                rule = f"must not be set without {country} in `reads_hours` of [topics]"
                yield SettingFinding(path, rule, advice="no reads of the country are retained")
            elif isinstance(max_hours, int | float) and hours > max_hours:
                rule = f"must be at most `reads_hours` of [topics] for {country} ({max_hours:g})"
                yield SettingFinding(path, rule, f"{hours:g}", "older reads are not retained")


JURISDICTIONS: Final = (
    Check(
        "A country in `[jurisdictions.<id>]` with `lookback_hours` must have a `lookback_source`, and its "
        "`lookback_ends` must be after `lookback_begins`.",
        _check_sources,
    ),
    Check(
        "The `lookback_hours` of a country must not exceed the retention of its reads, `reads_hours` of "
        "`[topics]`.",
        _check_retention,
    ),
)
