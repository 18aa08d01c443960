"""Plate Recognizer Stream: its webhook, as JSON or as parts, `json` and the picture.

Fields as in the vendor's description (https://guides.platerecognizer.com/docs/stream/results). An event has
the results of one picture, each of which is a read. `timestamp` is in UTC, `timestamp_local` has its offset.
A result has one of two forms: `plate` as text, or `plate` and `vehicle` as objects with `props`.
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
from streams.records.faults import MISSING_RULE
from streams.records.times import from_ms

_DIRECTIONS: Final = {"front": "approaching", "rear": "receding"}
_MIN_ORIENTATION_SCORE: Final = 0.5
_UNKNOWN_MAKES: Final = frozenset(("generic",))
_JPEG_MAGIC: Final = b"\xff\xd8\xff"


def parse_event(event: Event, source: CameraSource) -> ParsedEvent:
    """Return the reads of an event, one for each result with a plate. Raises EventError."""
    body, pictures = _split_event(event)
    root = EventFields(json_object(body))
    hook = root.child("hook")
    data = root.child("data") if root.has_any("data") else root
    if source.device is not None:
        check_device(source, (data.text("camera_id"), hook.text("id")), "data.camera_id")
    if not data.has_any("results"):
        kind = hook.text("event")
        if kind is None or kind == "recognition":
            raise event_error("form", "data.results", MISSING_RULE)
        return ParsedEvent(
            [], ["a heartbeat" if "heartbeat" in kind else "an event other than a recognition"]
        )
    captured_at = _parse_captured_at(data, event, source)
    results = data.isolated_children("results")
    event_fields = {"camera_id": source.camera_id, "captured_at": captured_at or from_ms(event.arrived_ms)}
    id_parts = [data.text("camera_id") or "", data.text("filename") or "", data.text("timestamp") or ""]
    parsed = parse_all(
        [
            partial(
                _parse_result,
                result,
                {**event_fields, "read_id": build_read_id(source.camera_id, *id_parts, str(index))},
                event,
            )
            for index, result in enumerate(results)
        ],
        data,
    )
    return parsed._replace(
        skipped=parsed.skipped if results else ["no plate seen"], pictures=pictures if parsed.reads else []
    )


def _split_event(event: Event) -> tuple[bytes, Sequence[Picture]]:
    """Return the JSON of an event and its pictures."""
    if not (event.content_type.lower().startswith("multipart/") or find_boundary(event.body)):
        return event.body, ()
    bodies, pictures = [], []
    for part in parse_multipart(event):
        media_type = part.content_type.partition(";")[0].strip().lower()
        if part.name == "json" or media_type == "application/json":
            bodies.append(part.content)
        elif part.content and (media_type.startswith("image/") or part.content.startswith(_JPEG_MAGIC)):
            pictures.append(Picture(part.filename or part.name, media_type or "image/jpeg", part.content))
    if len(bodies) != 1:
        raise event_error("form", "json", "must be one part with the event", f"{len(bodies)} such parts")
    return bodies[0], pictures


def _parse_captured_at(data: EventFields, event: Event, source: CameraSource) -> datetime | None:
    for name in ("timestamp", "timestamp_local"):
        text = data.text(name)
        if text is None:
            continue
        try:
            return offset_to_utc(parse_camera_time(text), source, event)
        except (ValueError, OverflowError):
            data.add_fault(name, "must be a time such as 2026-05-21T14:10:06.971Z", text, "time")
            return None
    data.add_fault("timestamp", MISSING_RULE, reason="time")
    return None


def _parse_result(result: EventFields, event_fields: dict[str, Any], event: Event) -> ParsedEvent:
    if not result.has_any("plate") or result.has_type("plate", type(None)):
        return ParsedEvent([], ["no plate seen"])
    is_object = result.has_type("plate", dict)
    fields = _parse_plate_props(result) if is_object else _parse_plate(result)
    if fields is None:
        return ParsedEvent([], ["no plate seen"])
    # Newer versions have the vehicle's appearance in `vehicle.props`, older ones in the result.
    vehicle = result.child("vehicle")
    props = vehicle.child("props") if vehicle.has_any("props") else result
    appearance = {"direction": _parse_direction(props), "vehicle": _parse_vehicle(vehicle, props)}
    plate_name = f"{result.full_name('plate')}.props.plate" if is_object else result.full_name("plate")
    return build_read({**event_fields, **fields, **appearance}, {"plate": plate_name}, event, result)


def _parse_plate(result: EventFields) -> dict[str, Any]:
    plate = uppercase_plate(result.text("plate") or "")
    return {
        "plate": plate,
        "country": parse_country(result.child("region"), "code"),
        "confidence": parse_confidence(result, "score"),
        "candidates": parse_candidates(result, "candidates", plate, "score"),
    }


def _parse_plate_props(result: EventFields) -> dict[str, Any] | None:
    """Return the fields of a plate that is an object; None if it has no text."""
    props = result.child("plate").child("props")
    best_plate, region = best_entry(props, "plate", "score"), best_entry(props, "region", "score")
    if best_plate is None:
        return None
    plate = uppercase_plate(best_plate[0].text("value") or "")
    return {
        "plate": plate,
        "country": parse_country(region[0], "value") if region else None,
        "confidence": best_plate[1],
        "candidates": parse_candidates(props, "plate", plate, "score", plate_field="value"),
    }


def _first_label(best: tuple[EventFields, float | None] | None, *names: str) -> str | None:
    """Return the first of several fields of the best entry that has a known value."""
    labels = [best[0].vehicle_attribute(name) for name in names] if best else []
    return next((label for label in labels if label and label.casefold() not in _UNKNOWN_MAKES), None)


def _parse_direction(props: EventFields) -> str | None:
    """Return the direction by the visible side of the vehicle.

    `direction` is an angle whose zero the vendor does not define, so it is not used.
    """
    best = best_entry(props, "orientation", "score")
    side = _first_label(best, "orientation", "value")
    if best is None or side is None or (best[1] or 0.0) < _MIN_ORIENTATION_SCORE:
        return None
    return _DIRECTIONS.get(side.casefold())


def _parse_vehicle(vehicle: EventFields, props: EventFields) -> dict[str, Any] | None:
    """Return the most likely value of each attribute; the confidence is the least of theirs."""
    colour = best_entry(props, "color", "score")
    make = best_entry(props, "make_model" if props.has_any("make_model") else "model_make", "score")
    attributes = {
        "type": vehicle.vehicle_attribute("type"),
        "colour": _first_label(colour, "color", "value"),
        "make": _first_label(make, "make"),
    }
    attributes["model"] = _first_label(make, "model") if attributes["make"] else None
    scores = {
        "type": parse_confidence(vehicle, "score"),
        "colour": colour[1] if colour else None,
        "make": make[1] if make else None,
    }
    present: dict[str, Any] = {name: value for name, value in attributes.items() if value}
    confidences = [score for name, score in scores.items() if name in present and score is not None]
    return {**present, "confidence": min(confidences)} if confidences else present or None
