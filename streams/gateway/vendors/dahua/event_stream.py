"""Dahua's event stream: TrafficJunction, as the camera's `eventManager` and `snapManager` send it.

A body has one or more events, with or without multipart boundaries and pictures, as text or JSON; `blocks`
splits it. Fields as in the vendor's HTTP API and in events of real cameras: `UTC` counts seconds of local
time, `RealUTC` seconds since 1970 UTC.
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
from streams.gateway.vendors.shared.camera_time import parse_camera_time, time_rule
from streams.gateway.vendors.shared.event_fields import EventFields
from streams.gateway.vendors.shared.json_fields import check_device, parse_all, parse_country, parse_epoch
from streams.gateway.vendors.shared.read_builder import build_read, build_read_id
from streams.records.faults import MISSING_RULE
from streams.records.times import HOUR_MS, SECOND_MS

_CODE: Final = "TrafficJunction"
_TIME_RULE: Final = "must be a time in seconds since 1970, or `UTC` one of local time"
_HOUR_S: Final = HOUR_MS // SECOND_MS
_LATEST_S: Final = 1e11


def parse_event(event: Event, source: CameraSource) -> ParsedEvent:
    """Return the reads of the events in a body. Raises EventError."""
    blocks, pictures = parse_blocks(event)
    parsed = parse_all(
        [
            partial(_parse_block, block, f"[{index}]." if len(blocks) > 1 else "", event, source)
            for index, block in enumerate(blocks)
        ]
    )
    return parsed._replace(pictures=pictures if parsed.reads else [])


def _parse_block(block: Block | EventError, prefix: str, event: Event, source: CameraSource) -> ParsedEvent:
    if isinstance(block, EventError):
        raise block.with_prefix(prefix.rstrip(".")) if prefix else block
    if block.code.casefold() == "heartbeat":
        return ParsedEvent([], ["a heartbeat"])
    if block.code and block.code != _CODE:
        printable = block.code.isascii() and block.code.isalnum() and len(block.code) <= 40
        return ParsedEvent([], [f"an event {block.code}" if printable else "an event of another code"])
    if block.action.casefold() == "stop":
        return ParsedEvent([], ["the end of an event"])
    if block.data is None:
        raise event_error("form", f"{prefix}data", MISSING_RULE)
    return _parse_junction(EventFields(block.data, prefix), event, source)


def _parse_junction(data: EventFields, event: Event, source: CameraSource) -> ParsedEvent:
    car, plate_object, vehicle = data.child("TrafficCar"), data.child("Object"), data.child("Vehicle")
    comm_info = data.child("CommInfo")
    if not data.has_any("TrafficCar", "Object", "Plate"):
        raise event_error("form", data.full_name("TrafficCar"), "must be in a TrafficJunction, or `Object`")
    check_device(source, (car.text("MachineName"),), data.full_name("TrafficCar.MachineName"))
    plate, plate_name = _find_plate(car, plate_object, data)
    if is_no_plate(plate) or (plate is None and _has_no_plate(data, plate_object, comm_info)):
        return ParsedEvent([], ["no plate seen"])
    captured_at = _parse_captured_at(data, car, source, event)
    fields = {
        "read_id": _build_read_id(data, captured_at, source, plate or ""),
        "camera_id": source.camera_id,
        "captured_at": captured_at,
        "plate": plate or "",
        "country": parse_country(car, "Country") or parse_country(comm_info, "Country"),
        "confidence": parse_confidence(plate_object, "Confidence"),
        "lane": data.integer("Lane", 0, 99) if data.has_any("Lane") else car.integer("Lane", 0, 99),
        "direction": _parse_lane_direction(car),
        # Cameras without a radar send a speed of 0.
        "speed_kmh": data.number("Speed", 0, 500) or car.number("Speed", 0, 500) or None,
        "vehicle": build_appearance(
            car.vehicle_attribute("VehicleSign") or vehicle.vehicle_attribute("Text"),
            None,
            car.vehicle_attribute("VehicleColor"),
            vehicle.vehicle_attribute("Category") or car.vehicle_attribute("VehicleType"),
        ),
    }
    return build_read(fields, {"plate": plate_name, "speed_kmh": data.full_name("Speed")}, event, data)


def _find_plate(car: EventFields, plate_object: EventFields, data: EventFields) -> tuple[str | None, str]:
    """Return the plate's text, and the name of its field."""
    object_type = plate_object.text("ObjectType")
    text = plate_object.text("Text") if object_type in (None, "Plate") else None
    if text is not None:
        return text, plate_object.full_name("Text")
    text = car.text("PlateNumber")
    if text is not None or not data.has_type("Plate", dict):
        return text, car.full_name("PlateNumber")
    plate = data.child("Plate")
    return plate.text("Text"), plate.full_name("Text")


def _has_no_plate(data: EventFields, plate_object: EventFields, comm_info: EventFields) -> bool:
    """True if an event without text is of a vehicle whose plate was not seen, or that has no plate."""
    box = plate_object.array("BoundingBox")
    is_empty = bool(box) and all(str(edge) == "0" for edge in box)
    return is_empty or data.has_type("NonMotor", dict) or comm_info.text("SnapCategory") == "NonMotor"


def _parse_captured_at(
    data: EventFields, car: EventFields, source: CameraSource, event: Event
) -> datetime | None:
    fraction = timedelta(milliseconds=data.integer("UTCMS", 0, 999) or 0)
    real_utc = parse_epoch(data, "RealUTC", 1)
    if real_utc is not None:
        return real_utc + fraction
    rule = _TIME_RULE
    utc_fields = data if data.has_any("UTC") else car
    try:
        local_s = utc_fields.number("UTC", 1, _LATEST_S, "time")
        text = data.text("LocaleTime")
        if local_s is not None:
            local_time = datetime.fromtimestamp(local_s, UTC).replace(tzinfo=None) + fraction
            return local_to_utc(local_time, data, source, event)
        if text is not None:
            return local_to_utc(parse_camera_time(text), data, source, event)
    except (ValueError, OverflowError, OSError) as error:
        rule = time_rule(error, rule)
    data.add_fault("RealUTC", rule, reason="time")
    return None


def _build_read_id(data: EventFields, captured_at: datetime | None, source: CameraSource, plate: str) -> str:
    """Return an id made from the group of pictures of one vehicle if there are several, else from the event.

    The numbers of groups and events start again when a camera does, so the time is part of the id; for a
    group it is the hour, for its events are not of one moment.
    """
    captured_s = 0 if captured_at is None else int(captured_at.timestamp())
    group = data.text("GroupID") or ""
    if group and (data.integer("CountInGroup", 0, 1000) or 1) > 1:
        return build_read_id(source.camera_id, "group", group, str(captured_s // _HOUR_S))
    parts = [group, data.text("EventID") or "", data.text("Lane") or "", str(captured_s)]
    fraction = data.text("UTCMS")
    # Two vehicles may pass within a time of whole seconds.
    return build_read_id(source.camera_id, *parts, plate if fraction is None else fraction)


def _parse_lane_direction(car: EventFields) -> str | None:
    """Return the direction by `DrivingDirection`: a word, and the names of where the lane comes from and
    leads."""
    values = car.array("DrivingDirection")
    return parse_direction(values[0]) if values and isinstance(values[0], str) else None
