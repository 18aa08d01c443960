"""The parts of an Axis event: its JSON, and the pictures beside it or in it."""

from typing import Final

from streams.gateway.event import Event, Picture, event_error
from streams.gateway.multipart import find_boundary, parse_multipart
from streams.gateway.vendors.shared.event_fields import EventFields
from streams.gateway.vendors.shared.json_fields import decode_picture

_MEDIA_TYPES: Final = {"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "bmp": "image/bmp"}
_BLANK: Final = b"\xef\xbb\xbf \t\r\n\0"


def split_event(event: Event) -> tuple[bytes, list[Picture]]:
    """The JSON of an event, and the pictures that came as parts. Raises EventError if there is no JSON.

    The part with the JSON is named `event`, those of pictures `image`; by their content here, for the names
    can be set.
    """
    if not (event.content_type.lower().startswith("multipart/") or find_boundary(event.body)):
        return event.body.strip(_BLANK), []
    bodies, pictures = [], []
    for part in parse_multipart(event):
        kind = part.content_type.partition(";")[0].strip().lower()
        if kind.startswith("image/"):
            pictures.append(Picture(part.filename or part.name, kind, part.content))
        elif part.content.strip(_BLANK).startswith(b"{"):
            bodies.append(part.content.strip(_BLANK))
    if len(bodies) != 1:
        raise event_error("form", "", "has one part with the event in JSON", f"{len(bodies)} of them")
    return bodies[0], [picture for picture in pictures if picture.content]


def decode_pictures(fields: EventFields) -> list[Picture]:
    """The pictures within the JSON, in base64; one that is broken is a fault."""
    pictures = []
    for place, image in enumerate(fields.children("ImageArray")):
        ending = (image.text("ImageFormat") or "jpg").lower()
        name = image.text("ImageType") or f"image-{place}"
        found = decode_picture(image, "BinaryImage", name)
        pictures += [
            each._replace(content_type=_MEDIA_TYPES.get(ending, each.content_type)) for each in found
        ]
    return pictures
