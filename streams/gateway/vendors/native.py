"""The project's own read as JSON: one, a list of them, or one a line.

`camera_id` may be left out; it is that of the camera that sends. A read that is refused costs its neighbours
nothing.
"""

from typing import Any, Final

import orjson

from streams.gateway.event import CameraSource, Event, EventError, ParsedEvent, convert_to_read, event_error
from streams.records.read import Read

_NO_FIELD_NAMES: Final[dict[str, str]] = {}


def parse_event(event: Event, source: CameraSource) -> ParsedEvent:
    """The reads of an event. Raises EventError."""
    reads: list[Read] = []
    refused: list[EventError] = []
    values = _parse_values(event.body)
    for place, value in enumerate(values):
        try:
            reads.append(_parse_read(value, source, event))
        except EventError as error:
            refused.append(error.with_prefix(f"[{place}]") if len(values) > 1 else error)
    return ParsedEvent(reads, [] if values else ["an empty list"], refused)


def _parse_values(body: bytes) -> list[Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as whole:
        lines = [line for line in body.split(b"\n") if line.strip()]
        if len(lines) < 2:
            raise event_error("form", "", f"is JSON ({whole.msg})", f"{len(body)} bytes") from None
        return [_parse_line(line) for line in lines]
    return value if isinstance(value, list) else [value]


def _parse_line(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return event_error("form", "", f"is JSON ({error.msg})", f"{len(line)} bytes")


def _parse_read(value: Any, source: CameraSource, event: Event) -> Read:
    if isinstance(value, EventError):
        raise value
    if not isinstance(value, dict):
        raise event_error("form", "", "is a JSON object")
    given = value.get("camera_id", source.camera_id)
    if given != source.camera_id:
        rule = f"is that of the camera that sends, {source.camera_id}, or left out"
        raise event_error("device", "camera_id", rule)
    return convert_to_read({**value, "camera_id": source.camera_id}, _NO_FIELD_NAMES, event)
