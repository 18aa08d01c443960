"""Frigate: its MQTT messages of tracked objects and of what is read of them, as JSON.

Fields as in Frigate's documentation (https://docs.frigate.video/integrations/mqtt): the topic `events` tells
an object `before` and `after` a change, `tracked_object_update` of type `lpr` a plate as it is read. Topics
have a prefix that can be set. Both tell the object's id, from which the `read_id` is made. Times are seconds
since 1970 UTC. The unit of Frigate's speeds is a setting that the messages do not tell, so they are left out.
"""

from datetime import datetime
from typing import Any, Final

from streams.gateway.event import CameraSource, Event, EventError, ParsedEvent, event_error
from streams.gateway.vendors.shared.event_fields import EventFields, collect_errors
from streams.gateway.vendors.shared.json_fields import (
    check_device,
    json_object,
    parse_confidence,
    parse_epoch,
    uppercase_plate,
)
from streams.gateway.vendors.shared.read_builder import build_read, build_read_id

_EVENTS_TOPIC: Final = "events"
_UPDATE_TOPIC: Final = "tracked_object_update"
_TIME_RULE: Final = "is a time in seconds since 1970"
_VEHICLE_LABELS: Final = frozenset(("car", "motorcycle", "bus", "truck", "school_bus", "garbage_truck"))


def parse_event(event: Event, source: CameraSource) -> ParsedEvent:
    """The read of a message, if it has one. Raises EventError."""
    topic = event.path.strip("/").rpartition("/")[2]
    whole = EventFields(json_object(event.body))
    if topic == _UPDATE_TOPIC or (
        topic != _EVENTS_TOPIC and whole.text("type") in ("lpr", "face", "description")
    ):
        return _parse_update(whole, event, source)
    if topic == _EVENTS_TOPIC or whole.has_any("after", "before"):
        return _parse_tracked_object(whole, event, source)
    raise event_error(
        "form",
        "",
        f"is a message of the topic {_EVENTS_TOPIC} or {_UPDATE_TOPIC}, with `after`, or of type lpr",
    )


def find_camera_name(event: Event) -> str | None:
    """The camera of a message, as Frigate names it; None if it names none, or is no message of Frigate's."""
    try:
        whole = EventFields(json_object(event.body))
    except EventError:
        return None
    return whole.text("camera") or _tracked_object(whole).text("camera")


def _tracked_object(message: EventFields) -> EventFields:
    return message.child("after" if message.has_type("after", dict) else "before")


def _parse_update(update: EventFields, event: Event, source: CameraSource) -> ParsedEvent:
    check_device(source, (update.text("camera"),), "camera")
    if update.text("type") != "lpr":
        return ParsedEvent([], ["an update that is no plate"])
    captured_at = parse_epoch(update, "timestamp", 1)
    if captured_at is None:
        update.add_fault("timestamp", _TIME_RULE, reason="time")
    fields = {
        "captured_at": captured_at,
        "plate": uppercase_plate(update.text("plate") or ""),
        "confidence": parse_confidence(update, "score"),
    }
    return _build_object_read(update, fields, {"plate": "plate"}, event, source)


def _parse_tracked_object(message: EventFields, event: Event, source: CameraSource) -> ParsedEvent:
    after = _tracked_object(message)
    check_device(source, (after.text("camera"),), "after.camera")
    if after.has_any("severity"):
        return ParsedEvent([], ["a review"])
    if not after.has_any("id"):
        raise event_error("form", "after.id", "is there in an event")
    plate, confidence = _parse_plate(after)
    if plate is None:
        return ParsedEvent([], ["an object without a plate"], collect_errors(after))
    if after.boolean("false_positive"):
        return ParsedEvent([], ["an object that is none"])
    captured_at = _parse_captured_at(after, message.text("type") == "end")
    label = after.vehicle_attribute("label")
    fields = {
        "captured_at": captured_at,
        "plate": plate,
        "confidence": confidence,
        "vehicle": {"type": label} if label in _VEHICLE_LABELS else None,
    }
    return _build_object_read(
        after, fields, {"plate": after.full_name("recognized_license_plate")}, event, source
    )


def _parse_plate(after: EventFields) -> tuple[str | None, float | None]:
    """The plate of an object and its confidence; some versions give both as one list."""
    name = "recognized_license_plate"
    pair = after.array(name)
    if not pair:
        text = after.text(name)
        return text and uppercase_plate(text), parse_confidence(after, f"{name}_score")
    both = EventFields(dict(zip(("plate", "score"), pair, strict=False)), f"{after.full_name(name)}.", after)
    return uppercase_plate(both.text("plate") or ""), parse_confidence(both, "score")


def _parse_captured_at(after: EventFields, has_ended: bool) -> datetime | None:
    """The time of the picture; of an object that left, that of its coming: it may have stood for hours."""
    names = ("start_time", "frame_time") if has_ended else ("frame_time", "start_time")
    found = parse_epoch(after, names[0], 1) or parse_epoch(after, names[1], 1)
    if found is None:
        after.add_fault(names[0], _TIME_RULE, reason="time")
    return found


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
