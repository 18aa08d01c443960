"""A correlator over lists with budgets, fed with matches of a chosen posterior."""

from datetime import timedelta
from typing import Any

from streams.alerts import Index
from streams.correlation.budget import TIGHTENED_REASON, TIGHTENED_RULE, Budget
from streams.correlation.config import CorrelationRules
from streams.correlation.correlator import Correlator
from streams.matching.config import MatchingRules
from streams.matching.matcher import Matcher
from streams.matching.no_match import NoMatch
from streams.records.alert import Alert, alert_key
from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.match import Match, MatchResult
from streams.records.read import Read
from streams.records.times import Millis, from_ms, parse_time
from streams.records.types import MatchClass
from streams.records.verdict import Verdict
from tests.support.builders import an_alert, hours_after

DAY = parse_time("2026-05-21T00:00:00Z")


def at(hours: float) -> Millis:
    """Return a time in hours after the beginning of the day."""
    return hours_after(DAY, hours)


class FixedMatcher(Matcher):
    """A matcher that returns a fixed result for each read."""

    def __init__(self) -> None:
        super().__init__(MatchingRules())
        self.results: dict[str, MatchResult] = {}

    def match(self, read: Read, alert: Alert) -> MatchResult | NoMatch:  # noqa: ARG002
        """Return the result of a read."""
        return self.results[read.read_id]


class BudgetedCorrelator:
    """A correlator with budgets by list id; each read is of an alert and camera of its own."""

    def __init__(self, **budgets: float) -> None:
        self.index = Index()
        self.matcher = FixedMatcher()
        self.budgets = {list_id: Budget(amount) for list_id, amount in budgets.items()}
        self.hits: list[Hit] = []
        self.matches: list[tuple[Match, Millis]] = []
        self.restart()

    def restart(self) -> None:
        """Replace the correlator by one with an empty state."""
        self.correlator = Correlator(CorrelationRules(), self.index, self.matcher, self.budgets)

    def take_over(self, hours: float) -> list[Hit]:
        """Replace the correlator by one that is restored from the matches and hits so far."""
        self.restart()
        for match, matched_ms in self.matches:
            self.correlator.restorer.add_match(alert_key(match.alert), encode(match), matched_ms)
        for hit in self.hits:
            self.correlator.restorer.add_hit(encode(hit))
        return self._record(self.correlator.restorer.finish(at(hours)))

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
        """Handle a read that matches with a posterior."""
        alert_id = alert_id or name
        alert = self.index.get((list_id, alert_id)) or _alert(list_id, alert_id)
        self.index.apply_value(alert)
        read = Read(name, f"camera-{alert_id}", from_ms(at(hours)), "AB-123-CD", "FR", 0.9)
        result = self.matcher.results[name] = MatchResult(class_, "AB123CD", "AB123CD", posterior)
        match = Match(read, alert, result)
        self.matches.append((match, at(hours)))
        return self._record(self.correlator.handle_match(match, at(hours)))

    def handle_verdict(self, hit: Hit, verdict: Any, hours: float) -> list[Hit]:
        """Handle a verdict on a hit, given at a time."""
        record = Verdict(hit.hit_id, "tournai", verdict, from_ms(at(hours)))
        return self._record(self.correlator.handle_verdict(record, at(hours)))

    def suppressed_counts(self) -> dict[tuple[str, str], int]:
        """Return the number of suppressed passages by list and day."""
        return self.correlator.suppressed_counts()

    def _record(self, hits: list[Hit]) -> list[Hit]:
        self.hits += hits
        return hits


def summarise(hits: list[Hit]) -> list[tuple[str, str, bool]]:
    """Return kind and read of each revision, and whether the budget was tightened."""
    for hit in hits:
        assert (TIGHTENED_RULE in hit.rules) == (TIGHTENED_REASON in hit.match.reasons)
    return [(hit.kind, hit.read.read_id, TIGHTENED_RULE in hit.rules) for hit in hits]


def _alert(list_id: str, alert_id: str) -> Alert:
    valid_from, valid_until = DAY - timedelta(days=9), DAY + timedelta(days=20)
    return an_alert(
        "AB-123-CD", list_id=list_id, alert_id=alert_id, valid_from=valid_from, valid_until=valid_until
    )
