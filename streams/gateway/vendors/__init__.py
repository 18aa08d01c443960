"""The makers: one module each, which turns an event of its cameras into reads; and their names.

A maker's module has one function, `take(event, source) -> Taken`. It knows no HTTP, Kafka, file or clock, and
raises nothing but EventError. A new maker is such a module, its name here, and a folder of sample events in
tests/unit/gateway/vendors/samples.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from streams.gateway.event import CameraSource, Event, ParsedEvent, Vendor
from streams.gateway.vendors import (
    axis,
    frigate,
    hikvision,
    native,
    openalpr,
    platerecognizer,
)
from streams.gateway.vendors.dahua import event_stream, itsapi


class Reply(NamedTuple):
    """What a camera wants to hear when its event was taken: the media type and the body."""

    content_type: str
    body: bytes


EventParser = Callable[[Event, CameraSource], ParsedEvent]

PARSERS: Final[Mapping[Vendor, EventParser]] = {
    "axis": axis.parse_event,
    "dahua": itsapi.parse_event,
    "dahua-events": event_stream.parse_event,
    "frigate": frigate.parse_event,
    "hikvision": hikvision.parse_event,
    "openalpr": openalpr.parse_event,
    "platerecognizer": platerecognizer.parse_event,
    "read": native.parse_event,
}

REPLIES: Final[Mapping[Vendor, Reply]] = {
    # Of a tollgate's event `Result`, of a heartbeat `Active`; some firmware looks for `result` as text.
    "dahua": Reply("application/json", b'{"Result":true,"result":"true","Active":true,"Message":"success"}'),
}
"""The replies of makers whose cameras look at the body; the others look at the status."""
