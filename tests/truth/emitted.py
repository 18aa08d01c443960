"""The hits emitted for simulated traffic, by the whole pipeline or by match stage and correlator."""

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
from streams.records.times import Millis
from tests.truth.environment import TrafficEnvironment

BATCH_SIZE: Final = 2_000


class TimedMatch(NamedTuple):
    """A match, and the time at which it was handled."""

    match: Match
    now_ms: Millis


class EmittedHits(NamedTuple):
    """The matches in order of arrival, and all revisions of hits in order of emission."""

    matches: list[TimedMatch]
    hits: list[Hit]

    def active_hits(self) -> list[Hit]:
        """Return the latest revisions of the hits of passages that are active at the end."""
        latest = {hit.hit_id: hit for hit in self.hits if hit.handover is None}
        return [hit for hit in latest.values() if hit.kind != "withdrawn"]


def match_key(match: Match) -> VehicleKey:
    """Return the key of the matched vehicle."""
    alert, result = match.alert, match.result
    return _vehicle_key(alert.list_id, alert.alert_id, result.class_, result.read_plate)


def hit_key(hit: Hit) -> VehicleKey:
    """Return the key of the vehicle of a hit."""
    return _vehicle_key(hit.alert.list_id, hit.alert.alert_id, hit.match.class_, hit.match.read_plate)


def run_pipeline(environment: TrafficEnvironment) -> EmittedHits:
    """Run the whole pipeline, with handovers between all countries, on the clock of the reads."""
    settings = environment.settings
    config = PipelineConfig(
        settings.matching_rules,
        environment.correlation,
        environment.places,
        environment.cooperation,
    )
    pipeline = Pipeline(config, environment.build_index())
    hits: list[Hit] = []
    for records in _batches(environment.records):
        hits += pipeline.handle_reads(records).hits
    matcher = Matcher(settings.matching_rules)
    return EmittedHits(list(timed_matches(environment, environment.build_index(), matcher)), hits)


def run_correlator(
    environment: TrafficEnvironment, config: CorrelationConfig, cooperation: CooperationRules
) -> EmittedHits:
    """Run match stage and correlator, as the pipeline joins them."""
    index, matcher = environment.build_index(), Matcher(environment.settings.matching_rules)
    correlator = make_correlator(environment, index, matcher, config, cooperation)
    matches: list[TimedMatch] = []
    hits: list[Hit] = []
    for timed_match in timed_matches(environment, index, matcher):
        matches.append(timed_match)
        hits += correlator.handle_match(*timed_match)
    return EmittedHits(matches, hits)


def make_correlator(
    environment: TrafficEnvironment,
    index: Index,
    matcher: Matcher,
    config: CorrelationConfig,
    cooperation: CooperationRules,
) -> Correlator:
    """Return a correlator with an empty state."""
    return Correlator(CorrelationRules(config, environment.places, {}, cooperation), index, matcher)


def timed_matches(environment: TrafficEnvironment, index: Index, matcher: Matcher) -> Iterator[TimedMatch]:
    """Yield the matches in order, each with the watermark: the latest `captured_at` so far."""
    watermark_ms = 0
    for records in _batches(environment.records):
        result = match_batch(records, index, matcher)
        for match, match_watermark_ms in zip(result.matches, result.watermarks_ms, strict=True):
            yield TimedMatch(match, max(watermark_ms, match_watermark_ms))
        watermark_ms = max(watermark_ms, result.watermark_ms or 0)


def _batches(records: list[bytes]) -> Iterable[list[bytes]]:
    return (records[start : start + BATCH_SIZE] for start in range(0, len(records), BATCH_SIZE))


def _vehicle_key(list_id: str, alert_id: str, class_: str, read_plate: str) -> VehicleKey:
    return VehicleKey((list_id, alert_id), read_plate if class_ == "pattern" else "")
