"""What is told of the traffic, by the whole pipeline or by match stage and correlator."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from streams.alerts import Index
from streams.correlation.config import Cooperation, CorrelationPolicy
from streams.correlation.correlator import Correlator
from streams.correlation.journeys.itinerary import VehicleKey
from streams.matching.batch import match_batch
from streams.matching.matcher import Judge
from streams.pipeline import Pipeline
from streams.records.hit import Hit
from streams.records.match import Match
from tests.truth.environment import Ground

BATCH: Final = 2_000


class Taken(NamedTuple):
    """A match, and the time at which it was taken, in ms since 1970 UTC."""

    match: Match
    now: int


class Told(NamedTuple):
    """Matches in the order in which they came, and all revisions of hits in the order in which they were
    told."""

    matches: list[Taken]
    hits: list[Hit]

    def standing(self) -> list[Hit]:
        """The latest revisions of the hits of passages that stand at the end."""
        latest = {hit.hit_id: hit for hit in self.hits if hit.handover is None}
        return [hit for hit in latest.values() if hit.kind != "withdrawn"]


def key_of_match(match: Match) -> VehicleKey:
    """The vehicle that a match is taken for."""
    alert, result = match.alert, match.result
    return _key(alert.list_id, alert.alert_id, result.class_, result.read_plate)


def key_of_hit(hit: Hit) -> VehicleKey:
    """The vehicle that a hit is told of."""
    return _key(hit.alert.list_id, hit.alert.alert_id, hit.match.class_, hit.match.read_plate)


def by_pipeline(ground: Ground) -> Told:
    """What the whole pipeline tells, with handovers between all countries. Now is the latest `captured_at`
    so far."""
    settings = ground.settings
    pipeline = Pipeline(
        ground.lists(), settings.policies, ground.policy, ground.places, cooperation=ground.cooperation
    )
    hits: list[Hit] = []
    for records in _batches(ground.records):
        hits += pipeline.reads(records).hits
    return Told(list(matched(ground, ground.lists(), Judge(settings.policies))), hits)


def by_correlator(ground: Ground, policy: CorrelationPolicy, cooperation: Cooperation) -> Told:
    """What match stage and correlator tell, as the pipeline joins them."""
    index, judge = ground.lists(), Judge(ground.settings.policies)
    correlator = correlator_of(ground, index, judge, policy, cooperation)
    taken: list[Taken] = []
    hits: list[Hit] = []
    for each in matched(ground, index, judge):
        taken.append(each)
        hits += correlator.match(*each)
    return Told(taken, hits)


def correlator_of(
    ground: Ground, index: Index, judge: Judge, policy: CorrelationPolicy, cooperation: Cooperation
) -> Correlator:
    """A correlator that knows nothing yet."""
    return Correlator(policy, ground.places, {}, index, judge, cooperation=cooperation)


def matched(ground: Ground, index: Index, judge: Judge) -> Iterator[Taken]:
    """The matches in order, each with the latest `captured_at` so far."""
    now = 0
    for records in _batches(ground.records):
        found = match_batch(records, index, judge)
        for match, newest in zip(found.matches, found.newest, strict=True):
            yield Taken(match, max(now, newest))
        now = max(now, found.newest_of_all or 0)


def _batches(records: list[bytes]) -> Iterable[list[bytes]]:
    return (records[start : start + BATCH] for start in range(0, len(records), BATCH))


def _key(list_id: str, alert_id: str, class_: str, read_plate: str) -> VehicleKey:
    return VehicleKey((list_id, alert_id), read_plate if class_ == "pattern" else "")
