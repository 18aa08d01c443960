"""Journey of a vehicle: its passages, the next sites, doubts, handovers and admissions to operations."""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from streams.records.countries import Country
from streams.records.times import Time
from streams.records.types import Confidence, FreeText, HitId, Identifier, ShortText


class PassedSite(Struct, frozen=True, gc=False, omit_defaults=True):
    """A passage of a journey, with the leg that led to it where the network has the route."""

    hit_id: Annotated[HitId, Meta(description="the hit of the passage")]
    camera_id: Annotated[Identifier, Meta(description="the camera of its best read")]
    at: Annotated[Time, Meta(description="when that read was captured, RFC 3339")]
    site_id: Annotated[Identifier | None, Meta(description="the site, as in [sites.<id>]")] = None
    territory: Annotated[
        Country | None, Meta(description="the country in whose territory it is, ISO 3166-1 alpha-2")
    ] = None
    km: (
        Annotated[float, Meta(ge=0, description="length of the leg from the previous passage, in km")] | None
    ) = None
    minutes: (
        Annotated[float, Meta(ge=0, description="time since the previous passage, in minutes")] | None
    ) = None
    kmh: Annotated[float, Meta(ge=0, description="mean speed on the leg, in km/h")] | None = None


class NextSite(Struct, frozen=True, gc=False, omit_defaults=True):
    """A site to which the vehicle may come next, and when."""

    site_id: Annotated[Identifier, Meta(description="the site, as in [sites.<id>]")]
    km: Annotated[float, Meta(ge=0, description="length of the route there, in km")]
    earliest: Annotated[Time, Meta(description="arrival by the best travel time, RFC 3339")]
    expected: Annotated[Time, Meta(description="arrival at the pace of this vehicle so far, RFC 3339")]
    latest: Annotated[Time, Meta(description="end of the arrival window, RFC 3339")]
    share: Annotated[
        Confidence,
        Meta(description="share of vehicles that come there, if they divide evenly at each site, 0 to 1"),
    ]
    territory: Annotated[
        Country | None, Meta(description="the country in whose territory it is, ISO 3166-1 alpha-2")
    ] = None


class Journey(Struct, frozen=True, gc=False, omit_defaults=True):
    """The passages of one vehicle in event time, up to that of the hit, and the next sites."""

    journey_id: Annotated[HitId, Meta(description="128-bit digest, the same for the hits of one journey")]
    passages: Annotated[
        tuple[PassedSite, ...], Meta(description="the latest passages; the last is that of the hit")
    ]
    next: Annotated[
        Sequence[NextSite], Meta(description="the sites to which it may come next, nearest first")
    ] = []
    longer: Annotated[bool, Meta(description="true if there were earlier passages than those listed")] = False
    doubtful: Annotated[
        int,
        Meta(
            ge=0,
            description="number of passages left out among those listed: unreliable reads where the vehicle "
            "cannot have been",
        ),
    ] = 0


class Doubt(Struct, frozen=True, gc=False, omit_defaults=True):
    """A sign that two passages of one plate are of two vehicles. Both have a reliable read."""

    kind: Annotated[
        Literal["too-fast", "looks"],
        Meta(
            description="`too-fast`: less time between the two than the best travel time, as with a cloned "
            "plate; `looks`: different make, colour or type"
        ),
    ]
    hit_id: Annotated[HitId, Meta(description="the hit of the other passage")]
    meaning: Annotated[FreeText, Meta(description="the doubt in words, for the officer")]
    site_id: Annotated[Identifier | None, Meta(description="the site of the other passage")] = None
    km: Annotated[float, Meta(ge=0, description="distance between the two, in km")] | None = None
    minutes: Annotated[float, Meta(ge=0, description="time between the two, in minutes")] | None = None
    best_minutes: (
        Annotated[float, Meta(ge=0, description="best travel time between the two, in minutes")] | None
    ) = None


class Pursuit(Struct, frozen=True, gc=False, omit_defaults=True):
    """What pursuing officers may do on the other side of the border."""

    allowed: Annotated[bool, Meta(description="true if they may continue across the border")]
    may: Annotated[FreeText, Meta(description="what they may do there, in words")]
    source: Annotated[FreeText, Meta(description="the rule's source: treaty and article")]
    conditions: Annotated[FreeText | None, Meta(description="the conditions, in words")] = None
    km: (
        Annotated[float, Meta(gt=0, description="limit in km from the border; if absent, no limit")] | None
    ) = None
    minutes: (
        Annotated[float, Meta(gt=0, description="limit in minutes from the border; if absent, no limit")]
        | None
    ) = None


class Handover(Struct, frozen=True, gc=False, omit_defaults=True):
    """A vehicle that goes from one territory to another, and who hands it over to whom."""

    state: Annotated[
        Literal["heading", "crossed"],
        Meta(description="`heading`: on its way to the border; `crossed`: seen beyond it"),
    ]
    from_: Annotated[Country, Meta(description="the territory it comes from")] = msgspec.field(name="from")
    to: Annotated[Country, Meta(description="the territory it goes to")]
    site_id: Annotated[Identifier, Meta(description="the first site across the border")]
    earliest: Annotated[
        Time, Meta(description="earliest arrival there; when it was there, if it has crossed")
    ]
    latest: Annotated[Time, Meta(description="latest arrival there; when it was there, if it has crossed")]
    ends: Annotated[Time, Meta(description="when the handover ends if nothing more is seen, RFC 3339")]
    from_centre: Annotated[Identifier | None, Meta(description="the centre that hands over")] = None
    to_centre: Annotated[Identifier | None, Meta(description="the centre that takes over")] = None
    copy: Annotated[tuple[Identifier, ...], Meta(description="centres in copy")] = ()
    talkgroup: Annotated[ShortText | None, Meta(description="the common radio talkgroup")] = None
    pursuit: Annotated[
        Pursuit | None, Meta(description="what pursuing officers may do across the border")
    ] = None
    rule: Annotated[Identifier | None, Meta(description="the rule, as in [handovers.<id>]")] = None

    @property
    def centres(self) -> tuple[str, ...]:
        """The centres notified of it: the two, and those in copy."""
        centres = (self.from_centre, self.to_centre, *self.copy)
        return tuple(dict.fromkeys(centre for centre in centres if centre is not None))


class Admission(Struct, frozen=True, gc=False, omit_defaults=True):
    """A joint control operation to which a hit belongs, and how well its crews can intercept the vehicle."""

    operation_id: Annotated[Identifier, Meta(description="the operation, as in [operations.<id>]")]
    score: Annotated[
        Confidence,
        Meta(description="priority, posterior and chance of interception as one number, 0 to 1"),
    ]
    chance: Annotated[Confidence, Meta(description="chance that it passes a crew that is ready, 0 to 1")]
    site_id: Annotated[Identifier | None, Meta(description="the site where a crew can best intercept it")] = (
        None
    )
    earliest: Annotated[Time | None, Meta(description="earliest arrival there, RFC 3339")] = None
    latest: Annotated[Time | None, Meta(description="latest arrival there, RFC 3339")] = None
    talkgroup: Annotated[ShortText | None, Meta(description="the operation's radio talkgroup")] = None
