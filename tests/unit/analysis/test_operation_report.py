"""The report of an operation."""

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
    """Return the report of the operation `joint`."""
    builder = OperationReportBuilder("joint", joint or an_operation(), SITES)
    for hit in hits:
        builder.add_hit(hit)
    for verdict in verdicts:
        builder.add_verdict(verdict)
    return builder.build(reads)


def test_hits_are_counted_by_class_list_and_site_with_their_adjudications() -> None:
    result = report(
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
    assert (result.reads, result.live, result.withdrawn) == (16_114, 3, 0)
    assert result.total == ReportedOutcome(hits=4, confirmed=1, rejected=1, open=2, intercepted=1)
    assert {class_: outcome.hits for class_, outcome in result.by_class.items()} == {
        "exact": 2,
        "confusable": 0,
        "fuzzy": 2,
        "pattern": 0,
    }
    assert result.by_class["fuzzy"] == ReportedOutcome(hits=2, rejected=1, open=1)
    assert result.by_list == {
        "be": ReportedOutcome(hits=2, open=2),
        "sis": ReportedOutcome(hits=2, confirmed=1, rejected=1, intercepted=1),
    }
    # A mobile camera has no site, so the hit is counted for the camera.
    assert list(result.by_site) == sorted(["camphin", "rekkem", EXAMPLE_HIT.place.camera_id])


def test_an_operation_without_hits_has_a_report() -> None:
    result = report([])
    assert result.total == ReportedOutcome()
    assert result.reads is None
    assert set(result.crews.values()) == {CrewChoice()}


def test_a_passage_is_counted_once_and_an_adjudicated_hit_always() -> None:
    better = Retraction("superseded", superseded_by=f"{2:032x}")
    first = a_hit(1, an_admission(), kind="withdrawn", revision=2, withdrawn=better)
    assert report([first, a_hit(2, an_admission())]).total.hits == 1
    assert report([first, a_hit(2, an_admission())], a_verdict(1)).total == ReportedOutcome(
        hits=2, confirmed=1, open=1
    )
    ended = a_hit(3, an_admission(), kind="withdrawn", revision=2, withdrawn=Retraction("alert-expired"))
    result = report([ended])
    assert (result.total.hits, result.withdrawn) == (1, 1)


def test_the_time_is_divided_into_spans_that_contain_every_hit_once() -> None:
    joint = an_operation(windows=[a_window(0, 60), a_window(100, 105)])
    minutes = (0, 4.999, 5, 59, 104.9)
    result = report(
        [a_hit(number, an_admission(), minute=minute) for number, minute in enumerate(minutes)], joint=joint
    )
    assert [span.hits["exact"] for span in result.over_time if span.hits["exact"]] == [2, 1, 1, 1]
    first, last = result.over_time[0], result.over_time[-1]
    assert (first.begins, first.ends) == (from_ms(NOON_MS), from_ms(NOON_MS + 5 * MINUTE_MS))
    assert (last.begins, last.ends) == (
        from_ms(NOON_MS + 100 * MINUTE_MS),
        from_ms(NOON_MS + 105 * MINUTE_MS),
    )
    assert result.windows == [
        (from_ms(NOON_MS), from_ms(NOON_MS + 60 * MINUTE_MS)),
        (from_ms(NOON_MS + 100 * MINUTE_MS), from_ms(NOON_MS + 105 * MINUTE_MS)),
    ]


def test_a_long_operation_has_no_more_spans_than_fit_a_chart() -> None:
    for days in (1, 20, 90):
        joint = an_operation(windows=[a_window(0, days * 1440)])
        spans = report([], joint=joint).over_time
        assert 12 <= len(spans) <= 24
        assert spans[-1].ends == from_ms(NOON_MS + days * 1440 * MINUTE_MS)


def test_vehicles_are_counted_by_the_result_of_the_crew_allocation() -> None:
    hits = [a_hit(number, an_admission(number / 10, 1, 59)) for number in range(1, 7)]
    hits += [
        # Another passage of the best vehicle.
        a_hit(7, an_admission(0.2, 61, 90), alert_id="A6", minute=60),
        a_hit(8, an_admission(0.9, 1, 59), mode="historical"),
        a_hit(9, an_admission(0.0, site_id=None)),
        a_hit(10, an_admission(0.9, 121, 130), minute=110),
    ]
    result = report(
        hits, a_verdict(6), a_verdict(7, intercepted=True), a_verdict(5, "rejected"), a_verdict(1)
    )
    assert result.crews == {
        "chosen": CrewChoice(vehicles=3, confirmed=1, rejected=1, intercepted=1),
        "full": CrewChoice(vehicles=3, confirmed=1),
        "no-crew": CrewChoice(vehicles=1),
        "over": CrewChoice(vehicles=1),
    }


def test_the_report_contains_no_plate_and_no_alert() -> None:
    alert_id = "ALERT-77"
    text = encode(report([a_hit(1, an_admission(), alert_id=alert_id, class_="pattern")])).decode()
    match = EXAMPLE_HIT.match
    for personal in (
        EXAMPLE_HIT.read.plate,
        EXAMPLE_HIT.alert.plate,
        match.read_plate,
        match.listed_plate,
        alert_id,
    ):
        assert personal not in text


@given(st.permutations(range(8)), st.permutations(range(4)))
def test_the_report_does_not_depend_on_the_order_of_records(
    hit_order: list[int], verdict_order: list[int]
) -> None:
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
    shuffled = [hits[index] for index in hit_order]
    assert report(shuffled, *(verdicts[index] for index in verdict_order)) == report(hits, *verdicts)
