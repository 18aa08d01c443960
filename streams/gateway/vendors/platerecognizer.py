"""Plate Recognizer Stream: its webhook, as JSON or in parts, `json` and the picture.

Fields as in the vendor's description (https://guides.platerecognizer.com/docs/stream/results). An event has
the results of one picture, each of which is a read. `timestamp` tells UTC, and `timestamp_local` its offset.
There are two forms of a result: `plate` as text, and `plate` and `vehicle` as objects with `props`.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from streams.gateway.event import Event, Picture, Source, Taken, refuse
from streams.gateway.multipart import boundary_of, parts_of
from streams.gateway.vendors.shared.camera_time import told_zone, wall_of
from streams.gateway.vendors.shared.event_fields import Given
from streams.gateway.vendors.shared.json_fields import (
    candidates,
    capitals,
    check_device,
    country,
    json_object,
    likeliest,
    share,
    together,
)
from streams.gateway.vendors.shared.read_builder import id_of, taken
from streams.records.times import from_ms

_FACING: Final = {"front": "approaching", "rear": "receding"}
_SURE: Final = 0.5
_NO_MAKES: Final = frozenset(("generic",))


def take(event: Event, source: Source) -> Taken:
    """The reads of an event, one for each result with a plate. Raises EventError."""
    body, pictures = _parts(event)
    whole = Given(json_object(body))
    hook = whole.part("hook")
    data = whole.part("data") if whole.has("data") else whole
    if source.device is not None:
        check_device(source, (data.text("camera_id"), hook.text("id")), "data.camera_id")
    if not data.has("results"):
        kind = hook.text("event")
        if kind is None or kind == "recognition":
            raise refuse("form", "data.results", "is there in a recognition")
        return Taken([], ["a heartbeat" if "heartbeat" in kind else "an event that is no recognition"])
    captured_at = _captured_at(data, event, source)
    results = data.apart("results")
    shared = {"camera_id": source.camera_id, "captured_at": captured_at or from_ms(event.arrived)}
    names = [data.text("camera_id") or "", data.text("filename") or "", data.text("timestamp") or ""]
    found = together(
        [
            partial(
                _result, result, {**shared, "read_id": id_of(source.camera_id, *names, str(place))}, event
            )
            for place, result in enumerate(results)
        ],
        data,
    )
    return found._replace(
        passed=found.passed if results else ["no plate seen"], pictures=pictures if found.reads else []
    )


def _parts(event: Event) -> tuple[bytes, Sequence[Picture]]:
    if not (event.content_type.lower().startswith("multipart/") or boundary_of(event.body)):
        return event.body, ()
    bodies, pictures = [], []
    for part in parts_of(event):
        kind = part.content_type.partition(";")[0].strip().lower()
        if part.name == "json" or kind == "application/json":
            bodies.append(part.content)
        elif part.content and (kind.startswith("image/") or part.content.startswith(b"\xff\xd8\xff")):
            pictures.append(Picture(part.filename or part.name, kind or "image/jpeg", part.content))
    if len(bodies) != 1:
        raise refuse("form", "json", "is one part with the event", f"{len(bodies)} of them")
    return bodies[0], pictures


def _captured_at(data: Given, event: Event, source: Source) -> datetime | None:
    for name in ("timestamp", "timestamp_local"):
        text = data.text(name)
        if text is None:
            continue
        try:
            return told_zone(wall_of(text), source, event)
        except (ValueError, OverflowError):
            data.fault(name, "is a time such as 2026-05-21T14:10:06.971Z", text, "time")
            return None
    data.fault("timestamp", "is required and missing", reason="time")
    return None


def _result(result: Given, shared: dict[str, Any], event: Event) -> Taken:
    if not result.has("plate") or result.holds("plate", type(None)):
        return Taken([], ["no plate seen"])
    fields = _plate_in_props(result) if result.holds("plate", dict) else _plate(result)
    if fields is None:
        return Taken([], ["no plate seen"])
    # Newer versions tell the vehicle's looks within it.
    vehicle = result.part("vehicle")
    props = vehicle.part("props") if vehicle.has("props") else result
    looks = {"direction": _facing(props), "vehicle": _looks(vehicle, props)}
    where = f"{result.name('plate')}.props.plate" if result.holds("plate", dict) else result.name("plate")
    return taken({**shared, **fields, **looks}, {"plate": where}, event, result)


def _plate(result: Given) -> dict[str, Any]:
    plate = capitals(result.text("plate") or "")
    return {
        "plate": plate,
        "country": country(result.part("region"), "code"),
        "confidence": share(result, "score"),
        "candidates": candidates(result, "candidates", plate, "score"),
    }


def _plate_in_props(result: Given) -> dict[str, Any] | None:
    """The same of a plate that is an object; None if it has no text."""
    props = result.part("plate").part("props")
    best, region = likeliest(props, "plate", "score"), likeliest(props, "region", "score")
    if best is None:
        return None
    plate = capitals(best[0].text("value") or "")
    return {
        "plate": plate,
        "country": country(region[0], "value") if region else None,
        "confidence": best[1],
        "candidates": candidates(props, "plate", plate, "score", text="value"),
    }


def _word(best: tuple[Given, float | None] | None, *names: str) -> str | None:
    words = [best[0].looks(name) for name in names] if best else []
    return next((word for word in words if word and word.casefold() not in _NO_MAKES), None)


def _facing(props: Given) -> str | None:
    """Of the side of the vehicle that is seen; `direction` is an angle of which the vendor tells no zero."""
    best = likeliest(props, "orientation", "score")
    side = _word(best, "orientation", "value")
    if best is None or side is None or (best[1] or 0.0) < _SURE:
        return None
    return _FACING.get(side.casefold())


def _looks(vehicle: Given, props: Given) -> dict[str, Any] | None:
    """The likeliest of each; the confidence is the least of theirs."""
    colour = likeliest(props, "color", "score")
    make = likeliest(props, "make_model" if props.has("make_model") else "model_make", "score")
    looks = {
        "type": vehicle.looks("type"),
        "colour": _word(colour, "color", "value"),
        "make": _word(make, "make"),
    }
    looks["model"] = _word(make, "model") if looks["make"] else None
    scores = {
        "type": share(vehicle, "score"),
        "colour": colour[1] if colour else None,
        "make": make[1] if make else None,
    }
    found: dict[str, Any] = {name: word for name, word in looks.items() if word}
    told = [score for name, score in scores.items() if name in found and score is not None]
    return {**found, "confidence": min(told)} if told else found or None
