"""Hikvision: the ISAPI event EventNotificationAlert as XML, alone or in parts with pictures.

Fields as in the vendor's description of the event (ISAPI developer's guide, ANPR). A further event of the
same vehicle, such as the one with the pictures that `hasMoreData` announces, has the UUID of the first and so
the same `read_id`.
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
from streams.gateway.vendors.shared.camera_time import camera_to_utc, time_rule
from streams.gateway.vendors.shared.event_fields import EventFields
from streams.gateway.vendors.shared.json_fields import check_device
from streams.gateway.vendors.shared.read_builder import best_plate_text, build_read, build_read_id
from streams.records.faults import MISSING_RULE

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
"""Greatest difference from the event's time at which a picture's time is that of the capture."""


def parse_event(event: Event, source: CameraSource) -> ParsedEvent:
    """Return the reads of an event: one, or one for each XML part. Raises EventError."""
    documents, pictures = parse_documents(event)
    parsed = ParsedEvent([])
    for name, fields in documents:
        try:
            if isinstance(fields, EventError):
                raise fields
            part = _parse_notification(EventFields(fields), event, source, pictures)
        except EventError as error:
            if len(documents) == 1:
                raise
            parsed = parsed._replace(errors=[*parsed.errors, error.with_prefix(name)])
        else:
            parsed = ParsedEvent(
                [*parsed.reads, *part.reads],
                [*parsed.skipped, *part.skipped],
                [*parsed.errors, *part.errors],
                part.pictures or parsed.pictures,
            )
    return parsed


def _parse_notification(
    notification: EventFields, event: Event, source: CameraSource, pictures: Sequence[Picture]
) -> ParsedEvent:
    _check_device(notification, source)
    kind = notification.text("eventType")
    if kind is None:
        raise event_error("form", "eventType", MISSING_RULE)
    if kind.upper() != "ANPR":
        return ParsedEvent([], [_skip_reason(kind, notification.text("eventState"))])
    if not notification.has_any("ANPR"):
        raise event_error("form", "ANPR", MISSING_RULE)
    anpr = notification.child("ANPR")
    plate = anpr.text("licensePlate")
    if plate is not None and plate.casefold() in _NO_PLATE:
        return ParsedEvent([], ["no plate seen"])
    # The original text has the umlauts, or is in a script other than Latin.
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
        # Cameras without a radar send a speed of 0.
        "speed_kmh": anpr.child("vehicleInfo").number("speed", 0, 500) or None,
        "position": parse_position(notification.child("DeviceGPSInfo")),
        "vehicle": parse_vehicle(anpr),
        "retransmitted": is_true(notification.text("isDataRetransmission"))
        or anpr.text("alarmDataType") == "1",
    }
    return build_read(fields, _FIELD_NAMES, event, notification, pictures)


def _check_device(notification: EventFields, source: CameraSource) -> None:
    """Raise EventError if no name of the device is that of the settings; firmware differs in what it
    sends."""
    names = [name for name in map(notification.text, ("macAddress", "deviceID", "deviceUUID")) if name]
    check_device(source, names, "macAddress")


def _skip_reason(kind: str, state: str | None) -> str:
    if (kind, state) == ("videoloss", "inactive"):
        return "a heartbeat"
    printable = kind.isascii() and kind.isalpha() and len(kind) <= 40
    return f"an event of type {kind}, not ANPR" if printable else "an event of a type other than ANPR"


def _build_read_id(notification: EventFields, anpr: EventFields, source: CameraSource, plate: str) -> str:
    channel, uuid = notification.text("channelID") or "", notification.text("UUID")
    if uuid is not None:
        return build_read_id(source.camera_id, channel, uuid)
    # Older firmware has no UUID; a repeated event has the same values in all of these.
    index = anpr.child("vehicleInfo").text("index") or ""
    return build_read_id(
        source.camera_id, channel, notification.text("dateTime") or "", anpr.text("line") or "", index, plate
    )


def _parse_captured_at(
    notification: EventFields, anpr: EventFields, event: Event, source: CameraSource
) -> datetime | None:
    """Return the event's time, with the milliseconds of its first picture."""
    text = notification.text("dateTime")
    rule = "must be a time such as 2026-05-21T16:10:06+02:00"
    if text is None:
        notification.add_required_fault("dateTime", rule, "time")
        return None
    try:
        if not _LOCAL_TIME.match(text):
            raise ValueError
        local_time = datetime.fromisoformat(text)
        for picture in anpr.child("pictureInfoList").children("pictureInfo"):
            digits = picture.text("absTime")
            if digits is not None and _PICTURE_TIME.match(digits):
                picture_time = datetime.fromisoformat(f"{digits[:8]}T{digits[8:14]}.{digits[14:]}")
                picture_time = picture_time.replace(tzinfo=local_time.tzinfo)
                if abs(picture_time - local_time) <= _MAX_PICTURE_OFFSET:
                    local_time = picture_time
                break
        return camera_to_utc(local_time, source, event)
    except (ValueError, OverflowError) as error:
        notification.add_fault("dateTime", time_rule(error, rule), text, "time")
        return None
