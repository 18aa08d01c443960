"""Correlation: matches in, hits with journeys and handovers out; the memory of the state; restoring it."""

import gc
from time import perf_counter
from typing import Final, NamedTuple

from streams.alerts.index import Index
from streams.correlation.config import CooperationRules, CorrelationConfig, CorrelationRules
from streams.correlation.correlator import Correlator
from streams.matching.config import MatchingRules
from streams.matching.matcher import Matcher
from streams.network.config import Places
from streams.records.alert import alert_key
from streams.records.decode import decode_matches
from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.match import Match
from streams.rules.handovers import HandoverRule
from streams.runtime.gc_tuning import GcProfile, tune_gc
from tests.bench.table import one_core, resident, seconds, show
from tests.bench.vehicles import Made, made

_HANDOVERS: Final = {
    "fr-be": HandoverRule(from_="FR", to="BE", copy=["tournai"]),
    "be-fr": HandoverRule(from_="BE", to="FR", copy=["tournai"]),
}
_TARGET: Final = "≥ 20,000"
_ROUNDS: Final = 3


class _Kind(NamedTuple):
    """A way to correlate."""

    name: str
    places: Places
    cooperation: CooperationRules
    target: str


def run(vehicles: int) -> None:
    """Prints matches correlated a second on one core, bytes a vehicle, and the seconds of restoring it."""
    one_core()
    traffic = made(vehicles)
    tune_gc(GcProfile.BATCHES)
    _speed(traffic)
    _state(traffic)
    _restore(traffic)


def cooperation() -> CooperationRules:
    """Handovers both ways over the border."""
    return CooperationRules(_HANDOVERS)


def correlator_of(traffic: Made, places: Places, cooperation: CooperationRules) -> Correlator:
    """A state that knows nothing yet, for traffic."""
    index = Index()
    for alert in traffic.alerts:
        index.apply_value(alert)
    judge = Matcher(MatchingRules())
    return Correlator(CorrelationRules(CorrelationConfig(), places, {}, cooperation), index, judge)


def _hits(correlator: Correlator, traffic: Made) -> list[Hit]:
    return [hit for now, match in traffic.matches for hit in correlator.handle_match(match, now)]


def _speed(traffic: Made) -> None:
    kinds = (
        _Kind("places not known: no journeys", Places(), CooperationRules(), ""),
        _Kind("journeys", traffic.places, CooperationRules(), _TARGET),
        _Kind("journeys and handovers", traffic.places, cooperation(), _TARGET),
    )
    times: dict[str, list[float]] = {each.name: [] for each in kinds}
    emitted: dict[str, int] = {}
    for _ in range(_ROUNDS):
        for kind in kinds:
            correlator = correlator_of(traffic, kind.places, kind.cooperation)
            gc.collect()
            began = perf_counter()
            emitted[kind.name] = len(_hits(correlator, traffic))
            times[kind.name].append(perf_counter() - began)
    count, bare = len(traffic.matches), min(times[kinds[0].name])
    show(
        f"{count:,} matches of {len(traffic.alerts):,} vehicles correlated, one core (fastest of {_ROUNDS})",
        ("what", "matches/s", "target", "revisions", "times of the first"),
        [
            (
                kind.name,
                f"{count / min(times[kind.name]):,.0f}",
                kind.target,
                f"{emitted[kind.name]:,}",
                f"{bare / min(times[kind.name]):.2f}",
            )
            for kind in kinds
        ],
    )


def _state(traffic: Made) -> None:
    correlator = correlator_of(traffic, traffic.places, cooperation())
    records = [(now, encode(match)) for now, match in traffic.matches]
    gc.collect()
    before = resident()
    for now, record in records:
        correlator.handle_match(_match(record), now)
    gc.collect()
    taken, vehicles = resident() - before, len(traffic.alerts)
    show(
        "State of correlation, with journeys and handovers",
        ("bytes a vehicle", "matches a vehicle", "bytes a match"),
        (
            (
                f"{taken / vehicles:,.0f}",
                f"{len(records) / vehicles:.1f}",
                f"{taken / len(records):,.0f}",
            ),
        ),
    )


def _match(record: bytes) -> Match:
    match = decode_matches([record])[0]
    assert isinstance(match, Match), "a match as it was made"
    return match


def _restore(traffic: Made) -> None:
    emitted = _hits(correlator_of(traffic, traffic.places, cooperation()), traffic)
    hits = [encode(hit) for hit in emitted]
    matches = [(now, alert_key(match.alert), encode(match)) for now, match in traffic.matches]
    correlator, last = correlator_of(traffic, traffic.places, cooperation()), matches[-1][0]
    emitted.clear()

    def recall() -> None:
        for now, key, record in matches:
            correlator.restorer.add_match(key, record, now)
        for record in hits:
            correlator.restorer.add_hit(record)
        emitted.extend(correlator.restorer.finish(last))

    gc.collect()
    ready = seconds(recall)
    rest = seconds(lambda: emitted.extend(correlator.hydrate(last, correlator.cold_count)))
    assert not emitted, "what was emitted is not emitted again"
    million = 1_000_000 / len(matches)
    show(
        f"State restored from {len(matches):,} matches and {len(hits):,} revisions as JSON, one core",
        ("", "s", "s for 1 M matches, in proportion", "target"),
        (
            ("it can go on", f"{ready:.1f}", f"{ready * million:.0f}", "≤ 30"),
            ("all cold alerts are hydrated", f"{rest:.1f}", f"{rest * million:.0f}", ""),
        ),
    )
