"""In what order an operation's crews go for vehicles, and for which."""

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
    """The ranking so many minutes after noon."""
    ranking = VehicleRanking("joint", joint or an_operation(), SITES)
    for each in hits:
        ranking.add_hit(each)
    for said in verdicts:
        ranking.add_verdict(said)
    return ranking.rank(NOON_MS + round(minute * MINUTE_MS))


def names(found: Iterable[RankedVehicle]) -> list[str]:
    """The alerts of a ranking, in order."""
    return [each.hit.alert.alert_id for each in found]


def chosen(found: Iterable[RankedVehicle]) -> list[str]:
    """The alerts that crews go for."""
    return [each.hit.alert.alert_id for each in found if each.slot is not None]


def whys(found: Iterable[RankedVehicle]) -> dict[str, str | None]:
    """By alert, why no crew goes for it."""
    return {each.hit.alert.alert_id: each.no_slot_reason for each in found}


def test_a_crew_with_room_for_three_gets_the_best_three_of_six() -> None:
    scores = {1: 0.1, 2: 0.9, 3: 0.3, 4: 0.7, 5: 0.5, 6: 0.2}
    found = ranked(a_hit(each, an_admission(score, 1, 59)) for each, score in scores.items())
    assert names(found) == ["A2", "A4", "A5", "A3", "A6", "A1"]
    assert [each.rank for each in found] == [1, 2, 3, 4, 5, 6]
    assert chosen(found) == ["A2", "A4", "A5"]
    assert [each.no_slot_reason for each in found] == [None, None, None, "full", "full", "full"]
    slots = sorted(
        (each.slot.begins_ms - NOON_MS, each.slot.ends_ms - NOON_MS) for each in found if each.slot
    )
    assert slots == [(0, 20 * MINUTE_MS), (20 * MINUTE_MS, 40 * MINUTE_MS), (40 * MINUTE_MS, 60 * MINUTE_MS)]


def test_capacity_is_of_each_crew() -> None:
    six = [a_hit(each, an_admission(each / 10, 1, 59)) for each in range(1, 7)]
    assert chosen(ranked(six, joint=an_operation(capacity=1))) == ["A6"]
    assert chosen(ranked(six, joint=an_operation(capacity=1, crews=["camphin", "camphin"]))) == ["A6", "A5"]
    # A crew elsewhere does not help.
    assert chosen(ranked(six, joint=an_operation(capacity=1, crews=["camphin", "lille"]))) == ["A6"]
    apart = [*six, a_hit(7, an_admission(0.05, 1, 59, site_id="lille"))]
    assert chosen(ranked(apart, joint=an_operation(capacity=1, crews=["camphin", "lille"]))) == ["A6", "A7"]


def test_vehicles_whose_windows_do_not_overlap_take_nothing_from_one_another() -> None:
    apart = [
        a_hit(1, an_admission(0.9, 1, 10)),
        a_hit(2, an_admission(0.1, 21, 30)),
        a_hit(3, an_admission(0.8, 2, 11)),
    ]
    found = ranked(apart)
    assert chosen(found) == ["A1", "A2"]
    assert whys(found) == {"A1": None, "A2": None, "A3": "full"}


def test_a_better_one_makes_room_where_it_can_also_come_later() -> None:
    # The first could have either slot, the second only the earlier one, the third only the later one.
    wide, early = a_hit(1, an_admission(0.9, 1, 39)), a_hit(2, an_admission(0.5, 1, 19))
    late = a_hit(3, an_admission(0.4, 21, 39))
    found = ranked([wide, early])
    assert chosen(found) == ["A1", "A2"]
    assert [each.slot.begins_ms - NOON_MS for each in found if each.slot] == [20 * MINUTE_MS, 0]
    assert chosen(ranked([wide, early, late])) == ["A1", "A2"]
    assert chosen(ranked([wide, late])) == ["A1", "A3"]


def test_of_equal_scores_the_one_that_comes_first_is_first() -> None:
    found = ranked([a_hit(1, an_admission(0.5, 12, 20)), a_hit(2, an_admission(0.5, 11, 30))])
    assert names(found) == ["A2", "A1"]


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
def test_only_live_hits_that_stand_count(fields: dict[str, Any], counts: bool) -> None:
    assert bool(ranked([a_hit(1, an_admission(), **fields)])) == counts


def test_a_hit_of_another_operation_or_of_none_does_not_count() -> None:
    assert ranked([a_hit(1, an_admission(operation_id="other")), a_hit(2)]) == []
    assert names(ranked([a_hit(1, an_admission(operation_id="other"), an_admission())])) == ["A1"]


def test_a_vehicle_whose_arrival_window_is_over_is_out() -> None:
    one = a_hit(1, an_admission(0.5, 10, 20))
    assert names(ranked([one], minute=20)) == ["A1"]
    assert names(ranked([one], minute=20 + 1 / MINUTE_MS)) == []


