"""What a declaration says: a type's bounds in words, its description, and whether its value is secret.

The words stand in the reference document and in the faults alike, so that both tell one rule.
"""

import datetime
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

from streams.records.countries import COUNTRIES

_COUNTRY_TEXT: Final = "a country's ISO 3166-1 alpha-2 code in upper case"
_TYPE_TEXTS: Final = {
    bool: "true or false",
    datetime.datetime: "a date and time",
    datetime.date: "a date",
    datetime.time: "a time of day",
}

TomlForm = Literal["table", "tables", "array", "value"]
"""How a type is written: `[name]`, `[name.<id>]`, `[[name]]`, or `name = value`."""


def unwrap_type(kind: Any) -> tuple[Any, tuple[Meta, ...]]:
    """A type without its notes and without None, which TOML does not have; and the notes, outer ones last."""
    if get_origin(kind) is Annotated:
        base, metas = unwrap_type(get_args(kind)[0])
        return base, (*metas, *(note for note in kind.__metadata__ if isinstance(note, Meta)))
    if get_origin(kind) in (Union, UnionType):
        parts = [part for part in get_args(kind) if part is not type(None)]
        union: Any = Union
        return unwrap_type(parts[0]) if len(parts) == 1 else (union[tuple(parts)], ())
    return kind, ()


def without_none(kind: Any) -> Any:
    """The same type with its bounds, but None is no value of it."""
    base, metas = unwrap_type(kind)
    annotated: Any = Annotated
    return annotated[(base, *metas)] if metas else base


def struct_type(kind: Any) -> type[Struct] | None:
    """The Struct that a type is, or is if it is not None."""
    base, _ = unwrap_type(kind)
    return base if isinstance(base, type) and issubclass(base, Struct) else None


def toml_form(kind: Any) -> TomlForm:
    """How values of a type are written in TOML."""
    if struct_type(kind):
        return "table"
    base, _ = unwrap_type(kind)
    if get_origin(base) is dict and struct_type(get_args(base)[1]):
        return "tables"
    if get_origin(base) is list and struct_type(get_args(base)[0]):
        return "array"
    return "value"


def entry_struct(kind: Any) -> type[Struct] | None:
    """The Struct that one table of a type is, whatever its form; None for a plain value."""
    base, _ = unwrap_type(kind)
    return struct_type(kind if toml_form(kind) == "table" else (get_args(base) or (None,))[-1])


def get_description(kind: Any) -> str:
    """What the key is, as declared with Meta(description=...); else an empty string."""
    found = [note.description for note in unwrap_type(kind)[1] if note.description]
    return found[-1] if found else ""


def is_secret(kind: Any) -> bool:
    """Whether a value is never shown: it, or an entry of it, has Meta(extra={"secret": True})."""
    base, metas = unwrap_type(kind)
    return any((note.extra or {}).get("secret") for note in metas) or any(map(is_secret, get_args(base)))


def contains_secret(kind: Any) -> bool:
    """Whether a value is secret or a table that has a secret key at any depth."""
    entry = entry_struct(kind)
    return is_secret(kind) or (
        entry is not None and any(contains_secret(field.type) for field in msgspec.structs.fields(entry))
    )


def describe_type(kind: Any) -> str:
    """A type and its bounds in words that follow "is": `a whole number from 0 to 2`."""
    base, metas = unwrap_type(kind)
    origin, parts = get_origin(base), get_args(base)
    if origin is Literal:
        return _describe_choices(parts)
    if origin is Union:
        return " or ".join(describe_type(part) for part in parts)
    if origin is list or base is list:
        each = f", each {describe_type(parts[0])}" if parts else ""
        return f"an array{_describe_length(metas, 'entries')}{each}"
    if origin is dict or base is dict:
        each = f", each entry {describe_type(parts[1])}" if parts else ""
        return f"a table{_describe_length(metas, 'entries')}{each}"
    if struct_type(base):
        return "a table"
    if base is str:
        patterns = [f" that matches {note.pattern}" for note in metas if note.pattern]
        return f"text{_describe_length(metas, 'characters')}{' and'.join(patterns)}"
    if base is datetime.datetime and any(note.tz for note in metas):
        return "a time with a zone, as 2026-05-21T16:10:06Z, from the year 2000 to 2099"
    if base in (int, float):
        bounds = _describe_bounds(metas)
        number = "a whole number" if base is int else "a number" if bounds else "a finite number"
        return f"{number}{bounds}"
    return _TYPE_TEXTS.get(base, getattr(base, "__name__", str(base)))


def _describe_choices(choices: tuple[Any, ...]) -> str:
    others = [str(choice) for choice in choices if choice not in COUNTRIES]
    if len(others) == len(choices):
        return "one of " + ", ".join(others)
    return " or ".join([*others, _COUNTRY_TEXT])


def _describe_length(metas: tuple[Meta, ...], unit: str) -> str:
    low = max((note.min_length for note in metas if note.min_length is not None), default=None)
    high = min((note.max_length for note in metas if note.max_length is not None), default=None)
    if low is None and high is None:
        return ""
    if low is not None and high is not None:
        return f" of {low} to {high} {unit}" if low != high else f" of {low} {unit}"
    return f" of at least {low} {unit}" if high is None else f" of at most {high} {unit}"


def _describe_bounds(metas: tuple[Meta, ...]) -> str:
    given = {name: value for note in metas for name, value in _iter_bounds(note)}
    span = f" from {given.pop('ge')} to {given.pop('le')}" if given.keys() >= {"ge", "le"} else ""
    named = {
        "ge": "not below",
        "gt": "above",
        "le": "not above",
        "lt": "below",
        "multiple_of": "a multiple of",
    }
    rest = [
        f" {'and ' if count or span else ''}{named[name]} {given[name]}" for count, name in enumerate(given)
    ]
    return span + "".join(rest)


def _iter_bounds(meta: Meta) -> Iterator[tuple[str, float]]:
    for name in ("ge", "gt", "le", "lt", "multiple_of"):
        value = getattr(meta, name)
        if value is not None:
            yield name, value
