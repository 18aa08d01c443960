"""What an event gives, by the maker's names: its fields, read once, and the faults in them."""

import re
from collections.abc import Mapping
from typing import Any, Final

from streams.gateway.event import EventError, Reason
from streams.records.faults import Fault, shown_value

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?\Z", re.ASCII)
_MAX_ATTRIBUTE_LENGTH: Final = 64
_UNKNOWN_MARKS: Final = frozenset(("unknown", "unk", "undefined", "none", "null", "n/a", "na", "-"))
"""Marks of makers for what a recogniser did not see, in any case."""
_MISSING: Final = object()
_FLAGS: Final = {"true": True, "false": False, "1": True, "0": False}
_PERSONAL_FIELDS: Final = frozenset(("text", "value"))
"""Fields in which makers give the plate, among other things."""


class EventFields:
    """The fields of an event or of a part of it; those of its parts are told with the part's name.

    What is missing, null or empty is None and no fault. What is of a strange type or out of range is None and
    a fault, which shows no plate: each with its reason in `faults`, shared by the event and its parts.
    """

    __slots__ = ("_fields", "_prefix", "faults")

    def __init__(
        self, fields: Mapping[str, Any], prefix: str = "", parent: "EventFields | None" = None
    ) -> None:
        self._fields = fields
        self._prefix = prefix
        self.faults: list[tuple[Reason, Fault]] = parent.faults if parent else []

    def add_fault(self, name: str, rule: str, value: object = None, reason: Reason = "field") -> None:
        """Notes what is wrong with a field."""
        personal = "plate" in name.lower() or name.lower() in _PERSONAL_FIELDS
        text = "" if value is None else shown_value(value, "plate" if personal else name)
        noted = (reason, Fault(self._prefix + name, rule, text))
        if noted not in self.faults:
            self.faults.append(noted)

    def has_any(self, *names: str) -> bool:
        """Whether one of the fields is there at all."""
        return not self._fields.keys().isdisjoint(names)

    def has_type(self, name: str, kind: type) -> bool:
        """Whether a field is there, and its value is of a type."""
        return isinstance(self._fields.get(name, _MISSING), kind)

    def text(self, name: str) -> str | None:
        """A text without the blanks around it; a number is the text that it is."""
        value = self._fields.get(name)
        if isinstance(value, str):
            return value.strip() or None
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        self.add_fault(name, "is text", value)
        return None

    def number(self, name: str, minimum: float, maximum: float, reason: Reason = "field") -> float | None:
        """A number from `least` to `most`, given as such or as text."""
        value = self._fields.get(name)
        number: float | None
        if type(value) is float or type(value) is int:
            number = float(value)
        else:
            value = self.text(name)
            if value is None:
                return None
            number = float(value) if _NUMBER.match(value) else None
        if number is None or not minimum <= number <= maximum:
            self.add_fault(name, f"is a number from {minimum:g} to {maximum:g}", value, reason)
            return None
        return number

    def integer(self, name: str, minimum: int, maximum: int) -> int | None:
        """As `number`, without a fraction."""
        number = self.number(name, minimum, maximum)
        if number is None or number.is_integer():
            return None if number is None else int(number)
        self.add_fault(name, "is a whole number", self.text(name))
        return None

    def boolean(self, name: str) -> bool | None:
        """Whether a field is true, given as such, as 0 or 1, or as either in text."""
        value = self._fields.get(name)
        if isinstance(value, bool):
            return value
        text = self.text(name)
        if text is None:
            return None
        found = _FLAGS.get(text.casefold())
        if found is None:
            self.add_fault(name, "is true or false", text)
        return found

    def array(self, name: str) -> list[Any]:
        """The entries of a list, of any type; none if it is missing or no list."""
        value = self._fields.get(name)
        return value if isinstance(value, list) else []

    def vehicle_attribute(self, name: str) -> str | None:
        """A word about a vehicle, at most 64 characters of it; None for a mark of unknown."""
        text = self.text(name)
        return None if text is None or text.casefold() in _UNKNOWN_MARKS else text[:_MAX_ATTRIBUTE_LENGTH]

    def child(self, name: str) -> "EventFields":
        """The fields of an object within; of none if it is missing."""
        value = self._fields.get(name)
        if value is not None and value != "" and not isinstance(value, dict):
            self.add_fault(name, "is an object", value)
        return EventFields(value if isinstance(value, dict) else {}, f"{self._prefix}{name}.", self)

    def children(self, name: str) -> list["EventFields"]:
        """The objects of a list within."""
        value = self._fields.get(name)
        if value is not None and value != "" and not isinstance(value, list):
            self.add_fault(name, "is a list", value)
        entries = value if isinstance(value, list) else []
        return [
            EventFields(each, f"{self._prefix}{name}[{place}].", self)
            for place, each in enumerate(entries)
            if isinstance(each, dict)
        ]

    def isolated_children(self, name: str) -> list["EventFields"]:
        """The objects of a list within, each with its own faults; an entry that is none is a fault here."""
        value = self._fields.get(name)
        if value is not None and not isinstance(value, list):
            self.add_fault(name, "is a list", value)
        found = []
        for place, each in enumerate(value if isinstance(value, list) else []):
            if isinstance(each, dict):
                found.append(EventFields(each, f"{self._prefix}{name}[{place}]."))
            else:
                self.add_fault(f"{name}[{place}]", "is an object")
        return found

    def full_name(self, field: str) -> str:
        """A field's name with its place in the event, as faults tell it."""
        return self._prefix + field


def collect_errors(fields: EventFields) -> list[EventError]:
    """The faults noted so far, as an error for each reason."""
    reasons: tuple[Reason, ...] = ("time", "country", "field")
    return [
        EventError(reason, faults)
        for reason in reasons
        if (faults := [fault for its, fault in fields.faults if its == reason])
    ]
