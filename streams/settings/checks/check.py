"""The form of a check, and what several checks use."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from streams.network.builtin import builtin_sites
from streams.network.config import BuiltinNetwork, SiteConfig
from streams.records.faults import find_faults
from streams.records.types import Identifier
from streams.settings import toml_format
from streams.settings.validation import SettingFinding, suggest_name

TomlValues = Mapping[str, object]
"""The values of a file or of a table in it, as `tomllib` returns them."""


class Check(NamedTuple):
    """A rule in words, for the reference, and the function that finds what breaks it."""

    rule: str
    find: Callable[[TomlValues], Iterator[SettingFinding]]


def section_values(values: TomlValues, section: str) -> TomlValues:
    """Return the values of a section; none if it is missing or of a wrong type."""
    table = values.get(section)
    return table if isinstance(table, dict) else {}


def section_entries(values: TomlValues, section: str) -> Iterator[tuple[str, TomlValues]]:
    """Yield the entries of a section of tables, by id; an entry of a wrong type as an empty table."""
    for name, entry in section_values(values, section).items():
        yield name, entry if isinstance(entry, dict) else {}


def list_entries(table: TomlValues, key: str) -> Iterator[tuple[int, object]]:
    """Yield the entries of an array with their indices; none if it is missing or of a wrong type."""
    entries = table.get(key)
    yield from enumerate(entries if isinstance(entries, list) else ())


def section_ids(values: TomlValues, section: str) -> Mapping[str, object] | None:
    """Return the known ids of a section, built-in ones included; None if it is of a wrong type."""
    entries = values.get(section, {})
    if not isinstance(entries, dict):
        return None
    return {**enabled_builtin_sites(values), **entries} if section == "sites" else entries


def enabled_builtin_sites(values: TomlValues) -> Mapping[str, SiteConfig]:
    """Return the built-in sites that the values enable, overridden ones included."""
    name = section_values(values, "network").get("shipped")
    return builtin_sites(
        "none" if find_faults(BuiltinNetwork, name) else msgspec.convert(name, BuiltinNetwork)
    )


def check_reference(
    values: TomlValues, section: str, name: object, path: tuple[str | int, ...]
) -> Iterator[SettingFinding]:
    """Yield a finding if a section does not have an id.

    A section or an id of a wrong type is skipped: it has a finding of its own.
    """
    ids = section_ids(values, section)
    if ids is not None and not find_faults(Identifier, name) and name not in ids:
        advice = suggest_name(str(name), ids) or f"add [{toml_format.format_path((section, str(name)))}]"
        yield SettingFinding(
            path, f"must be an id in [{section}]", toml_format.format_for_message(name), advice
        )
