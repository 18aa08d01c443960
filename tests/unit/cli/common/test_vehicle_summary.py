"""Hits counted by vehicle at the end of a run."""

from typing import Any

from msgspec.structs import replace

from streams.cli.common.vehicle_summary import VehicleSummary
from streams.records.hit import Hit, Retraction
from streams.records.journey import Handover
from tests.support.builders import after_noon
from tests.support.operations import a_hit

HANDOVER = Handover("heading", "FR", "BE", "rekkem", after_noon(0), after_noon(600), after_noon(900))


def describe(*hits: Hit) -> str:
    summary = VehicleSummary()
    for hit in hits:
        summary.add([hit])
    return summary.describe()


def withdrawn(hit: Hit) -> Hit:
    return replace(hit, revision=2, kind="withdrawn", withdrawn=Retraction("superseded"))


def a_handover(number: int, **fields: Any) -> Hit:
    return a_hit(number, handover=HANDOVER, **fields)


def test_without_hits_no_vehicle_is_hit() -> None:
    assert describe() == "0 listed vehicles hit"


def test_a_vehicle_counts_once_with_the_action_of_its_latest_active_hit() -> None:
    first = a_hit(1, alert_id="A", action="inform", minute=0)
    second = a_hit(2, alert_id="A", action="discreet-check", minute=5)
    assert describe(second, first) == "1 listed vehicle hit: 1 discreet check"
    assert describe(first, second, withdrawn(second)) == "1 listed vehicle hit: 1 inform"


def test_vehicles_are_counted_by_action_most_frequent_first() -> None:
    hits = [a_hit(each, action="stop" if each > 1 else "seize") for each in range(1, 4)]
    assert describe(*hits) == "3 listed vehicles hit: 2 stop, 1 seize"


def test_a_vehicle_of_which_every_hit_was_withdrawn_is_counted_apart() -> None:
    hit = a_hit(1)
    assert describe(hit, withdrawn(hit)) == "0 listed vehicles hit; 1 more hit and withdrawn"


def test_each_plate_that_fits_a_pattern_is_a_vehicle() -> None:
    hits = [a_hit(each, alert_id="A", class_="pattern", read_plate=f"AB{each}") for each in (1, 2)]
    assert describe(*hits).startswith("2 listed vehicles hit: ")


def test_a_historical_hit_asks_for_no_action() -> None:
    assert describe(a_hit(1, mode="historical")) == "1 listed vehicle hit: 1 no action (historical)"


def test_handovers_are_counted_next_to_the_vehicles() -> None:
    active, over = a_handover(2), a_handover(3)
    assert describe(a_hit(1, action="stop"), active, over, withdrawn(over)) == (
        "1 listed vehicle hit: 1 stop; 2 handovers, 1 of them active at the end"
    )
