"""Outcome: which hits count, what became of them, and how sure the precision is of so few."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.analysis.precision import CameraKey, Confusion, EmittedCounts, PrecisionCounts, wilson_interval
from streams.records.hit import Hit, Place, Retraction, build_hit_alert
from streams.records.journey import Handover
from streams.records.match import Edit, MatchResult
from streams.records.times import to_ms
from streams.records.verdict import Verdict
from tests.support.builders import NOON, a_read, after_noon, an_alert
from tests.unit.correlation.test_budget import Line

B8 = Edit("settled", 2, "8", "B")


def hit(number: int, revision: int = 1, **fields: Any) -> Hit:
    """A hit of the list `sis` by camera `c1`, told apart by its number; exact, and 0.9 likely."""
    posterior, class_ = fields.pop("posterior", 0.9), fields.pop("class_", "exact")
    result = MatchResult(class_, "AB123CD", "AB123CD", posterior, edits=fields.pop("edits", []))
    made: dict[str, Any] = {
        "hit_id": f"{number:032x}",
        "revision": revision,
        "kind": "new" if revision == 1 else "amended",
        "mode": "live",
        "age_s": 0.0,
        "read": a_read("AB123CD", "FR", captured_at=fields.pop("captured_at", NOON)),
        "alert": build_hit_alert(an_alert("AB123CD", "FR", list_id=fields.pop("list_id", "sis"))),
        "match": result,
        "place": Place("c1"),
        "action": "stop",
        "priority": 1,
        "emitted_at": NOON,
    }
    return Hit(**(made | fields))


def gone(number: int, reason: Any, revision: int = 2, **fields: Any) -> Hit:
    """The hit's withdrawal."""
    return hit(number, revision, kind="withdrawn", withdrawn=Retraction(reason), **fields)


def says(number: int, verdict: Any = "confirmed", seconds: float = 60, centre: str = "tournai") -> Verdict:
    """A verdict on the hit of a number."""
    return Verdict(f"{number:032x}", centre, verdict, after_noon(seconds))


def of(*records: Hit | Verdict, begin: int | None = None) -> PrecisionCounts:
    """What became of hits, by verdicts."""
    outcomes = PrecisionCounts(begin)
    for each in records:
        if isinstance(each, Hit):
            outcomes.add_hit(each)
        else:
            outcomes.add_verdict(each)
    return outcomes


def counts(told: EmittedCounts) -> tuple[int, int, int, int]:
    """Hits told, confirmed, rejected and open."""
    return told.hits, told.confirmed, told.rejected, told.open


def test_hits_are_counted_by_list_with_what_centres_said_and_without() -> None:
    hits = [hit(1), hit(2), hit(3), hit(4), hit(5, list_id="be")]
    found = of(*hits, says(1), says(2), says(3, "rejected"), says(4, "acknowledged")).by_list()
    assert list(found) == ["be", "sis"]
    assert counts(found["sis"]) == (4, 2, 1, 1)
    assert found["sis"].precision == 2 / 3
    assert counts(found["be"]) == (1, 0, 0, 1)
    assert (found["be"].precision, found["be"].interval, found["be"].mean_posterior) == (None, None, None)
    assert of().by_list() == {} and of().total() == EmittedCounts()


def test_cameras_have_their_site_if_the_hits_have_one() -> None:
    here, there = Place("c1", "s1"), Place("c2", "s1")
    found = of(
        hit(1, place=there), hit(2, place=here), hit(3, place=here), hit(4), says(2), says(4)
    ).by_camera()
    assert {camera: counts(told) for camera, told in found.items()} == {
        CameraKey("c1", None): (1, 1, 0, 0),
        CameraKey("c1", "s1"): (2, 1, 0, 1),
        CameraKey("c2", "s1"): (1, 0, 0, 1),
    }
    assert list(found) == sorted(found, key=lambda camera: (camera.camera_id, camera.site_id or ""))


def test_each_confusion_of_a_hit_counts_once_and_the_kind_of_it_is_told_apart() -> None:
    found = of(
        hit(
            1, class_="confusable", edits=[B8, Edit("settled", 6, "8", "B"), Edit("equivalent", 7, "0", "Q")]
        ),
        hit(2, class_="confusable", edits=[Edit("equivalent", 2, "8", "B")]),
        hit(3, class_="fuzzy", edits=[Edit("lost", 1, "", "A"), Edit("extra", 3, "1", "")]),
        hit(4, class_="fuzzy", edits=[Edit("substituted", 1, "Y", "V")]),
        says(1),
        says(2, "rejected"),
    ).by_confusion()
    assert {each: counts(told) for each, told in found.items()} == {
        Confusion("equivalent", "B", "8"): (1, 0, 1, 0),
        Confusion("equivalent", "Q", "0"): (1, 1, 0, 0),
        Confusion("extra", "", "1"): (1, 0, 0, 1),
        Confusion("lost", "A", ""): (1, 0, 0, 1),
        Confusion("settled", "B", "8"): (1, 1, 0, 0),
        Confusion("substituted", "V", "Y"): (1, 0, 0, 1),
    }


