"""Dahua's event stream: TrafficJunction, as the camera's `eventManager` and `snapManager` tell it.

A body has one event or several, in parts with a boundary or not, perhaps with pictures: as text, of which
`dahua_blocks` knows the forms, or as JSON. Fields as in the vendor's HTTP API and in events of real cameras:
`UTC` counts the seconds of local time, and `RealUTC` those since 1970 UTC.
"""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from streams.gateway.event import CameraSource, Event, EventError, ParsedEvent, event_error
from streams.gateway.vendors.dahua.blocks import Block, parse_blocks
from streams.gateway.vendors.dahua.terms import (
    build_appearance,
    is_no_plate,
    local_to_utc,
    parse_confidence,
    parse_direction,
)
from streams.gateway.vendors.shared.camera_time import parse_camera_time
from streams.gateway.vendors.shared.event_fields import EventFields
from streams.gateway.vendors.shared.json_fields import check_device, parse_all, parse_country, parse_epoch
from streams.gateway.vendors.shared.read_builder import build_read, build_read_id

_CODE: Final = "TrafficJunction"
_TIME_RULE: Final = "is a time in seconds since 1970, or UTC is one of local time"
_HOUR_S: Final = 3600
_LATEST_S: Final = 1e11


def parse_event(event: Event, source: CameraSource) -> ParsedEvent:
    """The reads of the events of a body. Raises EventError."""
    blocks, pictures = parse_blocks(event)
    found = parse_all(
        [
            partial(_parse_block, block, f"[{place}]." if len(blocks) > 1 else "", event, source)
            for place, block in enumerate(blocks)
        ]
    )
    return found._replace(pictures=pictures if found.reads else [])


def _parse_block(block: Block | EventError, prefix: str, event: Event, source: CameraSource) -> ParsedEvent:
    if isinstance(block, EventError):
        raise block.with_prefix(prefix.rstrip(".")) if prefix else block
    if block.code.casefold() == "heartbeat":
        return ParsedEvent([], ["a heartbeat"])
    if block.code and block.code != _CODE:
        plain = block.code.isascii() and block.code.isalnum() and len(block.code) <= 40
        return ParsedEvent([], [f"an event {block.code}" if plain else "an event of another code"])
    if block.action.casefold() == "stop":
        return ParsedEvent([], ["the end of an event"])
    if block.data is None:
        raise event_error("form", f"{prefix}data", "is there in an event TrafficJunction")
    return _parse_junction(EventFields(block.data, prefix), event, source)


def _parse_junction(data: EventFields, event: Event, source: CameraSource) -> ParsedEvent:
    car, seen, vehicle = data.child("TrafficCar"), data.child("Object"), data.child("Vehicle")
    comm = data.child("CommInfo")
    if not data.has_any("TrafficCar", "Object", "Plate"):
        raise event_error(
            "form", data.full_name("TrafficCar"), "or Object is there in an event TrafficJunction"
        )
    check_device(source, (car.text("MachineName"),), data.full_name("TrafficCar.MachineName"))
    plate, where = _find_plate(car, seen, data)
    if is_no_plate(plate) or (plate is None and _has_no_plate(data, seen, comm)):
        return ParsedEvent([], ["no plate seen"])
    captured_at = _parse_captured_at(data, car, source, event)
    fields = {
        "read_id": _build_read_id(data, captured_at, source, plate or ""),
        "camera_id": source.camera_id,
        "captured_at": captured_at,
        "plate": plate or "",
        "country": parse_country(car, "Country") or parse_country(comm, "Country"),
        "confidence": parse_confidence(seen, "Confidence"),
        "lane": data.integer("Lane", 0, 99) if data.has_any("Lane") else car.integer("Lane", 0, 99),
        "direction": _parse_lane_direction(car),
        # Cameras without a radar send 0.
        "speed_kmh": data.number("Speed", 0, 500) or car.number("Speed", 0, 500) or None,
        "vehicle": build_appearance(
            car.vehicle_attribute("VehicleSign") or vehicle.vehicle_attribute("Text"),
            None,
            car.vehicle_attribute("VehicleColor"),
            vehicle.vehicle_attribute("Category") or car.vehicle_attribute("VehicleType"),
        ),
    }
    return build_read(fields, {"plate": where, "speed_kmh": data.full_name("Speed")}, event, data)


def _find_plate(car: EventFields, object_fields: EventFields, data: EventFields) -> tuple[str | None, str]:
    """The plate's text, and the field that has it."""
    kind = object_fields.text("ObjectType")
    text = object_fields.text("Text") if kind in (None, "Plate") else None
    if text is not None:
        return text, object_fields.full_name("Text")
    number = car.text("PlateNumber")
    if number is not None or not data.has_type("Plate", dict):
        return number, car.full_name("PlateNumber")
    plate = data.child("Plate")
    return plate.text("Text"), plate.full_name("Text")


def _has_no_plate(data: EventFields, object_fields: EventFields, comm: EventFields) -> bool:
    """Whether an event without a text is of a vehicle whose plate was not seen, or that has none."""
    box = object_fields.array("BoundingBox")
    none = bool(box) and all(str(edge) == "0" for edge in box)
    return none or data.has_type("NonMotor", dict) or comm.text("SnapCategory") == "NonMotor"


def _parse_captured_at(
    data: EventFields, car: EventFields, source: CameraSource, event: Event
) -> datetime | None:
    ms = timedelta(milliseconds=data.integer("UTCMS", 0, 999) or 0)
    real = parse_epoch(data, "RealUTC", 1)
    if real is not None:
        return real + ms
    rule = _TIME_RULE
    holder = data if data.has_any("UTC") else car
    try:
        seconds = holder.number("UTC", 1, _LATEST_S, "time")
        text = data.text("LocaleTime")
        if seconds is not None:
            return local_to_utc(
                datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None) + ms, data, source, event
            )
        if text is not None:
            return local_to_utc(parse_camera_time(text), data, source, event)
    except (ValueError, OverflowError, OSError) as error:
        rule = str(error) if str(error).startswith("lies ") else rule
    data.add_fault("RealUTC", rule, reason="time")
    return None


def _build_read_id(data: EventFields, captured_at: datetime | None, source: CameraSource, plate: str) -> str:
    """Of the group of pictures of one vehicle if there are several, else of the event.

    Groups and events are numbered anew when a camera begins, so the time is part of it: of a group the hour,
    for its events are not of one moment.
    """
    seconds = 0 if captured_at is None else int(captured_at.timestamp())
    group = data.text("GroupID") or ""
    if group and (data.integer("CountInGroup", 0, 1000) or 1) > 1:
        return build_read_id(source.camera_id, "group", group, str(seconds // _HOUR_S))
    parts = [group, data.text("EventID") or "", data.text("Lane") or "", str(seconds)]
    ms = data.text("UTCMS")
    # Of whole seconds, within which there may be two vehicles.
    return build_read_id(source.camera_id, *parts, plate if ms is None else ms)


def _parse_lane_direction(car: EventFields) -> str | None:
    """`DrivingDirection` is a word, and then the names of where the lane comes from and goes to."""
    words = car.array("DrivingDirection")
    return parse_direction(words[0]) if words and isinstance(words[0], str) else None
