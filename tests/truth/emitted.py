"""What is told of the traffic, by the whole pipeline or by match stage and correlator."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from streams.alerts import Index
from streams.correlation.config import CooperationRules, CorrelationConfig, CorrelationRules
from streams.correlation.correlator import Correlator
from streams.correlation.passages import VehicleKey
from streams.matching.batch import match_batch
from streams.matching.matcher import Matcher
from streams.pipeline import Pipeline, PipelineConfig
from streams.records.hit import Hit
from streams.records.match import Match
from tests.truth.environment import TrafficEnvironment

BATCH_SIZE: Final = 2_000


class TimedMatch(NamedTuple):
    """A match, and the time at which it was taken, in ms since 1970 UTC."""

    match: Match
    now_ms: int


class EmittedHits(NamedTuple):
    """Matches in the order in which they came, and all revisions of hits in the order in which they were
    told."""

    matches: list[TimedMatch]
    hits: list[Hit]

    def active_hits(self) -> list[Hit]:
        """The latest revisions of the hits of passages that stand at the end."""
        latest = {hit.hit_id: hit for hit in self.hits if hit.handover is None}
        return [hit for hit in latest.values() if hit.kind != "withdrawn"]


def match_key(match: Match) -> VehicleKey:
    """The vehicle that a match is taken for."""
    alert, result = match.alert, match.result
    return _vehicle_key(alert.list_id, alert.alert_id, result.class_, result.read_plate)


def hit_key(hit: Hit) -> VehicleKey:
    """The vehicle that a hit is told of."""
    return _vehicle_key(hit.alert.list_id, hit.alert.alert_id, hit.match.class_, hit.match.read_plate)


def run_pipeline(environment: TrafficEnvironment) -> EmittedHits:
    """What the whole pipeline tells, with handovers between all countries. Now is the latest `captured_at`
    so far."""
    settings = environment.settings
    pipeline = Pipeline(
        PipelineConfig(
            settings.matching_rules,
            environment.correlation,
            environment.places,
            environment.cooperation,
        ),
        environment.build_index(),
    )
    hits: list[Hit] = []
    for records in _batches(environment.records):
        hits += pipeline.handle_reads(records).hits
    return EmittedHits(
        list(timed_matches(environment, environment.build_index(), Matcher(settings.matching_rules))), hits
    )


def run_correlator(
    environment: TrafficEnvironment, policy: CorrelationConfig, cooperation: CooperationRules
) -> EmittedHits:
    """What match stage and correlator tell, as the pipeline joins them."""
    index, judge = environment.build_index(), Matcher(environment.settings.matching_rules)
    correlator = make_correlator(environment, index, judge, policy, cooperation)
    taken: list[TimedMatch] = []
    hits: list[Hit] = []
    for each in timed_matches(environment, index, judge):
        taken.append(each)
        hits += correlator.handle_match(*each)
    return EmittedHits(taken, hits)


def make_correlator(
    environment: TrafficEnvironment,
    index: Index,
    judge: Matcher,
    policy: CorrelationConfig,
    cooperation: CooperationRules,
) -> Correlator:
    """A correlator that knows nothing yet."""
    return Correlator(CorrelationRules(policy, environment.places, {}, cooperation), index, judge)


def timed_matches(environment: TrafficEnvironment, index: Index, judge: Matcher) -> Iterator[TimedMatch]:
    """The matches in order, each with the latest `captured_at` so far."""
    now = 0
    for records in _batches(environment.records):
        found = match_batch(records, index, judge)
        for match, newest in zip(found.matches, found.watermarks_ms, strict=True):
            yield TimedMatch(match, max(now, newest))
        now = max(now, found.watermark_ms or 0)


def _batches(records: list[bytes]) -> Iterable[list[bytes]]:
    return (records[start : start + BATCH_SIZE] for start in range(0, len(records), BATCH_SIZE))


def _vehicle_key(list_id: str, alert_id: str, class_: str, read_plate: str) -> VehicleKey:
    return VehicleKey((list_id, alert_id), read_plate if class_ == "pattern" else "")