def test_where_nothing_was_confused_the_class_is_said_and_the_most_hits_come_first() -> None:
    umlaut = Edit("umlaut", 2, "OE", "Ö")
    found = of(
        hit(1, class_="confusable", edits=[umlaut, B8]),
        hit(2),
        hit(3, edits=[umlaut]),
        hit(4, class_="pattern", posterior=None),
    ).by_confusion()
    assert list(found) == [Confusion("exact"), Confusion("pattern"), Confusion("settled", "B", "8")]
    assert counts(found[Confusion("exact")]) == (2, 0, 0, 2)


def test_of_a_hit_the_highest_revision_holds_and_what_is_sent_again_is_one() -> None:
    revised = hit(1, 3, class_="confusable", edits=[B8], posterior=0.5)
    outcomes = of(hit(1), revised, hit(1, 2), hit(1), revised, says(1))
    assert list(outcomes.by_confusion()) == [Confusion("settled", "B", "8")]
    assert outcomes.total() == EmittedCounts(1, 1, 0, 1, 0.5)


def test_of_several_verdicts_the_latest_judgement_counts_whichever_centre_gave_it() -> None:
    said = [says(1, "confirmed", 60), says(1, "rejected", 90, "lille"), says(1, "acknowledged", 120)]
    assert counts(of(hit(1), *said).total()) == (1, 0, 1, 0)
    assert counts(of(hit(1), *reversed(said)).total()) == (1, 0, 1, 0)
    assert counts(of(hit(1), *said, says(1, "confirmed", 150)).total()) == (1, 1, 0, 0)


def test_a_verdict_that_stands_on_any_revision_counts_unless_a_later_one_came_by_itself() -> None:
    judged = hit(1, 2, verdict=says(1, "rejected", 60))
    seen = hit(1, 3, verdict=says(1, "acknowledged", 90))
    assert counts(of(judged).total()) == (1, 0, 1, 0)
    assert counts(of(judged, seen).total()) == (1, 0, 1, 0)
    assert counts(of(seen).total()) == (1, 0, 0, 1)
    assert counts(of(judged, says(1, "confirmed", 61)).total()) == (1, 1, 0, 0)
    assert counts(of(judged, says(1, "confirmed", 59)).total()) == (1, 0, 1, 0)


@pytest.mark.parametrize("reason", ["superseded", "alert-replaced"])
def test_a_hit_in_whose_place_another_stands_counts_only_if_it_was_judged(reason: str) -> None:
    outcomes = of(hit(1), gone(1, reason), hit(2), says(2))
    assert counts(outcomes.total()) == (1, 1, 0, 0)
    assert outcomes.uncounted == 1
    judged = of(hit(1), gone(1, reason), hit(2), says(1, "rejected"))
    assert counts(judged.total()) == (2, 0, 1, 1)
    assert judged.uncounted == 0
    again = of(hit(1), gone(1, reason), hit(1, 3), hit(2))
    assert counts(again.total()) == (2, 0, 0, 2)


def test_a_hit_of_a_handover_counts_only_if_it_was_judged() -> None:
    over = Handover("heading", "FR", "BE", "rekkem", after_noon(0), after_noon(600), after_noon(900))
    outcomes = of(hit(1), hit(2, handover=over), says(1))
    assert counts(outcomes.total()) == (1, 1, 0, 0)
    assert outcomes.uncounted == 1
    fallen = of(hit(1), gone(2, "rejected", handover=over), says(1, "rejected"))
    assert (fallen.uncounted, fallen.fallen) == (1, 0)
    assert counts(of(hit(1), hit(2, handover=over), says(2, "rejected")).total()) == (2, 0, 1, 1)


@pytest.mark.parametrize("reason", ["alert-withdrawn", "alert-expired"])
def test_a_hit_whose_alert_has_ended_was_told_and_stays_as_it_was_judged(reason: str) -> None:
    assert counts(of(hit(1), gone(1, reason)).total()) == (1, 0, 0, 1)
    assert counts(of(hit(1), says(1), gone(1, reason)).total()) == (1, 1, 0, 0)
    assert counts(of(gone(1, reason, verdict=says(1, "rejected"))).total()) == (1, 0, 1, 0)


def test_a_hit_that_fell_with_another_of_its_pair_is_open_and_said_so() -> None:
    outcomes = of(gone(1, "rejected", verdict=says(1, "rejected")), gone(2, "rejected"), hit(3))
    assert counts(outcomes.total()) == (3, 0, 1, 2)
    assert outcomes.fallen == 1


