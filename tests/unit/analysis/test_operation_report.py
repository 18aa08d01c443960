"""What came of an operation."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from streams.analysis.operation_report import Choice, Outcome, Report, Reporter
from streams.operations.config import Operation
from streams.records.encode import encode
from streams.records.hit import Hit, Withdrawn
from streams.records.times import from_ms
from streams.records.verdict import Verdict
from tests.support.operations import EXAMPLE, MINUTE, NOON, SITES, admission, hit, operation, verdict, window


def report(
    hits: Iterable[Hit], *verdicts: Verdict, joint: Operation | None = None, reads: int | None = None
) -> Report:
    """The report of the operation `joint`."""
    reporter = Reporter("joint", joint or operation(), SITES)
    for each in hits:
        reporter.note(each)
    for said in verdicts:
        reporter.judge(said)
    return reporter.report(reads)


def test_hits_are_counted_by_class_list_and_site_with_what_centres_said() -> None:
    found = report(
        [
            hit(1, admission(), list_id="sis"),
            hit(2, admission(), list_id="sis", class_="fuzzy"),
            hit(3, admission(), list_id="be", class_="fuzzy", site_id="camphin"),
            hit(4, admission(), list_id="be", site_id=None, mode="historical"),
            hit(5, list_id="be"),
        ],
        verdict(1, intercepted=True),
        verdict(2, "rejected"),
        verdict(3, "acknowledged"),
        verdict(5, intercepted=True),
        reads=16_114,
    )
    assert (found.reads, found.live, found.withdrawn) == (16_114, 3, 0)
    assert found.total == Outcome(hits=4, confirmed=1, rejected=1, open=2, intercepted=1)
    assert {each: outcome.hits for each, outcome in found.by_class.items()} == {
        "exact": 2,
        "confusable": 0,
        "fuzzy": 2,
        "pattern": 0,
    }
    assert found.by_class["fuzzy"] == Outcome(hits=2, rejected=1, open=1)
    assert found.by_list == {
        "be": Outcome(hits=2, open=2),
        "sis": Outcome(hits=2, confirmed=1, rejected=1, intercepted=1),
    }
    # A mobile camera has no site, so it stands for itself.
    assert list(found.by_site) == sorted(["camphin", "rekkem", EXAMPLE.place.camera_id])


def test_an_operation_without_hits_has_a_report() -> None:
    found = report([])
    assert found.total == Outcome()
    assert found.reads is None
    assert set(found.crews.values()) == {Choice()}


def test_a_passage_is_counted_once_and_what_was_judged_always() -> None:
    better = Withdrawn("superseded", superseded_by=f"{2:032x}")
    first = hit(1, admission(), kind="withdrawn", revision=2, withdrawn=better)
    assert report([first, hit(2, admission())]).total.hits == 1
    assert report([first, hit(2, admission())], verdict(1)).total == Outcome(hits=2, confirmed=1, open=1)
    ended = hit(3, admission(), kind="withdrawn", revision=2, withdrawn=Withdrawn("alert-expired"))
    found = report([ended])
    assert (found.total.hits, found.withdrawn) == (1, 1)


def test_the_time_is_parted_into_spans_that_hold_every_hit_once() -> None:
    joint = operation(windows=[window(0, 60), window(100, 105)])
    minutes = (0, 4.999, 5, 59, 104.9)
    found = report([hit(n, admission(), minute=each) for n, each in enumerate(minutes)], joint=joint)
    assert [span.hits["exact"] for span in found.over_time if span.hits["exact"]] == [2, 1, 1, 1]
    first, last = found.over_time[0], found.over_time[-1]
    assert (first.begins, first.ends) == (from_ms(NOON), from_ms(NOON + 5 * MINUTE))
    assert (last.begins, last.ends) == (from_ms(NOON + 100 * MINUTE), from_ms(NOON + 105 * MINUTE))
    assert found.windows == [
        (from_ms(NOON), from_ms(NOON + 60 * MINUTE)),
        (from_ms(NOON + 100 * MINUTE), from_ms(NOON + 105 * MINUTE)),
    ]


def test_a_long_operation_has_no_more_spans_than_a_plot_can_show() -> None:
    for days in (1, 20, 90):
        joint = operation(windows=[window(0, days * 1440)])
        spans = report([], joint=joint).over_time
        assert 12 <= len(spans) <= 24
        assert spans[-1].ends == from_ms(NOON + days * 1440 * MINUTE)


def test_vehicles_that_crews_could_go_for_are_told_from_those_they_could_not() -> None:
    hits = [hit(each, admission(each / 10, 1, 59)) for each in range(1, 7)]
    hits += [
        # A passage of the best one, which is one vehicle with it.
        hit(7, admission(0.2, 61, 90), alert_id="A6", minute=60),
        hit(8, admission(0.9, 1, 59), mode="historical"),
        hit(9, admission(0.0, site_id=None)),
        hit(10, admission(0.9, 121, 130), minute=110),
    ]
    found = report(hits, verdict(6), verdict(7, intercepted=True), verdict(5, "rejected"), verdict(1))
    assert found.crews == {
        "chosen": Choice(vehicles=3, confirmed=1, rejected=1, intercepted=1),
        "full": Choice(vehicles=3, confirmed=1),
        "no-crew": Choice(vehicles=1),
        "over": Choice(vehicles=1),
    }


def test_no_plate_nor_alert_is_in_it() -> None:
    alert = "ALERT-77"
    text = encode(report([hit(1, admission(), alert_id=alert, class_="pattern")])).decode()
    match = EXAMPLE.match
    for plate in (EXAMPLE.read.plate, EXAMPLE.alert.plate, match.read_plate, match.listed_plate, alert):
        assert plate not in text


@given(st.permutations(range(8)), st.permutations(range(4)))
def test_it_is_the_same_from_any_order(order: list[int], said: list[int]) -> None:
    hits = [
        hit(number, admission(0.3, number, number + 20), revision=revision, alert_id=f"A{number % 3}")
        for number in (1, 2, 3, 4)
        for revision in (1, 2)
    ]
    verdicts = [verdict(1), verdict(1, "rejected"), verdict(2, minute=3, intercepted=True), verdict(2)]
    shuffled = [hits[each] for each in order]
    assert report(shuffled, *(verdicts[each] for each in said)) == report(hits, *verdicts)
