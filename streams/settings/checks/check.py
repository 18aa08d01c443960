"""What a check is, and what checks share."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from streams.network.builtin import shipped_sites
from streams.network.config import Shipped, Site
from streams.records.faults import faults_of
from streams.records.types import Identifier
from streams.settings import toml_format
from streams.settings.validation import Finding, nearest

Values = Mapping[str, object]
"""A file's values, as `tomllib` gives them."""


class Check(NamedTuple):
    """A rule in words, for the reference, and the function that finds what breaks it."""

    rule: str
    find: Callable[[Values], Iterator[Finding]]


def tables(values: Values, section: str) -> Iterator[tuple[str, Values]]:
    """The entries of a section of tables, by id; an entry that is no table is an empty one."""
    entries = values.get(section)
    for name, entry in entries.items() if isinstance(entries, dict) else ():
        yield name, entry if isinstance(entry, dict) else {}


def ids(values: Values, section: str) -> Mapping[str, object] | None:
    """The ids that are known of a section, shipped ones included; None if the section is no table."""
    known = values.get(section, {})
    if not isinstance(known, dict):
        return None
    return {**shipped(values), **known} if section == "sites" else known


def shipped(values: Values) -> Mapping[str, Site]:
    """The shipped sites that the values put in force, also those that own ones go before."""
    section = values.get("network")
    name = section.get("shipped") if isinstance(section, dict) else None
    return shipped_sites("none" if faults_of(Shipped, name) else msgspec.convert(name, Shipped))


def named(values: Values, section: str, name: object, path: tuple[str | int, ...]) -> Iterator[Finding]:
    """A finding if a section does not have the name. A section that is no table has a fault of its own."""
    known = ids(values, section)
    if known is not None and not faults_of(Identifier, name) and name not in known:
        advice = nearest(str(name), known) or f"add [{toml_format.path((section, str(name)))}]"
        yield Finding(path, f"is an id in [{section}]", toml_format.in_message(name), advice)
