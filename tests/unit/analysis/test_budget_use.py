"""Spending: what is counted from hits told is what budgets count, whatever order the hits are read in."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from streams.analysis.budget_use import BudgetUse, ListBudgetUse
from streams.correlation.budget import Budget, Budgets
from streams.records.hit import Hit
from streams.records.times import from_ms
from streams.records.verdict import Verdict
from tests.unit.correlation.test_budget import Line, at


def spending(hits: list[Hit], hours: float = 12) -> dict[str, ListBudgetUse]:
    """What is counted of hits on the day of a time."""
    counted = BudgetUse(at(hours))
    for hit in hits:
        counted.add_hit(hit)
    return counted.by_list()


def test_the_hits_of_the_day_are_counted_by_list_with_a_budget_and_without() -> None:
    line = Line(sis=10.0)
    line.read("one", 0.7, 1)
    line.read("two", 0.9, 23.9)
    line.read("free", 0.25, 5, list_id="be")
    line.read("tomorrow", 0.5, 24)
    assert spending(line.hits) == {"be": ListBudgetUse(0.75, 1), "sis": ListBudgetUse(0.4, 2)}
    assert spending(line.hits, 24) == {"sis": ListBudgetUse(0.5, 1)}
    assert spending(line.hits, -1) == {}
    assert BudgetUse(at(23.9)).day == date(2026, 5, 21)


def test_of_a_passage_the_hit_that_stands_counts() -> None:
    line = Line()
    line.read("fair", 0.5, 3, alert_id="a")
    line.read("good", 0.9, 3.001, alert_id="a")
    assert spending(line.hits) == {"sis": ListBudgetUse(0.1, 1)}


def test_a_rejected_hit_counts_in_full_a_confirmed_one_and_one_of_a_pattern_not_at_all() -> None:
    line = Line()
    (wrong,) = line.read("wrong", 0.9, 3)
    (right,) = line.read("right", 0.4, 3)
    line.read("nobody-said", 0.75, 3)
    line.read("fits", None, 3, class_="pattern")
    for hit, verdict in ((wrong, "rejected"), (right, "confirmed")):
        said = Verdict(hit.hit_id, "tournai", verdict, from_ms(at(4)))  # type: ignore[arg-type]
        line.hits += line.correlator.handle_verdict(said, at(4))
    assert spending(line.hits) == {"sis": ListBudgetUse(1.25, 4, rejected=1, confirmed=1)}


def test_hits_told_while_tightened_are_counted_and_the_latest_named() -> None:
    line = Line(sis=1.5)
    line.read("first", 0.1, 3)
    line.read("tightened", 0.95, 9)
    line.read("withheld", 0.3, 10)
    line.read("no-later", 0.95, 7)
    (spent,) = spending(line.hits).values()
    assert (spent.hits, spent.tightened, spent.latest_tightened) == (3, 2, from_ms(at(9)))
    line.read("better", 0.99, 9.001, alert_id="tightened")
    (spent,) = spending(line.hits).values()
    assert (spent.hits, spent.tightened) == (3, 2)
    free = Line()
    free.read("first", 0.6, 3)
    (spent,) = spending(free.hits).values()
    assert (spent.hits, spent.tightened, spent.latest_tightened) == (1, 0, None)


@given(st.data())
def test_it_is_what_budgets_count_in_whatever_order_hits_are_read_and_however_often(
    data: st.DataObject,
) -> None:
    line = Line(sis=100.0)
    for number in range(data.draw(st.integers(1, 8))):
        posterior, alert_id = data.draw(st.floats(0, 1)), data.draw(st.sampled_from("abc"))
        line.read(f"r{number}", posterior, 20 + number / 100, alert_id=alert_id)
    for hit in data.draw(st.lists(st.sampled_from(line.hits), max_size=4)):
        verdict = data.draw(st.sampled_from(["confirmed", "rejected", "acknowledged"]))
        said = Verdict(hit.hit_id, "tournai", verdict, from_ms(at(21)))
        line.hits += line.correlator.handle_verdict(said, at(21))
    budgets = Budgets({"sis": Budget(100.0)})
    for hit in line.hits:
        budgets.charge(hit)
    read = data.draw(st.permutations(line.hits + data.draw(st.lists(st.sampled_from(line.hits)))))
    assert spending(read)["sis"].false_hits == budgets.used("sis", at(12))
