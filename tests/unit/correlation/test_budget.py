"""Budgets of false hits: when a list's budget tightens, which hits are emitted and which are suppressed."""

from streams.correlation.budget import ALWAYS_EMIT_POSTERIOR, Budget, Budgets, build_budgets
from streams.matching.config import ListConfig, MatchingRules
from tests.support.budgeted_correlator import BudgetedCorrelator, at, summarise


def test_a_hit_that_exceeds_the_budget_is_suppressed_and_one_that_does_not_is_emitted() -> None:
    line = BudgetedCorrelator(sis=1.0)
    assert summarise(line.read("first", 0.4, 20)) == [("new", "first", False)]
    assert summarise(line.read("second", 0.3, 20)) == []
    assert line.suppressed_counts() == {("sis", "2026-05-21"): 1}
    assert summarise(line.read("third", 0.7, 20)) == [("new", "third", True)]
    assert line.suppressed_counts() == {("sis", "2026-05-21"): 1}


def test_a_certain_hit_is_emitted_whatever_the_budget_used() -> None:
    line = BudgetedCorrelator(sis=0.001)
    for number in range(20):
        assert len(line.read(f"certain{number}", ALWAYS_EMIT_POSTERIOR)) == 1
        assert line.read(f"uncertain{number}", 0.98) == []
    assert line.suppressed_counts() == {("sis", "2026-05-21"): 20}


def test_without_a_budget_nothing_is_suppressed_and_there_is_no_notice() -> None:
    line = BudgetedCorrelator(other=1.0)
    for number in range(20):
        assert summarise(line.read(f"r{number}", 0.1)) == [("new", f"r{number}", False)]
    assert line.suppressed_counts() == {}
    assert line.correlator.pop_notices() == []


def test_each_day_of_reads_has_a_budget_of_its_own() -> None:
    line = BudgetedCorrelator(sis=1.0)
    assert line.read("evening", 0.1, 23)
    assert line.read("late", 0.2, 23.9) == []
    assert line.read("morning", 0.2, 24.1)
    assert line.read("of-yesterday", 0.2, 23.95) == []
    assert line.suppressed_counts() == {("sis", "2026-05-21"): 2}


def test_each_list_has_a_budget_of_its_own() -> None:
    line = BudgetedCorrelator(sis=1.0, be=1.0)
    assert line.read("one", 0.1, 20)
    assert line.read("two", 0.2, 20) == []
    assert line.read("three", 0.2, 20, list_id="be")


def test_the_budget_tightens_while_it_is_used_up_faster_than_the_day_passes() -> None:
    """In the morning a hit may use twice the share that is left; in the evening all of it."""
    early, late = BudgetedCorrelator(sis=10.0), BudgetedCorrelator(sis=10.0)
    for line, hours in ((early, 6), (late, 18)):
        for number in range(6):
            assert len(line.read(f"r{number}", 0.0, hours)) == 1
    assert early.read("unlikely", 0.19, 6) == []
    assert summarise(early.read("likely", 0.21, 6)) == [("new", "likely", True)]
    assert summarise(late.read("unlikely", 0.19, 18)) == [("new", "unlikely", False)]


def test_a_better_read_of_an_emitted_passage_is_emitted_and_charged_instead() -> None:
    line = BudgetedCorrelator(sis=1.0)
    line.read("fair", 0.5, 20, alert_id="a")
    assert summarise(line.read("good", 0.6, 20.001, alert_id="a")) == [("amended", "good", False)]
    assert line.read("other", 0.39, 20) == []
    assert line.read("another", 0.41, 20)


def test_a_suppressed_passage_is_emitted_once_a_read_is_likely_enough() -> None:
    line = BudgetedCorrelator(sis=0.5)
    assert line.read("poor", 0.2, 20, alert_id="a") == []
    assert line.read("no-better", 0.2, 20.001, alert_id="a") == []
    assert line.suppressed_counts() == {("sis", "2026-05-21"): 1}
    assert summarise(line.read("good", 0.6, 20.002, alert_id="a")) == [("new", "good", True)]
    assert line.suppressed_counts() == {}


