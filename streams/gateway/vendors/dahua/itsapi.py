"""Dahua ITSAPI: JSON that a camera posts to `/NotificationInfo/TollgateInfo`, and what it posts beside it.

Fields as in the vendor's ITSAPI description (messages of a tollgate, 5.3). The camera sends an event again
until it hears that it was taken, with the same time and names of pictures, so these make the `read_id`;
`UploadNum`, a running number, may differ between them. Pictures of faces are left where they are.
"""

from datetime import datetime
from typing import Final

from streams.gateway.event import Event, Picture, Source, Taken, refuse
from streams.gateway.vendors.dahua.terms import confidence, direction, is_no_plate, local, looks
from streams.gateway.vendors.shared.camera_time import wall_of
from streams.gateway.vendors.shared.event_fields import Given
from streams.gateway.vendors.shared.json_fields import check_device, country, json_object, picture
from streams.gateway.vendors.shared.read_builder import id_of, taken

_NAMES: Final = {"plate": "Picture.Plate.PlateNumber", "speed_kmh": "Picture.Vehicle.Speed"}
_TOLLGATE: Final = "TollgateInfo"
_PASSED: Final = {"KeepAlive": "a heartbeat", "DeviceInfo": "what the camera is"}
_OTHERS: Final = ("ParkingInfo", "AlarmInfo")
_PICTURES: Final = ("NormalPic", "VehiclePic", "CutoutPic")


def take(event: Event, source: Source) -> Taken:
    """The read of an event. Raises EventError."""
    last = event.path.rstrip("/").rpartition("/")[2]
    if last in _PASSED and not event.body.strip():
        return Taken([], [_PASSED[last]])
    whole = Given(json_object(event.body))
    kind = last if last in (_TOLLGATE, *_PASSED, *_OTHERS) else _kind(whole)
    check_device(source, (whole.text("DeviceID"),), "DeviceID")
    if kind in _PASSED:
        return Taken([], [_PASSED[kind]])
    picture_ = whole.part("Picture")
    if kind in _OTHERS or picture_.has("ParkingInfo"):
        return Taken([], ["an event of parking or an alarm"])
    if not whole.has("Picture"):
        raise refuse("form", "Picture", "is there in an event of a tollgate")
    return _tollgate(whole, picture_, event, source)


def _kind(whole: Given) -> str:
    """The kind of an event whose path is not known."""
    if whole.has("Picture"):
        return _TOLLGATE
    if whole.has("Active"):
        return "KeepAlive"
    if whole.has("DeviceModel", "DeviceType", "DeviceName"):
        return "DeviceInfo"
    return "AlarmInfo" if whole.has("AlarmInfo") else _TOLLGATE


def _tollgate(whole: Given, pictured: Given, event: Event, source: Source) -> Taken:
    plate_, vehicle, snap = pictured.part("Plate"), pictured.part("Vehicle"), pictured.part("SnapInfo")
    check_device(source, (snap.text("DeviceID"),), "Picture.SnapInfo.DeviceID")
    plate = plate_.text("PlateNumber")
    if plate_.flag("IsExist") is False or is_no_plate(plate):
        return Taken([], ["no plate seen"])
    fields = {
        "read_id": _read_id(whole, pictured, source, plate or ""),
        "camera_id": source.camera_id,
        "captured_at": _captured_at(snap, event, source),
        "plate": plate or "",
        "country": country(plate_, "Region"),
        "confidence": confidence(plate_, "Confidence"),
        "lane": snap.whole("LanNo", 0, 99),
        "direction": direction(snap.text("Direction")),
        # Cameras without a radar send 0.
        "speed_kmh": vehicle.number("Speed", 0, 500) or None,
        "vehicle": looks(
            vehicle.looks("VehicleSign"),
            vehicle.looks("VehicleSeries"),
            vehicle.looks("VehicleColor"),
            vehicle.looks("VehicleType"),
        ),
    }
    pictures = [each for name in _PICTURES for each in _picture(pictured, name)]
    return taken(fields, _NAMES, event, whole, pictures)


def _read_id(whole: Given, pictured: Given, source: Source, plate: str) -> str:
    snap = pictured.part("SnapInfo")
    time = snap.text("AccurateTime") or snap.text("SnapTime") or ""
    names = [
        snap.text("DeviceID") or "",
        pictured.part("Plate").text("Channel") or "",
        snap.text("LanNo") or "",
        time,
    ]
    if "." not in time:
        # Of whole seconds, within which there may be two vehicles.
        names += [_picture_name(whole, pictured), plate]
    return id_of(source.camera_id, *names)


def _picture_name(whole: Given, pictured: Given) -> str:
    texts = [whole.text("PicName"), *(pictured.part(name).text("PicName") for name in _PICTURES)]
    return next((text for text in texts if text), "")


def _captured_at(snap: Given, event: Event, source: Source) -> datetime | None:
    name = "AccurateTime" if snap.text("AccurateTime") else "SnapTime"
    text = snap.text(name)
    rule = "is a time such as 2026-05-21 16:10:06.471"
    if text is not None:
        try:
            return local(wall_of(text), snap, source, event)
        except (ValueError, OverflowError) as error:
            rule = str(error) if str(error).startswith("lies ") else rule
    snap.fault("AccurateTime" if text is None else name, rule, text, "time")
    return None


def _picture(pictured: Given, name: str) -> list[Picture]:
    part = pictured.part(name)
    return picture(part, "Content", part.text("PicName") or name)
