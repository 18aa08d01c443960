"""Axis License Plate Verifier and FF Group CAMMRA: JSON, alone or as a part with pictures.

Fields as in Axis' description of push events
(https://developer.axis.com/vapix/applications/license-plate-verifier-api) and FF Group's of protocol 1.6.
A vehicle gives several events, `new`, `update` and `lost`, whose text may be revised; they have one `carID`
and so one `read_id`. `lost` tells the last reading, and is all that comes if the camera is set to send only
that, so it is taken like the others.
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
"""Positions that the makers ship as a setting, and that no one set."""


def parse_event(event: Event, source: CameraSource) -> ParsedEvent:
    """The read of an event. Raises EventError."""
    body, parts = split_event(event)
    given = EventFields(json_object(body))
    # Any of the names that a device has will do: its numbers may be left out, and its own name be set.
    camera = given.child("camera_info")
    numbers = (camera.text("SerialNumber"), camera.text("MACAddress"), given.text("sensorProviderID"))
    check_device(source, numbers, "camera_info.SerialNumber, camera_info.MACAddress or sensorProviderID")
    if not given.has_any(*_EVENT_FIELDS):
        if given.has_any(*_HEARTBEAT_FIELDS):
            return ParsedEvent([], ["a heartbeat"])
        raise event_error(
            "form", "", "has the fields of an event, such as plateUTF8, carID and capture_timestamp"
        )
    plate = best_plate_text([given.text(name) for name in _PLATE_FIELDS])
    if plate is None and given.text("carState") == "lost":
        return ParsedEvent([], ["a vehicle left, and no plate was read"])
    if plate is not None and plate.casefold() in _NO_PLATE:
        return ParsedEvent([], ["no plate seen"])
    captured_at = _parse_captured_at(given, event, source)
    position = _parse_position(given.child("geotag"))
    fields = {
        "read_id": _build_read_id(given, source, captured_at, plate or ""),
        "camera_id": source.camera_id,
        "captured_at": captured_at,
        "plate": plate or "",
        "country": _parse_country(given),
        "confidence": _parse_confidence(given, "plateConfidence"),
        "direction": _DIRECTIONS.get((given.text("carMoveDirection") or "").casefold()),
        "position": position,
        "vehicle": _parse_vehicle(given.child("vehicle_info")),
    }
    return build_read(fields, _FIELD_NAMES, event, given, [*parts, *decode_pictures(given)])


def _build_read_id(
    fields: EventFields, source: CameraSource, captured_at: datetime | None, plate: str
) -> str:
    """Of the camera, the car's number, and the hour.

    The number is one of the running program and begins again with it. The hour keeps a car from that of one
    before; a car that stands in view as an hour ends has two ids, and is one passage all the same.
    """
    car = fields.text("carID")
    ms = 0 if captured_at is None else int(captured_at.timestamp() * 1000)
    if car is not None:
        return build_read_id(source.camera_id, car, str(ms // HOUR_MS))
    return build_read_id(source.camera_id, "", str(ms), plate)


def _parse_captured_at(fields: EventFields, event: Event, source: CameraSource) -> datetime | None:
    """By `capture_timestamp`, of an epoch and so of no zone; else by `datetime`, which is local."""
    ms = fields.number("capture_timestamp", 0, _LATEST_MS)
    if ms:
        return from_epoch_ms(ms)
    text = fields.text("datetime")
    found = _LOCAL_TIME.match(text) if text else None
    try:
        if found is None:
            raise ValueError
        wall = datetime.strptime(f"{found[1]}{found[2]}{found[3] or '+0000'}", "%Y%m%d%H%M%S%f%z")
        wall = wall if found[3] else wall.replace(tzinfo=None)
        return camera_to_utc(wall, source, event)
    except (ValueError, OverflowError):
        rule = "is a time in milliseconds since 1970, or datetime is one such as 20260521 161006471"
        fields.add_fault("capture_timestamp", rule, fields.text("capture_timestamp") or text, "time")
        return None


def _parse_country(fields: EventFields) -> str | None:
    code = fields.text("plateCountry") or fields.text("plateISO3166-2")
    if code is None:
        return None
    country = to_alpha2(code)
    if country is None:
        fields.add_fault(
            "plateCountry", "is a country of ISO 3166-1 alpha-3", fields.text("plateCountry"), "country"
        )
    return country or None


def _parse_confidence(fields: EventFields, name: str) -> float | None:
    """A confidence; some installations give it from 0 to 100."""
    number = fields.number(name, 0, 100)
    return number / 100 if number is not None and number > 1 else number


def _parse_position(geotag: EventFields) -> dict[str, float] | None:
    lat, lon = geotag.number("lat", -90, 90), geotag.number("lon", -180, 180)
    if lat is None or lon is None or (lat, lon) in _FACTORY_POSITIONS:
        return None
    return {"lat": lat, "lon": lon}


def _parse_vehicle(info: EventFields) -> dict[str, Any] | None:
    looks = {
        "make": info.vehicle_attribute("brand") or info.vehicle_attribute("make"),
        "model": info.vehicle_attribute("model"),
        "colour": info.vehicle_attribute("color"),
        "type": info.vehicle_attribute("type"),
    }
    there: dict[str, Any] = {name: value for name, value in looks.items() if value}
    share = _parse_confidence(info, "confidenceMMR")
    return {**there, "confidence": share} if there and share is not None else there or None
