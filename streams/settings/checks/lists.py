"""Checks of alert lists: their ids and audiences."""

from collections.abc import Iterator
from typing import Final

from streams.settings import toml_format
from streams.settings.checks.check import Check, TomlValues, check_reference, list_entries, section_entries
from streams.settings.validation import SettingFinding


def _check_slashes(values: TomlValues) -> Iterator[SettingFinding]:
    for name, _ in section_entries(values, "lists"):
        if "/" in name:
            rule, shown = "its id must not contain a slash", toml_format.format_for_message(name)
            advice = "the slash separates list and alert in the key <list_id>/<alert_id>"
            yield SettingFinding(("lists", name), rule, shown, advice)


def _check_audiences(values: TomlValues) -> Iterator[SettingFinding]:
    for name, config in section_entries(values, "lists"):
        for index, centre in list_entries(config, "audience"):
            yield from check_reference(values, "centres", centre, ("lists", name, "audience", index))


LISTS: Final = (
    Check(
        "The id of a list must not contain a slash, because the key of an alert is `<list_id>/<alert_id>`.",
        _check_slashes,
    ),
    Check("The `audience` of a list must be ids in `[centres.<id>]`.", _check_audiences),
)
