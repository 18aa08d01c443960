"""The project's own read as JSON: one, a list of them, or one a line.

`camera_id` may be left out; it is that of the camera that sends. A read that is refused costs its neighbours
nothing.
"""

from typing import Any, Final

import orjson

from streams.gateway.event import Event, EventError, Source, Taken, read_of, refuse
from streams.records.read import Read

_NO_NAMES: Final[dict[str, str]] = {}


def take(event: Event, source: Source) -> Taken:
    """The reads of an event. Raises EventError."""
    reads: list[Read] = []
    refused: list[EventError] = []
    values = _values(event.body)
    for place, value in enumerate(values):
        try:
            reads.append(_read(value, source, event))
        except EventError as error:
            refused.append(error.within(f"[{place}]") if len(values) > 1 else error)
    return Taken(reads, [] if values else ["an empty list"], refused)


def _values(body: bytes) -> list[Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as whole:
        lines = [line for line in body.split(b"\n") if line.strip()]
        if len(lines) < 2:
            raise refuse("form", "", f"is JSON ({whole.msg})", f"{len(body)} bytes") from None
        return [_line(line) for line in lines]
    return value if isinstance(value, list) else [value]


def _line(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return refuse("form", "", f"is JSON ({error.msg})", f"{len(line)} bytes")


def _read(value: Any, source: Source, event: Event) -> Read:
    if isinstance(value, EventError):
        raise value
    if not isinstance(value, dict):
        raise refuse("form", "", "is a JSON object")
    given = value.get("camera_id", source.camera_id)
    if given != source.camera_id:
        rule = f"is that of the camera that sends, {source.camera_id}, or left out"
        raise refuse("device", "camera_id", rule)
    return read_of({**value, "camera_id": source.camera_id}, _NO_NAMES, event)
