"""What an operator sets about correlation: times, centres."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from msgspec import Meta, Struct

from streams.network.config import Places
from streams.operations.config import OperationConfig
from streams.records.countries import Country
from streams.records.types import FreeText
from streams.rules.handovers import HandoverRule


class CorrelationConfig(Struct, frozen=True, forbid_unknown_fields=True):
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
    journey_gap_hours: Annotated[
        float,
        Meta(gt=0, le=240, description="longest time in hours between two passages of one journey"),
    ] = 6.0
    journey_passages: Annotated[
        int, Meta(ge=1, le=200, description="the latest passages of a journey that a hit tells")
    ] = 20
    ahead_minutes: Annotated[
        float,
        Meta(ge=0, le=1440, description="how far ahead next sites are told, in minutes of usual travel"),
    ] = 45.0
    clone_share: Annotated[
        float,
        Meta(
            gt=0,
            le=1,
            description="share of the best travel time below which two reads are not of one vehicle",
        ),
    ] = 0.85
    clock_error_s: Annotated[
        float,
        Meta(ge=0, le=3600, description="greatest error in seconds that a camera's clock may have"),
    ] = 120.0
    sure_posterior: Annotated[
        float, Meta(ge=0, le=1, description="lowest posterior of an exact read that is a sure one")
    ] = 0.95
    sure_confidence: Annotated[
        float,
        Meta(ge=0, le=1, description="lowest confidence of the recogniser, if it tells one, in a sure read"),
    ] = 0.9
    handover_share: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="lowest share of vehicles that come to a site across a border, as far as the links "
            "tell, for a handover before the crossing",
        ),
    ] = 0.3
    handover_posterior: Annotated[
        float, Meta(ge=0, le=1, description="lowest posterior of a passage by which a vehicle is handed over")
    ] = 0.5
    handover_minutes: Annotated[
        float,
        Meta(gt=0, le=1440, description="minutes from a crossing on for which its handover stands"),
    ] = 30.0


class CooperationRules(Struct, frozen=True):
    """What the centres of several countries do together: handovers and joint operations, by id."""

    handovers: Mapping[str, HandoverRule] = {}
    operations: Mapping[str, OperationConfig] = {}


class CorrelationRules(Struct, frozen=True):
    """What the settings say about correlation; `audiences` are the centres notified of each list's hits."""

    config: CorrelationConfig = CorrelationConfig()
    places: Places = Places()
    audiences: Mapping[str, Sequence[str]] = {}
    cooperation: CooperationRules = CooperationRules()


class CentreConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[centres.<id>]`: a police operations centre that is told of hits."""

    name: Annotated[FreeText | None, Meta(description="the centre's name")] = None
    country: Annotated[Country | None, Meta(description="its country, ISO 3166-1 alpha-2")] = None
