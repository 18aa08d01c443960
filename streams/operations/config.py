"""What an operator sets about joint control operations: where, when, which lists, which crews."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from streams.records.times import Time
from streams.records.types import FreeText, Identifier, ShortText

Corner = Annotated[list[float], Meta(min_length=2, max_length=2)]
"""Latitude and longitude in degrees, WGS 84."""


class TimeWindow(Struct, frozen=True, forbid_unknown_fields=True):
    """A time during which an operation is on."""

    from_: Annotated[Time, Meta(description="first instant at which a read counts, RFC 3339")] = (
        msgspec.field(name="from")
    )
    until: Annotated[
        Time, Meta(description="first instant at which a read no longer counts, RFC 3339; after `from`")
    ]


class OperationConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[operations.<id>]`: a joint control operation."""

    name: Annotated[FreeText | None, Meta(description="the operation's name")] = None
    lists: Annotated[
        list[Identifier], Meta(min_length=1, description="the lists admitted, as in [lists.<id>]")
    ]
    sites: Annotated[
        list[Identifier],
        Meta(description="sites that belong to it, as in [sites.<id>], besides those in the area"),
    ] = []
    area: (
        Annotated[
            list[Corner],
            Meta(
                min_length=3,
                description="the corners of its area in order, each [latitude, longitude] in degrees: sites "
                "and mobile cameras in it belong",
            ),
        ]
        | None
    ) = None
    participants: Annotated[
        list[Identifier], Meta(description="the centres that take part, as in [centres.<id>]")
    ] = []
    talkgroup: Annotated[ShortText | None, Meta(description="its radio talkgroup")] = None
    capacity: Annotated[float, Meta(gt=0, le=120, description="interceptions that a crew makes in an hour")]
    crews: (
        Annotated[
            list[Identifier],
            Meta(
                min_length=1,
                max_length=200,
                description="the sites where crews stand, as in [sites.<id>]; one named twice has two crews; "
                "else one at each of its sites",
            ),
        ]
        | None
    ) = None
    setup_minutes: Annotated[
        float,
        Meta(ge=0, le=1440, description="notice in minutes that a crew needs, from the read on"),
    ] = 5.0
    stay_minutes: Annotated[
        float,
        Meta(
            ge=0,
            le=1440,
            description="minutes that a vehicle stays where it was read if that is a station, a port or a "
            "terminal; on a road it is gone at once",
        ),
    ] = 15.0
    windows: Annotated[
        list[TimeWindow], Meta(min_length=1, max_length=1000, description="the times during which it is on")
    ]
