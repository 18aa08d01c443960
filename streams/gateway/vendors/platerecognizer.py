"""Plate Recognizer Stream: its webhook, as JSON or in parts, `json` and the picture.

Fields as in the vendor's description (https://guides.platerecognizer.com/docs/stream/results). An event has
the results of one picture, each of which is a read. `timestamp` tells UTC, and `timestamp_local` its offset.
There are two forms of a result: `plate` as text, and `plate` and `vehicle` as objects with `props`.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from streams.gateway.event import CameraSource, Event, ParsedEvent, Picture, event_error
from streams.gateway.multipart import find_boundary, parse_multipart
from streams.gateway.vendors.shared.camera_time import offset_to_utc, parse_camera_time
from streams.gateway.vendors.shared.event_fields import EventFields
from streams.gateway.vendors.shared.json_fields import (
    best_entry,
    check_device,
    json_object,
    parse_all,
    parse_candidates,
    parse_confidence,
    parse_country,
    uppercase_plate,
)
from streams.gateway.vendors.shared.read_builder import build_read, build_read_id
from streams.records.times import from_ms

_DIRECTIONS: Final = {"front": "approaching", "rear": "receding"}
_MIN_ORIENTATION_SCORE: Final = 0.5
_UNKNOWN_MAKES: Final = frozenset(("generic",))


def parse_event(event: Event, source: CameraSource) -> ParsedEvent:
    """The reads of an event, one for each result with a plate. Raises EventError."""
    body, pictures = _split_event(event)
    whole = EventFields(json_object(body))
    hook = whole.child("hook")
    data = whole.child("data") if whole.has_any("data") else whole
    if source.device is not None:
        check_device(source, (data.text("camera_id"), hook.text("id")), "data.camera_id")
    if not data.has_any("results"):
        kind = hook.text("event")
        if kind is None or kind == "recognition":
            raise event_error("form", "data.results", "is there in a recognition")
        return ParsedEvent([], ["a heartbeat" if "heartbeat" in kind else "an event that is no recognition"])
    captured_at = _parse_captured_at(data, event, source)
    results = data.isolated_children("results")
    shared = {"camera_id": source.camera_id, "captured_at": captured_at or from_ms(event.arrived_ms)}
    names = [data.text("camera_id") or "", data.text("filename") or "", data.text("timestamp") or ""]
    found = parse_all(
        [
            partial(
                _parse_result,
                result,
                {**shared, "read_id": build_read_id(source.camera_id, *names, str(place))},
                event,
            )
            for place, result in enumerate(results)
        ],
        data,
    )
    return found._replace(
        skipped=found.skipped if results else ["no plate seen"], pictures=pictures if found.reads else []
    )


def _split_event(event: Event) -> tuple[bytes, Sequence[Picture]]:
    if not (event.content_type.lower().startswith("multipart/") or find_boundary(event.body)):
        return event.body, ()
    bodies, pictures = [], []
    for part in parse_multipart(event):
        kind = part.content_type.partition(";")[0].strip().lower()
        if part.name == "json" or kind == "application/json":
            bodies.append(part.content)
        elif part.content and (kind.startswith("image/") or part.content.startswith(b"\xff\xd8\xff")):
            pictures.append(Picture(part.filename or part.name, kind or "image/jpeg", part.content))
    if len(bodies) != 1:
        raise event_error("form", "json", "is one part with the event", f"{len(bodies)} of them")
    return bodies[0], pictures


def _parse_captured_at(data: EventFields, event: Event, source: CameraSource) -> datetime | None:
    for name in ("timestamp", "timestamp_local"):
        text = data.text(name)
        if text is None:
            continue
        try:
            return offset_to_utc(parse_camera_time(text), source, event)
        except (ValueError, OverflowError):
            data.add_fault(name, "is a time such as 2026-05-21T14:10:06.971Z", text, "time")
            return None
    data.add_fault("timestamp", "is required and missing", reason="time")
    return None


def _parse_result(result: EventFields, event_fields: dict[str, Any], event: Event) -> ParsedEvent:
    if not result.has_any("plate") or result.has_type("plate", type(None)):
        return ParsedEvent([], ["no plate seen"])
    fields = _parse_plate_props(result) if result.has_type("plate", dict) else _parse_plate(result)
    if fields is None:
        return ParsedEvent([], ["no plate seen"])
    # Newer versions tell the vehicle's looks within it.
    vehicle = result.child("vehicle")
    props = vehicle.child("props") if vehicle.has_any("props") else result
    looks = {"direction": _parse_direction(props), "vehicle": _parse_vehicle(vehicle, props)}
    where = (
        f"{result.full_name('plate')}.props.plate"
        if result.has_type("plate", dict)
        else result.full_name("plate")
    )
    return build_read({**event_fields, **fields, **looks}, {"plate": where}, event, result)


def _parse_plate(result: EventFields) -> dict[str, Any]:
    plate = uppercase_plate(result.text("plate") or "")
    return {
        "plate": plate,
        "country": parse_country(result.child("region"), "code"),
        "confidence": parse_confidence(result, "score"),
        "candidates": parse_candidates(result, "candidates", plate, "score"),
    }


def _parse_plate_props(result: EventFields) -> dict[str, Any] | None:
    """The same of a plate that is an object; None if it has no text."""
    props = result.child("plate").child("props")
    best, region = best_entry(props, "plate", "score"), best_entry(props, "region", "score")
    if best is None:
        return None
    plate = uppercase_plate(best[0].text("value") or "")
    return {
        "plate": plate,
        "country": parse_country(region[0], "value") if region else None,
        "confidence": best[1],
        "candidates": parse_candidates(props, "plate", plate, "score", plate_field="value"),
    }


def _first_label(best: tuple[EventFields, float | None] | None, *names: str) -> str | None:
    words = [best[0].vehicle_attribute(name) for name in names] if best else []
    return next((word for word in words if word and word.casefold() not in _UNKNOWN_MAKES), None)


def _parse_direction(props: EventFields) -> str | None:
    """Of the side of the vehicle that is seen; `direction` is an angle of which the vendor tells no zero."""
    best = best_entry(props, "orientation", "score")
    side = _first_label(best, "orientation", "value")
    if best is None or side is None or (best[1] or 0.0) < _MIN_ORIENTATION_SCORE:
        return None
    return _DIRECTIONS.get(side.casefold())


def _parse_vehicle(vehicle: EventFields, props: EventFields) -> dict[str, Any] | None:
    """The likeliest of each; the confidence is the least of theirs."""
    colour = best_entry(props, "color", "score")
    make = best_entry(props, "make_model" if props.has_any("make_model") else "model_make", "score")
    looks = {
        "type": vehicle.vehicle_attribute("type"),
        "colour": _first_label(colour, "color", "value"),
        "make": _first_label(make, "make"),
    }
    looks["model"] = _first_label(make, "model") if looks["make"] else None
    scores = {
        "type": parse_confidence(vehicle, "score"),
        "colour": colour[1] if colour else None,
        "make": make[1] if make else None,
    }
    found: dict[str, Any] = {name: word for name, word in looks.items() if word}
    told = [score for name, score in scores.items() if name in found and score is not None]
    return {**found, "confidence": min(told)} if told else found or None
