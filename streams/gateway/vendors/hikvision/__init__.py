"""Hikvision: the ISAPI event EventNotificationAlert as XML, alone or in parts with pictures.

Fields as in the vendor's description of the event (ISAPI developer's guide, ANPR). A second event of the same
vehicle, such as the one with the pictures that `hasMoreData` announces, has the UUID of the first and so the
same `read_id`.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from streams.gateway.event import CameraSource, Event, EventError, ParsedEvent, Picture, event_error
from streams.gateway.vendors.hikvision.details import (
    is_true,
    parse_char_confidences,
    parse_country,
    parse_position,
    parse_vehicle,
)
from streams.gateway.vendors.hikvision.parts import parse_documents
from streams.gateway.vendors.shared.camera_time import camera_to_utc
from streams.gateway.vendors.shared.event_fields import EventFields
from streams.gateway.vendors.shared.read_builder import best_plate_text, build_read, build_read_id

_FIELD_NAMES: Final = {
    "plate": "ANPR.licensePlate",
    "captured_at": "dateTime",
    "confidence": "ANPR.confidenceLevel",
    "char_confidences": "ANPR.plateCharBelieve",
    "position": "DeviceGPSInfo",
}
_NO_PLATE: Final = frozenset(("unknown", "noplate"))
_DIRECTIONS: Final = {"forward": "approaching", "reverse": "receding"}
_LOCAL_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?\Z"
)
_PICTURE_TIME: Final = re.compile(r"[0-9]{17}\Z")
_MAX_PICTURE_OFFSET: Final = timedelta(seconds=60)
"""A picture's time is that of the capture if it is no further from the event's."""


def parse_event(event: Event, source: CameraSource) -> ParsedEvent:
    """The reads of an event: one, or one for each XML part. Raises EventError."""
    documents, pictures = parse_documents(event)
    found = ParsedEvent([])
    for name, fields in documents:
        try:
            if isinstance(fields, EventError):
                raise fields
            part = _parse_notification(EventFields(fields), event, source, pictures)
        except EventError as error:
            if len(documents) == 1:
                raise
            found = found._replace(errors=[*found.errors, error.with_prefix(name)])
        else:
            found = ParsedEvent(
                [*found.reads, *part.reads],
                [*found.skipped, *part.skipped],
                [*found.errors, *part.errors],
                part.pictures or found.pictures,
            )
    return found


def _parse_notification(
    notification: EventFields, event: Event, source: CameraSource, pictures: Sequence[Picture]
) -> ParsedEvent:
    _check_device(notification, source)
    kind = notification.text("eventType")
    if kind is None:
        raise event_error("form", "eventType", "names the kind of event, such as ANPR")
    if kind.upper() != "ANPR":
        return ParsedEvent([], [_skip_reason(kind, notification.text("eventState"))])
    if not notification.has_any("ANPR"):
        raise event_error("form", "ANPR", "is there in an event of this type")
    anpr = notification.child("ANPR")
    plate = anpr.text("licensePlate")
    if plate is not None and plate.casefold() in _NO_PLATE:
        return ParsedEvent([], ["no plate seen"])
    # The original has the umlauts, or all of it in other letters than the Latin ones.
    plate = best_plate_text((plate, anpr.text("originalLicensePlate")))
    captured_at = _parse_captured_at(notification, anpr, event, source)
    confidence = anpr.number("confidenceLevel", 0, 100)
    fields = {
        "read_id": _build_read_id(notification, anpr, source, plate or ""),
        "camera_id": source.camera_id,
        "captured_at": captured_at,
        "plate": plate or "",
        "country": parse_country(anpr),
        "confidence": None if confidence is None else confidence / 100,
        "char_confidences": parse_char_confidences(anpr, plate or ""),
        "lane": anpr.integer("line", 0, 99),
        "direction": _DIRECTIONS.get(anpr.text("direction") or ""),
        # Cameras without a radar send 0.
        "speed_kmh": anpr.child("vehicleInfo").number("speed", 0, 500) or None,
        "position": parse_position(notification.child("DeviceGPSInfo")),
        "vehicle": parse_vehicle(anpr),
        "retransmitted": is_true(notification.text("isDataRetransmission"))
        or anpr.text("alarmDataType") == "1",
    }
    return build_read(fields, _FIELD_NAMES, event, notification, pictures)


def _check_device(notification: EventFields, source: CameraSource) -> None:
    """Any of the names that a device has will do: which of them a camera sends differs by its firmware."""
    names = [name for name in map(notification.text, ("macAddress", "deviceID", "deviceUUID")) if name]
    if (
        source.device is None
        or not names
        or _normalise_device(source.device) in map(_normalise_device, names)
    ):
        return
    raise event_error("device", "macAddress", "or deviceID or deviceUUID is that of the camera's settings")


def _normalise_device(device: str) -> str:
    return device.casefold().replace(":", "").replace("-", "")


def _skip_reason(kind: str, state: str | None) -> str:
    if (kind, state) == ("videoloss", "inactive"):
        return "a heartbeat"
    plain = kind.isascii() and kind.isalpha() and len(kind) <= 40
    return f"an event of type {kind}, not ANPR" if plain else "an event of another type than ANPR"


def _build_read_id(notification: EventFields, anpr: EventFields, source: CameraSource, plate: str) -> str:
    channel, uuid = notification.text("channelID") or "", notification.text("UUID")
    if uuid is not None:
        return build_read_id(source.camera_id, channel, uuid)
    # Older firmware has none; a resend repeats all of these.
    index = anpr.child("vehicleInfo").text("index") or ""
    return build_read_id(
        source.camera_id, channel, notification.text("dateTime") or "", anpr.text("line") or "", index, plate
    )


def _parse_captured_at(
    notification: EventFields, anpr: EventFields, event: Event, source: CameraSource
) -> datetime | None:
    """The event's time, to the millisecond by that of its first picture."""
    text = notification.text("dateTime")
    rule = "is a time such as 2026-05-21T16:10:06+02:00"
    try:
        if text is None or not _LOCAL_TIME.match(text):
            raise ValueError(rule)
        wall = datetime.fromisoformat(text)
        for picture in anpr.child("pictureInfoList").children("pictureInfo"):
            taken_at = picture.text("absTime")
            if taken_at is not None and _PICTURE_TIME.match(taken_at):
                near = datetime.fromisoformat(f"{taken_at[:8]}T{taken_at[8:14]}.{taken_at[14:]}")
                near = near.replace(tzinfo=wall.tzinfo)
                wall = near if abs(near - wall) <= _MAX_PICTURE_OFFSET else wall
                break
        return camera_to_utc(wall, source, event)
    except (ValueError, OverflowError) as error:
        told = str(error) if str(error).startswith("lies ") else rule
        notification.add_fault("dateTime", told, text, "time")
        return None
