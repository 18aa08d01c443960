"""What the pipeline tells of a day's traffic is the truth: journeys, borders, arrivals, copies."""

from functools import lru_cache

from tests.truth.arrivals import errors
from tests.truth.emitted import by_pipeline
from tests.truth.environment import ground
from tests.truth.ledger import Account

SEED = 7


@lru_cache(maxsize=1)
def usual() -> Account:
    """Traffic without copies: misreads, one read in ten late or lost, some clocks wrong."""
    return _account(reads=12_000)


@lru_cache(maxsize=1)
def copied() -> Account:
    """Traffic in which one vehicle in ten carries the plate of another."""
    return _account(reads=8_000, clones=0.1)


def _account(reads: int, **rates: float) -> Account:
    account = Account()
    traffic = ground(SEED, reads, **rates)
    account.add(traffic, by_pipeline(traffic))
    return account


def test_each_journey_is_told_whole_but_where_a_clock_or_another_vehicle_is_in_the_way() -> None:
    its = usual().counts
    assert usual().faults == []
    assert its["journeys"] > 700
    explained = sum(count for name, count in its.items() if name.startswith("reasons: "))
    assert its["whole"] + explained == its["journeys"]
    assert its["whole"] > 0.8 * its["journeys"]
    assert its["left_out"] == 0


def test_each_journey_is_told_whole_where_all_clocks_are_right() -> None:
    right = _account(reads=5_000, clock_wrong=0.0)
    its = right.counts
    assert right.faults == []
    assert its["journeys"] > 250
    assert its["whole"] == its["journeys"]
    assert its["twice"] == its["inverted"] == its["foreign"] == 0


def test_the_traffic_is_as_bad_as_it_is_meant_to_be() -> None:
    its = usual().counts
    assert 0.02 < its["lost"] / its["passages"] < 0.06
    assert 0.02 < its["misread"] / its["passages"] < 0.06
    assert 0.03 < its["late"] / its["matches"] < 0.08
    assert its["twice"] > 0 and its["inverted"] > 0


def test_each_border_crossed_is_told_by_the_journey_and_by_a_handover() -> None:
    its = usual().counts
    assert its["crossed crossings"] > 400
    assert its["crossed told"] > 0.98 * its["crossed crossings"]
    assert its["crossed handed"] > 0.96 * its["crossed crossings"]


def test_borders_ahead_are_told_before_the_vehicle_is_there() -> None:
    its = usual().counts
    assert its["ahead foretold"] > 0.9 * its["ahead crossings"]
    assert its["ahead came"] > 0.3 * its["ahead told"]


def test_the_next_site_and_the_time_there_are_told() -> None:
    its = usual().counts
    assert its["arrivals told"] > 0.98 * its["arrivals asked"]
    found = errors(each for each in usual().arrivals if each.next)
    assert found.arrivals == its["arrivals told"]
    assert found.minutes[0] < 0.5 and found.minutes[1] < 2
    assert found.share[0] < 0.05 and found.share[1] < 0.15
    assert found.inside > 0.97


def test_no_vehicle_is_ever_told_to_be_too_fast_where_there_are_no_copies() -> None:
    assert usual().too_fast == []
    assert usual().counts["alone looks"] < 0.01 * usual().counts["vehicles"]


def test_copies_that_two_sure_reads_give_away_are_found_and_no_others() -> None:
    its = copied().counts
    assert copied().faults == []
    assert its["copied possible"] > 20
    assert its["copied missed"] == its["copied found, not possible"] == 0
    assert its["alone too_fast"] == 0
