"""Fields that the JSON events of several vendors have in common: scores, countries, candidates, pictures."""

import base64
import binascii
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

import orjson

from streams.gateway.event import CameraSource, EventError, ParsedEvent, Picture, event_error
from streams.gateway.vendors.shared.camera_time import from_epoch_ms
from streams.gateway.vendors.shared.country_codes import to_alpha2
from streams.gateway.vendors.shared.event_fields import EventFields, collect_errors
from streams.records.times import SECOND_MS

EPOCH_S_RULE: Final = "must be a time in seconds since 1970"
EPOCH_MS_RULE: Final = "must be a time in milliseconds since 1970"
_MAX_EPOCH_S: Final = 1e11
_MAX_PLATE_LENGTH: Final = 20
_MAX_CANDIDATES: Final = 20


def json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in a body. Raises EventError for any other body."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise event_error("form", "", f"must be JSON ({error.msg})", f"{len(body)} bytes") from None
    if not isinstance(value, dict):
        raise event_error("form", "", "must be a JSON object")
    return value


def check_device(source: CameraSource, names: Iterable[str | None], field: str) -> None:
    """Raise EventError if the event names its device, and no name is that of the settings."""
    if source.device is None:
        return
    present = [normalise_device(name) for name in names if name]
    if present and normalise_device(source.device) not in present:
        raise event_error("device", field, "must be `device` of the camera in the settings")


def normalise_device(device: str) -> str:
    """Return the name of a device without regard to case and the separators of a MAC address."""
    return device.casefold().replace(":", "").replace("-", "")


def parse_confidence(fields: EventFields, name: str, max_score: float = 1.0) -> float | None:
    """Return a score from 0 to `max_score` as a confidence from 0 to 1."""
    number = fields.number(name, 0, max_score)
    return None if number is None else number / max_score


def parse_country(fields: EventFields, name: str) -> str | None:
    """Return the ISO alpha-2 code of a field; None if it is unknown. A code of no country is a fault."""
    code = fields.text(name)
    country = to_alpha2(code) if code else ""
    if country is None:
        fields.add_fault(name, "must be a country of ISO 3166-1, or a region of one", code, "country")
    return country or None


def uppercase_plate(plate: str) -> str:
    """Return a plate in upper case.

    Only letters that plates have are changed: `str.upper` makes SS of ß, and I of ı.
    """
    if plate.isascii():
        return plate.upper()
    return "".join(char.upper() if char.isascii() or char in "äöü" else char for char in plate)


def parse_candidates(
    fields: EventFields,
    name: str,
    plate: str,
    score_field: str = "confidence",
    max_score: float = 1.0,
    plate_field: str = "plate",
) -> list[dict[str, Any]] | None:
    """Return at most 20 other readings than `plate`, most likely first, in upper case.

    They are objects of the list `name`. `plate_field` and `score_field` are names of their fields; a score is
    from 0 to `max_score` and may be missing.
    """
    candidates: dict[str, dict[str, Any]] = {}
    for entry in fields.children(name):
        other_plate = uppercase_plate(entry.text(plate_field) or "")
        confidence = parse_confidence(entry, score_field, max_score)
        if len(other_plate) > _MAX_PLATE_LENGTH:
            entry.add_fault(plate_field, f"must have at most {_MAX_PLATE_LENGTH} characters")
        elif other_plate and other_plate != uppercase_plate(plate) and other_plate not in candidates:
            candidates[other_plate] = {"plate": other_plate}
            if confidence is not None:
                candidates[other_plate]["confidence"] = confidence
    ranked = sorted(candidates.values(), key=lambda candidate: candidate.get("confidence", 0.0), reverse=True)
    return ranked[:_MAX_CANDIDATES] or None


def best_entry(
    fields: EventFields, name: str, score_field: str, max_score: float = 1.0
) -> tuple[EventFields, float | None] | None:
    """Return the entry of a list with the highest score, and that as a confidence; None for an empty list."""
    entries = [(entry, parse_confidence(entry, score_field, max_score)) for entry in fields.children(name)]
    return max(entries, key=lambda scored: scored[1] or 0.0) if entries else None


def decode_picture(fields: EventFields, name: str, picture_name: str) -> list[Picture]:
    """Return the picture that a field holds in base64, if any. A damaged one is a fault."""
    text = fields.text(name)
    if text is None:
        return []
    try:
        content = base64.b64decode("".join(text.rpartition("base64,")[2].split()), validate=True)
    except (binascii.Error, ValueError):
        fields.add_fault(name, "must be a picture in base64", f"{len(text)} characters")
        return []
    media_type = "image/png" if content.startswith(b"\x89PNG") else "image/jpeg"
    return [Picture(picture_name, media_type, content)] if content else []


def parse_epoch(fields: EventFields, name: str, units_per_s: int) -> datetime | None:
    """Return the time of a field that counts from 1970 UTC: seconds (`units_per_s` 1) or milliseconds (1000).

    None if it is missing or 0, or out of range, which is a fault.
    """
    number = fields.number(name, 0, _MAX_EPOCH_S * units_per_s, "time")
    return from_epoch_ms(number * SECOND_MS / units_per_s) if number else None


def parse_all(parsers: Iterable[Callable[[], ParsedEvent]], common: EventFields | None = None) -> ParsedEvent:
    """Parse the parts of one event; a part that is refused does not affect the others.

    `common` has the faults of fields that the parts share; a fault of the time refuses them all. Raises
    EventError with all faults if no part is accepted.
    """
    parts: list[ParsedEvent] = []
    errors: list[EventError] = []
    for parse in parsers:
        try:
            part = parse()
        except EventError as error:
            errors.append(error)
        else:
            parts.append(part)
            errors += part.errors
    common_errors = collect_errors(common) if common is not None else []
    has_no_time = any(error.reason == "time" for error in common_errors)
    errors = [*common_errors, *errors] if has_no_time else [*errors, *common_errors]
    if has_no_time or (errors and not any(part.reads or part.skipped for part in parts)):
        faults = dict.fromkeys(fault for error in errors for fault in error.faults)
        raise EventError(errors[0].reason, faults)
    return ParsedEvent(
        [read for part in parts for read in part.reads],
        list(dict.fromkeys(reason for part in parts for reason in part.skipped)),
        errors,
        [picture for part in parts for picture in part.pictures],
    )
