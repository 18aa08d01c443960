"""Dead letters: refused events as they arrived, without their pictures, and everything wrong with them."""

import re
from collections.abc import Iterable
from typing import Final

from streams.gateway.event import Event, EventError
from streams.gateway.multipart import parse_multipart
from streams.gateway.spool.spool import Entry
from streams.kafka.dead_letters import CONTENT_TYPE_HEADER, GATEWAY_STAGE, dead_letter_headers

_MAX_BODY_BYTES: Final = 64 * 1024
_MAX_CONTENT_TYPE_LENGTH: Final = 200
_BASE64_RUN: Final = re.compile(rb'(?<=")[A-Za-z0-9+/=\\]{512,}(?=")')
"""A picture in base64 inside JSON."""


def dead_letter(dead_letter_topic: str, camera_id: str, event: Event, errors: Iterable[EventError]) -> Entry:
    """Return the record for the topic of dead letters; its value has at most 64 KB."""
    faults = [fault for error in errors for fault in error.faults]
    headers = [(name, value.decode()) for name, value in dead_letter_headers(GATEWAY_STAGE, faults)]
    headers.append((CONTENT_TYPE_HEADER, event.content_type[:_MAX_CONTENT_TYPE_LENGTH]))
    return Entry(
        dead_letter_topic, camera_id.encode(), strip_pictures(event), event.arrived_ms, None, headers
    )


def strip_pictures(event: Event) -> bytes:
    """Return at most 64 KB of the body of an event, without its pictures.

    Of a multipart body the parts that are not pictures are joined; of any other, long runs of base64 are
    removed.
    """
    body = event.body
    if event.content_type.lower().startswith("multipart/"):
        try:
            parts = parse_multipart(event)
        except EventError:
            # In a damaged body the start of a picture is not known; text comes before the first picture.
            return body.partition(b"image/")[0][:_MAX_BODY_BYTES]
        body = b"\n".join(part.content for part in parts if not part.content_type.startswith("image/"))
    return _BASE64_RUN.sub(b"", body)[:_MAX_BODY_BYTES]
