"""Making a read of what an event gives: its id, its plate, and the read beside the faults it has."""

from collections.abc import Mapping, Sequence
from typing import Any

import xxhash

from streams.gateway.event import Event, EventError, ParsedEvent, Picture, convert_to_read
from streams.gateway.vendors.shared.event_fields import EventFields, collect_errors
from streams.plates.normal_form import PlateError, has_umlaut, normalise, packable_spellings
from streams.records.times import from_ms


def best_plate_text(texts: Sequence[str | None]) -> str | None:
    """The best of several writings of one plate: the first in Latin letters, with umlauts if one has them.

    Without any in Latin letters, the first there is; the fault is told when the read is made.
    """
    there = list(dict.fromkeys(text for text in texts if text))
    plain: tuple[str, str] | None = None
    for text in there:
        plate = _normalise(text)
        if plate is None:
            continue
        if plain is None:
            plain = text, plate
        if has_umlaut(plate) and (plain[1] == plate or plain[1] in packable_spellings(plate)):
            return text
    return plain[0] if plain else next(iter(there), None)


def _normalise(text: str) -> str | None:
    try:
        return normalise(text)
    except PlateError:
        return None


def build_read_id(*parts: str) -> str:
    """A read's id of what names the event: 32 characters, the same for the same parts."""
    return xxhash.xxh3_128_hexdigest("\0".join(parts).encode())


def build_read(
    fields: Mapping[str, Any],
    names: Mapping[str, str],
    event: Event,
    event_fields: EventFields,
    pictures: Sequence[Picture] = (),
) -> ParsedEvent:
    """The read of `fields` as `read_of` makes it, beside the faults that do not cost it.

    A missing time costs it: `given` has the fault. Raises EventError with all faults if there is no read.
    """
    errors = collect_errors(event_fields)
    timed = fields["captured_at"] is not None
    try:
        read = convert_to_read(
            {**fields, "captured_at": fields["captured_at"] or from_ms(event.arrived_ms)}, names, event
        )
    except EventError as error:
        errors.insert(0, error)
    else:
        if timed:
            return ParsedEvent([read], (), errors, pictures)
    raise EventError(errors[0].reason, [fault for each in errors for fault in each.faults])
