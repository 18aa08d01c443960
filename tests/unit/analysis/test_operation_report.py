"""What came of an operation."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from streams.analysis.operation_report import (
    CrewChoice,
    OperationReport,
    OperationReportBuilder,
    ReportedOutcome,
)
from streams.operations.config import OperationConfig
from streams.records.encode import encode
from streams.records.hit import Hit, Retraction
from streams.records.times import from_ms
from streams.records.verdict import Verdict
from tests.support.operations import (
    EXAMPLE_HIT,
    MINUTE_MS,
    NOON_MS,
    SITES,
    a_hit,
    a_verdict,
    a_window,
    an_admission,
    an_operation,
)


def report(
    hits: Iterable[Hit], *verdicts: Verdict, joint: OperationConfig | None = None, reads: int | None = None
) -> OperationReport:
    """The report of the operation `joint`."""
    reporter = OperationReportBuilder("joint", joint or an_operation(), SITES)
    for each in hits:
        reporter.add_hit(each)
    for said in verdicts:
        reporter.add_verdict(said)
    return reporter.build(reads)


def test_hits_are_counted_by_class_list_and_site_with_what_centres_said() -> None:
    found = report(
        [
            a_hit(1, an_admission(), list_id="sis"),
            a_hit(2, an_admission(), list_id="sis", class_="fuzzy"),
            a_hit(3, an_admission(), list_id="be", class_="fuzzy", site_id="camphin"),
            a_hit(4, an_admission(), list_id="be", site_id=None, mode="historical"),
            a_hit(5, list_id="be"),
        ],
        a_verdict(1, intercepted=True),
        a_verdict(2, "rejected"),
        a_verdict(3, "acknowledged"),
        a_verdict(5, intercepted=True),
        reads=16_114,
    )
    assert (found.reads, found.live, found.withdrawn) == (16_114, 3, 0)
    assert found.total == ReportedOutcome(hits=4, confirmed=1, rejected=1, open=2, intercepted=1)
    assert {each: outcome.hits for each, outcome in found.by_class.items()} == {
        "exact": 2,
        "confusable": 0,
        "fuzzy": 2,
        "pattern": 0,
    }
    assert found.by_class["fuzzy"] == ReportedOutcome(hits=2, rejected=1, open=1)
    assert found.by_list == {
        "be": ReportedOutcome(hits=2, open=2),
        "sis": ReportedOutcome(hits=2, confirmed=1, rejected=1, intercepted=1),
    }
    # A mobile camera has no site, so it stands for itself.
    assert list(found.by_site) == sorted(["camphin", "rekkem", EXAMPLE_HIT.place.camera_id])


def test_an_operation_without_hits_has_a_report() -> None:
    found = report([])
    assert found.total == ReportedOutcome()
    assert found.reads is None
    assert set(found.crews.values()) == {CrewChoice()}


def test_a_passage_is_counted_once_and_what_was_judged_always() -> None:
    better = Retraction("superseded", superseded_by=f"{2:032x}")
    first = a_hit(1, an_admission(), kind="withdrawn", revision=2, withdrawn=better)
    assert report([first, a_hit(2, an_admission())]).total.hits == 1
    assert report([first, a_hit(2, an_admission())], a_verdict(1)).total == ReportedOutcome(
        hits=2, confirmed=1, open=1
    )
    ended = a_hit(3, an_admission(), kind="withdrawn", revision=2, withdrawn=Retraction("alert-expired"))
    found = report([ended])
    assert (found.total.hits, found.withdrawn) == (1, 1)


def test_the_time_is_parted_into_spans_that_hold_every_hit_once() -> None:
    joint = an_operation(windows=[a_window(0, 60), a_window(100, 105)])
    minutes = (0, 4.999, 5, 59, 104.9)
    found = report([a_hit(n, an_admission(), minute=each) for n, each in enumerate(minutes)], joint=joint)
    assert [span.hits["exact"] for span in found.over_time if span.hits["exact"]] == [2, 1, 1, 1]
    first, last = found.over_time[0], found.over_time[-1]
    assert (first.begins, first.ends) == (from_ms(NOON_MS), from_ms(NOON_MS + 5 * MINUTE_MS))
    assert (last.begins, last.ends) == (
        from_ms(NOON_MS + 100 * MINUTE_MS),
        from_ms(NOON_MS + 105 * MINUTE_MS),
    )
    assert found.windows == [
        (from_ms(NOON_MS), from_ms(NOON_MS + 60 * MINUTE_MS)),
        (from_ms(NOON_MS + 100 * MINUTE_MS), from_ms(NOON_MS + 105 * MINUTE_MS)),
    ]


def test_a_long_operation_has_no_more_spans_than_a_plot_can_show() -> None:
    for days in (1, 20, 90):
        joint = an_operation(windows=[a_window(0, days * 1440)])
        spans = report([], joint=joint).over_time
        assert 12 <= len(spans) <= 24
        assert spans[-1].ends == from_ms(NOON_MS + days * 1440 * MINUTE_MS)


def test_vehicles_that_crews_could_go_for_are_told_from_those_they_could_not() -> None:
    hits = [a_hit(each, an_admission(each / 10, 1, 59)) for each in range(1, 7)]
    hits += [
        # A passage of the best one, which is one vehicle with it.
        a_hit(7, an_admission(0.2, 61, 90), alert_id="A6", minute=60),
        a_hit(8, an_admission(0.9, 1, 59), mode="historical"),
        a_hit(9, an_admission(0.0, site_id=None)),
        a_hit(10, an_admission(0.9, 121, 130), minute=110),
    ]
    found = report(hits, a_verdict(6), a_verdict(7, intercepted=True), a_verdict(5, "rejected"), a_verdict(1))
    assert found.crews == {
        "chosen": CrewChoice(vehicles=3, confirmed=1, rejected=1, intercepted=1),
        "full": CrewChoice(vehicles=3, confirmed=1),
        "no-crew": CrewChoice(vehicles=1),
        "over": CrewChoice(vehicles=1),
    }


def test_no_plate_nor_alert_is_in_it() -> None:
    alert = "ALERT-77"
    text = encode(report([a_hit(1, an_admission(), alert_id=alert, class_="pattern")])).decode()
    match = EXAMPLE_HIT.match
    for plate in (
        EXAMPLE_HIT.read.plate,
        EXAMPLE_HIT.alert.plate,
        match.read_plate,
        match.listed_plate,
        alert,
    ):
        assert plate not in text


@given(st.permutations(range(8)), st.permutations(range(4)))
def test_it_is_the_same_from_any_order(order: list[int], said: list[int]) -> None:
    hits = [
        a_hit(number, an_admission(0.3, number, number + 20), revision=revision, alert_id=f"A{number % 3}")
        for number in (1, 2, 3, 4)
        for revision in (1, 2)
    ]
    verdicts = [
        a_verdict(1),
        a_verdict(1, "rejected"),
        a_verdict(2, minute=3, intercepted=True),
        a_verdict(2),
    ]
    shuffled = [hits[each] for each in order]
    assert report(shuffled, *(verdicts[each] for each in said)) == report(hits, *verdicts)
