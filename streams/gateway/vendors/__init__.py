"""Parsers of vendors' events: one module for each format, and the registry of their names.

A vendor's module has one public function, `parse_event(event, source) -> ParsedEvent`. It uses no HTTP,
Kafka, files or clock, and raises nothing but EventError. A new vendor needs such a module, an entry in
PARSERS, its name in `streams.gateway.event.Vendor`, and a folder of sample events in
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
    """The body of the answer that a camera expects when its event was accepted."""

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
    # `Result` answers a tollgate event, `Active` a heartbeat; some firmware expects `result` as text.
    "dahua": Reply("application/json", b'{"Result":true,"result":"true","Active":true,"Message":"success"}'),
}
"""Replies for cameras that check the body of the answer; all others check its status."""
