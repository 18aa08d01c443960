"""Hikvision: the ISAPI event EventNotificationAlert as XML, alone or in parts with pictures.

Fields as in the vendor's description of the event (ISAPI developer's guide, ANPR). A second event of the same
vehicle, such as the one with the pictures that `hasMoreData` announces, has the UUID of the first and so the
same `read_id`.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from streams.gateway.event import Event, EventError, Picture, Source, Taken, refuse
from streams.gateway.vendors.hikvision.details import char_confidences, country, is_true, position, vehicle
from streams.gateway.vendors.hikvision.parts import documents_of
from streams.gateway.vendors.shared.camera_time import instant
from streams.gateway.vendors.shared.event_fields import Given
from streams.gateway.vendors.shared.read_builder import best_text, id_of, taken

_NAMES: Final = {
    "plate": "ANPR.licensePlate",
    "captured_at": "dateTime",
    "confidence": "ANPR.confidenceLevel",
    "char_confidences": "ANPR.plateCharBelieve",
    "position": "DeviceGPSInfo",
}
_NO_PLATE: Final = frozenset(("unknown", "noplate"))
_DIRECTIONS: Final = {"forward": "approaching", "reverse": "receding"}
_WALL: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?\Z"
)
_PICTURE_TIME: Final = re.compile(r"[0-9]{17}\Z")
_NEAR: Final = timedelta(seconds=60)
"""A picture's time is that of the capture if it is no further from the event's."""


def take(event: Event, source: Source) -> Taken:
    """The reads of an event: one, or one for each XML part. Raises EventError."""
    documents, pictures = documents_of(event)
    found = Taken([])
    for name, fields in documents:
        try:
            if isinstance(fields, EventError):
                raise fields
            part = _alert(Given(fields), event, source, pictures)
        except EventError as error:
            if len(documents) == 1:
                raise
            found = found._replace(refused=[*found.refused, error.within(name)])
        else:
            found = Taken(
                [*found.reads, *part.reads],
                [*found.passed, *part.passed],
                [*found.refused, *part.refused],
                part.pictures or found.pictures,
            )
    return found


def _alert(alert: Given, event: Event, source: Source, pictures: Sequence[Picture]) -> Taken:
    _check_device(alert, source)
    kind = alert.text("eventType")
    if kind is None:
        raise refuse("form", "eventType", "names the kind of event, such as ANPR")
    if kind.upper() != "ANPR":
        return Taken([], [_passed(kind, alert.text("eventState"))])
    if not alert.has("ANPR"):
        raise refuse("form", "ANPR", "is there in an event of this type")
    anpr = alert.part("ANPR")
    plate = anpr.text("licensePlate")
    if plate is not None and plate.casefold() in _NO_PLATE:
        return Taken([], ["no plate seen"])
    # The original has the umlauts, or all of it in other letters than the Latin ones.
    plate = best_text((plate, anpr.text("originalLicensePlate")))
    captured_at = _captured_at(alert, anpr, event, source)
    confidence = anpr.number("confidenceLevel", 0, 100)
    fields = {
        "read_id": _read_id(alert, anpr, source, plate or ""),
        "camera_id": source.camera_id,
        "captured_at": captured_at,
        "plate": plate or "",
        "country": country(anpr),
        "confidence": None if confidence is None else confidence / 100,
        "char_confidences": char_confidences(anpr, plate or ""),
        "lane": anpr.whole("line", 0, 99),
        "direction": _DIRECTIONS.get(anpr.text("direction") or ""),
        # Cameras without a radar send 0.
        "speed_kmh": anpr.part("vehicleInfo").number("speed", 0, 500) or None,
        "position": position(alert.part("DeviceGPSInfo")),
        "vehicle": vehicle(anpr),
        "retransmitted": is_true(alert.text("isDataRetransmission")) or anpr.text("alarmDataType") == "1",
    }
    return taken(fields, _NAMES, event, alert, pictures)


def _check_device(alert: Given, source: Source) -> None:
    """Any of the names that a device has will do: which of them a camera sends differs by its firmware."""
    names = [name for name in map(alert.text, ("macAddress", "deviceID", "deviceUUID")) if name]
    if source.device is None or not names or _plain(source.device) in map(_plain, names):
        return
    raise refuse("device", "macAddress", "or deviceID or deviceUUID is that of the camera's settings")


def _plain(device: str) -> str:
    return device.casefold().replace(":", "").replace("-", "")


def _passed(kind: str, state: str | None) -> str:
    if (kind, state) == ("videoloss", "inactive"):
        return "a heartbeat"
    plain = kind.isascii() and kind.isalpha() and len(kind) <= 40
    return f"an event of type {kind}, not ANPR" if plain else "an event of another type than ANPR"


def _read_id(alert: Given, anpr: Given, source: Source, plate: str) -> str:
    channel, uuid = alert.text("channelID") or "", alert.text("UUID")
    if uuid is not None:
        return id_of(source.camera_id, channel, uuid)
    # Older firmware has none; a resend repeats all of these.
    index = anpr.part("vehicleInfo").text("index") or ""
    return id_of(
        source.camera_id, channel, alert.text("dateTime") or "", anpr.text("line") or "", index, plate
    )


def _captured_at(alert: Given, anpr: Given, event: Event, source: Source) -> datetime | None:
    """The event's time, to the millisecond by that of its first picture."""
    text = alert.text("dateTime")
    rule = "is a time such as 2026-05-21T16:10:06+02:00"
    try:
        if text is None or not _WALL.match(text):
            raise ValueError(rule)
        wall = datetime.fromisoformat(text)
        for picture in anpr.part("pictureInfoList").parts("pictureInfo"):
            taken_at = picture.text("absTime")
            if taken_at is not None and _PICTURE_TIME.match(taken_at):
                near = datetime.fromisoformat(f"{taken_at[:8]}T{taken_at[8:14]}.{taken_at[14:]}")
                near = near.replace(tzinfo=wall.tzinfo)
                wall = near if abs(near - wall) <= _NEAR else wall
                break
        return instant(wall, source, event)
    except (ValueError, OverflowError) as error:
        told = str(error) if str(error).startswith("lies ") else rule
        alert.fault("dateTime", told, text, "time")
        return None
