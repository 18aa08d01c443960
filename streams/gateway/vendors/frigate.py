"""Frigate: its MQTT messages on tracked objects and on the plates read from them, as JSON.

Fields as in Frigate's documentation (https://docs.frigate.video/integrations/mqtt): a message on the topic
`events` has an object `before` and `after` a change, one on `tracked_object_update` of type `lpr` a plate as
it is read. The topics have a configurable prefix. Both kinds of message have the object's id, from which the
`read_id` is made. Times are seconds since 1970 UTC. The unit of Frigate's speeds is a setting that the
messages do not have, so they are left out.
"""

from datetime import datetime
from typing import Any, Final

from streams.gateway.event import CameraSource, Event, EventError, ParsedEvent, event_error
from streams.gateway.vendors.shared.event_fields import EventFields, collect_errors
from streams.gateway.vendors.shared.json_fields import (
    EPOCH_S_RULE,
    check_device,
    json_object,
    parse_confidence,
    parse_epoch,
    uppercase_plate,
)
from streams.gateway.vendors.shared.read_builder import build_read, build_read_id
from streams.records.faults import MISSING_RULE

_EVENTS_TOPIC: Final = "events"
_UPDATE_TOPIC: Final = "tracked_object_update"
_UPDATE_TYPES: Final = ("lpr", "face", "description")
_VEHICLE_LABELS: Final = frozenset(("car", "motorcycle", "bus", "truck", "school_bus", "garbage_truck"))


def parse_event(event: Event, source: CameraSource) -> ParsedEvent:
    """Return the read of a message, if it has one. Raises EventError."""
    topic = event.path.strip("/").rpartition("/")[2]
    message = EventFields(json_object(event.body))
    if topic == _UPDATE_TOPIC or (topic != _EVENTS_TOPIC and message.text("type") in _UPDATE_TYPES):
        return _parse_update(message, event, source)
    if topic == _EVENTS_TOPIC or message.has_any("after", "before"):
        return _parse_tracked_object(message, event, source)
    rule = f"must be a message of {_EVENTS_TOPIC} with `after`, or of {_UPDATE_TOPIC} with `type` lpr"
    raise event_error("form", "", rule)


def find_camera_name(event: Event) -> str | None:
    """Return Frigate's name of the camera of a message; None if it has none or is not Frigate's."""
    try:
        message = EventFields(json_object(event.body))
    except EventError:
        return None
    return message.text("camera") or _tracked_object(message).text("camera")


def _tracked_object(message: EventFields) -> EventFields:
    return message.child("after" if message.has_type("after", dict) else "before")


def _parse_update(update: EventFields, event: Event, source: CameraSource) -> ParsedEvent:
    check_device(source, (update.text("camera"),), "camera")
    if update.text("type") != "lpr":
        return ParsedEvent([], ["an update other than a plate"])
    captured_at = parse_epoch(update, "timestamp", 1)
    if captured_at is None:
        update.add_required_fault("timestamp", EPOCH_S_RULE, "time")
    fields = {
        "captured_at": captured_at,
        "plate": uppercase_plate(update.text("plate") or ""),
        "confidence": parse_confidence(update, "score"),
    }
    return _build_object_read(update, fields, {"plate": "plate"}, event, source)


def _parse_tracked_object(message: EventFields, event: Event, source: CameraSource) -> ParsedEvent:
    tracked = _tracked_object(message)
    check_device(source, (tracked.text("camera"),), "after.camera")
    if tracked.has_any("severity"):
        return ParsedEvent([], ["a review"])
    if not tracked.has_any("id"):
        raise event_error("form", "after.id", MISSING_RULE)
    plate, confidence = _parse_plate(tracked)
    if plate is None:
        return ParsedEvent([], ["an object without a plate"], collect_errors(tracked))
    if tracked.boolean("false_positive"):
        return ParsedEvent([], ["a false positive"])
    captured_at = _parse_captured_at(tracked, message.text("type") == "end")
    label = tracked.vehicle_attribute("label")
    fields = {
        "captured_at": captured_at,
        "plate": plate,
        "confidence": confidence,
        "vehicle": {"type": label} if label in _VEHICLE_LABELS else None,
    }
    names = {"plate": tracked.full_name("recognized_license_plate")}
    return _build_object_read(tracked, fields, names, event, source)


def _parse_plate(tracked: EventFields) -> tuple[str | None, float | None]:
    """Return the plate of an object and its confidence; some versions have both in one list."""
    name = "recognized_license_plate"
    values = tracked.array(name)
    if not values:
        text = tracked.text(name)
        return text and uppercase_plate(text), parse_confidence(tracked, f"{name}_score")
    prefix = f"{tracked.full_name(name)}."
    pair = EventFields(dict(zip(("plate", "score"), values, strict=False)), prefix, tracked)
    return uppercase_plate(pair.text("plate") or ""), parse_confidence(pair, "score")


def _parse_captured_at(tracked: EventFields, has_ended: bool) -> datetime | None:
    """Return the time of the picture; for an object that has left, its arrival: it may have stood for
    hours."""
    first, second = ("start_time", "frame_time") if has_ended else ("frame_time", "start_time")
    captured_at = parse_epoch(tracked, first, 1) or parse_epoch(tracked, second, 1)
    if captured_at is None:
        tracked.add_required_fault(first, EPOCH_S_RULE, "time")
    return captured_at


def _build_object_read(
    event_fields: EventFields,
    fields: dict[str, Any],
    names: dict[str, str],
    event: Event,
    source: CameraSource,
) -> ParsedEvent:
    object_id = event_fields.text("id")
    if object_id is None:
        object_id = f"{event_fields.text('timestamp')} {fields['plate']}"
    fields |= {"read_id": build_read_id(source.camera_id, object_id), "camera_id": source.camera_id}
    return build_read(fields, names, event, event_fields)
