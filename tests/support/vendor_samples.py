"""Sample events of vendors, and helpers for tests of their parsers."""

from collections.abc import Callable
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from streams.gateway.event import CameraSource, Event, EventError, ParsedEvent
from streams.gateway.vendors import EventParser

SAMPLES_FOLDER: Final = Path(__file__).parents[1] / "unit" / "gateway" / "vendors" / "samples"
ARRIVED_MS: Final = 1_779_400_000_000
"""2026-05-21T21:46:40Z, a few hours after the samples."""
BRUSSELS: Final = CameraSource("cam-1", ZoneInfo("Europe/Brussels"))
PLAIN_SOURCE: Final = CameraSource("cam-1")


def load_sample(path: str) -> Event:
    """Return a sample as an event."""
    multipart = path.endswith(".multipart")
    return make_event(
        (SAMPLES_FOLDER / path).read_bytes(), "multipart/form-data; boundary=boundary" if multipart else ""
    )


def make_event(body: bytes | str, content_type: str = "") -> Event:
    """Return an event with a body."""
    return Event(body.encode() if isinstance(body, str) else body, ARRIVED_MS, content_type)


def changed_sample(path: str, *pairs: tuple[str, str]) -> Event:
    """Return a sample with texts replaced, each of which it must have."""
    text = (SAMPLES_FOLDER / path).read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return make_event(text)


def single_read(parsed: ParsedEvent) -> ParsedEvent:
    """Return a parsed event after asserting that it has one read."""
    assert len(parsed.reads) == 1, parsed
    return parsed


def expect_refusal(parse: EventParser) -> Callable[[Event], EventError]:
    """Return a function that returns the error with which a parser refuses an event."""

    def refused(event: Event) -> EventError:
        with pytest.raises(EventError) as caught:
            parse(event, PLAIN_SOURCE)
        return caught.value

    return refused


def fault_fields(parsed: ParsedEvent) -> list[tuple[str, str]]:
    """Return the reason and the field of each fault of a parsed event."""
    return [(error.reason, fault.field) for error in parsed.errors for fault in error.faults]
