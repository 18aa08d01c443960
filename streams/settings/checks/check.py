"""What a check is, and what checks share."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from streams.records.faults import faults_of
from streams.records.fields import Identifier
from streams.settings import written
from streams.settings.examine import Finding, nearest

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


def named(values: Values, section: str, name: object, path: tuple[str | int, ...]) -> Iterator[Finding]:
    """A finding if a section does not have the name. A section that is no table has a fault of its own."""
    known = values.get(section, {})
    if not faults_of(Identifier, name) and isinstance(known, dict) and name not in known:
        advice = nearest(str(name), known) or f"add [{written.path((section, str(name)))}]"
        yield Finding(path, f"is an id in [{section}]", written.in_message(name), advice)
