"""Faults: what is wrong with a record or a setting, for the person who must put it right.

`faults_of` finds all of them at once, field by field; it is used after a decoder has refused a value.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from types import UnionType
from typing import Annotated, Any, Final, Literal, NamedTuple, Union, get_args, get_origin

import msgspec
import orjson

from streams.records.countries import COUNTRIES
from streams.records.times import FORMAT_RULE, YEARS_RULE, ZONE_RULE, has_valid_year

# Plates are personal data and free text may hold one, so messages tell their size, never their content.
PERSONAL_FIELDS: Final = frozenset(
    {"plate", "candidates", "char_alternatives", "image_ref", "reason", "reference", "by", "read"}
    | {"read_plate", "listed_plate", "listed", "meaning"}
)
_MAX_SHOWN_LENGTH: Final = 60
_TYPE_NAMES: Final = {
    "str": "text",
    "int": "a whole number",
    "float": "a number with a fraction",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_REPLACEMENTS: Final = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r" \| null$", ""),
        (r"\b(str|array|object) of length >= (\d+)", r"\1 of at least \2 characters or entries"),
        (r"\b(str|array|object) of length <= (\d+)", r"\1 of at most \2 characters or entries"),
        (r"\bstr of (at .*) characters or entries", r"str of \1 characters"),
        (r"\b(array|object) of (at .*) characters or entries", r"\1 of \2 entries"),
        (r"\bstr matching regex '(.*)'", r"str that matches \1"),
        (r"\b(int|float) >= (-?[\d.]+)", r"\1 of at least \2"),
        (r"\b(int|float) <= (-?[\d.]+)", r"\1 of at most \2"),
        (r"\b(int|float) < (-?[\d.]+)", r"\1 below \2"),
        (r"\bstr\b", "text"),
        (r"\bint\b", "a whole number"),
        (r"\bfloat\b", "a number"),
        (r"\barray\b", "a list"),
        (r"\bobject\b", "an object"),
        (r"\bbool\b", "true or false"),
        (r"(\d)\.0\b", r"\1"),
    )
)
_MAX_SHOWN_CHOICES: Final = 12


class Fault(NamedTuple):
    """One thing that is wrong: the field, the rule it breaks, and the value it has."""

    field: str
    rule: str
    value: str

    def __str__(self) -> str:
        place = f"{self.field}: " if self.field else ""
        return f"{place}{self.rule}; it is {self.value}" if self.value else f"{place}{self.rule}"


def shown_value(value: object, field: str = "") -> str:
    """A value as a message may show it: short, on one line, and only its size where it may hold a plate."""
    name = re.split(r"[.\[]", field.removeprefix("$."))
    if any(part in PERSONAL_FIELDS for part in name) and value is not None:
        return f"{_describe_size(value)} (not shown: it may be personal data)"
    try:
        text = orjson.dumps(value, default=str).decode()
    except TypeError:
        try:
            text = repr(value)
        except RecursionError:
            return "nested too deeply to be shown"
    return text if len(text) <= _MAX_SHOWN_LENGTH else f"{text[:_MAX_SHOWN_LENGTH]}… ({len(text)} characters)"


def find_faults(expected_type: Any, value: object, field: str = "") -> list[Fault]:
    """All faults of a decoded JSON or TOML value against a type, in the order of the type's fields.

    `kind` is a msgspec type: a Struct, a dictionary of such, or anything `msgspec.convert` knows. Unknown
    keys are no fault here; a caller that refuses them looks for them itself.
    """
    return list(_walk(expected_type, value, field))


def _describe_size(value: object) -> str:
    if isinstance(value, str):
        return f"{len(value)} characters"
    if isinstance(value, list | dict):
        return f"{len(value)} entries"
    # Some countries' plates are digits alone, and come as a number where somebody forgot the quotes.
    return "true or false" if isinstance(value, bool) else "a number"


def _walk(expected_type: Any, value: object, field: str) -> Iterator[Fault]:
    """The faults of what is inside a value; if there are none, that of the value as a whole."""
    found = False
    for fault in _nested_faults(_unwrap_type(expected_type), value, field):
        found = True
        yield fault
    if not found:
        yield from _own_faults(expected_type, value, field)


def _nested_faults(expected_type: Any, value: object, field: str) -> Iterator[Fault]:
    origin, parts = get_origin(expected_type), get_args(expected_type)
    if (
        isinstance(expected_type, type)
        and issubclass(expected_type, msgspec.Struct)
        and isinstance(value, dict)
    ):
        for item in msgspec.structs.fields(expected_type):
            place = f"{field}.{item.encode_name}" if field else item.encode_name
            if item.encode_name in value:
                yield from _walk(item.type, value[item.encode_name], place)
            elif item.required:
                yield Fault(place, "is required and missing", "")
    elif origin is dict and isinstance(value, dict):
        for key, entry in value.items():
            wrong = list(_own_faults(parts[0], key, field))
            yield from (fault._replace(rule=f"each name in it {fault.rule}") for fault in wrong)
            if not wrong:
                yield from _walk(parts[1], entry, f"{field}.{key}" if field else str(key))
    elif origin in (list, tuple) and isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _walk(parts[0], entry, f"{field}[{index}]")


def _own_faults(expected_type: Any, value: object, field: str) -> Iterator[Fault]:
    try:
        result = msgspec.convert(value, expected_type)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at ")
        inner = re.sub(r"^(key in )?\$\.?", "", path.replace("`", ""))
        place = ".".join(part for part in (field, inner) if part).replace(".[", "[")
        yield Fault(
            place,
            _rule_text(message, expected_type),
            "" if _includes_value(message) else shown_value(value, field),
        )
    else:
        if isinstance(result, datetime) and not has_valid_year(result):
            yield Fault(field, YEARS_RULE, shown_value(value, field))


def _rule_text(message: str, expected_type: Any) -> str:
    if message.startswith("Invalid enum value"):
        choices = _literal_values(expected_type)
        if len(choices) > _MAX_SHOWN_CHOICES or (choices and choices <= COUNTRIES):
            default = "`default` or " if "default" in choices else ""
            return f"is {default}a country's ISO 3166-1 alpha-2 code in upper case"
        if choices:
            return "is one of " + ", ".join(sorted(map(str, choices)))
        return message[0].lower() + message[1:]
    if "timezone component" in message:
        return ZONE_RULE
    if message.startswith("Invalid RFC3339"):
        return FORMAT_RULE
    if message.startswith("Expected "):
        return _expected_text(message)
    return message.replace("`", "")


def _expected_text(message: str) -> str:
    """A decoder's `Expected ...` in the words of people who do not know its types."""
    wanted, _, got = message.removeprefix("Expected ").replace("`", "").partition(", got ")
    for pattern, words in _REPLACEMENTS:
        wanted = pattern.sub(words, wanted)
    return f"is {wanted}" + (f", not {_TYPE_NAMES.get(got, got)}" if got else "")


def _includes_value(message: str) -> bool:
    return not message.startswith(("Expected", "Invalid"))


def _literal_values(expected_type: Any) -> set[Any]:
    if get_origin(expected_type) is Literal:
        return set(get_args(expected_type))
    return {choice for part in get_args(expected_type) for choice in _literal_values(part)}


def _unwrap_type(annotated_type: Any) -> Any:
    """A type without its annotations, and without None where it is that or one other."""
    while True:
        parts = [part for part in get_args(annotated_type) if part is not type(None)]
        if get_origin(annotated_type) is Annotated or (
            get_origin(annotated_type) in (Union, UnionType) and len(parts) == 1
        ):
            annotated_type = parts[0]
        else:
            return annotated_type
