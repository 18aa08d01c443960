"""Multipart bodies: the parts of an event that comes with pictures."""

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from streams.gateway.event import Event, event_error

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_MAX_PARTS: Final = 64
_BOUNDARY_LINE: Final = re.compile(rb"\A(?:\r?\n)?--([0-9A-Za-z'()+_,./:=?-]{1,70})[ \t]*\r?\n")


class Part(NamedTuple):
    """One part: its name and its file's name, empty if it has none, its media type, and its content."""

    name: str
    filename: str
    content_type: str
    content: bytes


def find_boundary(body: bytes) -> str | None:
    """Return the boundary of a multipart body, from its first line; None if the body is not multipart."""
    match = _BOUNDARY_LINE.match(body)
    return match[1].decode() if match else None


def parse_multipart(event: Event) -> list[Part]:
    """Return the parts of a multipart event. Raises EventError if it is damaged or has too many parts."""
    media_type, options = parse_options_header(event.content_type)
    boundary = options.get(b"boundary") or (find_boundary(event.body) or "").encode()
    if not boundary:
        rule = "must name the boundary of the multipart body"
        raise event_error("form", "Content-Type", rule, media_type[:60].decode("latin-1"))
    collector = _PartCollector()
    parser = MultipartParser(boundary, collector.callbacks(), max_size=len(event.body) + 1)
    size = f"{len(event.body)} bytes"
    try:
        parser.write(event.body)
    except (MultipartParseError, ValueError) as error:
        raise event_error("form", "", f"must be a complete multipart body ({error})", size) from None
    if not collector.complete:
        rule = "must be a complete multipart body (the closing boundary is missing)"
        raise event_error("form", "", rule, size)
    return collector.parts


class _PartCollector:
    """Collects the parts from the callbacks of a parser."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.complete = False
        self._headers: dict[bytes, bytes] = {}
        self._name = bytearray()
        self._value = bytearray()
        self._content = bytearray()

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin_part,
            "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_part_data": lambda data, start, end: self._content.extend(data[start:end]),
            "on_part_end": self._end_part,
            "on_end": self._end_body,
        }

    def _begin_part(self) -> None:
        if len(self.parts) >= _MAX_PARTS:
            raise ValueError(f"more than {_MAX_PARTS} parts")
        self._headers = {}
        self._content.clear()

    def _end_header(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._value)
        self._name.clear()
        self._value.clear()

    def _end_part(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        self.parts.append(
            Part(
                options.get(b"name", b"").decode("utf-8", "replace"),
                options.get(b"filename", b"").decode("utf-8", "replace"),
                self._headers.get(b"content-type", b"").decode("latin-1"),
                bytes(self._content),
            )
        )

    def _end_body(self) -> None:
        self.complete = True
