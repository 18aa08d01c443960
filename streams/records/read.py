"""Read: one plate, read once by one camera."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from streams.records.countries import Country
from streams.records.times import Time
from streams.records.types import Confidence, Identifier, Latitude, Longitude, ShortText


class Position(Struct, frozen=True, gc=False, omit_defaults=True):
    """The position of a mobile camera, WGS 84."""

    lat: Annotated[Latitude, Meta(description="latitude in degrees, WGS 84")]
    lon: Annotated[Longitude, Meta(description="longitude in degrees, WGS 84")]


class Vehicle(Struct, frozen=True, gc=False, omit_defaults=True):
    """Appearance of the vehicle, as the camera's recogniser saw it or as the alert describes it."""

    make: Annotated[ShortText | None, Meta(description="make, for example PEUGEOT")] = None
    model: Annotated[ShortText | None, Meta(description="model, for example 308")] = None
    colour: Annotated[ShortText | None, Meta(description="main colour, in English")] = None
    type: Annotated[ShortText | None, Meta(description="body type: car, van, lorry, motorcycle, bus")] = None
    confidence: Annotated[
        Confidence | None, Meta(description="the recogniser's confidence in these, 0 to 1")
    ] = None


class PlateCandidate(Struct, frozen=True, gc=False, omit_defaults=True):
    """Another whole text that the recogniser considers possible."""

    plate: Annotated[str, Meta(min_length=1, max_length=20, description="the plate as read")]
    confidence: Annotated[
        Confidence | None, Meta(description="the recogniser's confidence in this text, 0 to 1")
    ] = None


class CharAlternative(Struct, frozen=True, gc=False, omit_defaults=True):
    """Another character that the recogniser considers possible at one position."""

    char: Annotated[str, Meta(max_length=1, description="the character; empty for no character here")]
    confidence: Annotated[
        Confidence | None, Meta(description="the recogniser's confidence in it, 0 to 1")
    ] = None


class Read(Struct, frozen=True, gc=False, omit_defaults=True):
    """One plate, read once by one camera.

    Unknown fields are ignored. A plate without letters and digits, with more than twelve of them, or with a
    character that is neither a letter, a digit nor a separator is rejected when it is normalised
    (`streams.plates.normal_form`); the JSON Schema has a pattern for this.
    """

    read_id: Annotated[
        Identifier, Meta(description="identifies this event at this camera; a resend of the event repeats it")
    ]
    camera_id: Annotated[Identifier, Meta(description="the camera, as in [cameras.<id>]")]
    captured_at: Annotated[Time, Meta(description="when the plate was seen, RFC 3339")]
    plate: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=20,
            description="the plate as read: 1 to 12 letters and digits, separators allowed",
        ),
    ]
    country: Annotated[
        Country | None, Meta(description="country of the plate as the recogniser read it, ISO 3166-1 alpha-2")
    ] = None
    confidence: Annotated[
        Confidence | None, Meta(description="the recogniser's confidence in the whole plate, 0 to 1")
    ] = None
    char_confidences: (
        Annotated[
            list[Confidence],
            Meta(
                max_length=20,
                description="the confidence in each letter or digit, 0 to 1; ignored if their number differs",
            ),
        ]
        | None
    ) = None
    candidates: (
        Annotated[
            list[PlateCandidate], Meta(max_length=20, description="other whole texts, most likely first")
        ]
        | None
    ) = None
    char_alternatives: (
        Annotated[
            list[Annotated[list[CharAlternative], Meta(max_length=40)]],
            Meta(max_length=20, description="for each character of the plate, others it may be"),
        ]
        | None
    ) = None
    lane: (
        Annotated[int, Meta(ge=0, le=99, description="number of the lane, as counted at the site")] | None
    ) = None
    direction: Annotated[
        Literal["approaching", "receding"] | None,
        Meta(description="`approaching`: towards the camera; `receding`: away from it"),
    ] = None
    heading_deg: (
        Annotated[float, Meta(ge=0, lt=360, description="heading in degrees clockwise from north")] | None
    ) = None
    speed_kmh: Annotated[float, Meta(ge=0, le=500, description="speed in km/h")] | None = None
    position: Annotated[Position | None, Meta(description="position of a mobile camera")] = None
    vehicle: Annotated[Vehicle | None, Meta(description="appearance of the vehicle")] = None
    image_ref: (
        Annotated[
            str,
            Meta(min_length=1, max_length=2048, description="URI of the picture, never the picture itself"),
        ]
        | None
    ) = None
    retransmitted: Annotated[bool, Meta(description="true if the camera marks the read as sent late")] = False
