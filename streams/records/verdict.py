"""Verdict: a centre's judgement of a hit."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from streams.records.encode import encode
from streams.records.times import YEARS_RULE, Time, has_valid_year
from streams.records.types import FreeText, HitId, Identifier


class Verdict(Struct, frozen=True, gc=False, omit_defaults=True):
    """A centre's judgement of a hit, given after a person looked at it."""

    hit_id: Annotated[HitId, Meta(description="the hit")]
    centre: Annotated[Identifier, Meta(description="the centre, as in [centres.<id>]")]
    verdict: Annotated[
        Literal["confirmed", "rejected", "acknowledged"],
        Meta(
            description="`confirmed`: it is the vehicle; `rejected`: it is not; `acknowledged`: seen, not "
            "yet decided"
        ),
    ]
    at: Annotated[Time, Meta(description="time of the verdict, RFC 3339")]
    reason: Annotated[FreeText | None, Meta(description="why, in words")] = None
    by: Annotated[Identifier | None, Meta(description="the officer, as the centre names its officers")] = None
    intercepted: Annotated[bool, Meta(description="true if the vehicle was stopped")] = False

    def __post_init__(self) -> None:
        if not has_valid_year(self.at):
            raise ValueError(f"`at` {YEARS_RULE}")


def verdict_order(verdict: Verdict) -> tuple[object, ...]:
    """Return a sort key by which the newest of several verdicts on a hit is the greatest.

    The encoded bytes break ties, so that the order in which verdicts arrive does not matter.
    """
    return verdict.at, encode(verdict)
