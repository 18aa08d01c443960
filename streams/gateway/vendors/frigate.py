"""Frigate: its MQTT messages of tracked objects and of what is read of them, as JSON.

Fields as in Frigate's documentation (https://docs.frigate.video/integrations/mqtt): the topic `events` tells
an object `before` and `after` a change, `tracked_object_update` of type `lpr` a plate as it is read. Topics
have a prefix that can be set. Both tell the object's id, from which the `read_id` is made. Times are seconds
since 1970 UTC. The unit of Frigate's speeds is a setting that the messages do not tell, so they are left out.
"""

from datetime import datetime
from typing import Any, Final

from streams.gateway.event import Event, EventError, Source, Taken, refuse
from streams.gateway.vendors.shared.event_fields import Given, errors_of
from streams.gateway.vendors.shared.json_fields import capitals, check_device, epoch, json_object, share
from streams.gateway.vendors.shared.read_builder import id_of, taken

_EVENTS: Final = "events"
_UPDATE: Final = "tracked_object_update"
_TIME: Final = "is a time in seconds since 1970"
_VEHICLES: Final = frozenset(("car", "motorcycle", "bus", "truck", "school_bus", "garbage_truck"))


def take(event: Event, source: Source) -> Taken:
    """The read of a message, if it has one. Raises EventError."""
    topic = event.path.strip("/").rpartition("/")[2]
    whole = Given(json_object(event.body))
    if topic == _UPDATE or (topic != _EVENTS and whole.text("type") in ("lpr", "face", "description")):
        return _update(whole, event, source)
    if topic == _EVENTS or whole.has("after", "before"):
        return _event(whole, event, source)
    raise refuse(
        "form", "", f"is a message of the topic {_EVENTS} or {_UPDATE}, with `after`, or of type lpr"
    )


def camera_of(event: Event) -> str | None:
    """The camera of a message, as Frigate names it; None if it names none, or is no message of Frigate's."""
    try:
        whole = Given(json_object(event.body))
    except EventError:
        return None
    return whole.text("camera") or _object(whole).text("camera")


def _object(whole: Given) -> Given:
    return whole.part("after" if whole.holds("after", dict) else "before")


def _update(update: Given, event: Event, source: Source) -> Taken:
    check_device(source, (update.text("camera"),), "camera")
    if update.text("type") != "lpr":
        return Taken([], ["an update that is no plate"])
    captured_at = epoch(update, "timestamp", 1)
    if captured_at is None:
        update.fault("timestamp", _TIME, reason="time")
    fields = {
        "captured_at": captured_at,
        "plate": capitals(update.text("plate") or ""),
        "confidence": share(update, "score"),
    }
    return _read(update, fields, {"plate": "plate"}, event, source)


def _event(whole: Given, event: Event, source: Source) -> Taken:
    after = _object(whole)
    check_device(source, (after.text("camera"),), "after.camera")
    if after.has("severity"):
        return Taken([], ["a review"])
    if not after.has("id"):
        raise refuse("form", "after.id", "is there in an event")
    plate, confidence = _plate(after)
    if plate is None:
        return Taken([], ["an object without a plate"], errors_of(after))
    if after.flag("false_positive"):
        return Taken([], ["an object that is none"])
    captured_at = _captured_at(after, whole.text("type") == "end")
    label = after.looks("label")
    fields = {
        "captured_at": captured_at,
        "plate": plate,
        "confidence": confidence,
        "vehicle": {"type": label} if label in _VEHICLES else None,
    }
    return _read(after, fields, {"plate": after.name("recognized_license_plate")}, event, source)


def _plate(after: Given) -> tuple[str | None, float | None]:
    """The plate of an object and its confidence; some versions give both as one list."""
    name = "recognized_license_plate"
    pair = after.entries(name)
    if not pair:
        text = after.text(name)
        return text and capitals(text), share(after, f"{name}_score")
    both = Given(dict(zip(("plate", "score"), pair, strict=False)), f"{after.name(name)}.", after)
    return capitals(both.text("plate") or ""), share(both, "score")


def _captured_at(after: Given, ended: bool) -> datetime | None:
    """The time of the picture; of an object that left, that of its coming: it may have stood for hours."""
    names = ("start_time", "frame_time") if ended else ("frame_time", "start_time")
    found = epoch(after, names[0], 1) or epoch(after, names[1], 1)
    if found is None:
        after.fault(names[0], _TIME, reason="time")
    return found


def _read(given: Given, fields: dict[str, Any], names: dict[str, str], event: Event, source: Source) -> Taken:
    object_id = given.text("id")
    if object_id is None:
        object_id = f"{given.text('timestamp')} {fields['plate']}"
    fields |= {"read_id": id_of(source.camera_id, object_id), "camera_id": source.camera_id}
    return taken(fields, names, event, given)
