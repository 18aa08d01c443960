"""Journey: where a vehicle has been and may come to; who takes it over; whether it is one vehicle at all."""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from streams.records.countries import Country
from streams.records.times import Time
from streams.records.types import Confidence, FreeText, HitId, Identifier, ShortText


class PassedSite(Struct, frozen=True, gc=False, omit_defaults=True):
    """A passage of a journey; the leg that led to it is told where the network has the way."""

    hit_id: Annotated[HitId, Meta(description="the hit of the passage")]
    camera_id: Annotated[Identifier, Meta(description="the camera of its best read")]
    at: Annotated[Time, Meta(description="when that read was captured, RFC 3339")]
    site_id: Annotated[Identifier | None, Meta(description="the site, as in [sites.<id>]")] = None
    territory: Annotated[
        Country | None, Meta(description="the country whose ground it is, ISO 3166-1 alpha-2")
    ] = None
    km: Annotated[float, Meta(ge=0, description="the way from the passage before, in km")] | None = None
    minutes: (
        Annotated[float, Meta(ge=0, description="the time since the passage before, in minutes")] | None
    ) = None
    kmh: Annotated[float, Meta(ge=0, description="the mean speed on that way, in km/h")] | None = None


class NextSite(Struct, frozen=True, gc=False, omit_defaults=True):
    """A site that the vehicle may come to, and when."""

    site_id: Annotated[Identifier, Meta(description="the site, as in [sites.<id>]")]
    km: Annotated[float, Meta(ge=0, description="the way there in km")]
    earliest: Annotated[Time, Meta(description="by the best travel time, RFC 3339")]
    expected: Annotated[Time, Meta(description="at the pace of this vehicle so far, RFC 3339")]
    latest: Annotated[Time, Meta(description="the end of the arrival window, RFC 3339")]
    share: Annotated[
        Confidence, Meta(description="share of vehicles that come there, if they part evenly at each site")
    ]
    territory: Annotated[
        Country | None, Meta(description="the country whose ground it is, ISO 3166-1 alpha-2")
    ] = None


class Journey(Struct, frozen=True, gc=False, omit_defaults=True):
    """The passages of one vehicle in event time, up to that of the hit, and where it may come to next."""

    journey_id: Annotated[HitId, Meta(description="128-bit digest, the same for the hits of one journey")]
    passages: Annotated[
        tuple[PassedSite, ...], Meta(description="the latest passages, the last is that of the hit")
    ]
    next: Annotated[Sequence[NextSite], Meta(description="the sites it may come to, nearest first")] = []
    longer: Annotated[bool, Meta(description="whether there were passages before those told")] = False
    doubtful: Annotated[
        int, Meta(ge=0, description="passages left out: a doubtful read where it cannot have been")
    ] = 0


class Doubt(Struct, frozen=True, gc=False, omit_defaults=True):
    """A sign that two passages of one plate are of two vehicles. Each has a sure read."""

    kind: Annotated[
        Literal["too-fast", "looks"],
        Meta(description="sooner than the best travel time allows (a cloned plate); make, colour or type"),
    ]
    hit_id: Annotated[HitId, Meta(description="the hit of the other passage")]
    meaning: Annotated[FreeText, Meta(description="in words for the officer")]
    site_id: Annotated[Identifier | None, Meta(description="the site of the other passage")] = None
    km: Annotated[float, Meta(ge=0, description="the way between the two, in km")] | None = None
    minutes: Annotated[float, Meta(ge=0, description="the time between the two, in minutes")] | None = None
    best_minutes: (
        Annotated[float, Meta(ge=0, description="the best travel time between the two, in minutes")] | None
    ) = None


class Pursuit(Struct, frozen=True, gc=False, omit_defaults=True):
    """What officers who pursue may do on the other side."""

    allowed: Annotated[bool, Meta(description="whether they may go on across the border")]
    may: Annotated[FreeText, Meta(description="what they may do there, in words")]
    source: Annotated[FreeText, Meta(description="the rule's source: treaty and article")]
    conditions: Annotated[FreeText | None, Meta(description="on what conditions, in words")] = None
    km: Annotated[float, Meta(gt=0, description="how far from the border, in km; else no limit")] | None = (
        None
    )
    minutes: (
        Annotated[float, Meta(gt=0, description="for how long from the border on, in minutes; else no limit")]
        | None
    ) = None


class Handover(Struct, frozen=True, gc=False, omit_defaults=True):
    """A vehicle that goes from one territory to another: who hands it over to whom."""

    state: Annotated[
        Literal["heading", "crossed"], Meta(description="it is on its way to the border; it is across")
    ]
    from_: Annotated[Country, Meta(description="the territory it comes from")] = msgspec.field(name="from")
    to: Annotated[Country, Meta(description="the territory it goes to")]
    site_id: Annotated[Identifier, Meta(description="the first site across the border")]
    earliest: Annotated[Time, Meta(description="there at the earliest; when it was there, if it has crossed")]
    latest: Annotated[Time, Meta(description="there at the latest; when it was there, if it has crossed")]
    ends: Annotated[Time, Meta(description="when the handover ends if nothing more is seen, RFC 3339")]
    from_centre: Annotated[Identifier | None, Meta(description="the centre that hands over")] = None
    to_centre: Annotated[Identifier | None, Meta(description="the centre that takes over")] = None
    copy: Annotated[tuple[Identifier, ...], Meta(description="centres in copy")] = ()
    talkgroup: Annotated[ShortText | None, Meta(description="the common radio talkgroup")] = None
    pursuit: Annotated[Pursuit | None, Meta(description="what the pursuing side may do there")] = None
    rule: Annotated[Identifier | None, Meta(description="the rule, as in [handovers.<id>]")] = None


class Admission(Struct, frozen=True, gc=False, omit_defaults=True):
    """A joint control operation that a hit belongs to, and how well its crews can intercept the vehicle."""

    operation_id: Annotated[Identifier, Meta(description="the operation, as in [operations.<id>]")]
    score: Annotated[
        Confidence, Meta(description="priority, posterior and chance to intercept as one number, 0 to 1")
    ]
    chance: Annotated[Confidence, Meta(description="chance that it comes by a crew that is ready, 0 to 1")]
    site_id: Annotated[Identifier | None, Meta(description="where a crew can intercept it best")] = None
    earliest: Annotated[Time | None, Meta(description="there at the earliest, RFC 3339")] = None
    latest: Annotated[Time | None, Meta(description="there at the latest, RFC 3339")] = None
    talkgroup: Annotated[ShortText | None, Meta(description="the operation's radio talkgroup")] = None


class Lookback(Struct, frozen=True, gc=False, omit_defaults=True):
    """That a match was found by looking back over retained reads, and by what authority."""

    country: Annotated[Country, Meta(description="the country of the camera, whose rule it is")]
    hours: Annotated[float, Meta(ge=0, description="hours before the alert that were looked at there")]
    source: Annotated[FreeText, Meta(description="the rule's source, as in [jurisdictions.<country>]")]
    asked_at: Annotated[Time, Meta(description="when the look back began, RFC 3339")]
