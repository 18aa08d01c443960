"""Budgets of false hits: when the tolerance of a list tightens, what is told then and what is withheld."""

from datetime import timedelta
from typing import Any

from streams.alerts import Index
from streams.correlation.budget import (
    ALWAYS_EMIT_POSTERIOR,
    TIGHTENED_REASON,
    TIGHTENED_RULE,
    Budget,
    Budgets,
    build_budgets,
)
from streams.correlation.config import CorrelationRules
from streams.correlation.correlator import Correlator
from streams.matching.config import ListConfig, MatchingRules
from streams.matching.matcher import Matcher
from streams.matching.no_match import NoMatch
from streams.records.alert import Alert, alert_key
from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.match import Match, MatchResult
from streams.records.read import Read
from streams.records.times import HOUR_MS, from_ms, parse_time, to_ms
from streams.records.types import ActionCode, MatchClass
from streams.records.verdict import Verdict

DAY = parse_time("2026-05-21T00:00:00Z")


def at(hours: float) -> int:
    """The time so many hours after the day began, in ms."""
    return to_ms(DAY) + round(hours * HOUR_MS)


def alert(alert_id: str, list_id: str = "sis") -> Alert:
    """An alert in force for a month around the day."""
    begins, ends = DAY - timedelta(days=9), DAY + timedelta(days=20)
    action: dict[str, ActionCode] = {"default": "seize"}
    return Alert(list_id, alert_id, 1, "AB-123-CD", "SIS-38-seizure", "stolen", action, begins, ends)


class Told(Matcher):
    """A judge that says again what the match of each read was."""

    def __init__(self) -> None:
        super().__init__(MatchingRules())
        self.results: dict[str, MatchResult] = {}

    def judge(self, read: Read, alert: Alert) -> MatchResult | NoMatch:  # noqa: ARG002
        """The result of the read."""
        return self.results[read.read_id]


class Line:
    """A correlator over lists with budgets; each read is of an alert and camera of its own."""

    def __init__(self, **budgets: float) -> None:
        self.index = Index()
        self.judge = Told()
        self.budgets = {list_id: Budget(amount) for list_id, amount in budgets.items()}
        self.hits: list[Hit] = []
        self.matches: list[tuple[Match, int]] = []
        self.start()

    def start(self) -> None:
        """A state that knows nothing yet."""
        self.correlator = Correlator(CorrelationRules(), self.index, self.judge, self.budgets)

    def take_over(self, hours: float) -> list[Hit]:
        """Another state that recalls what was matched and told."""
        self.start()
        for match, seen in self.matches:
            self.correlator.restorer.add_match(alert_key(match.alert), encode(match), seen)
        for hit in self.hits:
            self.correlator.restorer.add_hit(encode(hit))
        told = self.correlator.restorer.finish(at(hours))
        self.hits += told
        return told

    def read(
        self,
        name: str,
        posterior: float | None,
        hours: float = 1.0,
        *,
        list_id: str = "sis",
        alert_id: str | None = None,
        class_: MatchClass = "confusable",
    ) -> list[Hit]:
        """A read that matches with a posterior."""
        alert_id = alert_id or name
        listed = self.index.get((list_id, alert_id)) or alert(alert_id, list_id)
        self.index.apply_value(listed)
        read = Read(name, f"camera-{alert_id}", from_ms(at(hours)), "AB-123-CD", "FR", 0.9)
        result = self.judge.results[name] = MatchResult(class_, "AB123CD", "AB123CD", posterior)
        match = Match(read, listed, result)
        self.matches.append((match, at(hours)))
        told = self.correlator.handle_match(match, at(hours))
        self.hits += told
        return told

    def withheld(self) -> dict[tuple[str, str], int]:
        """How many passages are withheld."""
        return self.correlator.suppressed_counts()


def short(hits: list[Hit]) -> list[tuple[Any, ...]]:
    """The kind and the read of each revision, and whether the tolerance was tightened."""
    for hit in hits:
        assert (TIGHTENED_RULE in hit.rules) == (TIGHTENED_REASON in hit.match.reasons)
    return [(hit.kind, hit.read.read_id, TIGHTENED_RULE in hit.rules) for hit in hits]


