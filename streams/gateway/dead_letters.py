"""Dead letters: what was refused, as it came but without its pictures, and all that is wrong with it."""

import re
from collections.abc import Iterable
from typing import Final

import orjson

from streams.gateway.event import Event, EventError
from streams.gateway.multipart import parse_multipart
from streams.gateway.spool.spool import Entry

_PREFIX: Final = "__connect.errors."
"""Of the headers, as Kafka Connect names them (KIP-298)."""
_FAULTS_HEADER: Final = "anpr.faults"
_MAX_BODY_BYTES: Final = 64 * 1024
_BASE64_RUN: Final = re.compile(rb'(?<=")[A-Za-z0-9+/=\\]{512,}(?=")')
"""A picture inside JSON, as base64."""


def dead_letter(dead_letter_topic: str, camera_id: str, event: Event, errors: Iterable[EventError]) -> Entry:
    """The record for the topic of what is rejected; its body has at most 64 KB."""
    faults = [fault for error in errors for fault in error.faults]
    told = {
        "stage": "gateway",
        "exception.class.name": "streams.gateway.event.EventError",
        "exception.message": "; ".join(map(str, faults)),
    }
    headers = [(_PREFIX + name, text) for name, text in told.items()]
    headers.append((_FAULTS_HEADER, orjson.dumps([fault._asdict() for fault in faults]).decode()))
    headers.append(("content-type", event.content_type[:200]))
    return Entry(
        dead_letter_topic, camera_id.encode(), strip_pictures(event), event.arrived_ms, None, headers
    )


def strip_pictures(event: Event) -> bytes:
    """The body of an event without its pictures: of a multipart body the other parts, one behind the other;
    else the body, long runs of base64 left out."""
    body = event.body
    if event.content_type.lower().startswith("multipart/"):
        try:
            parts = parse_multipart(event)
        except EventError:
            # Damaged, so nobody knows where a picture begins; the text stands before the first one.
            return body.partition(b"image/")[0][:_MAX_BODY_BYTES]
        body = b"\n".join(part.content for part in parts if not part.content_type.startswith("image/"))
    return _BASE64_RUN.sub(b"", body)[:_MAX_BODY_BYTES]
