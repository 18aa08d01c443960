"""Sample events of makers, and what is done with them in tests."""

from collections.abc import Callable
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from streams.gateway.event import CameraSource, Event, EventError, ParsedEvent
from streams.gateway.vendors import EventParser

SAMPLES_FOLDER: Final = Path(__file__).parents[1] / "unit" / "gateway" / "vendors" / "samples"
ARRIVED_MS: Final = 1_779_400_000_000
"""2026-05-21T21:46:40Z, some hours after the samples."""
BRUSSELS: Final = CameraSource("cam-1", ZoneInfo("Europe/Brussels"))
PLAIN_SOURCE: Final = CameraSource("cam-1")


def load_sample(path: str) -> Event:
    """A sample as it would come."""
    multipart = path.endswith(".multipart")
    return make_event(
        (SAMPLES_FOLDER / path).read_bytes(), "multipart/form-data; boundary=boundary" if multipart else ""
    )


def make_event(body: bytes | str, content_type: str = "") -> Event:
    """An event of a body."""
    return Event(body.encode() if isinstance(body, str) else body, ARRIVED_MS, content_type)


def changed_sample(path: str, *pairs: tuple[str, str]) -> Event:
    """A sample with texts put for others, each of which it must have."""
    text = (SAMPLES_FOLDER / path).read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return make_event(text)


def single_read(parsed: ParsedEvent) -> ParsedEvent:
    """What an event became that has one read."""
    assert len(parsed.reads) == 1, parsed
    return parsed


def expect_refusal(parse: EventParser) -> Callable[[Event], EventError]:
    """Gives the error with which a maker's module refuses an event."""

    def refused(event: Event) -> EventError:
        with pytest.raises(EventError) as caught:
            parse(event, PLAIN_SOURCE)
        return caught.value

    return refused


def fault_fields(parsed: ParsedEvent) -> list[tuple[str, str]]:
    """The reason and the field of each fault that did not cost the read."""
    return [(each.reason, fault.field) for each in parsed.errors for fault in each.faults]
