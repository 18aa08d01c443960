"""Dahua ITSAPI: JSON that a camera posts to `/NotificationInfo/TollgateInfo`, and its other messages.

Fields as in the vendor's ITSAPI description (messages of a tollgate, 5.3). The camera repeats an event until
it is accepted, with the same time and names of pictures, so the `read_id` is made from these; `UploadNum`, a
serial number, may differ. Pictures of faces are not decoded.
"""

from datetime import datetime
from typing import Final

from streams.gateway.event import CameraSource, Event, ParsedEvent, Picture, event_error
from streams.gateway.vendors.dahua.terms import (
    build_appearance,
    is_no_plate,
    local_to_utc,
    parse_confidence,
    parse_direction,
)
from streams.gateway.vendors.shared.camera_time import parse_camera_time, time_rule
from streams.gateway.vendors.shared.event_fields import EventFields
from streams.gateway.vendors.shared.json_fields import (
    check_device,
    decode_picture,
    json_object,
    parse_country,
)
from streams.gateway.vendors.shared.read_builder import build_read, build_read_id
from streams.records.faults import MISSING_RULE

_FIELD_NAMES: Final = {"plate": "Picture.Plate.PlateNumber", "speed_kmh": "Picture.Vehicle.Speed"}
_TOLLGATE: Final = "TollgateInfo"
_SKIP_REASONS: Final = {"KeepAlive": "a heartbeat", "DeviceInfo": "a description of the camera"}
_OTHER_KINDS: Final = ("ParkingInfo", "AlarmInfo")
_PICTURE_FIELDS: Final = ("NormalPic", "VehiclePic", "CutoutPic")


def parse_event(event: Event, source: CameraSource) -> ParsedEvent:
    """Return the read of an event. Raises EventError."""
    path_kind = event.path.rstrip("/").rpartition("/")[2]
    if path_kind in _SKIP_REASONS and not event.body.strip():
        return ParsedEvent([], [_SKIP_REASONS[path_kind]])
    root = EventFields(json_object(event.body))
    kind = path_kind if path_kind in (_TOLLGATE, *_SKIP_REASONS, *_OTHER_KINDS) else _detect_kind(root)
    check_device(source, (root.text("DeviceID"),), "DeviceID")
    if kind in _SKIP_REASONS:
        return ParsedEvent([], [_SKIP_REASONS[kind]])
    picture_fields = root.child("Picture")
    if kind in _OTHER_KINDS or picture_fields.has_any("ParkingInfo"):
        return ParsedEvent([], ["a parking event or an alarm"])
    if not root.has_any("Picture"):
        raise event_error("form", "Picture", MISSING_RULE)
    return _parse_tollgate(root, picture_fields, event, source)


def _detect_kind(root: EventFields) -> str:
    """Return the kind of an event that its path does not tell."""
    if root.has_any("Picture"):
        return _TOLLGATE
    if root.has_any("Active"):
        return "KeepAlive"
    if root.has_any("DeviceModel", "DeviceType", "DeviceName"):
        return "DeviceInfo"
    return "AlarmInfo" if root.has_any("AlarmInfo") else _TOLLGATE


def _parse_tollgate(
    root: EventFields, picture_fields: EventFields, event: Event, source: CameraSource
) -> ParsedEvent:
    plate_fields, vehicle = picture_fields.child("Plate"), picture_fields.child("Vehicle")
    snap = picture_fields.child("SnapInfo")
    check_device(source, (snap.text("DeviceID"),), "Picture.SnapInfo.DeviceID")
    plate = plate_fields.text("PlateNumber")
    if plate_fields.boolean("IsExist") is False or is_no_plate(plate):
        return ParsedEvent([], ["no plate seen"])
    fields = {
        "read_id": _build_read_id(root, picture_fields, source, plate or ""),
        "camera_id": source.camera_id,
        "captured_at": _parse_captured_at(snap, event, source),
        "plate": plate or "",
        "country": parse_country(plate_fields, "Region"),
        "confidence": parse_confidence(plate_fields, "Confidence"),
        "lane": snap.integer("LanNo", 0, 99),
        "direction": parse_direction(snap.text("Direction")),
        # Cameras without a radar send a speed of 0.
        "speed_kmh": vehicle.number("Speed", 0, 500) or None,
        "vehicle": build_appearance(
            vehicle.vehicle_attribute("VehicleSign"),
            vehicle.vehicle_attribute("VehicleSeries"),
            vehicle.vehicle_attribute("VehicleColor"),
            vehicle.vehicle_attribute("VehicleType"),
        ),
    }
    pictures = [picture for name in _PICTURE_FIELDS for picture in _decode_picture(picture_fields, name)]
    return build_read(fields, _FIELD_NAMES, event, root, pictures)


def _build_read_id(root: EventFields, picture_fields: EventFields, source: CameraSource, plate: str) -> str:
    snap = picture_fields.child("SnapInfo")
    time = snap.text("AccurateTime") or snap.text("SnapTime") or ""
    parts = [
        snap.text("DeviceID") or "",
        picture_fields.child("Plate").text("Channel") or "",
        snap.text("LanNo") or "",
        time,
    ]
    if "." not in time:
        # Two vehicles may pass within a time of whole seconds.
        parts += [_find_picture_name(root, picture_fields), plate]
    return build_read_id(source.camera_id, *parts)


def _find_picture_name(root: EventFields, picture_fields: EventFields) -> str:
    names = [root.text("PicName"), *(picture_fields.child(name).text("PicName") for name in _PICTURE_FIELDS)]
    return next((name for name in names if name), "")


def _parse_captured_at(snap: EventFields, event: Event, source: CameraSource) -> datetime | None:
    name = "AccurateTime" if snap.text("AccurateTime") else "SnapTime"
    text = snap.text(name)
    rule = "must be a time such as 2026-05-21 16:10:06.471"
    if text is not None:
        try:
            return local_to_utc(parse_camera_time(text), snap, source, event)
        except (ValueError, OverflowError) as error:
            rule = time_rule(error, rule)
    if text is None:
        snap.add_required_fault("AccurateTime", rule, "time")
    else:
        snap.add_fault(name, rule, text, "time")
    return None


def _decode_picture(picture_fields: EventFields, name: str) -> list[Picture]:
    part = picture_fields.child(name)
    return decode_picture(part, "Content", part.text("PicName") or name)
