"""Hits of a day of simulated traffic agree with the truth: journeys, crossings, arrivals and copies."""

from functools import lru_cache

from tests.truth.arrivals import summarize_errors
from tests.truth.emitted import run_pipeline
from tests.truth.environment import simulate_traffic
from tests.truth.ledger import TruthLedger

SEED = 7


@lru_cache(maxsize=1)
def baseline_ledger() -> TruthLedger:
    """Return the ledger of traffic without copies: misreads, a tenth of reads late or lost, wrong clocks."""
    return _build_ledger(reads=12_000)


@lru_cache(maxsize=1)
def cloned_ledger() -> TruthLedger:
    """Return the ledger of traffic in which one vehicle in ten carries the plate of another."""
    return _build_ledger(reads=8_000, clones=0.1)


def _build_ledger(reads: int, **rates: float) -> TruthLedger:
    ledger = TruthLedger()
    environment = simulate_traffic(SEED, reads, **rates)
    ledger.add(environment, run_pipeline(environment))
    return ledger


def test_a_journey_is_complete_unless_a_wrong_clock_or_another_vehicle_explains_why_not() -> None:
    counts = baseline_ledger().counts
    assert baseline_ledger().faults == []
    assert counts["journeys"] > 700
    explained = sum(count for name, count in counts.items() if name.startswith("reasons: "))
    assert counts["complete"] + explained == counts["journeys"]
    assert counts["complete"] > 0.8 * counts["journeys"]
    assert counts["left_out"] == 0


def test_each_journey_is_complete_where_all_clocks_are_right() -> None:
    ledger = _build_ledger(reads=5_000, clock_wrong=0.0)
    counts = ledger.counts
    assert ledger.faults == []
    assert counts["journeys"] > 250
    assert counts["complete"] == counts["journeys"]
    assert counts["split"] == counts["inverted"] == counts["foreign"] == 0


def test_the_traffic_has_the_configured_defects() -> None:
    counts = baseline_ledger().counts
    assert 0.02 < counts["lost"] / counts["passages"] < 0.06
    assert 0.02 < counts["misread"] / counts["passages"] < 0.06
    assert 0.03 < counts["late"] / counts["matches"] < 0.08
    assert counts["split"] > 0 and counts["inverted"] > 0


def test_each_border_crossing_is_in_the_journey_and_has_a_handover() -> None:
    counts = baseline_ledger().counts
    assert counts["crossings crossings"] > 400
    assert counts["crossings in_journey"] > 0.98 * counts["crossings crossings"]
    assert counts["crossings in_handover"] > 0.96 * counts["crossings crossings"]


def test_crossings_are_foretold_before_the_vehicle_is_there() -> None:
    counts = baseline_ledger().counts
    assert counts["ahead foretold"] > 0.9 * counts["ahead crossings"]
    assert counts["ahead crossed"] > 0.3 * counts["ahead handovers"]


def test_the_next_site_is_listed_with_an_accurate_arrival_window() -> None:
    counts = baseline_ledger().counts
    assert counts["arrivals listed"] > 0.98 * counts["arrivals due"]
    errors = summarize_errors(arrival for arrival in baseline_ledger().arrivals if arrival.is_next_site)
    assert errors.arrivals == counts["arrivals listed"]
    assert errors.minutes[0] < 0.5 and errors.minutes[1] < 2
    assert errors.share[0] < 0.05 and errors.share[1] < 0.15
    assert errors.in_window_share > 0.97


def test_without_copies_no_hit_ever_has_the_doubt_too_fast() -> None:
    assert baseline_ledger().too_fast == []
    assert baseline_ledger().counts["alone looks"] < 0.01 * baseline_ledger().counts["vehicles"]


def test_copies_that_two_reliable_reads_reveal_are_found_and_no_others() -> None:
    counts = cloned_ledger().counts
    assert cloned_ledger().faults == []
    assert counts["copied detectable"] > 20
    assert counts["copied missed"] == counts["copied found, not detectable"] == 0
    assert counts["alone too_fast"] == 0
