"""What is wrong with each value by itself: its type, its bounds, a key that nobody declared."""

import math
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any, NamedTuple, get_args, get_origin

import msgspec
from msgspec import Struct

from streams.records.faults import find_faults
from streams.settings import toml_format
from streams.settings.type_info import (
    contains_secret,
    describe_type,
    is_secret,
    struct_type,
    unwrap_type,
    without_none,
)

SettingPath = tuple[str | int, ...]
"""The names from the file's top to a value; an entry of an array is named by its index."""


class SettingFinding(NamedTuple):
    """One thing that is wrong: where, the rule it breaks, the value it has, and what to do if that helps."""

    path: SettingPath
    rule: str
    value: str = ""
    advice: str = ""


def validate(
    kind: Any, value: object, path: SettingPath = (), *, hidden: bool = False
) -> Iterator[SettingFinding]:
    """All findings in a value that `tomllib` gave against its declared type, in the declaration's order.

    An unknown key is one finding and does not hide others of its table. A secret value is in no finding;
    `hidden` says that the value is part of one.
    """
    base, _ = unwrap_type(kind)
    hidden = hidden or is_secret(kind)
    struct, origin, parts = struct_type(base), get_origin(base), get_args(base)
    if struct is not None and isinstance(value, dict):
        yield from _validate_table(struct, value, path, hidden)
    elif origin is dict and isinstance(value, dict):
        for name, entry in value.items():
            if find_faults(parts[0], name):
                yield SettingFinding(
                    (*path, name),
                    f"its id is {describe_type(parts[0])}",
                    toml_format.format_for_message(name),
                )
            yield from validate(parts[1], entry, (*path, name), hidden=hidden)
    elif origin is list and isinstance(value, list):
        found = [
            finding
            for index, item in enumerate(value)
            for finding in validate(parts[0], item, (*path, index), hidden=hidden)
        ]
        yield from found or _validate_value(kind, value, path, hidden)
    else:
        yield from _validate_value(kind, value, path, hidden)


def suggest_name(name: str, candidates: Iterable[str]) -> str:
    """Advice for a name that is not known: the known one most like it, or nothing if none is like it."""
    names = {each.casefold(): each for each in candidates}
    close = get_close_matches(name.casefold(), names, n=1)
    return f"did you mean {toml_format.format_key(names[close[0]])}?" if close else ""


def _validate_table(
    struct: type[Struct], value: dict[str, object], path: SettingPath, hidden: bool
) -> Iterator[SettingFinding]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    sound = True
    for name, field in fields.items():
        if name in value:
            for finding in validate(field.type, value[name], (*path, name), hidden=hidden):
                sound = False
                yield finding
        elif field.required:
            sound = False
            yield SettingFinding((*path, name), "is required and missing")
    for name in [name for name in value if name not in fields]:
        # Its value stays out of the message: it may be a secret whose key is misspelt.
        rule = f"is not a key of [{toml_format.format_path(path)}]" if path else "is not a section"
        yield SettingFinding(
            (*path, name), rule, advice=suggest_name(name, fields) or f"known: {', '.join(fields)}"
        )
    if sound:  # what the Struct asks of its keys together
        known = {name: item for name, item in value.items() if name in fields}
        yield from (SettingFinding(path, found.rule) for found in find_faults(struct, known))


def _validate_value(kind: Any, value: object, path: SettingPath, hidden: bool) -> Iterator[SettingFinding]:
    # TOML has nan and inf. No setting means them, and nan would pass every bound.
    broken = isinstance(value, float) and not math.isfinite(value)
    if broken or find_faults(without_none(kind), value):
        shown = (
            "hidden, for it is secret"
            if hidden or contains_secret(kind)
            else toml_format.format_for_message(value)
        )
        yield SettingFinding(path, f"is {describe_type(kind)}", shown)
