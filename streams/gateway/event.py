"""Events: what a camera sends, what it is parsed to, and the errors in it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from streams.plates.normal_form import PlateError, normalise
from streams.records.faults import Fault, find_faults, shown_value
from streams.records.read import Read
from streams.records.times import MINUTE_MS, YEARS_RULE, Millis, has_valid_year, to_ms

Vendor = Literal[
    "hikvision", "axis", "dahua", "dahua-events", "frigate", "openalpr", "platerecognizer", "read"
]
"""Vendor that defines the format of an event; `streams.gateway.vendors` has a module for each."""

Reason = Literal["form", "field", "plate", "country", "time", "device", "size", "rate", "login"]
"""Why an event is refused: `form`, not in its vendor's format; `field`, `plate`, `country` or `time`, a wrong
value; `device`, of another camera; `size`, too large; `rate`, too many events; `login`, from an unknown
sender."""

_REASON_BY_FIELD: Final[Mapping[str, Reason]] = {
    "plate": "plate",
    "country": "country",
    "captured_at": "time",
}
_MAX_AHEAD_MS: Final = 5 * MINUTE_MS


class Event(NamedTuple):
    """A message of a camera, as it arrived.

    `content_type` is the sender's, with its parameters; `path` is that of the request, or the MQTT topic.
    """

    body: bytes
    arrived_ms: Millis
    content_type: str = ""
    path: str = ""


class CameraSource(NamedTuple):
    """The camera of an event, as far as a vendor's parser needs it.

    `zone` is that of the camera's clock; None if the times in its events are in UTC or have an offset that is
    right. `device` is the camera's name in its own events, None if it is not checked.
    """

    camera_id: str
    zone: ZoneInfo | None = None
    device: str | None = None


class Picture(NamedTuple):
    """A picture that came with an event."""

    name: str
    content_type: str
    content: bytes


class ParsedEvent(NamedTuple):
    """The result of parsing an event.

    `reads` are in the order of the event. `skipped` tells why parts of it, or all of it, are not reads though
    nothing is wrong with them, for example "a heartbeat". `errors` are those of parts that are wrong; they do
    not affect the other parts. `pictures`, of vehicles and plates, never leave the gateway.
    """

    reads: list[Read]
    skipped: Sequence[str] = ()
    errors: Sequence["EventError"] = ()
    pictures: Sequence[Picture] = ()


class EventError(Exception):
    """An event, or a part of it, is refused. `faults` holds everything that is wrong; none shows a plate."""

    def __init__(self, reason: Reason, faults: Iterable[Fault]) -> None:
        self.reason: Reason = reason
        self.faults = tuple(faults)
        super().__init__("; ".join(map(str, self.faults)))

    def with_prefix(self, prefix: str) -> "EventError":
        """Return the error of a part of an event, with the position of the part before its fields."""
        return EventError(
            self.reason,
            [
                fault._replace(field=f"{prefix}.{fault.field}" if fault.field else prefix)
                for fault in self.faults
            ],
        )


def event_error(reason: Reason, field: str, rule: str, value: str = "") -> EventError:
    """Return an error with one fault; `rule` and `value` are as in `Fault`."""
    return EventError(reason, [Fault(field, rule, value)])


def convert_to_read(fields: Mapping[str, Any], names: Mapping[str, str], event: Event) -> Read:
    """Return a read with these fields, in their JSON form; those that are None are left out.

    `names` has the vendor's names of the read's fields, for the faults. Raises EventError with all faults:
    those of the record, of a plate that has no normal form, and of a capture long after the arrival of the
    event.
    """
    values = {name: value for name, value in fields.items() if value is not None}
    faults = []
    try:
        read = msgspec.convert(values, Read)
    except msgspec.ValidationError:
        faults = find_faults(Read, values)
        read = None
    plate = values.get("plate")
    if isinstance(plate, str) and not any(fault.field == "plate" for fault in faults):
        try:
            normalise(plate)
        except PlateError as error:
            faults.append(Fault("plate", str(error), shown_value(plate, "plate")))
    if read is not None:
        faults += _capture_time_faults(read, event)
    if not faults and read is not None:
        return read
    first_field = faults[0].field.partition(".")[0].partition("[")[0]
    raise EventError(
        _REASON_BY_FIELD.get(first_field, "field"),
        [fault._replace(field=names.get(fault.field, fault.field)) for fault in faults],
    )


def _capture_time_faults(read: Read, event: Event) -> Iterable[Fault]:
    if not has_valid_year(read.captured_at):
        yield Fault("captured_at", YEARS_RULE, shown_value(read.captured_at.isoformat()))
    elif to_ms(read.captured_at) > event.arrived_ms + _MAX_AHEAD_MS:
        yield Fault(
            "captured_at",
            "must be at most 5 minutes after the event arrived (check the camera's clock, and its `zone` in "
            "the settings)",
            shown_value(read.captured_at.isoformat()),
        )
