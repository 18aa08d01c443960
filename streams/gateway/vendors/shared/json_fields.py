"""Fields that several makers' JSON events have alike: shares, countries, candidates, pictures."""

import base64
import binascii
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

import orjson

from streams.gateway.event import EventError, Picture, Source, Taken, refuse
from streams.gateway.vendors.shared.camera_time import of_epoch
from streams.gateway.vendors.shared.country_codes import alpha2
from streams.gateway.vendors.shared.event_fields import Given, errors_of

_LATEST_S: Final = 1e11
_LONGEST_PLATE: Final = 20
_MOST_CANDIDATES: Final = 20


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object that a body is. Raises EventError for what is none."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise refuse("form", "", f"is JSON ({error.msg})", f"{len(body)} bytes") from None
    if not isinstance(value, dict):
        raise refuse("form", "", "is a JSON object")
    return value


def check_device(source: Source, names: Iterable[str | None], field: str) -> None:
    """Raises EventError if the event names its device and none of the names is that of the settings."""
    if source.device is None:
        return
    there = [_plain(name) for name in names if name]
    if there and _plain(source.device) not in there:
        raise refuse("device", field, "is that of the camera's settings")


def _plain(device: str) -> str:
    return device.casefold().replace(":", "").replace("-", "")


def share(given: Given, name: str, most: float = 1.0) -> float | None:
    """A confidence, given from 0 to `most`, as 0 to 1."""
    number = given.number(name, 0, most)
    return None if number is None else number / most


def country(given: Given, name: str) -> str | None:
    """The ISO alpha-2 code of a field; None where it is unknown. A code of no country is a fault."""
    code = given.text(name)
    found = alpha2(code) if code else ""
    if found is None:
        given.fault(name, "is a country of ISO 3166-1, or a region of one", code, "country")
    return found or None


def capitals(plate: str) -> str:
    """A plate in upper case. Only letters that plates have: `upper` would make SS of ß, and I of ı."""
    if plate.isascii():
        return plate.upper()
    return "".join(char.upper() if char.isascii() or char in "äöü" else char for char in plate)


def candidates(
    given: Given, name: str, plate: str, score: str = "confidence", most: float = 1.0, text: str = "plate"
) -> list[dict[str, Any]] | None:
    """Other texts than `plate` of a list of objects, likeliest first, at most 20, in upper case.

    `text` and `score` name the fields of an object; scores are from 0 to `most`, and may be missing.
    """
    found: dict[str, dict[str, Any]] = {}
    for entry in given.parts(name):
        other = capitals(entry.text(text) or "")
        confidence = share(entry, score, most)
        if len(other) > _LONGEST_PLATE:
            entry.fault(text, f"has at most {_LONGEST_PLATE} characters")
        elif other and other != capitals(plate) and other not in found:
            found[other] = (
                {"plate": other} if confidence is None else {"plate": other, "confidence": confidence}
            )
    ranked = sorted(found.values(), key=lambda each: each.get("confidence", 0.0), reverse=True)
    return ranked[:_MOST_CANDIDATES] or None


def likeliest(given: Given, name: str, score: str, most: float = 1.0) -> tuple[Given, float | None] | None:
    """The entry of a list with the highest score, and that score as 0 to 1; None for an empty list."""
    entries = [(entry, share(entry, score, most)) for entry in given.parts(name)]
    return max(entries, key=lambda each: each[1] or 0.0) if entries else None


def picture(given: Given, name: str, called: str) -> list[Picture]:
    """The picture that a field holds in base64, called so; none if there is none. A broken one is a fault."""
    text = given.text(name)
    if text is None:
        return []
    try:
        content = base64.b64decode("".join(text.rpartition("base64,")[2].split()), validate=True)
    except (binascii.Error, ValueError):
        given.fault(name, "is a picture in base64", f"{len(text)} characters")
        return []
    kind = "image/png" if content.startswith(b"\x89PNG") else "image/jpeg"
    return [Picture(called, kind, content)] if content else []


def epoch(given: Given, name: str, per_second: int) -> datetime | None:
    """The time of a field that counts from 1970 UTC, in ms (`per_second` 1000) or s (1).

    None if it is missing or 0, or is no time, which is a fault.
    """
    number = given.number(name, 0, _LATEST_S * per_second, "time")
    return of_epoch(number * 1000 / per_second) if number else None


def together(takes: Iterable[Callable[[], Taken]], common: Given | None = None) -> Taken:
    """What the parts of one event become; a part that is refused costs its neighbours nothing.

    `common` has the faults of what they share, of which one of the time costs all. Raises EventError with all
    faults if nothing came of any.
    """
    parts: list[Taken] = []
    errors: list[EventError] = []
    for take in takes:
        try:
            part = take()
        except EventError as error:
            errors.append(error)
        else:
            parts.append(part)
            errors += part.refused
    shared = errors_of(common) if common is not None else []
    timeless = any(error.reason == "time" for error in shared)
    errors = [*shared, *errors] if timeless else [*errors, *shared]
    if timeless or (errors and not any(part.reads or part.passed for part in parts)):
        raise EventError(errors[0].reason, dict.fromkeys(each for error in errors for each in error.faults))
    return Taken(
        [read for part in parts for read in part.reads],
        list(dict.fromkeys(why for part in parts for why in part.passed)),
        errors,
        [each for part in parts for each in part.pictures],
    )
