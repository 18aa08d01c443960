"""Dahua's event stream: TrafficJunction, as the camera's `eventManager` and `snapManager` tell it.

A body has one event or several, in parts with a boundary or not, perhaps with pictures: as text, of which
`dahua_blocks` knows the forms, or as JSON. Fields as in the vendor's HTTP API and in events of real cameras:
`UTC` counts the seconds of local time, and `RealUTC` those since 1970 UTC.
"""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from streams.gateway.event import Event, EventError, Source, Taken, refuse
from streams.gateway.vendors.dahua.blocks import Block, blocks_of
from streams.gateway.vendors.dahua.terms import confidence, direction, is_no_plate, local, looks
from streams.gateway.vendors.shared.camera_time import wall_of
from streams.gateway.vendors.shared.event_fields import Given
from streams.gateway.vendors.shared.json_fields import check_device, country, epoch, together
from streams.gateway.vendors.shared.read_builder import id_of, taken

_CODE: Final = "TrafficJunction"
_TIME: Final = "is a time in seconds since 1970, or UTC is one of local time"
_HOUR_S: Final = 3600
_LATEST_S: Final = 1e11


def take(event: Event, source: Source) -> Taken:
    """The reads of the events of a body. Raises EventError."""
    blocks, pictures = blocks_of(event)
    found = together(
        [
            partial(_block, block, f"[{place}]." if len(blocks) > 1 else "", event, source)
            for place, block in enumerate(blocks)
        ]
    )
    return found._replace(pictures=pictures if found.reads else [])


def _block(block: Block | EventError, place: str, event: Event, source: Source) -> Taken:
    if isinstance(block, EventError):
        raise block.within(place.rstrip(".")) if place else block
    if block.code.casefold() == "heartbeat":
        return Taken([], ["a heartbeat"])
    if block.code and block.code != _CODE:
        plain = block.code.isascii() and block.code.isalnum() and len(block.code) <= 40
        return Taken([], [f"an event {block.code}" if plain else "an event of another code"])
    if block.action.casefold() == "stop":
        return Taken([], ["the end of an event"])
    if block.data is None:
        raise refuse("form", f"{place}data", "is there in an event TrafficJunction")
    return _junction(Given(block.data, place), event, source)


def _junction(data: Given, event: Event, source: Source) -> Taken:
    car, seen, vehicle = data.part("TrafficCar"), data.part("Object"), data.part("Vehicle")
    comm = data.part("CommInfo")
    if not data.has("TrafficCar", "Object", "Plate"):
        raise refuse("form", data.name("TrafficCar"), "or Object is there in an event TrafficJunction")
    check_device(source, (car.text("MachineName"),), data.name("TrafficCar.MachineName"))
    plate, where = _plate(car, seen, data)
    if is_no_plate(plate) or (plate is None and _saw_none(data, seen, comm)):
        return Taken([], ["no plate seen"])
    captured_at = _captured_at(data, car, source, event)
    fields = {
        "read_id": _read_id(data, captured_at, source, plate or ""),
        "camera_id": source.camera_id,
        "captured_at": captured_at,
        "plate": plate or "",
        "country": country(car, "Country") or country(comm, "Country"),
        "confidence": confidence(seen, "Confidence"),
        "lane": data.whole("Lane", 0, 99) if data.has("Lane") else car.whole("Lane", 0, 99),
        "direction": _direction(car),
        # Cameras without a radar send 0.
        "speed_kmh": data.number("Speed", 0, 500) or car.number("Speed", 0, 500) or None,
        "vehicle": looks(
            car.looks("VehicleSign") or vehicle.looks("Text"),
            None,
            car.looks("VehicleColor"),
            vehicle.looks("Category") or car.looks("VehicleType"),
        ),
    }
    return taken(fields, {"plate": where, "speed_kmh": data.name("Speed")}, event, data)


def _plate(car: Given, seen: Given, data: Given) -> tuple[str | None, str]:
    """The plate's text, and the field that has it."""
    kind = seen.text("ObjectType")
    text = seen.text("Text") if kind in (None, "Plate") else None
    if text is not None:
        return text, seen.name("Text")
    number = car.text("PlateNumber")
    if number is not None or not data.holds("Plate", dict):
        return number, car.name("PlateNumber")
    plate = data.part("Plate")
    return plate.text("Text"), plate.name("Text")


def _saw_none(data: Given, seen: Given, comm: Given) -> bool:
    """Whether an event without a text is of a vehicle whose plate was not seen, or that has none."""
    box = seen.entries("BoundingBox")
    none = bool(box) and all(str(edge) == "0" for edge in box)
    return none or data.holds("NonMotor", dict) or comm.text("SnapCategory") == "NonMotor"


def _captured_at(data: Given, car: Given, source: Source, event: Event) -> datetime | None:
    ms = timedelta(milliseconds=data.whole("UTCMS", 0, 999) or 0)
    real = epoch(data, "RealUTC", 1)
    if real is not None:
        return real + ms
    rule = _TIME
    holder = data if data.has("UTC") else car
    try:
        seconds = holder.number("UTC", 1, _LATEST_S, "time")
        text = data.text("LocaleTime")
        if seconds is not None:
            return local(datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None) + ms, data, source, event)
        if text is not None:
            return local(wall_of(text), data, source, event)
    except (ValueError, OverflowError, OSError) as error:
        rule = str(error) if str(error).startswith("lies ") else rule
    data.fault("RealUTC", rule, reason="time")
    return None


def _read_id(data: Given, captured_at: datetime | None, source: Source, plate: str) -> str:
    """Of the group of pictures of one vehicle if there are several, else of the event.

    Groups and events are numbered anew when a camera begins, so the time is part of it: of a group the hour,
    for its events are not of one moment.
    """
    seconds = 0 if captured_at is None else int(captured_at.timestamp())
    group = data.text("GroupID") or ""
    if group and (data.whole("CountInGroup", 0, 1000) or 1) > 1:
        return id_of(source.camera_id, "group", group, str(seconds // _HOUR_S))
    parts = [group, data.text("EventID") or "", data.text("Lane") or "", str(seconds)]
    ms = data.text("UTCMS")
    # Of whole seconds, within which there may be two vehicles.
    return id_of(source.camera_id, *parts, plate if ms is None else ms)


def _direction(car: Given) -> str | None:
    """`DrivingDirection` is a word, and then the names of where the lane comes from and goes to."""
    words = car.entries("DrivingDirection")
    return direction(words[0]) if words and isinstance(words[0], str) else None
