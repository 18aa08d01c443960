"""What a check is, and what checks share."""

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
"""A file's values, as `tomllib` gives them."""


class Check(NamedTuple):
    """A rule in words, for the reference, and the function that finds what breaks it."""

    rule: str
    find: Callable[[TomlValues], Iterator[SettingFinding]]


def section_entries(values: TomlValues, section: str) -> Iterator[tuple[str, TomlValues]]:
    """The entries of a section of tables, by id; an entry that is no table is an empty one."""
    entries = values.get(section)
    for name, entry in entries.items() if isinstance(entries, dict) else ():
        yield name, entry if isinstance(entry, dict) else {}


def section_ids(values: TomlValues, section: str) -> Mapping[str, object] | None:
    """The ids that are known of a section, shipped ones included; None if the section is no table."""
    known = values.get(section, {})
    if not isinstance(known, dict):
        return None
    return {**enabled_builtin_sites(values), **known} if section == "sites" else known


def enabled_builtin_sites(values: TomlValues) -> Mapping[str, SiteConfig]:
    """The shipped sites that the values put in force, also those that own ones go before."""
    section = values.get("network")
    name = section.get("shipped") if isinstance(section, dict) else None
    return builtin_sites(
        "none" if find_faults(BuiltinNetwork, name) else msgspec.convert(name, BuiltinNetwork)
    )


def check_reference(
    values: TomlValues, section: str, name: object, path: tuple[str | int, ...]
) -> Iterator[SettingFinding]:
    """A finding if a section does not have the name. A section that is no table has a fault of its own."""
    known = section_ids(values, section)
    if known is not None and not find_faults(Identifier, name) and name not in known:
        advice = suggest_name(str(name), known) or f"add [{toml_format.format_path((section, str(name)))}]"
        yield SettingFinding(path, f"is an id in [{section}]", toml_format.format_for_message(name), advice)
