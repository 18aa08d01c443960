"""What stands of a day's traffic is the same for another order of arrival, and after a state made anew."""

from functools import lru_cache
from random import Random
from typing import Any, Final, NamedTuple

import msgspec
import pytest

from streams.alerts import Index
from streams.correlation.correlator import Correlator
from streams.matching.matcher import Matcher
from streams.pipeline import Pipeline, PipelineConfig
from streams.records.alert import alert_key
from streams.records.encode import encode
from streams.records.hit import Hit
from tests.support.cases.compare import active_hits
from tests.truth.emitted import TimedMatch, make_correlator, timed_matches
from tests.truth.environment import TrafficEnvironment, simulate_traffic

READS: Final = 3_000


@lru_cache(maxsize=1)
def traffic() -> TrafficEnvironment:
    """A few hundred vehicles, some with copies on the road."""
    return simulate_traffic(11, READS, clones=0.1)


@lru_cache(maxsize=1)
def in_order() -> dict[str, Any]:
    """What stands when the reads come as they do."""
    return _active_hits(_run_pipeline(traffic().records))


class Recorded(NamedTuple):
    """Matches as on their topic, what each made the correlator tell, and the lists."""

    matches: list[TimedMatch]
    hits: list[list[Hit]]
    lists: Index
    judge: Matcher


@lru_cache(maxsize=1)
def recorded() -> Recorded:
    """The traffic as one worker dealt with it."""
    index, judge = traffic().build_index(), Matcher(traffic().settings.matching_rules)
    taken = list(timed_matches(traffic(), index, judge))
    worker = _make_correlator(index, judge)
    return Recorded(taken, [worker.handle_match(*each) for each in taken], index, judge)


def test_the_traffic_is_of_a_few_hundred_vehicles_with_late_reads_copies_and_handovers() -> None:
    hits = [hit for told in recorded().hits for hit in told]
    assert len(traffic().key_by_vehicle) > 120
    assert any(each.match.read.retransmitted for each in recorded().matches)
    assert any(doubt.kind == "too-fast" for hit in hits for doubt in hit.doubts)
    assert {hit.handover.state for hit in hits if hit.handover} == {"heading", "crossed"}


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_hits_stand_whatever_the_order_of_arrival(seed: int) -> None:
    records = list(traffic().records)
    Random(seed).shuffle(records)
    assert _active_hits(_run_pipeline(records)) == in_order()


@pytest.mark.parametrize(("lost", "again"), [(0.2, 0), (0.5, 0), (0.5, 40), (0.8, 300)])
def test_a_state_made_anew_midway_goes_on_as_if_nothing_had_been(lost: float, again: int) -> None:
    """Of the matches dealt with, the last `again` were not committed: they come once more."""
    taken, told, index, judge = recorded()
    done = round(lost * len(taken))
    before = [hit for each in told[:done] for hit in each]
    worker = _make_correlator(index, judge)
    for match, now in taken[: done - again]:
        worker.restorer.add_match(alert_key(match.alert), encode(match), now)
    for hit in before:
        worker.restorer.add_hit(encode(hit))
    now = taken[done - 1].now_ms
    assert worker.restorer.finish(now) == []
    assert worker.hydrate(now, 20) == []
    # What was dealt with and told already is not told again.
    assert [
        hit for match, _ in taken[done - again : done] for hit in worker.handle_match(_reencode(match), now)
    ] == []
    after = [hit for match, now in taken[done:] for hit in worker.handle_match(_reencode(match), now)]
    assert _active_hits(before + after) == _active_hits([hit for each in told for hit in each])
    revisions: dict[str, int] = {}
    for hit in before + after:
        assert hit.revision == revisions.get(hit.hit_id, 0) + 1
        revisions[hit.hit_id] = hit.revision


def _run_pipeline(records: list[bytes]) -> list[Hit]:
    settings = traffic().settings
    pipeline = Pipeline(
        PipelineConfig(
            settings.matching_rules,
            traffic().correlation,
            traffic().places,
            traffic().cooperation,
        ),
        traffic().build_index(),
    )
    return pipeline.handle_reads(records).hits


def _make_correlator(index: Index, judge: Matcher) -> Correlator:
    return make_correlator(traffic(), index, judge, traffic().correlation, traffic().cooperation)


def _reencode(record: Any) -> Any:
    """A record as it comes from a topic."""
    return msgspec.json.decode(encode(record), type=type(record))


def _active_hits(hits: list[Hit]) -> dict[str, Any]:
    latest = {hit.hit_id: hit for hit in hits}
    return active_hits(msgspec.json.decode(encode(hit)) for hit in latest.values())
