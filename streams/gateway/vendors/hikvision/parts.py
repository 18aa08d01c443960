"""The parts of a Hikvision event: its XML as fields, and its pictures."""

from collections.abc import Mapping
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError

import orjson
from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

from streams.gateway.event import Event, EventError, Picture, event_error
from streams.gateway.multipart import Part, find_boundary, parse_multipart

_MAX_XML_BYTES: Final = 256 * 1024
"""Limit for one XML document; those of cameras have a few thousand bytes."""
_MAX_DEPTH: Final = 16
_BLANK: Final = b"\xef\xbb\xbf \t\r\n\0"
_LIST_ELEMENTS: Final = frozenset(("pictureInfo",))
_MAGIC: Final = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))

XmlFields = Mapping[str, Any]
"""An element: the text or the fields of each child element, by its name without namespace."""


def parse_documents(event: Event) -> tuple[list[tuple[str, XmlFields | EventError]], list[Picture]]:
    """Return the documents of an event, each with the name of its part, and the pictures in other parts.

    A damaged document is replaced by its error. Raises EventError for a body without a document.
    """
    if not (event.content_type.lower().startswith("multipart/") or find_boundary(event.body)):
        return [("", _parse_document(event.body))], []
    documents: list[tuple[str, XmlFields | EventError]] = []
    pictures = []
    for part in parse_multipart(event):
        picture = _detect_picture(part)
        if picture is not None:
            pictures.append(picture)
        elif part.content.strip(_BLANK)[:1] in (b"<", b"{"):
            documents.append((part.name or part.filename, _parse_document(part.content)))
    if not documents:
        raise event_error("form", "", "must have a part in XML", f"{len(event.body)} bytes")
    return documents, pictures


def _detect_picture(part: Part) -> Picture | None:
    for magic, media_type in _MAGIC:
        if part.content.startswith(magic):
            return Picture(part.filename or part.name, media_type, part.content)
    return None


def _parse_document(body: bytes) -> XmlFields | EventError:
    body = body.strip(_BLANK)
    if len(body) > _MAX_XML_BYTES:
        return event_error(
            "size", "", f"must have at most {_MAX_XML_BYTES} bytes of XML", f"{len(body)} bytes"
        )
    if body.startswith(b"{"):
        return _parse_json(body)
    try:
        root = fromstring(body, forbid_dtd=True, forbid_entities=True, forbid_external=True)
        if root.tag.rpartition("}")[2] != "EventNotificationAlert":
            return event_error("form", "", "must be an EventNotificationAlert")
        return _element_fields(root, 0)
    except ParseError as error:
        # The parser's message may hold parts of the body.
        return event_error(
            "form", "", "must be XML", "an error at line {}, column {}".format(*error.position)
        )
    except DefusedXmlException:
        return event_error("form", "", "must be XML without a DTD and entities")
    except (LookupError, RecursionError, ValueError):
        return event_error(
            "form", "", f"must be XML in UTF-8, nested at most {_MAX_DEPTH} deep", f"{len(body)} bytes"
        )


def _parse_json(body: bytes) -> XmlFields | EventError:
    """Return an event of another type in JSON; events with plates are always XML."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        value = None
    kind = value.get("eventType") if isinstance(value, dict) else None
    if isinstance(value, dict) and isinstance(kind, str) and kind.upper() != "ANPR":
        return value
    return event_error("form", "", "must be XML", f"{len(body)} bytes of JSON")


def _element_fields(element: Element, depth: int) -> dict[str, Any]:
    """Return the child elements: all of those that are lists, the first of each other name."""
    if depth > _MAX_DEPTH:
        raise ValueError("nested too deeply")
    fields: dict[str, Any] = {}
    for child in element:
        name = child.tag.rpartition("}")[2]
        value = _element_fields(child, depth + 1) if len(child) else (child.text or "").strip()
        if name in _LIST_ELEMENTS:
            fields.setdefault(name, []).append(value)
        else:
            fields.setdefault(name, value)
    return fields
