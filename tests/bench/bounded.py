"""The cost of one event in correlation, by how much of its alert is remembered."""

import gc
import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from statistics import median
from time import perf_counter
from typing import Final, NamedTuple

from msgspec.structs import replace

from streams.alerts.index import Index
from streams.correlation.config import CorrelationRules
from streams.correlation.correlator import Correlator
from streams.matching.config import MatchingRules
from streams.matching.matcher import Matcher
from streams.network.builtin import builtin_sites
from streams.network.config import CameraConfig, Places
from streams.records.alert import alert_key
from streams.records.hit import Hit
from streams.records.match import Match, MatchResult
from streams.records.times import Millis, to_ms
from streams.records.verdict import Verdict
from streams.runtime.gc_tuning import GcProfile, tune_gc
from tests.bench.correlate import cooperation
from tests.bench.table import one_core, show
from tests.support.builders import NOON, a_read, an_alert

_PLATE: Final = "AB-123-CD"
_SAMPLES: Final = 2_000
_TARGET: Final = 1.5
_STEP_S: Final = 1_200
"""Time between two passages of a journey."""


class _Case(NamedTuple):
    """What is remembered, and the events whose cost is measured, each a call."""

    name: str
    events: Callable[[int], Iterator[Callable[[], object]]]


def run(sizes: tuple[int, ...]) -> None:
    """Prints the median cost of one event at each number of remembered reads, hits or verdicts."""
    one_core()
    tune_gc(GcProfile.BATCHES)
    rows = []
    for case in (
        _Case("a read that repeats a passage, by its reads", _repeats),
        _Case("a read of a new passage of a pattern, by its hits", _new_passages),
        _Case("a confirmation of a hit of a pattern, by its hits", _verdicts),
        _Case("a confirmation of one vehicle, by its verdicts", _verdicts_on_one),
        _Case("a read of a new passage of a journey, by its passages", _journey),
        _Case("a read that comes late, by the passages of its journey", _late),
        _Case("a confirmation of a hit of a journey, by its passages", _verdicts_on_journey),
        _Case("a new version with another reason, by the versions before", _versions),
    ):
        costs = [_cost(case, size) for size in sizes]
        row = [f"{cost * 1e6:,.0f} µs" for cost in costs]
        rows.append((case.name, *row, f"{max(costs) / costs[0]:.2f}", f"≤ {_TARGET}"))
    headings = ("one event", *(f"{size:,} remembered" for size in sizes), "most / first", "target")
    show(f"Cost of one event of one alert, one core (median of {_SAMPLES:,})", headings, rows)


def _cost(case: _Case, size: int) -> float:
    events = case.events(size)
    times = []
    gc.collect()
    for event in events:
        began = perf_counter()
        event()
        times.append(perf_counter() - began)
    return median(times)


class _Remembered:
    """A correlator of one alert, and what it emitted."""

    def __init__(self, plate: str, rules: CorrelationRules | None = None) -> None:
        self.alert = an_alert(plate, "FR", valid_until=NOON + timedelta(days=9_000))
        self.index = Index()
        self.index.apply_value(self.alert)
        self.correlator = Correlator(rules or CorrelationRules(), self.index, Matcher(MatchingRules()))
        self.hits: list[Hit] = []

    def match(self, number: int, seconds: float, plate: str = _PLATE, camera_id: str = "c1") -> Match:
        """Return the match of a read."""
        is_pattern = "*" in self.alert.plate
        read = a_read(
            plate,
            "FR",
            read_id=f"r{number}",
            camera_id=camera_id,
            captured_at=NOON + timedelta(seconds=seconds),
        )
        result = MatchResult(
            "pattern" if is_pattern else "exact", plate, self.alert.plate, None if is_pattern else 0.99
        )
        return Match(read, self.alert, result)

    def handle(self, match: Match) -> None:
        """Handle a match at the time of its read."""
        self.hits += self.correlator.handle_match(match, to_ms(match.read.captured_at))

    def confirm(self, hit: Hit, now_ms: Millis) -> list[Hit]:
        """Handle a confirmation."""
        return self.correlator.handle_verdict(
            Verdict(hit.hit_id, "ccpd", "confirmed", NOON + timedelta(milliseconds=now_ms - to_ms(NOON))),
            now_ms,
        )


