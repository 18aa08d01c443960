"""What an event gives, by the maker's names: its fields, read once, and the faults in them."""

import re
from collections.abc import Mapping
from typing import Any, Final

from streams.gateway.event import EventError, Reason
from streams.records.faults import Fault, shown

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?\Z", re.ASCII)
_LONGEST_LOOKS: Final = 64
_UNKNOWN: Final = frozenset(("unknown", "unk", "undefined", "none", "null", "n/a", "na", "-"))
"""Marks of makers for what a recogniser did not see, in any case."""
_MISSING: Final = object()
_FLAGS: Final = {"true": True, "false": False, "1": True, "0": False}
_MAY_BE_PLATES: Final = frozenset(("text", "value"))
"""Fields in which makers give the plate, among other things."""


class Given:
    """The fields of an event or of a part of it; those of its parts are told with the part's name.

    What is missing, null or empty is None and no fault. What is of a strange type or out of range is None and
    a fault, which shows no plate: each with its reason in `faults`, shared by the event and its parts.
    """

    __slots__ = ("_fields", "_place", "faults")

    def __init__(self, fields: Mapping[str, Any], place: str = "", within: "Given | None" = None) -> None:
        self._fields = fields
        self._place = place
        self.faults: list[tuple[Reason, Fault]] = within.faults if within else []

    def fault(self, name: str, rule: str, value: object = None, reason: Reason = "field") -> None:
        """Notes what is wrong with a field."""
        personal = "plate" in name.lower() or name.lower() in _MAY_BE_PLATES
        text = "" if value is None else shown(value, "plate" if personal else name)
        noted = (reason, Fault(self._place + name, rule, text))
        if noted not in self.faults:
            self.faults.append(noted)

    def has(self, *names: str) -> bool:
        """Whether one of the fields is there at all."""
        return not self._fields.keys().isdisjoint(names)

    def holds(self, name: str, kind: type) -> bool:
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
        self.fault(name, "is text", value)
        return None

    def number(self, name: str, least: float, most: float, reason: Reason = "field") -> float | None:
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
        if number is None or not least <= number <= most:
            self.fault(name, f"is a number from {least:g} to {most:g}", value, reason)
            return None
        return number

    def whole(self, name: str, least: int, most: int) -> int | None:
        """As `number`, without a fraction."""
        number = self.number(name, least, most)
        if number is None or number.is_integer():
            return None if number is None else int(number)
        self.fault(name, "is a whole number", self.text(name))
        return None

    def flag(self, name: str) -> bool | None:
        """Whether a field is true, given as such, as 0 or 1, or as either in text."""
        value = self._fields.get(name)
        if isinstance(value, bool):
            return value
        text = self.text(name)
        if text is None:
            return None
        found = _FLAGS.get(text.casefold())
        if found is None:
            self.fault(name, "is true or false", text)
        return found

    def entries(self, name: str) -> list[Any]:
        """The entries of a list, of any type; none if it is missing or no list."""
        value = self._fields.get(name)
        return value if isinstance(value, list) else []

    def looks(self, name: str) -> str | None:
        """A word about a vehicle, at most 64 characters of it; None for a mark of unknown."""
        text = self.text(name)
        return None if text is None or text.casefold() in _UNKNOWN else text[:_LONGEST_LOOKS]

    def part(self, name: str) -> "Given":
        """The fields of an object within; of none if it is missing."""
        value = self._fields.get(name)
        if value is not None and value != "" and not isinstance(value, dict):
            self.fault(name, "is an object", value)
        return Given(value if isinstance(value, dict) else {}, f"{self._place}{name}.", self)

    def parts(self, name: str) -> list["Given"]:
        """The objects of a list within."""
        value = self._fields.get(name)
        if value is not None and value != "" and not isinstance(value, list):
            self.fault(name, "is a list", value)
        entries = value if isinstance(value, list) else []
        return [
            Given(each, f"{self._place}{name}[{place}].", self)
            for place, each in enumerate(entries)
            if isinstance(each, dict)
        ]

    def apart(self, name: str) -> list["Given"]:
        """The objects of a list within, each with its own faults; an entry that is none is a fault here."""
        value = self._fields.get(name)
        if value is not None and not isinstance(value, list):
            self.fault(name, "is a list", value)
        found = []
        for place, each in enumerate(value if isinstance(value, list) else []):
            if isinstance(each, dict):
                found.append(Given(each, f"{self._place}{name}[{place}]."))
            else:
                self.fault(f"{name}[{place}]", "is an object")
        return found

    def name(self, field: str) -> str:
        """A field's name with its place in the event, as faults tell it."""
        return self._place + field


def errors_of(given: Given) -> list[EventError]:
    """The faults noted so far, as an error for each reason."""
    reasons: tuple[Reason, ...] = ("time", "country", "field")
    return [
        EventError(reason, faults)
        for reason in reasons
        if (faults := [fault for its, fault in given.faults if its == reason])
    ]