def test_a_correlator_s_hits_of_one_passage_and_of_one_pair() -> None:
    """A better read of the passage replaces the first; a verdict on one camera's hit fells the other's."""
    line = Line()
    line.read("fair", 0.5, 3, alert_id="a")
    (good,) = (hit for hit in line.read("good", 0.9, 3.001, alert_id="a") if hit.kind == "new")
    line.read("hours-later", 0.7, 9, alert_id="a")
    rejected = Verdict(good.hit_id, "tournai", "rejected", after_noon(60))
    line.hits += line.correlator.handle_verdict(rejected, to_ms(after_noon(60)))
    outcomes = of(*line.hits)
    assert counts(outcomes.total()) == (2, 0, 1, 1)
    assert (outcomes.uncounted, outcomes.fallen, outcomes.total().mean_posterior) == (1, 1, 0.9)


def test_posteriors_are_those_of_the_judged_hits_that_have_one() -> None:
    hits = [hit(1, posterior=0.7), hit(2, posterior=0.9), hit(3, posterior=0.1), hit(4, posterior=None)]
    told = of(*hits, says(1), says(2, "rejected"), says(4)).total()
    assert told.mean_posterior == pytest.approx(0.8)
    assert (told.scored, told.adjudicated) == (2, 3)


def test_hits_of_reads_captured_before_the_beginning_do_not_count() -> None:
    day = timedelta(days=1)
    hits = [hit(1, captured_at=NOON - day), gone(4, "superseded", captured_at=NOON - day), hit(2)]
    outcomes = of(*hits, says(1), says(2), begin=to_ms(NOON))
    assert counts(outcomes.total()) == (1, 1, 0, 0)
    assert (outcomes.unknown, outcomes.uncounted) == (0, 0)
    assert counts(of(*hits, begin=to_ms(NOON - day)).total()) == (2, 0, 0, 2)


def test_judgements_on_hits_that_are_not_there_are_counted_apart() -> None:
    outcomes = of(hit(1), says(1), says(2), says(2, "rejected"), says(3, "acknowledged"))
    assert counts(outcomes.total()) == (1, 1, 0, 0)
    assert outcomes.unknown == 1


@pytest.mark.parametrize(
    ("confirmed", "judged", "least", "most"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662)],
)
def test_the_interval_is_that_of_wilson(confirmed: int, judged: int, least: float, most: float) -> None:
    """The last is worked out in R. G. Newcombe, Statistics in Medicine 17, 1998, 857-872, table I."""
    assert wilson_interval(confirmed, judged) == pytest.approx((least, most), abs=5e-5)


@given(st.integers(1, 10_000), st.data())
def test_the_interval_is_about_the_share_and_a_part_of_0_to_1(judged: int, data: st.DataObject) -> None:
    confirmed = data.draw(st.integers(0, judged))
    least, most = wilson_interval(confirmed, judged)
    assert 0 <= least <= confirmed / judged <= most <= 1
    assert least < most


@st.composite
def records(draw: st.DrawFn) -> list[Hit | Verdict]:
    """Revisions of some hits, also several of one number, and verdicts on them."""
    numbers, times = st.integers(1, 4), st.integers(60, 63)
    reasons = [None, "superseded", "alert-replaced", "alert-expired", "rejected"]
    found: list[Hit | Verdict] = []
    for _ in range(draw(st.integers(1, 12))):
        number = draw(numbers)
        verdict = says(number, draw(st.sampled_from(["confirmed", "rejected", "acknowledged"])), draw(times))
        if draw(st.booleans()):
            found.append(verdict)
            continue
        reason: Any = draw(st.sampled_from(reasons))
        fields: dict[str, Any] = {
            "posterior": draw(st.none() | st.floats(0, 1)),
            "edits": draw(st.lists(st.sampled_from([B8, Edit("lost", 1, "", "A")]), max_size=2)),
            "place": Place("c1", draw(st.none() | st.just("s1"))),
            "verdict": draw(st.none() | st.just(verdict)),
            "withdrawn": None if reason is None else Retraction(reason),
            "list_id": draw(st.sampled_from(["sis", "be"])),
        }
        found.append(hit(number, draw(st.integers(1, 3)), class_="fuzzy", **fields))
    return found


@given(records(), st.data())
def test_the_order_of_arrival_and_repetitions_change_nothing(
    given_: list[Hit | Verdict], data: st.DataObject
) -> None:
    other = data.draw(st.permutations(given_ + data.draw(st.lists(st.sampled_from(given_), max_size=6))))
    one, two = of(*given_), of(*other)
    for each in (one, two):
        assert each.total().hits == sum(told.hits for told in each.by_list().values())
        assert each.total().hits == sum(told.hits for told in each.by_camera().values())
    assert (one.total(), one.uncounted, one.fallen, one.unknown) == (
        two.total(), two.uncounted, two.fallen, two.unknown
    )  # fmt: skip
    assert list(one.by_list().items()) == list(two.by_list().items())
    assert list(one.by_camera().items()) == list(two.by_camera().items())
    assert list(one.by_confusion().items()) == list(two.by_confusion().items())