def test_only_what_is_left_of_a_window_can_be_used() -> None:
    # From minute 20 on a slot of its own; before that both had one, and the second had to take the later.
    both = [a_hit(1, an_admission(0.9, 1, 39)), a_hit(2, an_admission(0.5, 1, 39))]
    assert chosen(ranked(both, minute=19)) == ["A1", "A2"]
    assert chosen(ranked(both, minute=20)) == ["A1"]


def test_a_crew_is_not_ready_before_its_notice() -> None:
    one = a_hit(1, an_admission(0.9, 1, 19))
    assert chosen(ranked([one], joint=an_operation(setup_minutes=19.0))) == ["A1"]
    found = ranked([one], joint=an_operation(setup_minutes=19.1))
    assert whys(found) == {"A1": "over"}


def test_a_vehicle_no_crew_can_reach_is_shown_for_an_hour_with_the_reason() -> None:
    none = a_hit(1, an_admission(0.0, site_id=None, earliest=0, latest=0))
    assert whys(ranked([none], minute=60)) == {"A1": "no-crew"}
    assert ranked([none], minute=60 + 1 / MINUTE_MS) == []
    # Or the crew was moved since.
    moved = ranked([a_hit(1, an_admission(0.9))], joint=an_operation(crews=["lille"]))
    assert whys(moved) == {"A1": "no-crew"}


def test_a_vehicle_that_comes_when_the_operation_is_over_gets_no_slot() -> None:
    at_the_end = a_hit(1, an_admission(0.9, 119.9, 130), minute=100)
    after = a_hit(2, an_admission(0.8, 120, 130), minute=100)
    found = ranked([at_the_end, after], minute=100)
    assert whys(found) == {"A1": None, "A2": "over"}
    assert found[0].slot is not None and found[0].slot.ends_ms == ENDS_MS


def test_the_last_slot_ends_with_the_operation() -> None:
    (one,) = ranked([a_hit(1, an_admission(0.9, 45, 60))], joint=an_operation(windows=[a_window(0, 50)]))
    assert one.slot is not None
    assert (one.slot.begins_ms, one.slot.ends_ms) == (NOON_MS + 40 * MINUTE_MS, NOON_MS + 50 * MINUTE_MS)


def test_windows_that_overlap_give_no_crew_more_time() -> None:
    two = [a_hit(each, an_admission(each / 10, 1, 59)) for each in (1, 2)]
    joint = an_operation(capacity=1, windows=[a_window(0, 60), a_window(0, 60), a_window(30, 60)])
    assert chosen(ranked(two, joint=joint)) == ["A2"]
    later = an_operation(capacity=1, windows=[a_window(0, 30), a_window(40, 60)])
    assert chosen(ranked(two, joint=later)) == ["A2", "A1"]


def test_of_a_vehicle_the_latest_passage_counts() -> None:
    first = a_hit(1, an_admission(0.9, 10, 20), alert_id="X", minute=0)
    second = a_hit(2, an_admission(0.4, 15, 30), alert_id="X", minute=5)
    (one,) = ranked([second, first])
    assert one.hit.hit_id == second.hit_id
    # It was seen outside the operation since, or at a passage told late: it is not where it was.
    assert ranked([first, a_hit(2, alert_id="X", minute=5)]) == []
    assert ranked([first, a_hit(2, an_admission(), alert_id="X", minute=5, mode="historical")]) == []
    assert len(ranked([first, a_hit(2, an_admission(), alert_id="Y", minute=5)])) == 2
    # What was no passage of it changes nothing.
    rejected = a_hit(2, an_admission(0.4), alert_id="X", minute=5)
    (one,) = ranked([first, rejected], a_verdict(2, "rejected"))
    assert one.hit.hit_id == first.hit_id


def test_a_vehicle_is_that_of_its_alert_however_it_was_read() -> None:
    one = a_hit(1, an_admission(0.9), alert_id="X", read_plate="AB123CD")
    misread = a_hit(2, an_admission(0.4), alert_id="X", minute=5, read_plate="A8123CD", class_="fuzzy")
    assert [each.hit.hit_id for each in ranked([one, misread])] == [misread.hit_id]
    # Lists number their alerts each for itself.
    assert len(ranked([one, a_hit(2, an_admission(0.4), alert_id="X", list_id="be", minute=5)])) == 2


def test_that_a_hit_was_seen_hides_no_judgement() -> None:
    one, rejected = a_hit(1, an_admission()), a_verdict(1, "rejected", minute=1)
    assert ranked([one], rejected, a_verdict(1, "acknowledged", minute=2)) == []
    assert ranked([one], rejected, a_verdict(1, "confirmed", minute=2)) != []


def test_of_two_revisions_with_one_number_the_same_counts_in_any_order() -> None:
    one, other = a_hit(1, an_admission(0.9)), a_hit(1, an_admission(0.2))
    assert ranked([one, other]) == ranked([other, one])


