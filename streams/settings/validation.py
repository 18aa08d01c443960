"""Validation of each value by itself: its type, its bounds, and keys that are not declared."""

import math
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any, NamedTuple, get_args, get_origin

import msgspec
from msgspec import Struct

from streams.records.faults import MISSING_RULE, find_faults
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
"""The names from the top of the file to a value; an entry of an array is named by its index."""


class SettingFinding(NamedTuple):
    """One thing that is wrong: where, the rule it breaks, the value as shown, and what to do.

    The rule is a requirement ("must be ...") or MISSING_RULE.
    """

    path: SettingPath
    rule: str
    value: str = ""
    advice: str = ""


def validate(
    kind: Any, value: object, path: SettingPath = (), *, hidden: bool = False
) -> Iterator[SettingFinding]:
    """Yield all findings in a value from `tomllib` against its declared type, in declaration order.

    An unknown key is one finding and does not hide others of its table. No finding shows a secret value;
    `hidden` is true if the value is part of one.
    """
    base, _ = unwrap_type(kind)
    hidden = hidden or is_secret(kind)
    struct, origin, type_args = struct_type(base), get_origin(base), get_args(base)
    if struct is not None and isinstance(value, dict):
        yield from _validate_table(struct, value, path, hidden)
    elif origin is dict and isinstance(value, dict):
        for name, entry in value.items():
            if find_faults(type_args[0], name):
                yield SettingFinding(
                    (*path, name),
                    f"its id must be {describe_type(type_args[0])}",
                    toml_format.format_for_message(name),
                )
            yield from validate(type_args[1], entry, (*path, name), hidden=hidden)
    elif origin is list and isinstance(value, list):
        entry_findings = [
            finding
            for index, item in enumerate(value)
            for finding in validate(type_args[0], item, (*path, index), hidden=hidden)
        ]
        yield from entry_findings or _validate_value(kind, value, path, hidden)
    else:
        yield from _validate_value(kind, value, path, hidden)


def suggest_name(name: str, candidates: Iterable[str]) -> str:
    """Return advice for an unknown name: the most similar candidate, or nothing if none is similar."""
    by_folded_name = {candidate.casefold(): candidate for candidate in candidates}
    close = get_close_matches(name.casefold(), by_folded_name, n=1)
    return f"did you mean {toml_format.format_key(by_folded_name[close[0]])}?" if close else ""


def _validate_table(
    struct: type[Struct], value: dict[str, object], path: SettingPath, hidden: bool
) -> Iterator[SettingFinding]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    is_valid = True
    for name, field in fields.items():
        if name in value:
            for finding in validate(field.type, value[name], (*path, name), hidden=hidden):
                is_valid = False
                yield finding
        elif field.required:
            is_valid = False
            yield SettingFinding((*path, name), MISSING_RULE)
    for name in [name for name in value if name not in fields]:
        # Its value is not shown: it may be a secret whose key is misspelt.
        rule = f"unknown key of [{toml_format.format_path(path)}]" if path else "unknown section"
        advice = suggest_name(name, fields) or f"known: {', '.join(fields)}"
        yield SettingFinding((*path, name), rule, advice=advice)
    if is_valid:  # what the Struct requires of its keys together
        declared = {name: item for name, item in value.items() if name in fields}
        yield from (SettingFinding(path, fault.rule) for fault in find_faults(struct, declared))


def _validate_value(kind: Any, value: object, path: SettingPath, hidden: bool) -> Iterator[SettingFinding]:
    # TOML has nan and inf. No setting allows them, and nan would pass every bound.
    is_not_finite = isinstance(value, float) and not math.isfinite(value)
    if is_not_finite or find_faults(without_none(kind), value):
        shown = (
            "a secret value (not shown)"
            if hidden or contains_secret(kind)
            else toml_format.format_for_message(value)
        )
        yield SettingFinding(path, f"must be {describe_type(kind)}", shown)
