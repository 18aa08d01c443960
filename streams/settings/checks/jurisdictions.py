"""What looking back asks of the countries and of the topics."""

from collections.abc import Iterator
from typing import Final

from streams.settings import toml_format
from streams.settings.checks.check import Check, TomlValues, section_entries
from streams.settings.validation import SettingFinding


def _check_sources(values: TomlValues) -> Iterator[SettingFinding]:
    for country, rule in section_entries(values, "jurisdictions"):
        path = ("jurisdictions", country)
        if rule.get("lookback_hours") and "lookback_source" not in rule:
            yield SettingFinding(
                (*path, "lookback_source"), "is required, for `lookback_hours` allows something"
            )
        begins, ends = rule.get("lookback_begins"), rule.get("lookback_ends")
        if type(begins) is type(ends) and begins is not None and ends <= begins:  # type: ignore[operator]
            shown = toml_format.format_for_message(str(ends))
            yield SettingFinding((*path, "lookback_ends"), f"is after `lookback_begins` ({begins})", shown)


def _check_retention(values: TomlValues) -> Iterator[SettingFinding]:
    topics = values.get("topics", {})
    kept = topics.get("reads_hours", {}) if isinstance(topics, dict) else {}
    for country, rule in section_entries(values, "jurisdictions"):
        hours = rule.get("lookback_hours")
        if not isinstance(hours, dict) or not isinstance(kept, dict):
            continue
        most = kept.get(country)
        for basis, allowed in hours.items():
            path = ("jurisdictions", country, "lookback_hours", basis)
            if not isinstance(allowed, int | float):
                continue
            if most is None:
                rule_words = f"needs {country} in `reads_hours` of [topics]: its reads are not kept otherwise"
                yield SettingFinding(path, rule_words, f"{allowed:g}")
            elif isinstance(most, int | float) and allowed > most:
                rule_words = f"is at most `reads_hours` of [topics] for {country} ({most:g}): none are older"
                yield SettingFinding(path, rule_words, f"{allowed:g}")


JURISDICTIONS: Final = (
    Check(
        "A country in `[jurisdictions.<country>]` that has `lookback_hours` has a `lookback_source`, and its "
        "`lookback_ends` is after `lookback_begins`.",
        _check_sources,
    ),
    Check(
        "The `lookback_hours` of a country are at most the hours that its reads are kept, `reads_hours` of "
        "`[topics]`.",
        _check_retention,
    ),
)
