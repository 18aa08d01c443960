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

from streams.gateway.event import Event, Source, Taken, refuse
from streams.gateway.vendors.axis.parts import parts_of_event, pictures_of
from streams.gateway.vendors.shared.camera_time import instant, of_epoch
from streams.gateway.vendors.shared.country_codes import alpha2
from streams.gateway.vendors.shared.event_fields import Given
from streams.gateway.vendors.shared.json_fields import check_device, json_object
from streams.gateway.vendors.shared.read_builder import best_text, id_of, taken
from streams.records.times import HOUR_MS

_NAMES: Final = {"plate": "plateUTF8", "captured_at": "capture_timestamp", "confidence": "plateConfidence"}
_PLATES: Final = ("plateUTF8", "plateUnicode", "plateText", "plateASCII")
_OF_EVENTS: Final = (*_PLATES, "carID", "carState", "plateCountry", "capture_timestamp")
_OF_HEARTBEATS: Final = ("system", "identify", "ALPV", "services")
_NOTHING: Final = frozenset(("unknown", "noplate", "-", "----", "----/----"))
_DIRECTIONS: Final = {"in": "approaching", "out": "receding"}
_WALL: Final = re.compile(r"([0-9]{8}) ([0-9]{9})\s?([+-][0-9]{4})?\Z", re.ASCII)
_LATEST_MS: Final = 1e14
_FACTORY: Final = frozenset(((55.70421, 13.19366), (50.418114, 30.476213), (0.0, 0.0)))
"""Positions that the makers ship as a setting, and that no one set."""


def take(event: Event, source: Source) -> Taken:
    """The read of an event. Raises EventError."""
    body, parts = parts_of_event(event)
    given = Given(json_object(body))
    # Any of the names that a device has will do: its numbers may be left out, and its own name be set.
    camera = given.part("camera_info")
    numbers = (camera.text("SerialNumber"), camera.text("MACAddress"), given.text("sensorProviderID"))
    check_device(source, numbers, "camera_info.SerialNumber, camera_info.MACAddress or sensorProviderID")
    if not given.has(*_OF_EVENTS):
        if given.has(*_OF_HEARTBEATS):
            return Taken([], ["a heartbeat"])
        raise refuse("form", "", "has the fields of an event, such as plateUTF8, carID and capture_timestamp")
    plate = best_text([given.text(name) for name in _PLATES])
    if plate is None and given.text("carState") == "lost":
        return Taken([], ["a vehicle left, and no plate was read"])
    if plate is not None and plate.casefold() in _NOTHING:
        return Taken([], ["no plate seen"])
    captured_at = _captured_at(given, event, source)
    position = _position(given.part("geotag"))
    fields = {
        "read_id": _read_id(given, source, captured_at, plate or ""),
        "camera_id": source.camera_id,
        "captured_at": captured_at,
        "plate": plate or "",
        "country": _country(given),
        "confidence": _share(given, "plateConfidence"),
        "direction": _DIRECTIONS.get((given.text("carMoveDirection") or "").casefold()),
        "position": position,
        "vehicle": _vehicle(given.part("vehicle_info")),
    }
    return taken(fields, _NAMES, event, given, [*parts, *pictures_of(given)])


def _read_id(given: Given, source: Source, captured_at: datetime | None, plate: str) -> str:
    """Of the camera, the car's number, and the hour.

    The number is one of the running program and begins again with it. The hour keeps a car from that of one
    before; a car that stands in view as an hour ends has two ids, and is one passage all the same.
    """
    car = given.text("carID")
    ms = 0 if captured_at is None else int(captured_at.timestamp() * 1000)
    if car is not None:
        return id_of(source.camera_id, car, str(ms // HOUR_MS))
    return id_of(source.camera_id, "", str(ms), plate)


def _captured_at(given: Given, event: Event, source: Source) -> datetime | None:
    """By `capture_timestamp`, of an epoch and so of no zone; else by `datetime`, which is local."""
    ms = given.number("capture_timestamp", 0, _LATEST_MS)
    if ms:
        return of_epoch(ms)
    text = given.text("datetime")
    found = _WALL.match(text) if text else None
    try:
        if found is None:
            raise ValueError
        wall = datetime.strptime(f"{found[1]}{found[2]}{found[3] or '+0000'}", "%Y%m%d%H%M%S%f%z")
        wall = wall if found[3] else wall.replace(tzinfo=None)
        return instant(wall, source, event)
    except (ValueError, OverflowError):
        rule = "is a time in milliseconds since 1970, or datetime is one such as 20260521 161006471"
        given.fault("capture_timestamp", rule, given.text("capture_timestamp") or text, "time")
        return None


def _country(given: Given) -> str | None:
    code = given.text("plateCountry") or given.text("plateISO3166-2")
    if code is None:
        return None
    country = alpha2(code)
    if country is None:
        given.fault(
            "plateCountry", "is a country of ISO 3166-1 alpha-3", given.text("plateCountry"), "country"
        )
    return country or None


def _share(given: Given, name: str) -> float | None:
    """A confidence; some installations give it from 0 to 100."""
    number = given.number(name, 0, 100)
    return number / 100 if number is not None and number > 1 else number


def _position(geotag: Given) -> dict[str, float] | None:
    lat, lon = geotag.number("lat", -90, 90), geotag.number("lon", -180, 180)
    if lat is None or lon is None or (lat, lon) in _FACTORY:
        return None
    return {"lat": lat, "lon": lon}


def _vehicle(info: Given) -> dict[str, Any] | None:
    looks = {
        "make": info.looks("brand") or info.looks("make"),
        "model": info.looks("model"),
        "colour": info.looks("color"),
        "type": info.looks("type"),
    }
    there: dict[str, Any] = {name: value for name, value in looks.items() if value}
    share = _share(info, "confidenceMMR")
    return {**there, "confidence": share} if there and share is not None else there or None
