"""What an operator sets about correlation: times, centres."""

from typing import Annotated

from msgspec import Meta, Struct

from streams.records.countries import Country
from streams.records.fields import Words


class CorrelationPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """`[correlation]`: the times that make reads one passage and hits live."""

    passage_gap_s: Annotated[
        float,
        Meta(ge=0, le=86400, description="longest time in seconds between reads of one passage of a site"),
    ] = 60.0
    live_within_s: Annotated[
        float,
        Meta(ge=0, le=86400, description="greatest age in seconds of a read that still gives a live hit"),
    ] = 300.0
    kept_hours: Annotated[
        float,
        Meta(
            gt=0,
            le=8784,
            description="hours for which the hits of a passage are kept up to date, from its last read on",
        ),
    ] = 48.0


class Centre(Struct, frozen=True, forbid_unknown_fields=True):
    """`[centres.<id>]`: a police operations centre that is told of hits."""

    name: Annotated[Words | None, Meta(description="the centre's name")] = None
    country: Annotated[Country | None, Meta(description="its country, ISO 3166-1 alpha-2")] = None
