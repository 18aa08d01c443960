"""OpenALPR and Rekor Scout: JSON of a group of readings of one vehicle, of one frame, or a heartbeat.

Fields as in Rekor's descriptions (https://docs.rekor.ai/scout/application-integration, JSON Group Results and
JSON Plate Results). A frame has a uuid, and a group has those of its frames: a group and its best frame have
one `read_id`. Times are since an epoch, and so without a zone.
"""

from functools import partial
from typing import Any, Final

from streams.gateway.event import CameraSource, Event, ParsedEvent, event_error
from streams.gateway.vendors.shared.event_fields import EventFields
from streams.gateway.vendors.shared.json_fields import (
    EPOCH_MS_RULE,
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
from streams.records.faults import MISSING_RULE
from streams.records.times import SECOND_MS, from_ms

_MAX_SCORE: Final = 100.0
_GROUP_FIELD_NAMES: Final = {
    "plate": "best_plate_number",
    "confidence": "best_confidence",
    "captured_at": "epoch_start",
    "position": "gps_latitude",
}
_MAX_OFF_AXIS_DEG: Final = 60.0
"""Degrees by which travel in the picture may deviate from up or down; beyond that it is across."""
_UNSET_POSITIONS: Final = frozenset(((-1.0, -1.0), (0.0, 0.0)))
"""Positions of agents for which none is configured."""
_SKIP_REASONS: Final = {
    "heartbeat": "a heartbeat",
    "vehicle": "a vehicle without a plate",
}
_VEHICLE_LISTS: Final = {"make": "make", "colour": "color", "type": "body_type", "model": "make_model"}
"""Rekor's lists of values by the field of the read."""


def parse_event(event: Event, source: CameraSource) -> ParsedEvent:
    """Return the reads of an event: one of a group, one for each result of a frame. Raises EventError."""
    fields = EventFields(json_object(event.body))
    kind = fields.text("data_type")
    if kind == "alpr_alert":
        # Rekor's own alarm; its group also arrives without the alarm.
        fields = fields.child("group")
        kind = fields.text("data_type")
    _check_device(fields, source)
    if kind == "alpr_group":
        return _parse_group(fields, event, source)
    if kind == "alpr_results":
        return _parse_frame(fields, event, source)
    if kind is None:
        raise event_error("form", "data_type", MISSING_RULE)
    return ParsedEvent([], [_SKIP_REASONS.get(kind, "an event other than alpr_group and alpr_results")])


def _check_device(fields: EventFields, source: CameraSource) -> None:
    if source.device is not None:
        camera, agent = fields.text("camera_id"), fields.text("agent_uid")
        combined = f"{agent}-{camera}" if camera and agent else None
        check_device(source, (camera, agent, combined), "camera_id, or agent_uid")


def _parse_group(group: EventFields, event: Event, source: CameraSource) -> ParsedEvent:
    if group.boolean("is_preview"):
        return ParsedEvent([], ["a preview of an incomplete group"])
    best = group.child("best_plate")
    plate = group.text("best_plate_number") or best.text("plate") or ""
    captured_at = parse_epoch(group, "best_uuid_epoch_ms", SECOND_MS) or parse_epoch(
        group, "epoch_start", SECOND_MS
    )
    if captured_at is None:
        group.add_required_fault("epoch_start", EPOCH_MS_RULE, "time")
    is_parked = group.boolean("is_parked")
    fields = {
        "read_id": _build_group_read_id(group, best, source, plate),
        "camera_id": source.camera_id,
        "captured_at": captured_at,
        "plate": plate,
        "country": parse_country(group, "best_region"),
        "confidence": parse_confidence(group, "best_confidence", _MAX_SCORE),
        "candidates": parse_candidates(group, "candidates", plate, max_score=_MAX_SCORE),
        "direction": None if is_parked else _parse_direction(group),
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
        (entry for entry in group.array("uuids") if isinstance(entry, str)), None
    )
    if uuid is not None:
        return build_read_id(source.camera_id, uuid, best.text("plate_index") or "0")
    return build_read_id(
        source.camera_id, group.text("camera_id") or "", group.text("epoch_start") or "", plate
    )


def _parse_frame(frame: EventFields, event: Event, source: CameraSource) -> ParsedEvent:
    captured_at = parse_epoch(frame, "epoch_time", SECOND_MS)
    if captured_at is None:
        frame.add_required_fault("epoch_time", EPOCH_MS_RULE, "time")
    uuid = frame.text("uuid")
    frame_fields = {
        "camera_id": source.camera_id,
        "captured_at": captured_at or from_ms(event.arrived_ms),
        "position": _parse_position(frame),
    }
    results = frame.isolated_children("results")

    def read_id(result: EventFields, index: int) -> str:
        plate_index = result.text("plate_index") or str(index)
        if uuid is not None:
            return build_read_id(source.camera_id, uuid, plate_index)
        return build_read_id(
            source.camera_id, frame.text("camera_id") or "", frame.text("epoch_time") or "", plate_index
        )

    parsed = parse_all(
        [
            partial(_parse_result, result, {**frame_fields, "read_id": read_id(result, index)}, event)
            for index, result in enumerate(results)
        ],
        frame,
    )
    return parsed if results else parsed._replace(skipped=["a frame without a plate"])


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
    """Return the direction by the travel in the picture: degrees clockwise, 0 is up, away from the camera."""
    degrees = group.number("travel_direction", -360, 360)
    if degrees is None:
        return None
    off_up_deg = abs((degrees + 180) % 360 - 180)
    if off_up_deg <= _MAX_OFF_AXIS_DEG:
        return "receding"
    return "approaching" if off_up_deg >= 180 - _MAX_OFF_AXIS_DEG else None


def _parse_position(fields: EventFields) -> dict[str, float] | None:
    lat, lon = fields.number("gps_latitude", -90, 90), fields.number("gps_longitude", -180, 180)
    return None if lat is None or lon is None or (lat, lon) in _UNSET_POSITIONS else {"lat": lat, "lon": lon}


def _parse_vehicle(vehicle: EventFields) -> dict[str, Any] | None:
    """Return the most likely entry of each list; the confidence is the least of theirs.

    The model's confidence is left out: it is that of one model among those of all makes.
    """
    attributes: dict[str, Any] = {}
    confidences: list[float] = []
    for field, list_name in _VEHICLE_LISTS.items():
        best = best_entry(vehicle, list_name, "confidence", _MAX_SCORE)
        value = best[0].vehicle_attribute("name") if best else None
        if best is None or value is None or value == "missing":
            continue
        attributes[field] = value
        if best[1] is not None and field != "model":
            confidences.append(best[1])
    make, model = attributes.get("make"), attributes.get("model")
    if model is not None:
        # As in `ford_f150`; a model of another make than the most likely one is not used.
        model_make, _, name = model.partition("_")
        attributes["model"] = name.replace("_", " ") if name and model_make == make else None
    present = {field: value for field, value in attributes.items() if value}
    return {**present, "confidence": min(confidences)} if present and confidences else present or None
