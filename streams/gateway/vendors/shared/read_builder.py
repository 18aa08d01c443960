"""Building a read from the fields of an event: its id, its plate, and the faults that do not affect it."""

from collections.abc import Mapping, Sequence
from typing import Any

import xxhash

from streams.gateway.event import Event, EventError, ParsedEvent, Picture, convert_to_read
from streams.gateway.vendors.shared.event_fields import EventFields, collect_errors
from streams.plates.normal_form import PlateError, has_umlaut, normalise, packable_spellings
from streams.records.times import from_ms


def best_plate_text(texts: Sequence[str | None]) -> str | None:
    """Return the best of several spellings of one plate; None if there is none.

    It is the first in Latin letters, or the one of the same plate that has its umlauts. Without any in Latin
    letters it is the first; building the read then reports the fault.
    """
    spellings = list(dict.fromkeys(text for text in texts if text))
    best: tuple[str, str] | None = None
    for text in spellings:
        plate = _normalise(text)
        if plate is None:
            continue
        if best is None:
            best = text, plate
        if has_umlaut(plate) and (best[1] == plate or best[1] in packable_spellings(plate)):
            return text
    return best[0] if best else next(iter(spellings), None)


def _normalise(text: str) -> str | None:
    try:
        return normalise(text)
    except PlateError:
        return None


def build_read_id(*parts: str) -> str:
    """Return a read id made from what identifies the event: 32 characters, the same for the same parts."""
    return xxhash.xxh3_128_hexdigest("\0".join(parts).encode())


def build_read(
    fields: Mapping[str, Any],
    names: Mapping[str, str],
    event: Event,
    event_fields: EventFields,
    pictures: Sequence[Picture] = (),
) -> ParsedEvent:
    """Return the read that `convert_to_read` makes of `fields`, with the faults in `event_fields` as errors.

    `captured_at` is None if the time is missing or wrong; `event_fields` then has its fault, and there is no
    read. Raises EventError with all faults if there is no read.
    """
    errors = collect_errors(event_fields)
    has_time = fields["captured_at"] is not None
    try:
        read = convert_to_read(
            {**fields, "captured_at": fields["captured_at"] or from_ms(event.arrived_ms)}, names, event
        )
    except EventError as error:
        errors.insert(0, error)
    else:
        if has_time:
            return ParsedEvent([read], (), errors, pictures)
    raise EventError(errors[0].reason, [fault for error in errors for fault in error.faults])
