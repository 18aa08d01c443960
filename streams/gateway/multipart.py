"""Multipart bodies: the parts of an event that come with pictures."""

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
    """One part: its name and its file's, empty if it has none, its media type, and its content."""

    name: str
    filename: str
    content_type: str
    content: bytes


def find_boundary(body: bytes) -> str | None:
    """The boundary of a multipart body, by its first line; None for a body that is none."""
    found = _BOUNDARY_LINE.match(body)
    return found[1].decode() if found else None


def parse_multipart(event: Event) -> list[Part]:
    """The parts of a multipart event. Raises EventError if it is none, is cut off or has too many."""
    media, options = parse_options_header(event.content_type)
    boundary = options.get(b"boundary") or (find_boundary(event.body) or "").encode()
    if not boundary:
        raise event_error(
            "form", "Content-Type", "names the boundary of its parts", media[:60].decode("latin-1")
        )
    found = _PartCollector()
    parser = MultipartParser(boundary, found.callbacks(), max_size=len(event.body) + 1)
    try:
        parser.write(event.body)
    except (MultipartParseError, ValueError) as error:
        raise event_error(
            "form", "", f"is a whole multipart body ({error})", f"{len(event.body)} bytes"
        ) from None
    if not found.complete:
        raise event_error(
            "form", "", "is a whole multipart body, and this is cut off", f"{len(event.body)} bytes"
        )
    return found.parts


class _PartCollector:
    """What the parser has told so far."""

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
