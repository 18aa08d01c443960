"""Faults: what is wrong with a record or a setting, for the person who must put it right.

`faults_of` finds all of them at once, field by field; it is used after a decoder has refused a value.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal, NamedTuple, get_args, get_origin

import msgspec
import orjson

from streams.records.countries import COUNTRIES

# Plates are personal data and free text may hold one, so messages tell their size, never their content.
PERSONAL: Final = frozenset(
    {"plate", "candidates", "char_alternatives", "image_ref", "reason", "reference", "by", "read"}
)
_SHOWN_LENGTH: Final = 60
_SHOWN_CHOICES: Final = 12


class Fault(NamedTuple):
    """One thing that is wrong: the field, the rule it breaks, and the value it has."""

    field: str
    rule: str
    value: str

    def __str__(self) -> str:
        place = f"{self.field}: " if self.field else ""
        return f"{place}{self.rule}; it is {self.value}" if self.value else f"{place}{self.rule}"


def shown(value: object, field: str = "") -> str:
    """A value as a message may show it: short, on one line, and only its size where it may hold a plate."""
    name = re.split(r"[.\[]", field.removeprefix("$."))
    if any(part in PERSONAL for part in name) and isinstance(value, str | list | dict):
        unit = "characters" if isinstance(value, str) else "entries"
        return f"{len(value)} {unit} (not shown: it may be personal data)"
    try:
        text = orjson.dumps(value, default=str).decode()
    except TypeError:
        text = repr(value)
    return text if len(text) <= _SHOWN_LENGTH else f"{text[:_SHOWN_LENGTH]}… ({len(text)} characters)"


def faults_of(kind: Any, value: object, field: str = "") -> list[Fault]:
    """All faults of a decoded JSON or TOML value against a type, in the order of the type's fields.

    `kind` is a msgspec type: a Struct, a dictionary of such, or anything `msgspec.convert` knows. Unknown
    keys are no fault here; a caller that refuses them looks for them itself.
    """
    return list(_walk(kind, value, field))


def _walk(kind: Any, value: object, field: str) -> Iterator[Fault]:
    struct = _struct_of(kind)
    entries = _entries_of(kind)
    if struct is not None and isinstance(value, dict):
        found = False
        for item in msgspec.structs.fields(struct):
            place = f"{field}.{item.encode_name}" if field else item.encode_name
            if item.encode_name in value:
                for fault in _walk(item.type, value[item.encode_name], place):
                    found = True
                    yield fault
            elif item.required:
                found = True
                yield Fault(place, "is required and missing", "")
        if not found:
            yield from _leaf(struct, value, field)
    elif entries is not None and isinstance(value, dict):
        for key, entry in value.items():
            yield from _walk(entries, entry, f"{field}.{key}" if field else str(key))
    else:
        yield from _leaf(kind, value, field)


def _leaf(kind: Any, value: object, field: str) -> Iterator[Fault]:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at ")
        inner = re.sub(r"^(key in )?\$\.?", "", path.replace("`", ""))
        place = ".".join(part for part in (field, inner) if part).replace(".[", "[")
        yield Fault(place, _rule(message, kind), "" if _tells_value(message) else shown(value, field))


def _rule(message: str, kind: Any) -> str:
    if message.startswith("Invalid enum value"):
        choices = _choices(kind)
        if len(choices) > _SHOWN_CHOICES or (choices and choices <= COUNTRIES):
            return "is a country's ISO 3166-1 alpha-2 code in upper case"
        if choices:
            return "is one of " + ", ".join(sorted(map(str, choices)))
        return message[0].lower() + message[1:]
    if message.startswith("Expected "):
        return "is " + message.removeprefix("Expected ").replace("`", "").replace(", got ", ", not ")
    return message.replace("`", "")


def _tells_value(message: str) -> bool:
    return not message.startswith(("Expected", "Invalid"))


def _choices(kind: Any) -> set[Any]:
    if get_origin(kind) is Literal:
        return set(get_args(kind))
    return {choice for part in get_args(kind) for choice in _choices(part)}


def _struct_of(kind: Any) -> type[msgspec.Struct] | None:
    """The Struct that a type is, or is if it is not None."""
    if get_origin(kind) is Annotated:
        return _struct_of(get_args(kind)[0])
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    parts = [part for part in get_args(kind) if part is not type(None)]
    if len(parts) == 1 and get_origin(kind) not in (list, dict, tuple, set):
        return _struct_of(parts[0])
    return None


def _entries_of(kind: Any) -> Any | None:
    """The Struct that the values of a dictionary type are."""
    if get_origin(kind) is Annotated:
        return _entries_of(get_args(kind)[0])
    if get_origin(kind) is dict:
        return _struct_of(get_args(kind)[1])
    return None
