"""Fields that several makers' JSON events have alike: shares, countries, candidates, pictures."""

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

_MAX_EPOCH_S: Final = 1e11
_MAX_PLATE_LENGTH: Final = 20
_MAX_CANDIDATES: Final = 20


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object that a body is. Raises EventError for what is none."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise event_error("form", "", f"is JSON ({error.msg})", f"{len(body)} bytes") from None
    if not isinstance(value, dict):
        raise event_error("form", "", "is a JSON object")
    return value


def check_device(source: CameraSource, names: Iterable[str | None], field: str) -> None:
    """Raises EventError if the event names its device and none of the names is that of the settings."""
    if source.device is None:
        return
    there = [_normalise_device(name) for name in names if name]
    if there and _normalise_device(source.device) not in there:
        raise event_error("device", field, "is that of the camera's settings")


def _normalise_device(device: str) -> str:
    return device.casefold().replace(":", "").replace("-", "")


def parse_confidence(fields: EventFields, name: str, max_score: float = 1.0) -> float | None:
    """A confidence, given from 0 to `most`, as 0 to 1."""
    number = fields.number(name, 0, max_score)
    return None if number is None else number / max_score


def parse_country(fields: EventFields, name: str) -> str | None:
    """The ISO alpha-2 code of a field; None where it is unknown. A code of no country is a fault."""
    code = fields.text(name)
    found = to_alpha2(code) if code else ""
    if found is None:
        fields.add_fault(name, "is a country of ISO 3166-1, or a region of one", code, "country")
    return found or None


def uppercase_plate(plate: str) -> str:
    """A plate in upper case. Only letters that plates have: `upper` would make SS of ß, and I of ı."""
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
    """Other texts than `plate` of a list of objects, likeliest first, at most 20, in upper case.

    `text` and `score` name the fields of an object; scores are from 0 to `most`, and may be missing.
    """
    found: dict[str, dict[str, Any]] = {}
    for entry in fields.children(name):
        other = uppercase_plate(entry.text(plate_field) or "")
        confidence = parse_confidence(entry, score_field, max_score)
        if len(other) > _MAX_PLATE_LENGTH:
            entry.add_fault(plate_field, f"has at most {_MAX_PLATE_LENGTH} characters")
        elif other and other != uppercase_plate(plate) and other not in found:
            found[other] = (
                {"plate": other} if confidence is None else {"plate": other, "confidence": confidence}
            )
    ranked = sorted(found.values(), key=lambda each: each.get("confidence", 0.0), reverse=True)
    return ranked[:_MAX_CANDIDATES] or None


def best_entry(
    fields: EventFields, name: str, score_field: str, max_score: float = 1.0
) -> tuple[EventFields, float | None] | None:
    """The entry of a list with the highest score, and that score as 0 to 1; None for an empty list."""
    entries = [(entry, parse_confidence(entry, score_field, max_score)) for entry in fields.children(name)]
    return max(entries, key=lambda each: each[1] or 0.0) if entries else None


def decode_picture(fields: EventFields, name: str, picture_name: str) -> list[Picture]:
    """The picture that a field holds in base64, called so; none if there is none. A broken one is a fault."""
    text = fields.text(name)
    if text is None:
        return []
    try:
        content = base64.b64decode("".join(text.rpartition("base64,")[2].split()), validate=True)
    except (binascii.Error, ValueError):
        fields.add_fault(name, "is a picture in base64", f"{len(text)} characters")
        return []
    kind = "image/png" if content.startswith(b"\x89PNG") else "image/jpeg"
    return [Picture(picture_name, kind, content)] if content else []


def parse_epoch(fields: EventFields, name: str, units_per_s: int) -> datetime | None:
    """The time of a field that counts from 1970 UTC, in ms (`per_second` 1000) or s (1).

    None if it is missing or 0, or is no time, which is a fault.
    """
    number = fields.number(name, 0, _MAX_EPOCH_S * units_per_s, "time")
    return from_epoch_ms(number * 1000 / units_per_s) if number else None


def parse_all(parsers: Iterable[Callable[[], ParsedEvent]], common: EventFields | None = None) -> ParsedEvent:
    """What the parts of one event become; a part that is refused costs its neighbours nothing.

    `common` has the faults of what they share, of which one of the time costs all. Raises EventError with all
    faults if nothing came of any.
    """
    parts: list[ParsedEvent] = []
    errors: list[EventError] = []
    for take in parsers:
        try:
            part = take()
        except EventError as error:
            errors.append(error)
        else:
            parts.append(part)
            errors += part.errors
    shared = collect_errors(common) if common is not None else []
    timeless = any(error.reason == "time" for error in shared)
    errors = [*shared, *errors] if timeless else [*errors, *shared]
    if timeless or (errors and not any(part.reads or part.skipped for part in parts)):
        raise EventError(errors[0].reason, dict.fromkeys(each for error in errors for each in error.faults))
    return ParsedEvent(
        [read for part in parts for read in part.reads],
        list(dict.fromkeys(why for part in parts for why in part.skipped)),
        errors,
        [each for part in parts for each in part.pictures],
    )
