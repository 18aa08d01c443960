"""Budget use computed from emitted hits: it equals that of the correlator, whatever the order of hits."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from streams.analysis.budget_use import BudgetUse, ListBudgetUse
from streams.correlation.budget import Budget, Budgets
from streams.records.hit import Hit
from streams.records.times import from_ms
from tests.support.budgeted_correlator import BudgetedCorrelator, at


def budget_use(hits: list[Hit], hours: float = 12) -> dict[str, ListBudgetUse]:
    """Return the budget used by hits on the day of a time."""
    counts = BudgetUse(at(hours))
    for hit in hits:
        counts.add_hit(hit)
    return counts.by_list()


def test_the_hits_of_a_day_are_counted_for_lists_with_and_without_a_budget() -> None:
    line = BudgetedCorrelator(sis=10.0)
    line.read("one", 0.7, 1)
    line.read("two", 0.9, 23.9)
    line.read("free", 0.25, 5, list_id="be")
    line.read("tomorrow", 0.5, 24)
    assert budget_use(line.hits) == {"be": ListBudgetUse(0.75, 1), "sis": ListBudgetUse(0.4, 2)}
    assert budget_use(line.hits, 24) == {"sis": ListBudgetUse(0.5, 1)}
    assert budget_use(line.hits, -1) == {}
    assert BudgetUse(at(23.9)).day == date(2026, 5, 21)


def test_of_a_passage_the_active_hit_counts() -> None:
    line = BudgetedCorrelator()
    line.read("fair", 0.5, 3, alert_id="a")
    line.read("good", 0.9, 3.001, alert_id="a")
    assert budget_use(line.hits) == {"sis": ListBudgetUse(0.1, 1)}


def test_a_rejected_hit_counts_as_one_and_confirmed_and_pattern_hits_as_none() -> None:
    line = BudgetedCorrelator()
    (wrong,) = line.read("wrong", 0.9, 3)
    (right,) = line.read("right", 0.4, 3)
    line.read("open", 0.75, 3)
    line.read("pattern", None, 3, class_="pattern")
    for hit, verdict in ((wrong, "rejected"), (right, "confirmed")):
        line.handle_verdict(hit, verdict, 4)
    assert budget_use(line.hits) == {"sis": ListBudgetUse(1.25, 4, rejected=1, confirmed=1)}


def test_hits_emitted_while_tightened_are_counted_with_the_time_of_the_latest() -> None:
    line = BudgetedCorrelator(sis=1.5)
    line.read("first", 0.1, 3)
    line.read("tightened", 0.95, 9)
    line.read("suppressed", 0.3, 10)
    line.read("earlier", 0.95, 7)
    (used,) = budget_use(line.hits).values()
    assert (used.hits, used.tightened, used.latest_tightened) == (3, 2, from_ms(at(9)))
    line.read("better", 0.99, 9.001, alert_id="tightened")
    (used,) = budget_use(line.hits).values()
    assert (used.hits, used.tightened) == (3, 2)
    free = BudgetedCorrelator()
    free.read("first", 0.6, 3)
    (used,) = budget_use(free.hits).values()
    assert (used.hits, used.tightened, used.latest_tightened) == (1, 0, None)


@given(st.data())
def test_it_equals_the_budgets_of_the_correlator_for_any_order_and_repetitions(
    data: st.DataObject,
) -> None:
    line = BudgetedCorrelator(sis=100.0)
    for number in range(data.draw(st.integers(1, 8))):
        posterior, alert_id = data.draw(st.floats(0, 1)), data.draw(st.sampled_from("abc"))
        line.read(f"r{number}", posterior, 20 + number / 100, alert_id=alert_id)
    for hit in data.draw(st.lists(st.sampled_from(line.hits), max_size=4)):
        verdict = data.draw(st.sampled_from(["confirmed", "rejected", "acknowledged"]))
        line.handle_verdict(hit, verdict, 21)
    budgets = Budgets({"sis": Budget(100.0)})
    for hit in line.hits:
        budgets.charge(hit)
    repeated = data.draw(st.permutations(line.hits + data.draw(st.lists(st.sampled_from(line.hits)))))
    assert budget_use(repeated)["sis"].false_hits == budgets.used("sis", at(12))