def test_the_highest_posterior_of_a_passage_counts() -> None:
    line = BudgetedCorrelator(sis=0.001)
    assert line.read("exact", 0.5, 20, alert_id="a", class_="exact") == []
    assert summarise(line.read("certain", 0.995, 20.001, alert_id="a")) == [("new", "certain", True)]
    assert line.read("another", 0.5, 20.002, alert_id="a", class_="exact") == []


def test_a_pattern_uses_no_budget_and_is_never_suppressed() -> None:
    line = BudgetedCorrelator(sis=0.001)
    assert line.read("uncertain", 0.5) == []
    for number in range(3):
        hits = line.read(f"p{number}", None, class_="pattern")
        assert summarise(hits) == [("new", f"p{number}", False)]
    assert line.suppressed_counts() == {("sis", "2026-05-21"): 1}


def test_a_rejected_hit_uses_a_whole_false_hit_and_a_confirmed_one_none() -> None:
    line = BudgetedCorrelator(sis=1.0)
    (wrong,) = line.read("wrong", 0.7, 20)
    (right,) = line.read("right", 0.7, 20, alert_id="b")
    assert line.read("third", 0.5, 20) == []
    line.handle_verdict(right, "confirmed", 20)
    assert line.read("fourth", 0.5, 20)
    line.handle_verdict(wrong, "rejected", 20)
    assert line.read("fifth", 0.9, 20) == []


def test_a_restored_correlator_knows_the_budget_used_and_emits_nothing() -> None:
    line = BudgetedCorrelator(sis=1.0)
    line.read("one", 0.3, 20)
    line.read("two", 0.2, 20)
    line.read("three", 0.8, 20)
    before = line.suppressed_counts()
    assert line.take_over(21) == []
    assert line.suppressed_counts() == before == {("sis", "2026-05-21"): 1}
    assert line.read("four", 0.8, 21) == []
    assert line.read("five", 0.95, 21)


def test_later_revisions_of_a_hit_emitted_while_tightened_say_so_too() -> None:
    line = BudgetedCorrelator(sis=0.5)
    line.read("one", 0.6, 20)
    (tightened,) = line.read("two", 0.95, 20)
    assert summarise(line.handle_verdict(tightened, "acknowledged", 20)) == [("amended", "two", True)]


def test_expired_hits_stay_charged_and_counted_until_the_day_is_over() -> None:
    line = BudgetedCorrelator(sis=1.0)
    line.read("old", 0.3, 1)
    line.read("suppressed", 0.2, 1)
    line.correlator.expire(at(12), at(-700))
    assert line.read("new", 0.6, 20) == []
    assert line.suppressed_counts() == {("sis", "2026-05-21"): 2}
    line.correlator.expire(at(60), at(-700))
    assert line.suppressed_counts() == {}


def test_a_notice_of_tightening_comes_once_a_day_and_one_of_suppressed_passages_after_it() -> None:
    line = BudgetedCorrelator(sis=1.0)
    line.read("one", 0.3, 20)
    assert line.correlator.pop_notices() == []
    line.read("two", 0.2, 20)
    line.read("three", 0.1, 20)
    (notice,) = line.correlator.pop_notices()
    assert notice.is_tightening
    assert notice.text.startswith("list sis: 0.70 of 1.00 expected false hits used on 2026-05-21 (UTC);")
    assert "minimum posterior raised to 0.70" in notice.text
    line.read("four", 0.1, 20)
    assert line.correlator.pop_notices() == []
    line.correlator.handle_time(at(24))
    (notice,) = line.correlator.pop_notices()
    assert not notice.is_tightening
    assert notice.text == "list sis: 3 passages suppressed by its budget on 2026-05-21 (UTC)"
    assert line.correlator.pop_notices() == []


def test_a_configured_minimum_posterior_that_is_higher_is_no_tightening() -> None:
    budgets = Budgets({"sis": Budget(1.0, 0.5)})
    assert budgets.min_posterior("sis", at(3)) == 0.5
    assert budgets.min_posterior("none", at(3)) == 0.0
    assert budgets.used("sis", at(3)) == 0.0


def test_a_budget_is_divided_equally_among_partitions() -> None:
    rules = MatchingRules({"sis": ListConfig(false_hits_per_day=8.0, min_posterior=0.4), "be": ListConfig()})
    assert build_budgets(rules) == {"sis": Budget(8.0, 0.4)}
    assert build_budgets(rules, 4) == {"sis": Budget(2.0, 0.4)}
