"""Configuration of joint control operations: places, times, lists and crews."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from streams.records.times import Time
from streams.records.types import FreeText, Identifier, ShortText

Corner = Annotated[list[float], Meta(min_length=2, max_length=2)]
"""Latitude and longitude in degrees, WGS 84."""


class TimeWindow(Struct, frozen=True, forbid_unknown_fields=True):
    """A period during which an operation runs."""

    from_: Annotated[Time, Meta(description="first instant at which a read counts, RFC 3339")] = (
        msgspec.field(name="from")
    )
    until: Annotated[
        Time, Meta(description="first instant at which a read no longer counts, RFC 3339; after `from`")
    ]


class OperationConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[operations.<id>]`: a joint control operation."""

    name: Annotated[FreeText | None, Meta(description="name of the operation")] = None
    lists: Annotated[
        list[Identifier],
        Meta(min_length=1, description="lists whose hits are admitted, ids in [lists.<id>]"),
    ]
    sites: Annotated[
        list[Identifier],
        Meta(description="sites of the operation besides those in `area`, ids in [sites.<id>]"),
    ] = []
    area: (
        Annotated[
            list[Corner],
            Meta(
                min_length=3,
                description="corners of its area in order, each [latitude, longitude] in degrees; sites "
                "and mobile cameras in it belong to the operation",
            ),
        ]
        | None
    ) = None
    participants: Annotated[
        list[Identifier],
        Meta(description="centres that take part and receive its hits, ids in [centres.<id>]"),
    ] = []
    talkgroup: Annotated[ShortText | None, Meta(description="radio talkgroup of the operation")] = None
    capacity: Annotated[
        float, Meta(gt=0, le=120, description="interceptions that a crew can make in an hour")
    ]
    crews: (
        Annotated[
            list[Identifier],
            Meta(
                min_length=1,
                max_length=200,
                description="sites of the crews, ids in [sites.<id>]; a site named twice has two crews. If "
                "not set, one crew at each site of the operation",
            ),
        ]
        | None
    ) = None
    setup_minutes: Annotated[
        float,
        Meta(
            ge=0,
            le=1440,
            description="minutes that a crew needs from the read of a vehicle to its interception",
        ),
    ] = 5.0
    stay_minutes: Annotated[
        float,
        Meta(
            ge=0,
            le=1440,
            description="minutes that a vehicle stays where it was read, if that is a station, a port or a "
            "terminal; on a road it is gone at once",
        ),
    ] = 15.0
    windows: Annotated[
        list[TimeWindow],
        Meta(min_length=1, max_length=1000, description="periods during which the operation is active"),
    ]
