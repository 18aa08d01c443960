"""The parts of a Hikvision event: its XML as fields, and its pictures."""

from collections.abc import Mapping
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError

import orjson
from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

from streams.gateway.event import Event, EventError, Picture, refuse
from streams.gateway.multipart import Part, boundary_of, parts_of

_MOST_BYTES: Final = 256 * 1024
"""Of one XML document; those of cameras have some thousand."""
_DEEPEST: Final = 16
_BLANK: Final = b"\xef\xbb\xbf \t\r\n\0"
_REPEATED: Final = frozenset(("pictureInfo",))
_MAGIC: Final = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))

Fields = Mapping[str, Any]
"""An element: the text or the fields of each element within, by its name without namespace."""


def documents_of(event: Event) -> tuple[list[tuple[str, Fields | EventError]], list[Picture]]:
    """The documents of an event, each with the name of its part, and the pictures that came with them.

    A document that is none is the error instead. Raises EventError for a body without a document.
    """
    if not (event.content_type.lower().startswith("multipart/") or boundary_of(event.body)):
        return [("", _document(event.body))], []
    documents: list[tuple[str, Fields | EventError]] = []
    pictures = []
    for part in parts_of(event):
        picture = _picture(part)
        if picture is not None:
            pictures.append(picture)
        elif part.content.strip(_BLANK)[:1] in (b"<", b"{"):
            documents.append((part.name or part.filename, _document(part.content)))
    if not documents:
        raise refuse("form", "", "has a part in XML", f"{len(event.body)} bytes")
    return documents, pictures


def _picture(part: Part) -> Picture | None:
    for magic, media in _MAGIC:
        if part.content.startswith(magic):
            return Picture(part.filename or part.name, media, part.content)
    return None


def _document(body: bytes) -> Fields | EventError:
    body = body.strip(_BLANK)
    if len(body) > _MOST_BYTES:
        return refuse("size", "", f"has at most {_MOST_BYTES} bytes of XML", f"{len(body)} bytes")
    if body.startswith(b"{"):
        return _json(body)
    try:
        root = fromstring(body, forbid_dtd=True, forbid_entities=True, forbid_external=True)
        if root.tag.rpartition("}")[2] != "EventNotificationAlert":
            return refuse("form", "", "is an EventNotificationAlert")
        return _fields(root, 0)
    except ParseError as error:
        # Its message may hold what was sent.
        return refuse("form", "", "is XML", "broken at line {}, column {}".format(*error.position))
    except DefusedXmlException:
        return refuse("form", "", "is XML without a DTD and entities")
    except (LookupError, RecursionError, ValueError):
        return refuse("form", "", "is XML in UTF-8, not nested deeply", f"{len(body)} bytes")


def _json(body: bytes) -> Fields | EventError:
    """Some events of other types come as JSON; those of plates do not."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        value = None
    kind = value.get("eventType") if isinstance(value, dict) else None
    if isinstance(value, dict) and isinstance(kind, str) and kind.upper() != "ANPR":
        return value
    return refuse("form", "", "is XML", f"{len(body)} bytes of JSON")


def _fields(element: Element, depth: int) -> dict[str, Any]:
    """The elements within; the first of each name but for those that are lists."""
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    fields: dict[str, Any] = {}
    for child in element:
        name = child.tag.rpartition("}")[2]
        value = _fields(child, depth + 1) if len(child) else (child.text or "").strip()
        if name in _REPEATED:
            fields.setdefault(name, []).append(value)
        else:
            fields.setdefault(name, value)
    return fields
