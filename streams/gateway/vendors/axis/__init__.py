"""Axis License Plate Verifier and FF Group CAMMRA: JSON, alone or as a part with pictures.

Fields as in Axis' description of push events
(https://developer.axis.com/vapix/applications/license-plate-verifier-api) and FF Group's of protocol 1.6. A
vehicle causes several events, `new`, `update` and `lost`, whose text may be revised; they have one `carID`
and so one `read_id`. `lost` has the last reading, and is the only event if the camera is configured so; it is
parsed like the others.
"""

import re
from datetime import datetime
from typing import Any, Final

from streams.gateway.event import CameraSource, Event, ParsedEvent, event_error
from streams.gateway.vendors.axis.parts import decode_pictures, split_event
from streams.gateway.vendors.shared.camera_time import camera_to_utc, from_epoch_ms
from streams.gateway.vendors.shared.country_codes import to_alpha2
from streams.gateway.vendors.shared.event_fields import EventFields
from streams.gateway.vendors.shared.json_fields import check_device, json_object
from streams.gateway.vendors.shared.read_builder import best_plate_text, build_read, build_read_id
from streams.records.times import HOUR_MS

_FIELD_NAMES: Final = {
    "plate": "plateUTF8",
    "captured_at": "capture_timestamp",
    "confidence": "plateConfidence",
}
_PLATE_FIELDS: Final = ("plateUTF8", "plateUnicode", "plateText", "plateASCII")
_EVENT_FIELDS: Final = (*_PLATE_FIELDS, "carID", "carState", "plateCountry", "capture_timestamp")
_HEARTBEAT_FIELDS: Final = ("system", "identify", "ALPV", "services")
_NO_PLATE: Final = frozenset(("unknown", "noplate", "-", "----", "----/----"))
_DIRECTIONS: Final = {"in": "approaching", "out": "receding"}
_LOCAL_TIME: Final = re.compile(r"([0-9]{8}) ([0-9]{9})\s?([+-][0-9]{4})?\Z", re.ASCII)
_LATEST_MS: Final = 1e14
_FACTORY_POSITIONS: Final = frozenset(((55.70421, 13.19366), (50.418114, 30.476213), (0.0, 0.0)))
"""Positions of the factory settings."""


def parse_event(event: Event, source: CameraSource) -> ParsedEvent:
    """Return the read of an event. Raises EventError."""
    body, part_pictures = split_event(event)
    fields = EventFields(json_object(body))
    # Any of the device's names may be in the settings: an event may lack its numbers, and its name can be
    # changed.
    camera = fields.child("camera_info")
    devices = (camera.text("SerialNumber"), camera.text("MACAddress"), fields.text("sensorProviderID"))
    check_device(source, devices, "camera_info.SerialNumber, camera_info.MACAddress or sensorProviderID")
    if not fields.has_any(*_EVENT_FIELDS):
        if fields.has_any(*_HEARTBEAT_FIELDS):
            return ParsedEvent([], ["a heartbeat"])
        rule = "must have the fields of an event, such as plateUTF8, carID and capture_timestamp"
        raise event_error("form", "", rule)
    plate = best_plate_text([fields.text(name) for name in _PLATE_FIELDS])
    if plate is None and fields.text("carState") == "lost":
        return ParsedEvent([], ["a vehicle left without a plate read"])
    if plate is not None and plate.casefold() in _NO_PLATE:
        return ParsedEvent([], ["no plate seen"])
    captured_at = _parse_captured_at(fields, event, source)
    position = _parse_position(fields.child("geotag"))
    read_fields = {
        "read_id": _build_read_id(fields, source, captured_at, plate or ""),
        "camera_id": source.camera_id,
        "captured_at": captured_at,
        "plate": plate or "",
        "country": _parse_country(fields),
        "confidence": _parse_confidence(fields, "plateConfidence"),
        "direction": _DIRECTIONS.get((fields.text("carMoveDirection") or "").casefold()),
        "position": position,
        "vehicle": _parse_vehicle(fields.child("vehicle_info")),
    }
    pictures = [*part_pictures, *decode_pictures(fields)]
    return build_read(read_fields, _FIELD_NAMES, event, fields, pictures)


def _build_read_id(
    fields: EventFields, source: CameraSource, captured_at: datetime | None, plate: str
) -> str:
    """Return an id made from the camera, the car's number, and the hour.

    The numbers start again when the camera's program does; the hour tells apart two cars of one number. A car
    in view as an hour ends has two ids, and its two reads are one passage.
    """
    car_id = fields.text("carID")
    captured_ms = 0 if captured_at is None else int(captured_at.timestamp() * 1000)
    if car_id is not None:
        return build_read_id(source.camera_id, car_id, str(captured_ms // HOUR_MS))
    return build_read_id(source.camera_id, "", str(captured_ms), plate)


def _parse_captured_at(fields: EventFields, event: Event, source: CameraSource) -> datetime | None:
    """Return the time by `capture_timestamp`, since the epoch and so without a zone; else by `datetime`,
    local."""
    epoch_ms = fields.number("capture_timestamp", 0, _LATEST_MS)
    if epoch_ms:
        return from_epoch_ms(epoch_ms)
    text = fields.text("datetime")
    match = _LOCAL_TIME.match(text) if text else None
    try:
        if match is None:
            raise ValueError
        local_time = datetime.strptime(f"{match[1]}{match[2]}{match[3] or '+0000'}", "%Y%m%d%H%M%S%f%z")
        return camera_to_utc(local_time if match[3] else local_time.replace(tzinfo=None), source, event)
    except (ValueError, OverflowError):
        rule = "must be a time in milliseconds since 1970, or `datetime` one such as 20260521 161006471"
        fields.add_fault("capture_timestamp", rule, fields.text("capture_timestamp") or text, "time")
        return None


def _parse_country(fields: EventFields) -> str | None:
    code = fields.text("plateCountry") or fields.text("plateISO3166-2")
    if code is None:
        return None
    country = to_alpha2(code)
    if country is None:
        rule = "must be a country of ISO 3166-1 alpha-3"
        fields.add_fault("plateCountry", rule, fields.text("plateCountry"), "country")
    return country or None


def _parse_confidence(fields: EventFields, name: str) -> float | None:
    """Return a confidence from 0 to 1; some installations send it from 0 to 100."""
    number = fields.number(name, 0, 100)
    return number / 100 if number is not None and number > 1 else number


def _parse_position(geotag: EventFields) -> dict[str, float] | None:
    lat, lon = geotag.number("lat", -90, 90), geotag.number("lon", -180, 180)
    if lat is None or lon is None or (lat, lon) in _FACTORY_POSITIONS:
        return None
    return {"lat": lat, "lon": lon}


def _parse_vehicle(info: EventFields) -> dict[str, Any] | None:
    attributes = {
        "make": info.vehicle_attribute("brand") or info.vehicle_attribute("make"),
        "model": info.vehicle_attribute("model"),
        "colour": info.vehicle_attribute("color"),
        "type": info.vehicle_attribute("type"),
    }
    vehicle: dict[str, Any] = {name: value for name, value in attributes.items() if value}
    confidence = _parse_confidence(info, "confidenceMMR")
    return {**vehicle, "confidence": confidence} if vehicle and confidence is not None else vehicle or None
