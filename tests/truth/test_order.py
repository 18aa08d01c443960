"""The active hits of a day of traffic do not depend on the order of arrival or on a restore."""

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
    """Return the traffic of a few hundred vehicles, some with a copied plate."""
    return simulate_traffic(11, READS, clones=0.1)


@lru_cache(maxsize=1)
def active_in_order() -> dict[str, Any]:
    """Return the active hits for the original order of reads."""
    return _active_hits(_run_pipeline(traffic().records))


class Recording(NamedTuple):
    """The matches as on their topic, the hits emitted for each, and what they were made with."""

    matches: list[TimedMatch]
    hits: list[list[Hit]]
    index: Index
    matcher: Matcher


@lru_cache(maxsize=1)
def recording() -> Recording:
    """Return the traffic as processed by one correlator."""
    index, matcher = traffic().build_index(), Matcher(traffic().settings.matching_rules)
    matches = list(timed_matches(traffic(), index, matcher))
    correlator = _make_correlator(index, matcher)
    return Recording(matches, [correlator.handle_match(*match) for match in matches], index, matcher)


def test_the_traffic_has_many_vehicles_late_reads_copies_and_handovers() -> None:
    hits = [hit for match_hits in recording().hits for hit in match_hits]
    assert len(traffic().key_by_vehicle) > 120
    assert any(match.read.retransmitted for match, _ in recording().matches)
    assert any(doubt.kind == "too-fast" for hit in hits for doubt in hit.doubts)
    assert {hit.handover.state for hit in hits if hit.handover} == {"heading", "crossed"}


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_hits_are_active_for_any_order_of_arrival(seed: int) -> None:
    records = list(traffic().records)
    Random(seed).shuffle(records)
    assert _active_hits(_run_pipeline(records)) == active_in_order()


@pytest.mark.parametrize(("processed_share", "uncommitted"), [(0.2, 0), (0.5, 0), (0.5, 40), (0.8, 300)])
def test_a_correlator_restored_midway_continues_as_if_nothing_had_happened(
    processed_share: float, uncommitted: int
) -> None:
    """The last of the processed matches were not committed, so they arrive again."""
    matches, hits, index, matcher = recording()
    processed = round(processed_share * len(matches))
    before = [hit for match_hits in hits[:processed] for hit in match_hits]
    correlator = _make_correlator(index, matcher)
    for match, now_ms in matches[: processed - uncommitted]:
        correlator.restorer.add_match(alert_key(match.alert), encode(match), now_ms)
    for hit in before:
        correlator.restorer.add_hit(encode(hit))
    restored_ms = matches[processed - 1].now_ms
    assert correlator.restorer.finish(restored_ms) == []
    assert correlator.hydrate(restored_ms, 20) == []
    # Matches that were processed before emit nothing when they arrive again.
    for match, _ in matches[processed - uncommitted : processed]:
        assert correlator.handle_match(_reencode(match), restored_ms) == []
    after = [
        hit
        for match, now_ms in matches[processed:]
        for hit in correlator.handle_match(_reencode(match), now_ms)
    ]
    assert _active_hits(before + after) == _active_hits([hit for match_hits in hits for hit in match_hits])
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


def _make_correlator(index: Index, matcher: Matcher) -> Correlator:
    return make_correlator(traffic(), index, matcher, traffic().correlation, traffic().cooperation)


def _reencode(record: Any) -> Any:
    """Return a record as it is read back from a topic."""
    return msgspec.json.decode(encode(record), type=type(record))


def _active_hits(hits: list[Hit]) -> dict[str, Any]:
    latest = {hit.hit_id: hit for hit in hits}
    return active_hits(msgspec.json.decode(encode(hit)) for hit in latest.values())