def test_a_hit_that_would_break_the_budget_is_withheld_and_counted_and_one_that_would_not_is_told() -> None:
    line = Line(sis=1.0)
    assert short(line.read("first", 0.4, 20)) == [("new", "first", False)]
    assert short(line.read("second", 0.3, 20)) == []
    assert line.withheld() == {("sis", "2026-05-21"): 1}
    assert short(line.read("third", 0.7, 20)) == [("new", "third", True)]
    assert line.withheld() == {("sis", "2026-05-21"): 1}


def test_a_hit_that_is_sure_is_told_whatever_was_spent() -> None:
    line = Line(sis=0.001)
    for number in range(20):
        assert len(line.read(f"sure{number}", ALWAYS_EMIT_POSTERIOR)) == 1
        assert line.read(f"unsure{number}", 0.98) == []
    assert line.withheld() == {("sis", "2026-05-21"): 20}


def test_without_a_budget_nothing_is_withheld_and_nothing_is_said_of_it() -> None:
    line = Line(other=1.0)
    for number in range(20):
        assert short(line.read(f"r{number}", 0.1)) == [("new", f"r{number}", False)]
    assert line.withheld() == {}
    assert line.correlator.pop_notices() == []


def test_midnight_gives_a_new_budget_by_the_time_of_the_read() -> None:
    line = Line(sis=1.0)
    assert line.read("evening", 0.1, 23)
    assert line.read("late", 0.2, 23.9) == []
    assert line.read("morning", 0.2, 24.1)
    assert line.read("of-yesterday", 0.2, 23.95) == []
    assert line.withheld() == {("sis", "2026-05-21"): 2}


def test_lists_have_budgets_of_their_own() -> None:
    line = Line(sis=1.0, be=1.0)
    assert line.read("one", 0.1, 20)
    assert line.read("two", 0.2, 20) == []
    assert line.read("three", 0.2, 20, list_id="be")


def test_the_tolerance_tightens_while_the_budget_goes_faster_than_the_day() -> None:
    """In the morning half of the budget is free; in the evening all that is left may be spent."""
    spent = 6
    early, late = Line(sis=10.0), Line(sis=10.0)
    for line, hours in ((early, 6), (late, 18)):
        for number in range(spent):
            assert len(line.read(f"r{number}", 0.0, hours)) == 1
    assert early.read("unlikely", 0.19, 6) == []
    assert short(early.read("likely", 0.21, 6)) == [("new", "likely", True)]
    assert short(late.read("unlikely", 0.19, 18)) == [("new", "unlikely", False)]


def test_a_better_read_of_a_passage_that_was_told_is_told_and_counts_instead() -> None:
    line = Line(sis=1.0)
    line.read("fair", 0.5, 20, alert_id="a")
    assert short(line.read("good", 0.6, 20.001, alert_id="a")) == [
        ("new", "good", False),
        ("withdrawn", "fair", False),
    ]
    assert line.read("other", 0.39, 20) == []
    assert line.read("another", 0.41, 20)


def test_a_passage_that_was_withheld_is_told_once_a_read_is_good_enough() -> None:
    line = Line(sis=0.5)
    assert line.read("poor", 0.2, 20, alert_id="a") == []
    assert line.read("no-better", 0.2, 20.001, alert_id="a") == []
    assert line.withheld() == {("sis", "2026-05-21"): 1}
    assert short(line.read("good", 0.6, 20.002, alert_id="a")) == [("new", "good", True)]
    assert line.withheld() == {}


def test_the_surest_read_of_a_passage_counts_not_the_one_that_stands_for_it() -> None:
    line = Line(sis=0.001)
    assert line.read("exact", 0.5, 20, alert_id="a", class_="exact") == []
    assert short(line.read("sure", 0.995, 20.001, alert_id="a")) == [("new", "exact", True)]


