"""Access to the fields of an event by the vendor's names, and the faults in them."""

import re
from collections.abc import Mapping
from typing import Any, Final

from streams.gateway.event import EventError, Reason
from streams.records.faults import MISSING_RULE, Fault, shown_value

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?\Z", re.ASCII)
_MAX_ATTRIBUTE_LENGTH: Final = 64
_UNKNOWN_MARKS: Final = frozenset(("unknown", "unk", "undefined", "none", "null", "n/a", "na", "-"))
"""Vendors' marks, in lower case, for an attribute that the recogniser did not see."""
_MISSING: Final = object()
_BOOLEANS: Final = {"true": True, "false": False, "1": True, "0": False}
_PERSONAL_FIELDS: Final = frozenset(("text", "value"))
"""Fields in which vendors send the plate, among other things."""


class EventFields:
    """The fields of an event or of a part of it; faults name the fields of a part with its prefix.

    A field that is missing, null or empty is None and not a fault. A field of the wrong type or out of range
    is None and a fault. `faults` holds each with its reason; an event and its parts share it. No fault shows
    a plate.
    """

    __slots__ = ("_fields", "_prefix", "faults")

    def __init__(
        self, fields: Mapping[str, Any], prefix: str = "", parent: "EventFields | None" = None
    ) -> None:
        self._fields = fields
        self._prefix = prefix
        self.faults: list[tuple[Reason, Fault]] = parent.faults if parent else []

    def add_fault(self, name: str, rule: str, value: object = None, reason: Reason = "field") -> None:
        """Record that a field breaks a rule, which begins with "must"."""
        personal = "plate" in name.lower() or name.lower() in _PERSONAL_FIELDS
        text = "" if value is None else shown_value(value, "plate" if personal else name)
        fault = (reason, Fault(self._prefix + name, rule, text))
        if fault not in self.faults:
            self.faults.append(fault)

    def add_required_fault(self, name: str, rule: str, reason: Reason) -> None:
        """Record that a required field is missing, or breaks a rule if it is there."""
        self.add_fault(name, rule if self.has_any(name) else MISSING_RULE, reason=reason)

    def has_any(self, *names: str) -> bool:
        """True if at least one of the fields is there, whatever its value."""
        return not self._fields.keys().isdisjoint(names)

    def has_type(self, name: str, expected_type: type) -> bool:
        """True if a field is there and its value is of a type."""
        return isinstance(self._fields.get(name, _MISSING), expected_type)

    def text(self, name: str) -> str | None:
        """Return a text without surrounding blanks; a number is returned as text."""
        value = self._fields.get(name)
        if isinstance(value, str):
            return value.strip() or None
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        self.add_fault(name, "must be text", value)
        return None

    def number(self, name: str, minimum: float, maximum: float, reason: Reason = "field") -> float | None:
        """Return a number within a range, sent as a number or as text."""
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
            self.add_fault(name, f"must be a number from {minimum:g} to {maximum:g}", value, reason)
            return None
        return number

    def integer(self, name: str, minimum: int, maximum: int) -> int | None:
        """Return a whole number within a range, sent as a number or as text."""
        number = self.number(name, minimum, maximum)
        if number is None or number.is_integer():
            return None if number is None else int(number)
        self.add_fault(name, "must be a whole number", self.text(name))
        return None

    def boolean(self, name: str) -> bool | None:
        """Return a truth value, sent as such, as 0 or 1, or as one of these in text."""
        value = self._fields.get(name)
        if isinstance(value, bool):
            return value
        text = self.text(name)
        if text is None:
            return None
        boolean = _BOOLEANS.get(text.casefold())
        if boolean is None:
            self.add_fault(name, "must be true or false", text)
        return boolean

    def array(self, name: str) -> list[Any]:
        """Return the entries of a list, of any type; none if the field is missing or not a list."""
        value = self._fields.get(name)
        return value if isinstance(value, list) else []

    def vehicle_attribute(self, name: str) -> str | None:
        """Return at most 64 characters of an attribute of a vehicle; None for a mark of unknown."""
        text = self.text(name)
        return None if text is None or text.casefold() in _UNKNOWN_MARKS else text[:_MAX_ATTRIBUTE_LENGTH]

    def child(self, name: str) -> "EventFields":
        """Return the fields of an object within; without any if it is missing."""
        value = self._fields.get(name)
        if value is not None and value != "" and not isinstance(value, dict):
            self.add_fault(name, "must be an object", value)
        return EventFields(value if isinstance(value, dict) else {}, f"{self._prefix}{name}.", self)

    def children(self, name: str) -> list["EventFields"]:
        """Return the objects of a list within; entries that are not objects are skipped."""
        value = self._fields.get(name)
        if value is not None and value != "" and not isinstance(value, list):
            self.add_fault(name, "must be a list", value)
        entries = value if isinstance(value, list) else []
        return [
            EventFields(entry, f"{self._prefix}{name}[{index}].", self)
            for index, entry in enumerate(entries)
            if isinstance(entry, dict)
        ]

    def isolated_children(self, name: str) -> list["EventFields"]:
        """Return the objects of a list within, each with faults of its own.

        An entry that is not an object is a fault of the list.
        """
        value = self._fields.get(name)
        if value is not None and not isinstance(value, list):
            self.add_fault(name, "must be a list", value)
        children = []
        for index, entry in enumerate(value if isinstance(value, list) else []):
            if isinstance(entry, dict):
                children.append(EventFields(entry, f"{self._prefix}{name}[{index}]."))
            else:
                self.add_fault(f"{name}[{index}]", "must be an object")
        return children

    def full_name(self, field: str) -> str:
        """Return a field's name with its position in the event, as faults have it."""
        return self._prefix + field


def collect_errors(fields: EventFields) -> list[EventError]:
    """Return the faults recorded so far, as one error for each reason."""
    reasons: tuple[Reason, ...] = ("time", "country", "field")
    return [
        EventError(reason, faults)
        for reason in reasons
        if (faults := [fault for fault_reason, fault in fields.faults if fault_reason == reason])
    ]
