"""The project's own format: a read as JSON, a list of reads, or one read per line.

`camera_id` may be left out; it is that of the sending camera. A read that is refused does not affect the
others.
"""

from typing import Any, Final

import orjson

from streams.gateway.event import CameraSource, Event, EventError, ParsedEvent, convert_to_read, event_error
from streams.records.read import Read

_NO_FIELD_NAMES: Final[dict[str, str]] = {}


def parse_event(event: Event, source: CameraSource) -> ParsedEvent:
    """Return the reads of an event. Raises EventError."""
    reads: list[Read] = []
    errors: list[EventError] = []
    values = _parse_values(event.body)
    for index, value in enumerate(values):
        try:
            reads.append(_parse_read(value, source, event))
        except EventError as error:
            errors.append(error.with_prefix(f"[{index}]") if len(values) > 1 else error)
    return ParsedEvent(reads, [] if values else ["an empty list"], errors)


def _parse_values(body: bytes) -> list[Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        lines = [line for line in body.split(b"\n") if line.strip()]
        if len(lines) < 2:
            raise event_error("form", "", f"must be JSON ({error.msg})", f"{len(body)} bytes") from None
        return [_parse_line(line) for line in lines]
    return value if isinstance(value, list) else [value]


def _parse_line(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return event_error("form", "", f"must be JSON ({error.msg})", f"{len(line)} bytes")


def _parse_read(value: Any, source: CameraSource, event: Event) -> Read:
    if isinstance(value, EventError):
        raise value
    if not isinstance(value, dict):
        raise event_error("form", "", "must be a JSON object")
    if value.get("camera_id", source.camera_id) != source.camera_id:
        rule = f"must be that of the sending camera, {source.camera_id}, or be left out"
        raise event_error("device", "camera_id", rule)
    return convert_to_read({**value, "camera_id": source.camera_id}, _NO_FIELD_NAMES, event)
