"""The parts of an Axis event: its JSON, and the pictures beside it or in it."""

from typing import Final

from streams.gateway.event import Event, Picture, refuse
from streams.gateway.multipart import boundary_of, parts_of
from streams.gateway.vendors.shared.event_fields import Given
from streams.gateway.vendors.shared.json_fields import picture

_MEDIA: Final = {"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "bmp": "image/bmp"}
_BLANK: Final = b"\xef\xbb\xbf \t\r\n\0"


def parts_of_event(event: Event) -> tuple[bytes, list[Picture]]:
    """The JSON of an event, and the pictures that came as parts. Raises EventError if there is no JSON.

    The part with the JSON is named `event`, those of pictures `image`; by their content here, for the names
    can be set.
    """
    if not (event.content_type.lower().startswith("multipart/") or boundary_of(event.body)):
        return event.body.strip(_BLANK), []
    bodies, pictures = [], []
    for part in parts_of(event):
        kind = part.content_type.partition(";")[0].strip().lower()
        if kind.startswith("image/"):
            pictures.append(Picture(part.filename or part.name, kind, part.content))
        elif part.content.strip(_BLANK).startswith(b"{"):
            bodies.append(part.content.strip(_BLANK))
    if len(bodies) != 1:
        raise refuse("form", "", "has one part with the event in JSON", f"{len(bodies)} of them")
    return bodies[0], [picture for picture in pictures if picture.content]


def pictures_of(given: Given) -> list[Picture]:
    """The pictures within the JSON, in base64; one that is broken is a fault."""
    pictures = []
    for place, image in enumerate(given.parts("ImageArray")):
        ending = (image.text("ImageFormat") or "jpg").lower()
        name = image.text("ImageType") or f"image-{place}"
        found = picture(image, "BinaryImage", name)
        pictures += [each._replace(content_type=_MEDIA.get(ending, each.content_type)) for each in found]
    return pictures
