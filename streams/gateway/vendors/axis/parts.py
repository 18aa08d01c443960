"""The parts of an Axis event: its JSON, and the pictures in it or in other parts."""

from typing import Final

from streams.gateway.event import Event, Picture, event_error
from streams.gateway.multipart import find_boundary, parse_multipart
from streams.gateway.vendors.shared.event_fields import EventFields
from streams.gateway.vendors.shared.json_fields import decode_picture

_MEDIA_TYPES: Final = {"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "bmp": "image/bmp"}
_BLANK: Final = b"\xef\xbb\xbf \t\r\n\0"


def split_event(event: Event) -> tuple[bytes, list[Picture]]:
    """Return the JSON of an event, and the pictures that came as parts. Raises EventError without JSON.

    By default the part with the JSON is named `event` and those of pictures `image`. As the names can be
    changed, parts are identified by their content.
    """
    if not (event.content_type.lower().startswith("multipart/") or find_boundary(event.body)):
        return event.body.strip(_BLANK), []
    bodies, pictures = [], []
    for part in parse_multipart(event):
        media_type = part.content_type.partition(";")[0].strip().lower()
        if media_type.startswith("image/"):
            pictures.append(Picture(part.filename or part.name, media_type, part.content))
        elif part.content.strip(_BLANK).startswith(b"{"):
            bodies.append(part.content.strip(_BLANK))
    if len(bodies) != 1:
        raise event_error(
            "form", "", "must have one part with the event in JSON", f"{len(bodies)} such parts"
        )
    return bodies[0], [picture for picture in pictures if picture.content]


def decode_pictures(fields: EventFields) -> list[Picture]:
    """Return the pictures in the JSON, in base64; a damaged one is a fault."""
    pictures = []
    for index, image in enumerate(fields.children("ImageArray")):
        image_format = (image.text("ImageFormat") or "jpg").lower()
        name = image.text("ImageType") or f"image-{index}"
        for picture in decode_picture(image, "BinaryImage", name):
            media_type = _MEDIA_TYPES.get(image_format, picture.content_type)
            pictures.append(picture._replace(content_type=media_type))
    return pictures