def _repeats(size: int) -> Iterator[Callable[[], object]]:
    state = _Remembered(_PLATE)
    for number in range(size):
        state.handle(state.match(number, number))
    for number in range(size, size + _SAMPLES):
        match = state.match(number, number)
        yield lambda match=match: state.handle(match)  # type: ignore[misc]


def _new_passages(size: int) -> Iterator[Callable[[], object]]:
    state = _pattern(size)
    for number in range(size, size + _SAMPLES):
        match = state.match(number, number, f"AB{number}")
        yield lambda match=match: state.handle(match)  # type: ignore[misc]


def _verdicts(size: int) -> Iterator[Callable[[], object]]:
    state = _pattern(size)
    last_ms = to_ms(NOON) + size * 1000
    for number, hit in enumerate(state.hits[: min(_SAMPLES, size)]):
        yield lambda hit=hit, number=number: state.confirm(hit, last_ms + number)  # type: ignore[misc]


def _verdicts_on_one(size: int) -> Iterator[Callable[[], object]]:
    state = _Remembered(_PLATE)
    for number in range(size + _SAMPLES):
        state.handle(state.match(number, 0, camera_id=f"c{number}"))
    hits = list(state.hits)
    last_ms = to_ms(NOON) + 1
    for number, hit in enumerate(hits[:size]):
        state.confirm(hit, last_ms + number)
    for number, hit in enumerate(hits[size:]):
        yield lambda hit=hit, number=number: state.confirm(hit, last_ms + size + number)  # type: ignore[misc]


def _journey(size: int) -> Iterator[Callable[[], object]]:
    state = _shuttling(size)
    for number in range(size, size + _SAMPLES):
        match = state.match(number, number * _STEP_S, camera_id=_camera(number))
        yield lambda match=match: state.handle(match)  # type: ignore[misc]


def _late(size: int) -> Iterator[Callable[[], object]]:
    state, rng = _shuttling(size), random.Random(3)
    last_ms = to_ms(NOON) + size * _STEP_S * 1000
    for number, before in enumerate(rng.sample(range(size), min(_SAMPLES, size))):
        match = state.match(size + number, (before + 0.5) * _STEP_S, camera_id=_camera(before))
        yield lambda match=match: state.correlator.handle_match(match, last_ms)  # type: ignore[misc]


def _verdicts_on_journey(size: int) -> Iterator[Callable[[], object]]:
    state = _shuttling(size)
    last_ms = to_ms(NOON) + size * _STEP_S * 1000
    passages = [hit for hit in state.hits if hit.kind == "new" and hit.handover is None]
    for number, hit in enumerate(random.Random(3).sample(passages, min(_SAMPLES, size))):
        yield lambda hit=hit, number=number: state.confirm(hit, last_ms + number)  # type: ignore[misc]


def _versions(size: int) -> Iterator[Callable[[], object]]:
    state = _Remembered(_PLATE)
    state.handle(state.match(0, 0))
    key, at_ms = alert_key(state.alert), to_ms(NOON) + 1

    def change(version: int) -> None:
        state.index.apply_value(replace(state.alert, version=version, reason=f"reason {version}"))
        assert state.correlator.handle_alert_change(key, at_ms)[0].kind == "amended"

    for version in range(2, size + 2):
        change(version)
    for version in range(size + 2, size + 2 + _SAMPLES):
        yield lambda version=version: change(version)  # type: ignore[misc]


def _shuttling(size: int) -> _Remembered:
    """Return a vehicle that goes to and fro over a border, with journeys and handovers."""
    sites = builtin_sites("fr-be")
    places = Places({name: CameraConfig(site=name) for name in sites}, sites)
    state = _Remembered(_PLATE, CorrelationRules(places=places, cooperation=cooperation()))
    for number in range(size):
        state.handle(state.match(number, number * _STEP_S, camera_id=_camera(number)))
    return state


def _camera(number: int) -> str:
    return ("rekkem", "neuville")[number % 2]


def _pattern(size: int) -> _Remembered:
    """Return a pattern that many vehicles fit, each read once."""
    state = _Remembered("AB*")
    for number in range(size):
        state.handle(state.match(number, number, f"AB{number}"))
    return state
