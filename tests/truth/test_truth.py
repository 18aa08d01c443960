"""What the pipeline tells of a day's traffic is the truth: journeys, borders, arrivals, copies."""

from functools import lru_cache

from tests.truth.arrivals import summarize_errors
from tests.truth.emitted import run_pipeline
from tests.truth.environment import simulate_traffic
from tests.truth.ledger import TruthLedger

SEED = 7


@lru_cache(maxsize=1)
def baseline_ledger() -> TruthLedger:
    """Traffic without copies: misreads, one read in ten late or lost, some clocks wrong."""
    return _build_ledger(reads=12_000)


@lru_cache(maxsize=1)
def cloned_ledger() -> TruthLedger:
    """Traffic in which one vehicle in ten carries the plate of another."""
    return _build_ledger(reads=8_000, clones=0.1)


def _build_ledger(reads: int, **rates: float) -> TruthLedger:
    account = TruthLedger()
    traffic = simulate_traffic(SEED, reads, **rates)
    account.add(traffic, run_pipeline(traffic))
    return account


def test_each_journey_is_told_whole_but_where_a_clock_or_another_vehicle_is_in_the_way() -> None:
    its = baseline_ledger().counts
    assert baseline_ledger().faults == []
    assert its["journeys"] > 700
    explained = sum(count for name, count in its.items() if name.startswith("reasons: "))
    assert its["whole"] + explained == its["journeys"]
    assert its["whole"] > 0.8 * its["journeys"]
    assert its["left_out"] == 0


def test_each_journey_is_told_whole_where_all_clocks_are_right() -> None:
    right = _build_ledger(reads=5_000, clock_wrong=0.0)
    its = right.counts
    assert right.faults == []
    assert its["journeys"] > 250
    assert its["whole"] == its["journeys"]
    assert its["twice"] == its["inverted"] == its["foreign"] == 0


def test_the_traffic_is_as_bad_as_it_is_meant_to_be() -> None:
    its = baseline_ledger().counts
    assert 0.02 < its["lost"] / its["passages"] < 0.06
    assert 0.02 < its["misread"] / its["passages"] < 0.06
    assert 0.03 < its["late"] / its["matches"] < 0.08
    assert its["twice"] > 0 and its["inverted"] > 0


def test_each_border_crossed_is_told_by_the_journey_and_by_a_handover() -> None:
    its = baseline_ledger().counts
    assert its["crossed crossings"] > 400
    assert its["crossed told"] > 0.98 * its["crossed crossings"]
    assert its["crossed handed"] > 0.96 * its["crossed crossings"]


def test_borders_ahead_are_told_before_the_vehicle_is_there() -> None:
    its = baseline_ledger().counts
    assert its["ahead foretold"] > 0.9 * its["ahead crossings"]
    assert its["ahead came"] > 0.3 * its["ahead told"]


def test_the_next_site_and_the_time_there_are_told() -> None:
    its = baseline_ledger().counts
    assert its["arrivals told"] > 0.98 * its["arrivals asked"]
    found = summarize_errors(each for each in baseline_ledger().arrivals if each.is_next_site)
    assert found.arrivals == its["arrivals told"]
    assert found.minutes[0] < 0.5 and found.minutes[1] < 2
    assert found.share[0] < 0.05 and found.share[1] < 0.15
    assert found.in_window_share > 0.97


def test_no_vehicle_is_ever_told_to_be_too_fast_where_there_are_no_copies() -> None:
    assert baseline_ledger().too_fast == []
    assert baseline_ledger().counts["alone looks"] < 0.01 * baseline_ledger().counts["vehicles"]


def test_copies_that_two_sure_reads_give_away_are_found_and_no_others() -> None:
    its = cloned_ledger().counts
    assert cloned_ledger().faults == []
    assert its["copied possible"] > 20
    assert its["copied missed"] == its["copied found, not possible"] == 0
    assert its["alone too_fast"] == 0
