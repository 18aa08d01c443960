"""Configuration of correlation: passages, journeys, doubts, handovers and centres."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from msgspec import Meta, Struct

from streams.network.config import Places
from streams.operations.config import OperationConfig
from streams.records.countries import Country
from streams.records.types import FreeText
from streams.rules.handovers import HandoverRule
from streams.rules.verdicts import VerdictRules


class CorrelationConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[correlation]`: how reads form passages and journeys, and how long hits are updated."""

    passage_gap_s: Annotated[
        float,
        Meta(ge=0, le=86400, description="maximum gap in seconds between two reads of one passage at a site"),
    ] = 60.0
    stay_minutes: Annotated[
        float,
        Meta(
            ge=0,
            le=1440,
            description="minutes from the first to the last read of a passage from which on the vehicle "
            "stayed there; its hit is amended when it has left",
        ),
    ] = 5.0
    live_within_s: Annotated[
        float,
        Meta(ge=0, le=86400, description="maximum age in seconds of a read that produces a live hit"),
    ] = 300.0
    kept_hours: Annotated[
        float,
        Meta(
            gt=0,
            le=8784,
            description="hours for which the hits of a passage are updated, counted from its last read; more "
            "hours need more memory",
        ),
    ] = 48.0
    journey_gap_hours: Annotated[
        float,
        Meta(gt=0, le=240, description="maximum gap in hours between two passages of one journey"),
    ] = 6.0
    journey_passages: Annotated[
        int, Meta(ge=1, le=200, description="maximum number of passages of a journey listed in a hit")
    ] = 20
    ahead_minutes: Annotated[
        float,
        Meta(ge=0, le=1440, description="how far ahead next sites are listed, in minutes of usual travel"),
    ] = 45.0
    clone_share: Annotated[
        float,
        Meta(
            gt=0,
            le=1,
            description="share of the best travel time below which two reads cannot be of one vehicle",
        ),
    ] = 0.85
    clock_error_s: Annotated[
        float,
        Meta(ge=0, le=3600, description="maximum error in seconds of a camera's clock that is tolerated"),
    ] = 120.0
    sure_posterior: Annotated[
        float, Meta(ge=0, le=1, description="minimum posterior of a reliable read (exact matches only)")
    ] = 0.95
    sure_confidence: Annotated[
        float,
        Meta(ge=0, le=1, description="minimum recogniser confidence, if reported, of a reliable read"),
    ] = 0.9
    handover_share: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="minimum share of vehicles expected at a site across a border, by the links of the "
            "network, for a handover before the crossing",
        ),
    ] = 0.3
    handover_posterior: Annotated[
        float, Meta(ge=0, le=1, description="minimum posterior of a passage that triggers a handover")
    ] = 0.5
    handover_step_minutes: Annotated[
        float,
        Meta(
            ge=0,
            le=60,
            description="step in minutes to which the arrival window of a handover is rounded outwards; a "
            "handover is amended when its rounded window changes",
        ),
    ] = 5.0
    handover_minutes: Annotated[
        float,
        Meta(gt=0, le=1440, description="minutes after a border crossing for which its handover is active"),
    ] = 30.0


class CooperationRules(Struct, frozen=True):
    """Handovers and joint operations of centres of several countries, by id."""

    handovers: Mapping[str, HandoverRule] = {}
    operations: Mapping[str, OperationConfig] = {}


class CorrelationRules(Struct, frozen=True):
    """All configuration of correlation; `audiences` are the centres notified of each list's hits."""

    config: CorrelationConfig = CorrelationConfig()
    places: Places = Places()
    audiences: Mapping[str, Sequence[str]] = {}
    cooperation: CooperationRules = CooperationRules()
    verdicts: VerdictRules = VerdictRules()


class CentreConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[centres.<id>]`: a police operations centre that is notified of hits."""

    name: Annotated[FreeText | None, Meta(description="name of the centre")] = None
    country: Annotated[Country | None, Meta(description="country of the centre, ISO 3166-1 alpha-2 code")] = (
        None
    )
