"""What stands of a day's traffic is the same for another order of arrival, and after a state made anew."""

from functools import lru_cache
from random import Random
from typing import Any, Final, NamedTuple

import msgspec
import pytest

from streams.alerts import Index
from streams.correlation.correlator import Correlator
from streams.matching.matcher import Judge
from streams.pipeline import Pipeline
from streams.records.alert import key_of
from streams.records.encode import encode
from streams.records.hit import Hit
from tests.support.cases.compare import standing
from tests.truth.emitted import Taken, correlator_of, matched
from tests.truth.environment import Ground, ground

READS: Final = 3_000


@lru_cache(maxsize=1)
def traffic() -> Ground:
    """A few hundred vehicles, some with copies on the road."""
    return ground(11, READS, clones=0.1)


@lru_cache(maxsize=1)
def in_order() -> dict[str, Any]:
    """What stands when the reads come as they do."""
    return _stands(_piped(traffic().records))


class Recorded(NamedTuple):
    """Matches as on their topic, what each made the correlator tell, and the lists."""

    taken: list[Taken]
    hits: list[list[Hit]]
    lists: Index
    judge: Judge


@lru_cache(maxsize=1)
def recorded() -> Recorded:
    """The traffic as one worker dealt with it."""
    index, judge = traffic().lists(), Judge(traffic().settings.policies)
    taken = list(matched(traffic(), index, judge))
    worker = _worker(index, judge)
    return Recorded(taken, [worker.match(*each) for each in taken], index, judge)


def test_the_traffic_is_of_a_few_hundred_vehicles_with_late_reads_copies_and_handovers() -> None:
    hits = [hit for told in recorded().hits for hit in told]
    assert len(traffic().key_of) > 120
    assert any(each.match.read.retransmitted for each in recorded().taken)
    assert any(doubt.kind == "too-fast" for hit in hits for doubt in hit.doubts)
    assert {hit.handover.state for hit in hits if hit.handover} == {"heading", "crossed"}


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_hits_stand_whatever_the_order_of_arrival(seed: int) -> None:
    records = list(traffic().records)
    Random(seed).shuffle(records)
    assert _stands(_piped(records)) == in_order()


@pytest.mark.parametrize(("lost", "again"), [(0.2, 0), (0.5, 0), (0.5, 40), (0.8, 300)])
def test_a_state_made_anew_midway_goes_on_as_if_nothing_had_been(lost: float, again: int) -> None:
    """Of the matches dealt with, the last `again` were not committed: they come once more."""
    taken, told, index, judge = recorded()
    done = round(lost * len(taken))
    before = [hit for each in told[:done] for hit in each]
    worker = _worker(index, judge)
    for match, now in taken[: done - again]:
        worker.recall(key_of(match.alert), encode(match), now)
    for hit in before:
        worker.recall_hit(encode(hit))
    now = taken[done - 1].now
    assert worker.resume(now) == []
    assert worker.wake(now, 20) == []
    # What was dealt with and told already is not told again.
    assert [hit for match, _ in taken[done - again : done] for hit in worker.match(_again(match), now)] == []
    after = [hit for match, now in taken[done:] for hit in worker.match(_again(match), now)]
    assert _stands(before + after) == _stands([hit for each in told for hit in each])
    revisions: dict[str, int] = {}
    for hit in before + after:
        assert hit.revision == revisions.get(hit.hit_id, 0) + 1
        revisions[hit.hit_id] = hit.revision


def _piped(records: list[bytes]) -> list[Hit]:
    settings = traffic().settings
    pipeline = Pipeline(
        traffic().lists(),
        settings.policies,
        traffic().policy,
        traffic().places,
        cooperation=traffic().cooperation,
    )
    return pipeline.reads(records).hits


def _worker(index: Index, judge: Judge) -> Correlator:
    return correlator_of(traffic(), index, judge, traffic().policy, traffic().cooperation)


def _again(record: Any) -> Any:
    """A record as it comes from a topic."""
    return msgspec.json.decode(encode(record), type=type(record))


def _stands(hits: list[Hit]) -> dict[str, Any]:
    latest = {hit.hit_id: hit for hit in hits}
    return standing(msgspec.json.decode(encode(hit)) for hit in latest.values())