def test_a_pattern_costs_nothing_and_is_never_withheld() -> None:
    line = Line(sis=0.001)
    assert line.read("unsure", 0.5) == []
    for number in range(3):
        assert short(line.read(f"p{number}", None, class_="pattern")) == [("new", f"p{number}", False)]
    assert line.withheld() == {("sis", "2026-05-21"): 1}


def test_verdicts_of_centres_count_a_rejected_hit_in_full_and_a_confirmed_one_not_at_all() -> None:
    line = Line(sis=1.0)
    (wrong,) = line.read("wrong", 0.7, 20)
    (right,) = line.read("right", 0.7, 20, alert_id="b")
    assert line.read("third", 0.5, 20) == []
    line.correlator.handle_verdict(Verdict(right.hit_id, "tournai", "confirmed", from_ms(at(20))), at(20))
    assert line.read("fourth", 0.5, 20)
    line.correlator.handle_verdict(Verdict(wrong.hit_id, "tournai", "rejected", from_ms(at(20))), at(20))
    assert line.read("fifth", 0.9, 20) == []


def test_who_takes_over_knows_what_was_spent_and_withheld_and_tells_nothing() -> None:
    line = Line(sis=1.0)
    line.read("one", 0.3, 20)
    line.read("two", 0.2, 20)
    line.read("three", 0.8, 20)
    before = line.withheld()
    assert line.take_over(21) == []
    assert line.withheld() == before == {("sis", "2026-05-21"): 1}
    assert line.read("four", 0.8, 21) == []
    assert line.read("five", 0.95, 21)


def test_what_was_told_tightened_says_so_in_later_revisions_too() -> None:
    line = Line(sis=0.5)
    line.read("one", 0.6, 20)
    (told,) = line.read("two", 0.95, 20)
    verdict = Verdict(told.hit_id, "tournai", "acknowledged", from_ms(at(20)))
    assert short(line.correlator.handle_verdict(verdict, at(20))) == [("amended", "two", True)]


def test_what_is_forgotten_stays_spent_and_counted_until_the_day_is_over() -> None:
    line = Line(sis=1.0)
    line.read("old", 0.3, 1)
    line.read("withheld", 0.2, 1)
    line.correlator.expire(at(12), at(-700))
    assert line.read("new", 0.6, 20) == []
    assert line.withheld() == {("sis", "2026-05-21"): 2}
    line.correlator.expire(at(60), at(-700))
    assert line.withheld() == {}


def test_tightening_is_said_once_a_list_and_day_and_what_was_withheld_when_the_day_is_over() -> None:
    line = Line(sis=1.0)
    line.read("one", 0.3, 20)
    assert line.correlator.pop_notices() == []
    line.read("two", 0.2, 20)
    line.read("three", 0.1, 20)
    (said,) = line.correlator.pop_notices()
    assert said.is_tightening
    assert said.text.startswith("list sis: 0.70 of 1.00 expected false hits used on 2026-05-21 (UTC);")
    assert "minimum posterior raised to 0.70" in said.text
    line.read("four", 0.1, 20)
    assert line.correlator.pop_notices() == []
    line.correlator.handle_time(at(24))
    (said,) = line.correlator.pop_notices()
    assert not said.is_tightening
    assert said.text == "list sis: 3 passages suppressed by its budget on 2026-05-21 (UTC)"
    assert line.correlator.pop_notices() == []


def test_a_lowest_posterior_that_is_higher_anyway_is_no_tightening() -> None:
    budgets = Budgets({"sis": Budget(1.0, 0.5)})
    assert budgets.min_posterior("sis", at(3)) == 0.5
    assert budgets.min_posterior("none", at(3)) == 0.0
    assert budgets.used("sis", at(3)) == 0.0


def test_the_parts_of_a_budget_are_equal_and_lists_without_one_have_none() -> None:
    policies = MatchingRules(
        {"sis": ListConfig(false_hits_per_day=8.0, min_posterior=0.4), "be": ListConfig()}
    )
    assert build_budgets(policies) == {"sis": Budget(8.0, 0.4)}
    assert build_budgets(policies, 4) == {"sis": Budget(2.0, 0.4)}
