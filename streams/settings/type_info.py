"""Types of settings in words: their bounds, their descriptions, and whether their values are secret.

The same words are in the reference document and in the messages of faults.
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
_BOUND_TEXTS: Final = {
    "ge": ("of at least", "at least"),
    "gt": ("above", "above"),
    "le": ("of at most", "at most"),
    "lt": ("below", "below"),
    "multiple_of": ("divisible by", "divisible by"),
}
"""A bound in words, as the first and as a further one."""

TomlForm = Literal["table", "tables", "array", "value"]
"""How a type is written: `[name]`, `[name.<id>]`, `[[name]]`, or `name = value`."""


def unwrap_type(kind: Any) -> tuple[Any, tuple[Meta, ...]]:
    """Return a type without its annotations and without None, and the annotations, the outer ones last.

    TOML has no None: an optional key is left out.
    """
    if get_origin(kind) is Annotated:
        base, metas = unwrap_type(get_args(kind)[0])
        return base, (*metas, *(meta for meta in kind.__metadata__ if isinstance(meta, Meta)))
    if get_origin(kind) in (Union, UnionType):
        parts = [part for part in get_args(kind) if part is not type(None)]
        union: Any = Union
        return unwrap_type(parts[0]) if len(parts) == 1 else (union[tuple(parts)], ())
    return kind, ()


def without_none(kind: Any) -> Any:
    """Return a type with its bounds that does not include None."""
    base, metas = unwrap_type(kind)
    annotated: Any = Annotated
    return annotated[(base, *metas)] if metas else base


def struct_type(kind: Any) -> type[Struct] | None:
    """Return the Struct that a type is, optional or not; else None."""
    base, _ = unwrap_type(kind)
    return base if isinstance(base, type) and issubclass(base, Struct) else None


def toml_form(kind: Any) -> TomlForm:
    """Return how values of a type are written in TOML."""
    if struct_type(kind):
        return "table"
    base, _ = unwrap_type(kind)
    if get_origin(base) is dict and struct_type(get_args(base)[1]):
        return "tables"
    if get_origin(base) is list and struct_type(get_args(base)[0]):
        return "array"
    return "value"


def entry_struct(kind: Any) -> type[Struct] | None:
    """Return the Struct of one table of a type, in whatever form it is written; None for a plain value."""
    base, _ = unwrap_type(kind)
    return struct_type(kind if toml_form(kind) == "table" else (get_args(base) or (None,))[-1])


def get_description(kind: Any) -> str:
    """Return the description declared with Meta(description=...); empty if there is none."""
    descriptions = [meta.description for meta in unwrap_type(kind)[1] if meta.description]
    return descriptions[-1] if descriptions else ""


def is_secret(kind: Any) -> bool:
    """True if a value is never shown: it, or an entry of it, has Meta(extra={"secret": True})."""
    base, metas = unwrap_type(kind)
    return any((meta.extra or {}).get("secret") for meta in metas) or any(map(is_secret, get_args(base)))


def contains_secret(kind: Any) -> bool:
    """True if a value is secret, or a table with a secret key at any depth."""
    entry = entry_struct(kind)
    return is_secret(kind) or (
        entry is not None and any(contains_secret(field.type) for field in msgspec.structs.fields(entry))
    )


def describe_type(kind: Any) -> str:
    """Return a type and its bounds in words that follow "must be": `a whole number from 0 to 2`."""
    base, metas = unwrap_type(kind)
    origin, type_args = get_origin(base), get_args(base)
    if origin is Literal:
        return _describe_choices(type_args)
    if origin is Union:
        return " or ".join(describe_type(part) for part in type_args)
    if origin is list or base is list:
        entries = f", each {describe_type(type_args[0])}" if type_args else ""
        return f"an array{_describe_length(metas, 'entry', 'entries')}{entries}"
    if origin is dict or base is dict:
        entries = f", each value {describe_type(type_args[1])}" if type_args else ""
        return f"a table{_describe_length(metas, 'entry', 'entries')}{entries}"
    if struct_type(base):
        return "a table"
    if base is str:
        patterns = [f" {pattern_text(meta)}" for meta in metas if meta.pattern]
        return f"text{_describe_length(metas, 'character', 'characters')}{' and'.join(patterns)}"
    if base is datetime.datetime and any(meta.tz for meta in metas):
        return "a time with a zone, such as 2026-05-21T16:10:06Z, in the years 2000 to 2099"
    if base in (int, float):
        bounds = _describe_bounds(metas)
        number = "a whole number" if base is int else "a number" if bounds else "a finite number"
        return f"{number}{bounds}"
    return _TYPE_TEXTS.get(base, getattr(base, "__name__", str(base)))


def pattern_text(meta: Meta) -> str:
    """Return the pattern of a text in words, declared with Meta(extra={"pattern_text": ...})."""
    text = (meta.extra or {}).get("pattern_text")
    if text is None:
        raise ValueError(f"the pattern {meta.pattern} has no `pattern_text` in `extra`")
    return str(text)


def _describe_choices(choices: tuple[Any, ...]) -> str:
    others = [str(choice) for choice in choices if choice not in COUNTRIES]
    if len(others) == len(choices):
        return "one of " + ", ".join(others)
    return " or ".join([*others, _COUNTRY_TEXT])


def _describe_length(metas: tuple[Meta, ...], singular: str, plural: str) -> str:
    low = max((meta.min_length for meta in metas if meta.min_length is not None), default=None)
    high = min((meta.max_length for meta in metas if meta.max_length is not None), default=None)
    if low is None and high is None:
        return ""
    unit = singular if (low if high is None else high) == 1 else plural
    if low is not None and high is not None:
        return f" of {low} to {high} {unit}" if low != high else f" of {low} {unit}"
    return f" of at least {low} {unit}" if high is None else f" of at most {high} {unit}"


def _describe_bounds(metas: tuple[Meta, ...]) -> str:
    bounds = {name: value for meta in metas for name, value in _iter_bounds(meta)}
    text = f" from {bounds.pop('ge')} to {bounds.pop('le')}" if bounds.keys() >= {"ge", "le"} else ""
    for name, value in bounds.items():
        first, further = _BOUND_TEXTS[name]
        text += f" and {further} {value}" if text else f" {first} {value}"
    return text


def _iter_bounds(meta: Meta) -> Iterator[tuple[str, float]]:
    for name in _BOUND_TEXTS:
        value = getattr(meta, name)
        if value is not None:
            yield name, value
