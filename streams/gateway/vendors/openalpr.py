"""OpenALPR and Rekor Scout: JSON of a group of readings of one vehicle, of one frame, or a heartbeat.

Fields as in Rekor's descriptions (https://docs.rekor.ai/scout/application-integration, JSON Group Results and
JSON Plate Results). A frame has a uuid, and a group those of its frames: a group and its best frame have one
`read_id`. Times are of an epoch, so of no zone.
"""

from functools import partial
from typing import Any, Final

from streams.gateway.event import CameraSource, Event, ParsedEvent, event_error
from streams.gateway.vendors.shared.event_fields import EventFields
from streams.gateway.vendors.shared.json_fields import (
    best_entry,
    check_device,
    decode_picture,
    json_object,
    parse_all,
    parse_candidates,
    parse_confidence,
    parse_country,
    parse_epoch,
)
from streams.gateway.vendors.shared.read_builder import build_read, build_read_id
from streams.records.times import from_ms

_MAX_SCORE: Final = 100.0
_GROUP_FIELD_NAMES: Final = {
    "plate": "best_plate_number",
    "confidence": "best_confidence",
    "captured_at": "epoch_start",
    "position": "gps_latitude",
}
_TIME_RULE: Final = "is a time in milliseconds since 1970"
_MAX_OFF_AXIS_DEG: Final = 60.0
"""Degrees by which a way in the picture may be off up or down; further off it is across."""
_UNSET_POSITIONS: Final = frozenset(((-1.0, -1.0), (0.0, 0.0)))
"""Positions of agents that have none set."""
_SKIP_REASONS: Final = {
    "heartbeat": "a heartbeat",
    "vehicle": "a vehicle without a plate",
}


def parse_event(event: Event, source: CameraSource) -> ParsedEvent:
    """The reads of an event: one of a group, one for each result of a frame. Raises EventError."""
    given = EventFields(json_object(event.body))
    kind = given.text("data_type")
    if kind == "alpr_alert":
        # Rekor's own alarm; the group within is the one that comes without the alarm too.
        given = given.child("group")
        kind = given.text("data_type")
    _check_device(given, source)
    if kind == "alpr_group":
        return _parse_group(given, event, source)
    if kind == "alpr_results":
        return _parse_frame(given, event, source)
    if kind is None:
        raise event_error("form", "data_type", "names the kind of event, such as alpr_group")
    return ParsedEvent(
        [], [_SKIP_REASONS.get(kind, "an event of another kind than alpr_group and alpr_results")]
    )


def _check_device(fields: EventFields, source: CameraSource) -> None:
    if source.device is not None:
        camera, agent = fields.text("camera_id"), fields.text("agent_uid")
        both = f"{agent}-{camera}" if camera and agent else None
        check_device(source, (camera, agent, both), "camera_id, or agent_uid")


def _parse_group(group: EventFields, event: Event, source: CameraSource) -> ParsedEvent:
    if group.boolean("is_preview"):
        return ParsedEvent([], ["a preview of a group that is not complete"])
    best = group.child("best_plate")
    plate = group.text("best_plate_number") or best.text("plate") or ""
    captured_at = parse_epoch(group, "best_uuid_epoch_ms", 1000) or parse_epoch(group, "epoch_start", 1000)
    if captured_at is None:
        group.add_fault("epoch_start", _TIME_RULE, reason="time")
    parked = group.boolean("is_parked")
    fields = {
        "read_id": _build_group_read_id(group, best, source, plate),
        "camera_id": source.camera_id,
        "captured_at": captured_at,
        "plate": plate,
        "country": parse_country(group, "best_region"),
        "confidence": parse_confidence(group, "best_confidence", _MAX_SCORE),
        "candidates": parse_candidates(group, "candidates", plate, max_score=_MAX_SCORE),
        "direction": None if parked else _parse_direction(group),
        "position": _parse_position(group),
        "vehicle": _parse_vehicle(group.child("vehicle")),
    }
    pictures = [
        *decode_picture(best, "plate_crop_jpeg", "plate"),
        *decode_picture(group, "vehicle_crop_jpeg", "vehicle"),
        *decode_picture(group, "overview_jpeg", "overview"),
    ]
    return build_read(fields, _GROUP_FIELD_NAMES, event, group, pictures)


def _build_group_read_id(group: EventFields, best: EventFields, source: CameraSource, plate: str) -> str:
    uuid = group.text("best_uuid") or next(
        (each for each in group.array("uuids") if isinstance(each, str)), None
    )
    if uuid is not None:
        return build_read_id(source.camera_id, uuid, best.text("plate_index") or "0")
    return build_read_id(
        source.camera_id, group.text("camera_id") or "", group.text("epoch_start") or "", plate
    )


def _parse_frame(frame: EventFields, event: Event, source: CameraSource) -> ParsedEvent:
    captured_at = parse_epoch(frame, "epoch_time", 1000)
    if captured_at is None:
        frame.add_fault("epoch_time", _TIME_RULE, reason="time")
    uuid = frame.text("uuid")
    shared = {
        "camera_id": source.camera_id,
        "captured_at": captured_at or from_ms(event.arrived_ms),
        "position": _parse_position(frame),
    }
    results = frame.isolated_children("results")

    def read_id(result: EventFields, place: int) -> str:
        index = result.text("plate_index") or str(place)
        if uuid is not None:
            return build_read_id(source.camera_id, uuid, index)
        return build_read_id(
            source.camera_id, frame.text("camera_id") or "", frame.text("epoch_time") or "", index
        )

    found = parse_all(
        [
            partial(_parse_result, result, {**shared, "read_id": read_id(result, place)}, event)
            for place, result in enumerate(results)
        ],
        frame,
    )
    return found if results else found._replace(skipped=["a frame without a plate"])


def _parse_result(result: EventFields, frame_fields: dict[str, Any], event: Event) -> ParsedEvent:
    plate = result.text("plate") or ""
    fields = {
        **frame_fields,
        "plate": plate,
        "country": parse_country(result, "region"),
        "confidence": parse_confidence(result, "confidence", _MAX_SCORE),
        "candidates": parse_candidates(result, "candidates", plate, max_score=_MAX_SCORE),
    }
    names = {"plate": result.full_name("plate")}
    return build_read(fields, names, event, result, decode_picture(result, "plate_crop_jpeg", "plate"))


def _parse_direction(group: EventFields) -> str | None:
    """Of the way in the picture: degrees clockwise, 0 is up, which is away from the camera."""
    degrees = group.number("travel_direction", -360, 360)
    if degrees is None:
        return None
    off = abs((degrees + 180) % 360 - 180)
    return (
        "receding" if off <= _MAX_OFF_AXIS_DEG else "approaching" if off >= 180 - _MAX_OFF_AXIS_DEG else None
    )


def _parse_position(fields: EventFields) -> dict[str, float] | None:
    lat, lon = fields.number("gps_latitude", -90, 90), fields.number("gps_longitude", -180, 180)
    return None if lat is None or lon is None or (lat, lon) in _UNSET_POSITIONS else {"lat": lat, "lon": lon}


def _parse_vehicle(vehicle: EventFields) -> dict[str, Any] | None:
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
        best = best_entry(vehicle, name, "confidence", _MAX_SCORE)
        word = best[0].vehicle_attribute("name") if best else None
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
