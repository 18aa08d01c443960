"""Events: what a camera sends, and what it becomes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from streams.plates.normal_form import PlateError, normalise
from streams.records.faults import Fault, find_faults, shown_value
from streams.records.read import Read
from streams.records.times import YEARS_RULE, has_valid_year, to_ms

Vendor = Literal[
    "hikvision", "axis", "dahua", "dahua-events", "frigate", "openalpr", "platerecognizer", "read"
]
"""Whose form an event has; `streams.gateway.vendors` has a module for each."""

Reason = Literal["form", "field", "plate", "country", "time", "device", "size", "rate", "login"]
"""Why an event is refused: it is not in its maker's form; a field is not as it should be, or the plate, the
country or the time is not; it is of another device; it is too large, comes too fast, or from nobody known."""

_REASON_BY_FIELD: Final[Mapping[str, Reason]] = {
    "plate": "plate",
    "country": "country",
    "captured_at": "time",
}
_MAX_AHEAD_MS: Final = 5 * 60 * 1000


class Event(NamedTuple):
    """A message of a camera, as it came.

    `content_type` as the sender gave it, with its parameters; `path` of the request, or the topic of MQTT;
    `arrived`, in ms since 1970 UTC.
    """

    body: bytes
    arrived_ms: int
    content_type: str = ""
    path: str = ""


class CameraSource(NamedTuple):
    """The camera that an event is of, as far as its form is concerned.

    `zone`: that of the camera's clock, which tells local time; None for one whose own offset is right, or
    that tells UTC. `device`: how the camera names itself, None for not known.
    """

    camera_id: str
    zone: ZoneInfo | None = None
    device: str | None = None


class Picture(NamedTuple):
    """A picture that came with an event: its name, its media type, and itself."""

    name: str
    content_type: str
    content: bytes


class ParsedEvent(NamedTuple):
    """What an event became.

    `reads`, in the order of the event; `passed`: why parts of it, or all, are no reads though nothing is
    wrong with them, in words (`a heartbeat`); `refused`: parts that are wrong, which cost their neighbours
    nothing; `pictures`, of the vehicles and plates, which go no further than the gateway.
    """

    reads: list[Read]
    skipped: Sequence[str] = ()
    errors: Sequence["EventError"] = ()
    pictures: Sequence[Picture] = ()


class EventError(Exception):
    """An event that is refused. `faults` are all that is wrong with it; none of them shows a plate."""

    def __init__(self, reason: Reason, faults: Iterable[Fault]) -> None:
        self.reason: Reason = reason
        self.faults = tuple(faults)
        super().__init__("; ".join(map(str, self.faults)))

    def with_prefix(self, prefix: str) -> "EventError":
        """The same error of a part of an event, its faults told with the part's place."""
        return EventError(
            self.reason,
            [each._replace(field=f"{prefix}.{each.field}" if each.field else prefix) for each in self.faults],
        )


def event_error(reason: Reason, field: str, rule: str, value: str = "") -> EventError:
    """The error of one fault."""
    return EventError(reason, [Fault(field, rule, value)])


def convert_to_read(fields: Mapping[str, Any], names: Mapping[str, str], event: Event) -> Read:
    """A read of its fields, each as JSON has it; those that are None are left out.

    `names` gives, for fields of the read, where the maker has them, for the faults. Raises EventError with
    all faults: those of the record, a plate that is none, and a time that is later than the event arrived.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    faults = []
    try:
        read = msgspec.convert(given, Read)
    except msgspec.ValidationError:
        faults = find_faults(Read, given)
        read = None
    plate = given.get("plate")
    if isinstance(plate, str) and not any(fault.field == "plate" for fault in faults):
        try:
            normalise(plate)
        except PlateError as error:
            faults.append(Fault("plate", str(error), shown_value(plate, "plate")))
    if read is not None:
        faults += _capture_time_faults(read, event)
    if not faults and read is not None:
        return read
    first = faults[0].field.partition(".")[0].partition("[")[0]
    raise EventError(
        _REASON_BY_FIELD.get(first, "field"),
        [fault._replace(field=names.get(fault.field, fault.field)) for fault in faults],
    )


def _capture_time_faults(read: Read, event: Event) -> Iterable[Fault]:
    if not has_valid_year(read.captured_at):
        yield Fault("captured_at", YEARS_RULE, shown_value(read.captured_at.isoformat()))
    elif to_ms(read.captured_at) > event.arrived_ms + _MAX_AHEAD_MS:
        yield Fault(
            "captured_at",
            "is no more than 5 minutes after the event came: see the camera's clock, and its zone in the "
            "settings",
            shown_value(read.captured_at.isoformat()),
        )