def test_vehicles_of_one_pattern_are_told_apart_by_the_plate_read() -> None:
    same = {"alert_id": "P", "class_": "pattern", "posterior": None}
    one = a_hit(1, an_admission(0.9), read_plate="1ABC234", **same)
    other = a_hit(2, an_admission(0.8), read_plate="1ABC235", minute=1, **same)
    again = a_hit(3, an_admission(0.7), read_plate="1ABC234", minute=2, **same)
    assert {each.hit.hit_id for each in ranked([one, other, again])} == {other.hit_id, again.hit_id}


def test_a_stopped_vehicle_is_out_in_that_window_and_took_its_crews_time() -> None:
    joint = an_operation(windows=[a_window(0, 60), a_window(100, 120)])
    stopped = a_hit(1, an_admission(0.9, 5, 15), alert_id="X")
    passed = a_hit(2, an_admission(0.9, 25, 35), alert_id="X", minute=22)
    other = a_hit(3, an_admission(0.1, 1, 19))
    again = a_hit(4, an_admission(0.9, 105, 110), alert_id="X", minute=101)
    said = a_verdict(1, minute=12, intercepted=True)
    assert ranked([stopped, passed], said, joint=joint, minute=22) == []
    found = ranked([stopped, other], said, joint=joint, minute=13)
    assert whys(found) == {"A3": "full"}
    assert chosen(ranked([other], joint=joint, minute=13)) == ["A3"]
    assert names(ranked([stopped, again], said, joint=joint, minute=101)) == ["X"]
    # The one that was stopped was not the vehicle, so that may still come.
    wrong = a_verdict(1, "rejected", minute=12, intercepted=True)
    assert names(ranked([stopped, passed], wrong, joint=joint, minute=22)) == ["X"]


def test_a_stop_that_two_centres_report_took_time_once_when_it_was_first_reported() -> None:
    stopped, other = a_hit(1, an_admission(0.9, 1, 39)), a_hit(2, an_admission(0.5, 1, 39))
    first, second = (
        a_verdict(1, minute=each, centre=name, intercepted=True) for each, name in ((5, "be"), (25, "fr"))
    )
    for said in ((first, second), (second, first)):
        (one,) = ranked([stopped, other], *said)
        assert one.slot is not None and one.slot.begins_ms == NOON_MS + 20 * MINUTE_MS


def test_a_centre_can_take_back_that_it_stopped_a_vehicle_and_another_cannot() -> None:
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
def test_each_vehicle_is_chosen_if_a_crew_has_room_for_it_beside_all_chosen_before_it(
    given_windows: list[tuple[float, int, int]], minute: int, crews: int
) -> None:
    joint = an_operation(windows=[a_window(0, 60)], crews=["camphin"] * crews)
    found = ranked(
        [
            a_hit(number, an_admission(score, earliest, earliest + length))
            for number, (score, earliest, length) in enumerate(given_windows)
        ],
        joint=joint,
        minute=minute,
    )
    seated: list[tuple[float, float]] = []
    for each in found:
        assert each.admission.earliest is not None and each.admission.latest is not None
        earliest, latest = (
            (to_ms(time) - NOON_MS) / MINUTE_MS for time in (each.admission.earliest, each.admission.latest)
        )
        more = [*seated, (max(earliest, minute), latest)]
        if room(more, [0, 20, 40] * crews):
            seated = more
            assert each.slot is not None
        else:
            assert each.slot is None


def room(windows: list[tuple[float, float]], begins: list[int]) -> bool:
    """Whether each window, in minutes, can have a slot of 20 minutes of its own: by trying all."""
    if not windows:
        return True
    (earliest, latest), *others = windows
    return any(
        begin <= latest and begin + 20 > earliest and room(others, begins[:place] + begins[place + 1 :])
        for place, begin in enumerate(begins)
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
    lambda number, said, minute, intercepted: a_verdict(number, said, minute, intercepted=intercepted),
    number=st.integers(1, 9),
    said=st.sampled_from(["confirmed", "rejected", "acknowledged"]),
    minute=st.integers(0, 60),
    intercepted=st.booleans(),
)


@given(st.lists(hits, max_size=12), st.lists(verdicts, max_size=5), st.data())
def test_the_ranking_is_the_same_from_any_order_and_breaks_no_rule(
    told: list[Hit], said: list[Verdict], data: st.DataObject
) -> None:
    joint = an_operation(crews=["camphin", "lille"])
    minute = data.draw(st.integers(0, 90))
    found = ranked(told, *said, joint=joint, minute=minute)
    again = data.draw(st.permutations([*told, *told])), data.draw(st.permutations([*said, *said]))
    assert ranked(again[0], *again[1], joint=joint, minute=minute) == found
    slots = [each.slot for each in found if each.slot is not None]
    assert len(set(slots)) == len(slots)
    assert [each.admission.score for each in found] == sorted(
        (each.admission.score for each in found), reverse=True
    )
    for each in found:
        if each.slot is not None:
            assert each.admission.earliest is not None and each.admission.latest is not None
            assert each.slot.site_id == each.admission.site_id
            assert from_ms(each.slot.begins_ms) <= each.admission.latest
            assert from_ms(each.slot.ends_ms) > each.admission.earliest
