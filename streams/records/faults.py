"""Faults: what is wrong with a record or a setting, for the person who must correct it.

Decoders stop at the first fault and name types, not rules. `find_faults` is called after a decoder has
refused a value; it finds all faults, field by field.
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
from streams.records.types import PATTERN_TEXTS

# Plates are personal data and free text may hold one, so messages show their size, never their content.
PERSONAL_FIELDS: Final = frozenset(
    {"plate", "candidates", "char_alternatives", "image_ref", "reason", "reference", "by", "read"}
    | {"read_plate", "listed_plate", "listed", "meaning"}
)
MISSING_RULE: Final = "is missing"
"""The rule of a fault in a required field that is absent."""

_MAX_SHOWN_LENGTH: Final = 60
_MAX_SHOWN_CHOICES: Final = 12
_PATTERN_MESSAGE: Final = re.compile(r"Expected `str` matching regex '(.*)'", re.DOTALL)
_UNKNOWN_PATTERN_TEXT: Final = "in the form that the schema of the record describes"
# From a decoder's `Expected ...` to words that do not need its types explained.
_REPLACEMENTS: Final = tuple(
    (re.compile(pattern), text)
    for pattern, text in (
        (r" \| null$", ""),
        (r"\b(str|array|object) of length >= (\d+)", r"\1 of at least \2 characters or entries"),
        (r"\b(str|array|object) of length <= (\d+)", r"\1 of at most \2 characters or entries"),
        (r"\bstr of (at .*) characters or entries", r"str of \1 characters"),
        (r"\b(array|object) of (at .*) characters or entries", r"\1 of \2 entries"),
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
        (r"\b1 characters\b", "1 character"),
        (r"\b1 entries\b", "1 entry"),
    )
)


class Fault(NamedTuple):
    """One thing that is wrong: the field, the rule it breaks, and the value it has, as a message may show it.

    The rule is a requirement that begins with "must", or MISSING_RULE.
    """

    field: str
    rule: str
    value: str

    def __str__(self) -> str:
        if self.rule == MISSING_RULE:
            return f"missing required field `{self.field}`"
        prefix = f"{self.field}: " if self.field else ""
        return f"{prefix}{self.rule}, got {self.value}" if self.value else f"{prefix}{self.rule}"


def shown_value(value: object, field: str = "") -> str:
    """Return a value as a message may show it: short, on one line; only its size if it may hold a plate."""
    names = re.split(r"[.\[]", field.removeprefix("$."))
    if any(name in PERSONAL_FIELDS for name in names) and value is not None:
        return f"{_describe_size(value)} (not shown: it may be personal data)"
    try:
        text = orjson.dumps(value, default=str).decode()
    except TypeError:
        try:
            text = repr(value)
        except RecursionError:
            return "a value nested too deeply to be shown"
    return text if len(text) <= _MAX_SHOWN_LENGTH else f"{text[:_MAX_SHOWN_LENGTH]}… ({len(text)} characters)"


def find_faults(expected_type: Any, value: object, field: str = "") -> list[Fault]:
    """Return all faults of a decoded JSON or TOML value against a type, in the order of the type's fields.

    `expected_type` is a msgspec type: a Struct, a dictionary of such, or anything else that `msgspec.convert`
    accepts. Unknown keys are no fault; a caller that refuses them looks for them itself.
    """
    return list(_walk(expected_type, value, field))


def _describe_size(value: object) -> str:
    if isinstance(value, str):
        return f"{len(value)} character{'' if len(value) == 1 else 's'}"
    if isinstance(value, list | dict):
        kind = "a list" if isinstance(value, list) else "an object"
        return f"{kind} of {len(value)} {'entry' if len(value) == 1 else 'entries'}"
    # Plates of digits alone arrive as a number where somebody forgot the quotes.
    return "true or false" if isinstance(value, bool) else "a number"


def _walk(expected_type: Any, value: object, field: str) -> Iterator[Fault]:
    """Yield the faults inside a value; if there are none, that of the value as a whole."""
    has_nested_fault = False
    for fault in _nested_faults(_unwrap_type(expected_type), value, field):
        has_nested_fault = True
        yield fault
    if not has_nested_fault:
        yield from _own_faults(expected_type, value, field)


def _nested_faults(expected_type: Any, value: object, field: str) -> Iterator[Fault]:
    origin, type_args = get_origin(expected_type), get_args(expected_type)
    if (
        isinstance(expected_type, type)
        and issubclass(expected_type, msgspec.Struct)
        and isinstance(value, dict)
    ):
        for item in msgspec.structs.fields(expected_type):
            path = f"{field}.{item.encode_name}" if field else item.encode_name
            if item.encode_name in value:
                yield from _walk(item.type, value[item.encode_name], path)
            elif item.required:
                yield Fault(path, MISSING_RULE, "")
    elif origin is dict and isinstance(value, dict):
        for key, entry in value.items():
            key_faults = list(_own_faults(type_args[0], key, field))
            yield from (fault._replace(rule=f"each key {fault.rule}") for fault in key_faults)
            if not key_faults:
                yield from _walk(type_args[1], entry, f"{field}.{key}" if field else str(key))
    elif origin in (list, tuple) and isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _walk(type_args[0], entry, f"{field}[{index}]")


def _own_faults(expected_type: Any, value: object, field: str) -> Iterator[Fault]:
    try:
        result = msgspec.convert(value, expected_type)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at ")
        inner = re.sub(r"^(key in )?\$\.?", "", path.replace("`", ""))
        yield Fault(
            ".".join(part for part in (field, inner) if part).replace(".[", "["),
            _rule_text(message, expected_type),
            shown_value(value, field) if message.startswith(("Expected", "Invalid")) else "",
        )
    else:
        if isinstance(result, datetime) and not has_valid_year(result):
            yield Fault(field, YEARS_RULE, shown_value(value, field))


def _rule_text(message: str, expected_type: Any) -> str:
    """Return the rule that a decoder's message names, in words."""
    if message.startswith("Invalid enum value"):
        choices = _literal_values(expected_type)
        if len(choices) > _MAX_SHOWN_CHOICES or (choices and choices <= COUNTRIES):
            default = "`default` or " if "default" in choices else ""
            return f"must be {default}a country's ISO 3166-1 alpha-2 code in upper case"
        return "must be one of " + ", ".join(sorted(map(str, choices)))
    if "timezone component" in message:
        return ZONE_RULE
    if message.startswith("Invalid RFC3339"):
        return FORMAT_RULE
    pattern = _PATTERN_MESSAGE.match(message)
    if pattern:
        return f"must be {PATTERN_TEXTS.get(pattern[1], _UNKNOWN_PATTERN_TEXT)}"
    if message.startswith("Expected "):
        expected = message.removeprefix("Expected ").replace("`", "").partition(", got ")[0]
        for part, text in _REPLACEMENTS:
            expected = part.sub(text, expected)
        return f"must be {expected}"
    # Raised by a record's own check, which words its rule itself.
    return message.replace("`", "")


def _literal_values(expected_type: Any) -> set[Any]:
    if get_origin(expected_type) is Literal:
        return set(get_args(expected_type))
    return {choice for part in get_args(expected_type) for choice in _literal_values(part)}


def _unwrap_type(annotated_type: Any) -> Any:
    """Return a type without its annotations, and without None if that is the only alternative."""
    while True:
        parts = [part for part in get_args(annotated_type) if part is not type(None)]
        if get_origin(annotated_type) is Annotated or (
            get_origin(annotated_type) in (Union, UnionType) and len(parts) == 1
        ):
            annotated_type = parts[0]
        else:
            return annotated_type
