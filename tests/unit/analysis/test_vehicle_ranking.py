"""The ranking of vehicles, and which of them the crews intercept."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.analysis.vehicle_ranking import RankedVehicle, VehicleRanking
from streams.operations.config import OperationConfig
from streams.records.hit import Hit, Retraction
from streams.records.journey import Handover
from streams.records.times import from_ms, to_ms
from streams.records.verdict import Verdict
from tests.support.operations import (
    ENDS_MS,
    MINUTE_MS,
    NOON_MS,
    SITES,
    a_hit,
    a_verdict,
    a_window,
    an_admission,
    an_operation,
)


def ranked(
    hits: Iterable[Hit], *verdicts: Verdict, joint: OperationConfig | None = None, minute: float = 0
) -> list[RankedVehicle]:
    """Return the ranking at a minute after noon."""
    ranking = VehicleRanking("joint", joint or an_operation(), SITES)
    for hit in hits:
        ranking.add_hit(hit)
    for verdict in verdicts:
        ranking.add_verdict(verdict)
    return ranking.rank(NOON_MS + round(minute * MINUTE_MS))


def alert_ids(ranking: Iterable[RankedVehicle]) -> list[str]:
    """Return the alerts of a ranking, in order."""
    return [vehicle.hit.alert.alert_id for vehicle in ranking]


def chosen(ranking: Iterable[RankedVehicle]) -> list[str]:
    """Return the alerts whose vehicles have a slot."""
    return [vehicle.hit.alert.alert_id for vehicle in ranking if vehicle.slot is not None]


def reasons(ranking: Iterable[RankedVehicle]) -> dict[str, str | None]:
    """Return by alert why its vehicle has no slot."""
    return {vehicle.hit.alert.alert_id: vehicle.no_slot_reason for vehicle in ranking}


def test_a_crew_with_three_slots_intercepts_the_best_three_of_six() -> None:
    scores = {1: 0.1, 2: 0.9, 3: 0.3, 4: 0.7, 5: 0.5, 6: 0.2}
    ranking = ranked(a_hit(number, an_admission(score, 1, 59)) for number, score in scores.items())
    assert alert_ids(ranking) == ["A2", "A4", "A5", "A3", "A6", "A1"]
    assert [vehicle.rank for vehicle in ranking] == [1, 2, 3, 4, 5, 6]
    assert chosen(ranking) == ["A2", "A4", "A5"]
    assert [vehicle.no_slot_reason for vehicle in ranking] == [None, None, None, "full", "full", "full"]
    slots = sorted(
        (vehicle.slot.begins_ms - NOON_MS, vehicle.slot.ends_ms - NOON_MS)
        for vehicle in ranking
        if vehicle.slot
    )
    assert slots == [(0, 20 * MINUTE_MS), (20 * MINUTE_MS, 40 * MINUTE_MS), (40 * MINUTE_MS, 60 * MINUTE_MS)]


def test_each_crew_has_its_own_capacity() -> None:
    six = [a_hit(number, an_admission(number / 10, 1, 59)) for number in range(1, 7)]
    assert chosen(ranked(six, joint=an_operation(capacity=1))) == ["A6"]
    assert chosen(ranked(six, joint=an_operation(capacity=1, crews=["camphin", "camphin"]))) == ["A6", "A5"]
    # A crew elsewhere does not help.
    assert chosen(ranked(six, joint=an_operation(capacity=1, crews=["camphin", "lille"]))) == ["A6"]
    seven = [*six, a_hit(7, an_admission(0.05, 1, 59, site_id="lille"))]
    assert chosen(ranked(seven, joint=an_operation(capacity=1, crews=["camphin", "lille"]))) == ["A6", "A7"]


def test_vehicles_whose_windows_do_not_overlap_do_not_compete_for_slots() -> None:
    hits = [
        a_hit(1, an_admission(0.9, 1, 10)),
        a_hit(2, an_admission(0.1, 21, 30)),
        a_hit(3, an_admission(0.8, 2, 11)),
    ]
    ranking = ranked(hits)
    assert chosen(ranking) == ["A1", "A2"]
    assert reasons(ranking) == {"A1": None, "A2": None, "A3": "full"}


def test_a_better_vehicle_is_moved_to_a_later_slot_to_make_room() -> None:
    # The first can have either slot, the second only the earlier one, the third only the later one.
    wide, early = a_hit(1, an_admission(0.9, 1, 39)), a_hit(2, an_admission(0.5, 1, 19))
    late = a_hit(3, an_admission(0.4, 21, 39))
    ranking = ranked([wide, early])
    assert chosen(ranking) == ["A1", "A2"]
    assert [vehicle.slot.begins_ms - NOON_MS for vehicle in ranking if vehicle.slot] == [20 * MINUTE_MS, 0]
    assert chosen(ranked([wide, early, late])) == ["A1", "A2"]
    assert chosen(ranked([wide, late])) == ["A1", "A3"]


def test_of_equal_scores_the_earlier_arrival_ranks_first() -> None:
    ranking = ranked([a_hit(1, an_admission(0.5, 12, 20)), a_hit(2, an_admission(0.5, 11, 30))])
    assert alert_ids(ranking) == ["A2", "A1"]


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({}, True),
        ({"mode": "historical"}, False),
        ({"kind": "withdrawn", "withdrawn": Retraction("alert-expired"), "revision": 2}, False),
        (
            {
                "handover": Handover(
                    "heading", "FR", "BE", "rekkem", from_ms(NOON_MS), from_ms(NOON_MS), from_ms(NOON_MS)
                )
            },
            False,
        ),
        ({"verdict": a_verdict(1, "rejected")}, False),
        ({"verdict": a_verdict(1, "confirmed")}, True),
        ({"verdict": a_verdict(1, "acknowledged")}, True),
        ({"verdict": a_verdict(1, "confirmed", intercepted=True)}, False),
    ],
)
def test_only_active_live_hits_count(fields: dict[str, Any], counts: bool) -> None:
    assert bool(ranked([a_hit(1, an_admission(), **fields)])) == counts


def test_a_hit_of_another_operation_or_of_none_does_not_count() -> None:
    assert ranked([a_hit(1, an_admission(operation_id="other")), a_hit(2)]) == []
    assert alert_ids(ranked([a_hit(1, an_admission(operation_id="other"), an_admission())])) == ["A1"]


def test_a_vehicle_whose_arrival_window_is_over_does_not_count() -> None:
    one = a_hit(1, an_admission(0.5, 10, 20))
    assert alert_ids(ranked([one], minute=20)) == ["A1"]
    assert alert_ids(ranked([one], minute=20 + 1 / MINUTE_MS)) == []


def test_only_the_rest_of_an_arrival_window_counts() -> None:
    # Before minute 20 there are two slots in the rest of the window, after that only one.
    both = [a_hit(1, an_admission(0.9, 1, 39)), a_hit(2, an_admission(0.5, 1, 39))]
    assert chosen(ranked(both, minute=19)) == ["A1", "A2"]
    assert chosen(ranked(both, minute=20)) == ["A1"]


def test_a_crew_is_not_ready_before_its_setup_time() -> None:
    one = a_hit(1, an_admission(0.9, 1, 19))
    assert chosen(ranked([one], joint=an_operation(setup_minutes=19.0))) == ["A1"]
    ranking = ranked([one], joint=an_operation(setup_minutes=19.1))
    assert reasons(ranking) == {"A1": "over"}


def test_a_vehicle_that_no_crew_can_reach_is_shown_for_an_hour_with_the_reason() -> None:
    unreachable = a_hit(1, an_admission(0.0, site_id=None, earliest=0, latest=0))
    assert reasons(ranked([unreachable], minute=60)) == {"A1": "no-crew"}
    assert ranked([unreachable], minute=60 + 1 / MINUTE_MS) == []
    # The same if the crew has been moved since.
    moved = ranked([a_hit(1, an_admission(0.9))], joint=an_operation(crews=["lille"]))
    assert reasons(moved) == {"A1": "no-crew"}


def test_a_vehicle_that_arrives_after_the_end_of_the_operation_has_no_slot() -> None:
    at_the_end = a_hit(1, an_admission(0.9, 119.9, 130), minute=100)
    after = a_hit(2, an_admission(0.8, 120, 130), minute=100)
    ranking = ranked([at_the_end, after], minute=100)
    assert reasons(ranking) == {"A1": None, "A2": "over"}
    assert ranking[0].slot is not None and ranking[0].slot.ends_ms == ENDS_MS


def test_the_last_slot_ends_with_the_operation() -> None:
    (one,) = ranked([a_hit(1, an_admission(0.9, 45, 60))], joint=an_operation(windows=[a_window(0, 50)]))
    assert one.slot is not None
    assert (one.slot.begins_ms, one.slot.ends_ms) == (NOON_MS + 40 * MINUTE_MS, NOON_MS + 50 * MINUTE_MS)


def test_overlapping_windows_add_no_crew_time() -> None:
    two = [a_hit(number, an_admission(number / 10, 1, 59)) for number in (1, 2)]
    joint = an_operation(capacity=1, windows=[a_window(0, 60), a_window(0, 60), a_window(30, 60)])
    assert chosen(ranked(two, joint=joint)) == ["A2"]
    later = an_operation(capacity=1, windows=[a_window(0, 30), a_window(40, 60)])
    assert chosen(ranked(two, joint=later)) == ["A2", "A1"]


def test_of_a_vehicle_the_latest_passage_counts() -> None:
    first = a_hit(1, an_admission(0.9, 10, 20), alert_id="X", minute=0)
    second = a_hit(2, an_admission(0.4, 15, 30), alert_id="X", minute=5)
    (one,) = ranked([second, first])
    assert one.hit.hit_id == second.hit_id
    # It has been read since outside the operation, or in a historical hit: it is no longer where it was.
    assert ranked([first, a_hit(2, alert_id="X", minute=5)]) == []
    assert ranked([first, a_hit(2, an_admission(), alert_id="X", minute=5, mode="historical")]) == []
    assert len(ranked([first, a_hit(2, an_admission(), alert_id="Y", minute=5)])) == 2
    # A rejected hit is no passage of the vehicle.
    rejected = a_hit(2, an_admission(0.4), alert_id="X", minute=5)
    (one,) = ranked([first, rejected], a_verdict(2, "rejected"))
    assert one.hit.hit_id == first.hit_id


def test_a_vehicle_is_identified_by_its_alert_however_it_was_read() -> None:
    one = a_hit(1, an_admission(0.9), alert_id="X", read_plate="AB123CD")
    misread = a_hit(2, an_admission(0.4), alert_id="X", minute=5, read_plate="A8123CD", class_="fuzzy")
    assert [vehicle.hit.hit_id for vehicle in ranked([one, misread])] == [misread.hit_id]
    # Alert ids are unique within a list only.
    assert len(ranked([one, a_hit(2, an_admission(0.4), alert_id="X", list_id="be", minute=5)])) == 2


def test_an_acknowledgement_does_not_replace_an_adjudication() -> None:
    one, rejected = a_hit(1, an_admission()), a_verdict(1, "rejected", minute=1)
    assert ranked([one], rejected, a_verdict(1, "acknowledged", minute=2)) == []
    assert ranked([one], rejected, a_verdict(1, "confirmed", minute=2)) != []


def test_of_two_revisions_with_one_number_the_same_counts_in_any_order() -> None:
    one, other = a_hit(1, an_admission(0.9)), a_hit(1, an_admission(0.2))
    assert ranked([one, other]) == ranked([other, one])


def test_vehicles_of_a_pattern_are_distinguished_by_the_plate_read() -> None:
    same = {"alert_id": "P", "class_": "pattern", "posterior": None}
    one = a_hit(1, an_admission(0.9), read_plate="1ABC234", **same)
    other = a_hit(2, an_admission(0.8), read_plate="1ABC235", minute=1, **same)
    again = a_hit(3, an_admission(0.7), read_plate="1ABC234", minute=2, **same)
    assert {vehicle.hit.hit_id for vehicle in ranked([one, other, again])} == {other.hit_id, again.hit_id}


def test_an_intercepted_vehicle_does_not_count_in_that_window_and_uses_its_crews_slot() -> None:
    joint = an_operation(windows=[a_window(0, 60), a_window(100, 120)])
    stopped = a_hit(1, an_admission(0.9, 5, 15), alert_id="X")
    passed = a_hit(2, an_admission(0.9, 25, 35), alert_id="X", minute=22)
    other = a_hit(3, an_admission(0.1, 1, 19))
    again = a_hit(4, an_admission(0.9, 105, 110), alert_id="X", minute=101)
    report = a_verdict(1, minute=12, intercepted=True)
    assert ranked([stopped, passed], report, joint=joint, minute=22) == []
    ranking = ranked([stopped, other], report, joint=joint, minute=13)
    assert reasons(ranking) == {"A3": "full"}
    assert chosen(ranked([other], joint=joint, minute=13)) == ["A3"]
    assert alert_ids(ranked([stopped, again], report, joint=joint, minute=101)) == ["X"]
    # Another vehicle was stopped, so the one sought may still arrive.
    wrong = a_verdict(1, "rejected", minute=12, intercepted=True)
    assert alert_ids(ranked([stopped, passed], wrong, joint=joint, minute=22)) == ["X"]


def test_an_interception_reported_by_two_centres_uses_one_slot_at_the_first_report() -> None:
    stopped, other = a_hit(1, an_admission(0.9, 1, 39)), a_hit(2, an_admission(0.5, 1, 39))
    first, second = (
        a_verdict(1, minute=minute, centre=centre, intercepted=True)
        for minute, centre in ((5, "be"), (25, "fr"))
    )
    for reports in ((first, second), (second, first)):
        (one,) = ranked([stopped, other], *reports)
        assert one.slot is not None and one.slot.begins_ms == NOON_MS + 20 * MINUTE_MS


def test_only_the_reporting_centre_can_revoke_an_interception() -> None:
    one = a_hit(1, an_admission())
    stopped = a_verdict(1, minute=1, intercepted=True)
    assert ranked([one], stopped, a_verdict(1, minute=2, centre="fr")) == []
    assert ranked([one], stopped, a_verdict(1, minute=2)) != []


def test_the_highest_revision_of_a_hit_counts() -> None:
    old, new = a_hit(1, an_admission(0.9)), a_hit(1, an_admission(0.2), revision=2, kind="amended")
    for order in ([old, new], [new, old]):
        (one,) = ranked(order)
        assert one.admission.score == 0.2


arrivals = st.lists(
    st.tuples(st.sampled_from([0.2, 0.4, 0.6, 0.8]), st.integers(0, 70), st.integers(0, 45)), max_size=7
)


@given(arrivals, st.integers(0, 80), st.integers(1, 2))
def test_a_vehicle_is_chosen_if_a_slot_is_left_next_to_all_vehicles_of_higher_rank(
    arrival_windows: list[tuple[float, int, int]], minute: int, crews: int
) -> None:
    joint = an_operation(windows=[a_window(0, 60)], crews=["camphin"] * crews)
    ranking = ranked(
        [
            a_hit(number, an_admission(score, earliest, earliest + length))
            for number, (score, earliest, length) in enumerate(arrival_windows)
        ],
        joint=joint,
        minute=minute,
    )
    placed: list[tuple[float, float]] = []
    for vehicle in ranking:
        assert vehicle.admission.earliest is not None and vehicle.admission.latest is not None
        earliest, latest = (
            (to_ms(time) - NOON_MS) / MINUTE_MS
            for time in (vehicle.admission.earliest, vehicle.admission.latest)
        )
        extended = [*placed, (max(earliest, minute), latest)]
        if fits(extended, [0, 20, 40] * crews):
            placed = extended
            assert vehicle.slot is not None
        else:
            assert vehicle.slot is None


def fits(windows: list[tuple[float, float]], slot_begins: list[int]) -> bool:
    """True if each window, in minutes, can have a slot of 20 minutes of its own (by exhaustive search)."""
    if not windows:
        return True
    (earliest, latest), *others = windows
    return any(
        begin <= latest
        and begin + 20 > earliest
        and fits(others, slot_begins[:index] + slot_begins[index + 1 :])
        for index, begin in enumerate(slot_begins)
    )


hits = st.builds(
    lambda number, revision, score, earliest, length, minute, alert, site, mode: a_hit(
        number,
        an_admission(score, minute + earliest, minute + earliest + length, site_id=site),
        revision=revision,
        minute=minute,
        alert_id=alert,
        mode=mode,
    ),
    number=st.integers(1, 9),
    revision=st.integers(1, 2),
    score=st.sampled_from([0.1, 0.5, 0.9]),
    earliest=st.integers(0, 30),
    length=st.integers(0, 40),
    minute=st.integers(0, 60),
    alert=st.sampled_from("abcdef"),
    site=st.sampled_from(["camphin", "lille"]),
    mode=st.sampled_from(["live", "live", "historical"]),
)
verdicts = st.builds(
    lambda number, verdict, minute, intercepted: a_verdict(number, verdict, minute, intercepted=intercepted),
    number=st.integers(1, 9),
    verdict=st.sampled_from(["confirmed", "rejected", "acknowledged"]),
    minute=st.integers(0, 60),
    intercepted=st.booleans(),
)


@given(st.lists(hits, max_size=12), st.lists(verdicts, max_size=5), st.data())
def test_the_ranking_does_not_depend_on_the_order_and_keeps_its_rules(
    drawn_hits: list[Hit], drawn_verdicts: list[Verdict], data: st.DataObject
) -> None:
    joint = an_operation(crews=["camphin", "lille"])
    minute = data.draw(st.integers(0, 90))
    ranking = ranked(drawn_hits, *drawn_verdicts, joint=joint, minute=minute)
    repeated_hits = data.draw(st.permutations([*drawn_hits, *drawn_hits]))
    repeated_verdicts = data.draw(st.permutations([*drawn_verdicts, *drawn_verdicts]))
    assert ranked(repeated_hits, *repeated_verdicts, joint=joint, minute=minute) == ranking
    slots = [vehicle.slot for vehicle in ranking if vehicle.slot is not None]
    assert len(set(slots)) == len(slots)
    assert [vehicle.admission.score for vehicle in ranking] == sorted(
        (vehicle.admission.score for vehicle in ranking), reverse=True
    )
    for vehicle in ranking:
        if vehicle.slot is not None:
            assert vehicle.admission.earliest is not None and vehicle.admission.latest is not None
            assert vehicle.slot.site_id == vehicle.admission.site_id
            assert from_ms(vehicle.slot.begins_ms) <= vehicle.admission.latest
            assert from_ms(vehicle.slot.ends_ms) > vehicle.admission.earliest
