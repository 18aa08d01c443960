"""Sample events of makers, and what is done with them in tests."""

from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from streams.gateway.event import Event, Source

HERE: Final = Path(__file__).parent
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
