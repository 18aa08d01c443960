"""Sample events of makers, and what is done with them in tests."""

from collections.abc import Callable
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from streams.gateway.event import Event, EventError, Source, Taken
from streams.gateway.vendors import Take

HERE: Final = Path(__file__).parents[1] / "unit" / "gateway" / "vendors" / "samples"
ARRIVED: Final = 1_779_400_000_000
"""2026-05-21T21:46:40Z, some hours after the samples."""
BRUSSELS: Final = Source("cam-1", ZoneInfo("Europe/Brussels"))
PLAIN: Final = Source("cam-1")


def sample(path: str) -> Event:
    """A sample as it would come."""
    multipart = path.endswith(".multipart")
    return event((HERE / path).read_bytes(), "multipart/form-data; boundary=boundary" if multipart else "")


def event(body: bytes | str, content_type: str = "") -> Event:
    """An event of a body."""
    return Event(body.encode() if isinstance(body, str) else body, ARRIVED, content_type)


def changed(path: str, *pairs: tuple[str, str]) -> Event:
    """A sample with texts put for others, each of which it must have."""
    text = (HERE / path).read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return event(text)


def only(taken: Taken) -> Taken:
    """What an event became that has one read."""
    assert len(taken.reads) == 1, taken
    return taken


def refused_by(take: Take) -> Callable[[Event], EventError]:
    """Gives the error with which a maker's module refuses an event."""

    def refused(event: Event) -> EventError:
        with pytest.raises(EventError) as caught:
            take(event, PLAIN)
        return caught.value

    return refused


def told(taken: Taken) -> list[tuple[str, str]]:
    """The reason and the field of each fault that did not cost the read."""
    return [(each.reason, fault.field) for each in taken.refused for fault in each.faults]
