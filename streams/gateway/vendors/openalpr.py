"""OpenALPR and Rekor Scout: JSON of a group of readings of one vehicle, of one frame, or a heartbeat.

Fields as in Rekor's descriptions (https://docs.rekor.ai/scout/application-integration, JSON Group Results and
JSON Plate Results). A frame has a uuid, and a group those of its frames: a group and its best frame have one
`read_id`. Times are of an epoch, so of no zone.
"""

from functools import partial
from typing import Any, Final

from streams.gateway.event import Event, Source, Taken, refuse
from streams.gateway.vendors.shared.event_fields import Given
from streams.gateway.vendors.shared.json_fields import (
    candidates,
    check_device,
    country,
    epoch,
    json_object,
    likeliest,
    picture,
    share,
    together,
)
from streams.gateway.vendors.shared.read_builder import id_of, taken
from streams.records.times import from_ms

_HUNDRED: Final = 100.0
_GROUP: Final = {
    "plate": "best_plate_number",
    "confidence": "best_confidence",
    "captured_at": "epoch_start",
    "position": "gps_latitude",
}
_TIME: Final = "is a time in milliseconds since 1970"
_STRAIGHT: Final = 60.0
"""Degrees by which a way in the picture may be off up or down; further off it is across."""
_NO_GPS: Final = frozenset(((-1.0, -1.0), (0.0, 0.0)))
"""Positions of agents that have none set."""
_OTHER_WORDS: Final = {
    "heartbeat": "a heartbeat",
    "vehicle": "a vehicle without a plate",
}


def take(event: Event, source: Source) -> Taken:
    """The reads of an event: one of a group, one for each result of a frame. Raises EventError."""
    given = Given(json_object(event.body))
    kind = given.text("data_type")
    if kind == "alpr_alert":
        # Rekor's own alarm; the group within is the one that comes without the alarm too.
        given = given.part("group")
        kind = given.text("data_type")
    _check_device(given, source)
    if kind == "alpr_group":
        return _group(given, event, source)
    if kind == "alpr_results":
        return _results(given, event, source)
    if kind is None:
        raise refuse("form", "data_type", "names the kind of event, such as alpr_group")
    return Taken([], [_OTHER_WORDS.get(kind, "an event of another kind than alpr_group and alpr_results")])


def _check_device(given: Given, source: Source) -> None:
    if source.device is not None:
        camera, agent = given.text("camera_id"), given.text("agent_uid")
        both = f"{agent}-{camera}" if camera and agent else None
        check_device(source, (camera, agent, both), "camera_id, or agent_uid")


def _group(group: Given, event: Event, source: Source) -> Taken:
    if group.flag("is_preview"):
        return Taken([], ["a preview of a group that is not complete"])
    best = group.part("best_plate")
    plate = group.text("best_plate_number") or best.text("plate") or ""
    captured_at = epoch(group, "best_uuid_epoch_ms", 1000) or epoch(group, "epoch_start", 1000)
    if captured_at is None:
        group.fault("epoch_start", _TIME, reason="time")
    parked = group.flag("is_parked")
    fields = {
        "read_id": _group_id(group, best, source, plate),
        "camera_id": source.camera_id,
        "captured_at": captured_at,
        "plate": plate,
        "country": country(group, "best_region"),
        "confidence": share(group, "best_confidence", _HUNDRED),
        "candidates": candidates(group, "candidates", plate, most=_HUNDRED),
        "direction": None if parked else _direction(group),
        "position": _position(group),
        "vehicle": _vehicle(group.part("vehicle")),
    }
    pictures = [
        *picture(best, "plate_crop_jpeg", "plate"),
        *picture(group, "vehicle_crop_jpeg", "vehicle"),
        *picture(group, "overview_jpeg", "overview"),
    ]
    return taken(fields, _GROUP, event, group, pictures)


def _group_id(group: Given, best: Given, source: Source, plate: str) -> str:
    uuid = group.text("best_uuid") or next(
        (each for each in group.entries("uuids") if isinstance(each, str)), None
    )
    if uuid is not None:
        return id_of(source.camera_id, uuid, best.text("plate_index") or "0")
    return id_of(source.camera_id, group.text("camera_id") or "", group.text("epoch_start") or "", plate)


def _results(frame: Given, event: Event, source: Source) -> Taken:
    captured_at = epoch(frame, "epoch_time", 1000)
    if captured_at is None:
        frame.fault("epoch_time", _TIME, reason="time")
    uuid = frame.text("uuid")
    shared = {
        "camera_id": source.camera_id,
        "captured_at": captured_at or from_ms(event.arrived),
        "position": _position(frame),
    }
    results = frame.apart("results")

    def read_id(result: Given, place: int) -> str:
        index = result.text("plate_index") or str(place)
        if uuid is not None:
            return id_of(source.camera_id, uuid, index)
        return id_of(source.camera_id, frame.text("camera_id") or "", frame.text("epoch_time") or "", index)

    found = together(
        [
            partial(_result, result, {**shared, "read_id": read_id(result, place)}, event)
            for place, result in enumerate(results)
        ],
        frame,
    )
    return found if results else found._replace(passed=["a frame without a plate"])


def _result(result: Given, shared: dict[str, Any], event: Event) -> Taken:
    plate = result.text("plate") or ""
    fields = {
        **shared,
        "plate": plate,
        "country": country(result, "region"),
        "confidence": share(result, "confidence", _HUNDRED),
        "candidates": candidates(result, "candidates", plate, most=_HUNDRED),
    }
    names = {"plate": result.name("plate")}
    return taken(fields, names, event, result, picture(result, "plate_crop_jpeg", "plate"))


def _direction(group: Given) -> str | None:
    """Of the way in the picture: degrees clockwise, 0 is up, which is away from the camera."""
    degrees = group.number("travel_direction", -360, 360)
    if degrees is None:
        return None
    off = abs((degrees + 180) % 360 - 180)
    return "receding" if off <= _STRAIGHT else "approaching" if off >= 180 - _STRAIGHT else None


def _position(given: Given) -> dict[str, float] | None:
    lat, lon = given.number("gps_latitude", -90, 90), given.number("gps_longitude", -180, 180)
    return None if lat is None or lon is None or (lat, lon) in _NO_GPS else {"lat": lat, "lon": lon}


def _vehicle(vehicle: Given) -> dict[str, Any] | None:
    """The likeliest of each list; the confidence is the least of theirs, the model's left out, for it is
    that of one model among all makes'."""
    looks: dict[str, Any] = {}
    shares: list[float] = []
    for field, name in (
        ("make", "make"),
        ("colour", "color"),
        ("type", "body_type"),
        ("model", "make_model"),
    ):
        best = likeliest(vehicle, name, "confidence", _HUNDRED)
        word = best[0].looks("name") if best else None
        if best is None or word is None or word == "missing":
            continue
        looks[field] = word
        if best[1] is not None and field != "model":
            shares.append(best[1])
    make, model = looks.get("make"), looks.get("model")
    if model is not None:
        # As `ford_f150`; of another make than the likeliest it says nothing.
        of, _, rest = model.partition("_")
        looks["model"] = rest.replace("_", " ") if rest and of == make else None
    found = {name: word for name, word in looks.items() if word}
    return {**found, "confidence": min(shares)} if found and shares else found or None
