"""Precision: which hits count, their outcomes, and the confidence interval of the precision."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.analysis.precision import CameraKey, Confusion, EmittedCounts, PrecisionCounts, wilson_interval
from streams.records.hit import Hit, Place, Retraction
from streams.records.journey import Handover
from streams.records.match import Edit, MatchResult
from streams.records.times import Millis, to_ms
from streams.records.verdict import Verdict
from tests.support.budgeted_correlator import BudgetedCorrelator
from tests.support.builders import NOON, a_hit, a_read, a_verdict, after_noon, an_alert, numbered_id

B_AS_8 = Edit("settled", 2, "8", "B")


def hit(number: int, revision: int = 1, **fields: Any) -> Hit:
    """Return a hit of the list `sis` at camera `c1`, exact and with a posterior of 0.9."""
    posterior, class_ = fields.pop("posterior", 0.9), fields.pop("class_", "exact")
    defaults: dict[str, Any] = {
        "hit_id": numbered_id(number),
        "revision": revision,
        "kind": "new" if revision == 1 else "amended",
        "match": MatchResult(class_, "AB123CD", "AB123CD", posterior, edits=fields.pop("edits", [])),
        "place": Place("c1"),
        "emitted_at": NOON,
    }
    read = a_read("AB123CD", "FR", captured_at=fields.pop("captured_at", NOON))
    return a_hit(read, an_alert("AB123CD", "FR", list_id=fields.pop("list_id", "sis")), **(defaults | fields))


def retracted(number: int, reason: Any, revision: int = 2, **fields: Any) -> Hit:
    """Return the retraction of a hit."""
    return hit(number, revision, kind="withdrawn", withdrawn=Retraction(reason), **fields)


def verdict_on(
    number: int, verdict: Any = "confirmed", seconds: float = 60, centre: str = "tournai"
) -> Verdict:
    """Return a verdict on the hit with a number."""
    return a_verdict(numbered_id(number), verdict, seconds, centre)


def count(*records: Hit | Verdict, since_ms: Millis | None = None) -> PrecisionCounts:
    """Count the outcomes of hits, given verdicts."""
    counts = PrecisionCounts(since_ms)
    for record in records:
        if isinstance(record, Hit):
            counts.add_hit(record)
        else:
            counts.add_verdict(record)
    return counts


def numbers(counts: EmittedCounts) -> tuple[int, int, int, int]:
    """Return the numbers of emitted, confirmed, rejected and open hits."""
    return counts.hits, counts.confirmed, counts.rejected, counts.open


def test_hits_are_counted_by_list_with_and_without_adjudications() -> None:
    hits = [hit(1), hit(2), hit(3), hit(4), hit(5, list_id="be")]
    groups = count(
        *hits, verdict_on(1), verdict_on(2), verdict_on(3, "rejected"), verdict_on(4, "acknowledged")
    ).by_list()
    assert list(groups) == ["be", "sis"]
    assert numbers(groups["sis"]) == (4, 2, 1, 1)
    assert groups["sis"].precision == 2 / 3
    assert numbers(groups["be"]) == (1, 0, 0, 1)
    assert (groups["be"].precision, groups["be"].interval, groups["be"].mean_posterior) == (None, None, None)
    assert count().by_list() == {} and count().total() == EmittedCounts()


def test_cameras_have_their_site_if_the_hits_have_one() -> None:
    first, second = Place("c1", "s1"), Place("c2", "s1")
    groups = count(
        hit(1, place=second), hit(2, place=first), hit(3, place=first), hit(4), verdict_on(2), verdict_on(4)
    ).by_camera()
    assert {camera: numbers(counts) for camera, counts in groups.items()} == {
        CameraKey("c1", None): (1, 1, 0, 0),
        CameraKey("c1", "s1"): (2, 1, 0, 1),
        CameraKey("c2", "s1"): (1, 0, 0, 1),
    }
    assert list(groups) == sorted(groups, key=lambda camera: (camera.camera_id, camera.site_id or ""))


def test_each_confusion_of_a_hit_counts_once_separately_by_kind() -> None:
    groups = count(
        hit(
            1,
            class_="confusable",
            edits=[B_AS_8, Edit("settled", 6, "8", "B"), Edit("equivalent", 7, "0", "Q")],
        ),
        hit(2, class_="confusable", edits=[Edit("equivalent", 2, "8", "B")]),
        hit(3, class_="fuzzy", edits=[Edit("lost", 1, "", "A"), Edit("extra", 3, "1", "")]),
        hit(4, class_="fuzzy", edits=[Edit("substituted", 1, "Y", "V")]),
        verdict_on(1),
        verdict_on(2, "rejected"),
    ).by_confusion()
    assert {confusion: numbers(counts) for confusion, counts in groups.items()} == {
        Confusion("equivalent", "B", "8"): (1, 0, 1, 0),
        Confusion("equivalent", "Q", "0"): (1, 1, 0, 0),
        Confusion("extra", "", "1"): (1, 0, 0, 1),
        Confusion("lost", "A", ""): (1, 0, 0, 1),
        Confusion("settled", "B", "8"): (1, 1, 0, 0),
        Confusion("substituted", "V", "Y"): (1, 0, 0, 1),
    }


def test_hits_without_confusion_are_counted_by_class_and_the_most_frequent_come_first() -> None:
    umlaut = Edit("umlaut", 2, "OE", "Ö")
    groups = count(
        hit(1, class_="confusable", edits=[umlaut, B_AS_8]),
        hit(2),
        hit(3, edits=[umlaut]),
        hit(4, class_="pattern", posterior=None),
    ).by_confusion()
    assert list(groups) == [Confusion("exact"), Confusion("pattern"), Confusion("settled", "B", "8")]
    assert numbers(groups[Confusion("exact")]) == (2, 0, 0, 2)


def test_the_latest_revision_of_a_hit_counts_and_repetitions_do_not() -> None:
    revised = hit(1, 3, class_="confusable", edits=[B_AS_8], posterior=0.5)
    counts = count(hit(1), revised, hit(1, 2), hit(1), revised, verdict_on(1))
    assert list(counts.by_confusion()) == [Confusion("settled", "B", "8")]
    assert counts.total() == EmittedCounts(1, 1, 0, 1, 0.5)


def test_the_latest_adjudication_counts_whichever_centre_gave_it() -> None:
    verdicts = [
        verdict_on(1, "confirmed", 60),
        verdict_on(1, "rejected", 90, "lille"),
        verdict_on(1, "acknowledged", 120),
    ]
    assert numbers(count(hit(1), *verdicts).total()) == (1, 0, 1, 0)
    assert numbers(count(hit(1), *reversed(verdicts)).total()) == (1, 0, 1, 0)
    assert numbers(count(hit(1), *verdicts, verdict_on(1, "confirmed", 150)).total()) == (1, 1, 0, 0)


def test_a_verdict_in_any_revision_counts_unless_a_later_one_was_added() -> None:
    adjudicated = hit(1, 2, verdict=verdict_on(1, "rejected", 60))
    acknowledged = hit(1, 3, verdict=verdict_on(1, "acknowledged", 90))
    assert numbers(count(adjudicated).total()) == (1, 0, 1, 0)
    assert numbers(count(adjudicated, acknowledged).total()) == (1, 0, 1, 0)
    assert numbers(count(acknowledged).total()) == (1, 0, 0, 1)
    assert numbers(count(adjudicated, verdict_on(1, "confirmed", 61)).total()) == (1, 1, 0, 0)
    assert numbers(count(adjudicated, verdict_on(1, "confirmed", 59)).total()) == (1, 0, 1, 0)


@pytest.mark.parametrize("reason", ["superseded", "alert-replaced"])
def test_a_replaced_hit_counts_only_if_it_was_adjudicated(reason: str) -> None:
    counts = count(hit(1), retracted(1, reason), hit(2), verdict_on(2))
    assert numbers(counts.total()) == (1, 1, 0, 0)
    assert counts.uncounted == 1
    adjudicated = count(hit(1), retracted(1, reason), hit(2), verdict_on(1, "rejected"))
    assert numbers(adjudicated.total()) == (2, 0, 1, 1)
    assert adjudicated.uncounted == 0
    again = count(hit(1), retracted(1, reason), hit(1, 3), hit(2))
    assert numbers(again.total()) == (2, 0, 0, 2)


def test_a_handover_counts_only_if_it_was_adjudicated() -> None:
    handover = Handover("heading", "FR", "BE", "rekkem", after_noon(0), after_noon(600), after_noon(900))
    counts = count(hit(1), hit(2, handover=handover), verdict_on(1))
    assert numbers(counts.total()) == (1, 1, 0, 0)
    assert counts.uncounted == 1
    fallen = count(hit(1), retracted(2, "rejected", handover=handover), verdict_on(1, "rejected"))
    assert (fallen.uncounted, fallen.fallen) == (1, 0)
    rejected = count(hit(1), hit(2, handover=handover), verdict_on(2, "rejected"))
    assert numbers(rejected.total()) == (2, 0, 1, 1)


@pytest.mark.parametrize("reason", ["alert-withdrawn", "alert-expired"])
def test_a_hit_whose_alert_has_ended_counts_with_its_adjudication(reason: str) -> None:
    assert numbers(count(hit(1), retracted(1, reason)).total()) == (1, 0, 0, 1)
    assert numbers(count(hit(1), verdict_on(1), retracted(1, reason)).total()) == (1, 1, 0, 0)
    assert numbers(count(retracted(1, reason, verdict=verdict_on(1, "rejected"))).total()) == (1, 0, 1, 0)


def test_a_hit_retracted_with_another_of_its_pair_is_open_and_counted_as_fallen() -> None:
    counts = count(
        retracted(1, "rejected", verdict=verdict_on(1, "rejected")), retracted(2, "rejected"), hit(3)
    )
    assert numbers(counts.total()) == (3, 0, 1, 2)
    assert counts.fallen == 1


def test_hits_of_the_correlator_of_one_passage_and_of_one_pair() -> None:
    """A better read of the passage amends its hit; the rejection of one hit retracts the other."""
    line = BudgetedCorrelator()
    line.read("fair", 0.5, 3, alert_id="a")
    (good,) = line.read("good", 0.9, 3.001, alert_id="a")
    line.read("hours-later", 0.7, 9, alert_id="a")
    rejected = Verdict(good.hit_id, "tournai", "rejected", after_noon(60))
    line.hits += line.correlator.handle_verdict(rejected, to_ms(after_noon(60)))
    counts = count(*line.hits)
    assert numbers(counts.total()) == (2, 0, 1, 1)
    assert (counts.uncounted, counts.fallen, counts.total().mean_posterior) == (0, 1, 0.9)


def test_the_mean_posterior_is_that_of_adjudicated_hits_with_a_posterior() -> None:
    hits = [hit(1, posterior=0.7), hit(2, posterior=0.9), hit(3, posterior=0.1), hit(4, posterior=None)]
    total = count(*hits, verdict_on(1), verdict_on(2, "rejected"), verdict_on(4)).total()
    assert total.mean_posterior == pytest.approx(0.8)
    assert (total.scored, total.adjudicated) == (2, 3)


def test_hits_of_reads_captured_before_the_start_do_not_count() -> None:
    day = timedelta(days=1)
    hits = [hit(1, captured_at=NOON - day), retracted(4, "superseded", captured_at=NOON - day), hit(2)]
    counts = count(*hits, verdict_on(1), verdict_on(2), since_ms=to_ms(NOON))
    assert numbers(counts.total()) == (1, 1, 0, 0)
    assert (counts.unknown, counts.uncounted) == (0, 0)
    assert numbers(count(*hits, since_ms=to_ms(NOON - day)).total()) == (2, 0, 0, 2)


def test_adjudications_of_unknown_hits_are_counted_separately() -> None:
    verdicts = (verdict_on(1), verdict_on(2), verdict_on(2, "rejected"), verdict_on(3, "acknowledged"))
    counts = count(hit(1), *verdicts)
    assert numbers(counts.total()) == (1, 1, 0, 0)
    assert counts.unknown == 1


@pytest.mark.parametrize(
    ("confirmed", "adjudicated", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662)],
)
def test_the_interval_is_that_of_wilson(confirmed: int, adjudicated: int, low: float, high: float) -> None:
    """The last example is from R. G. Newcombe, Statistics in Medicine 17, 1998, 857-872, table I."""
    assert wilson_interval(confirmed, adjudicated) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 10_000), st.data())
def test_the_interval_contains_the_share_and_lies_within_0_and_1(
    adjudicated: int, data: st.DataObject
) -> None:
    confirmed = data.draw(st.integers(0, adjudicated))
    low, high = wilson_interval(confirmed, adjudicated)
    assert 0 <= low <= confirmed / adjudicated <= high <= 1
    assert low < high


@st.composite
def records(draw: st.DrawFn) -> list[Hit | Verdict]:
    """Draw revisions of some hits, also several of one number, and verdicts on them."""
    numbers, times = st.integers(1, 4), st.integers(60, 63)
    reasons = [None, "superseded", "alert-replaced", "alert-expired", "rejected"]
    drawn: list[Hit | Verdict] = []
    for _ in range(draw(st.integers(1, 12))):
        number = draw(numbers)
        verdict = verdict_on(
            number, draw(st.sampled_from(["confirmed", "rejected", "acknowledged"])), draw(times)
        )
        if draw(st.booleans()):
            drawn.append(verdict)
            continue
        reason: Any = draw(st.sampled_from(reasons))
        fields: dict[str, Any] = {
            "posterior": draw(st.none() | st.floats(0, 1)),
            "edits": draw(st.lists(st.sampled_from([B_AS_8, Edit("lost", 1, "", "A")]), max_size=2)),
            "place": Place("c1", draw(st.none() | st.just("s1"))),
            "verdict": draw(st.none() | st.just(verdict)),
            "withdrawn": None if reason is None else Retraction(reason),
            "list_id": draw(st.sampled_from(["sis", "be"])),
        }
        drawn.append(hit(number, draw(st.integers(1, 3)), class_="fuzzy", **fields))
    return drawn


@given(records(), st.data())
def test_order_and_repetitions_of_records_change_nothing(
    original: list[Hit | Verdict], data: st.DataObject
) -> None:
    repeated = original + data.draw(st.lists(st.sampled_from(original), max_size=6))
    one, two = count(*original), count(*data.draw(st.permutations(repeated)))
    for counts in (one, two):
        assert counts.total().hits == sum(group.hits for group in counts.by_list().values())
        assert counts.total().hits == sum(group.hits for group in counts.by_camera().values())
    assert (one.total(), one.uncounted, one.fallen, one.unknown) == (
        two.total(), two.uncounted, two.fallen, two.unknown
    )  # fmt: skip
    assert list(one.by_list().items()) == list(two.by_list().items())
    assert list(one.by_camera().items()) == list(two.by_camera().items())
    assert list(one.by_confusion().items()) == list(two.by_confusion().items())
