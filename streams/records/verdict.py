"""Verdict: what a centre says of a hit."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from streams.records.times import YEARS_RULE, Time, has_valid_year
from streams.records.types import FreeText, Identifier

HitId = Annotated[
    str,
    # The length is told too, because Python's `$` lets a line feed follow.
    Meta(
        pattern=r"^[0-9a-f]{32}$",
        min_length=32,
        max_length=32,
        description="128-bit digest, 32 hexadecimal digits",
    ),
]


class Verdict(Struct, frozen=True, gc=False, omit_defaults=True):
    """What a centre says of a hit, after a person looked at it."""

    hit_id: Annotated[HitId, Meta(description="the hit")]
    centre: Annotated[Identifier, Meta(description="the centre, as in [centres.<id>]")]
    verdict: Annotated[
        Literal["confirmed", "rejected", "acknowledged"],
        Meta(description="it is the vehicle; it is not; the hit was seen"),
    ]
    at: Annotated[Time, Meta(description="when, RFC 3339")]
    reason: Annotated[FreeText | None, Meta(description="why, in words")] = None
    by: Annotated[Identifier | None, Meta(description="who, as the centre names its officers")] = None
    intercepted: Annotated[bool, Meta(description="whether the vehicle was stopped")] = False

    def __post_init__(self) -> None:
        if not has_valid_year(self.at):
            raise ValueError(f"`at` {YEARS_RULE}")
