"""For how long hits are kept up to date, and rejected pairs remembered."""

from datetime import timedelta
from typing import Any

from streams.alerts import Index
from streams.correlation.config import CorrelationRules
from streams.correlation.correlator import Correlator
from streams.matching.config import MatchingRules
from streams.matching.matcher import Matcher
from streams.records.alert import Alert
from streams.records.hit import Hit
from streams.records.match import Match, MatchResult
from streams.records.read import Read
from streams.records.times import HOUR_MS, from_ms, parse_time, to_ms
from streams.records.verdict import Verdict

START = parse_time("2026-05-21T10:00:00Z")
KEY = ("sis", "a")
ALERT = Alert(
    *KEY,
    1,
    "AB-123-CD",
    "SIS-38-seizure",
    "stolen",
    {"default": "seize"},
    START - timedelta(days=9),
    START + timedelta(days=900),
)


def at(hours: float) -> int:
    """The time so many hours after the start, in ms."""
    return to_ms(START) + int(hours * HOUR_MS)


class Line:
    """A correlator with one alert, and short words for what it tells."""

    def __init__(self) -> None:
        self.index = Index()
        self.index.apply_value(ALERT)
        self.correlator = Correlator(CorrelationRules(), self.index, Matcher(MatchingRules()))

    def read(
        self,
        read_id: str,
        hours: float,
        camera: str = "c1",
        confidence: float = 0.9,
        seen: float | None = None,
    ) -> list[Hit]:
        """A read captured at a time, and matched then or at another."""
        read = Read(read_id, camera, from_ms(at(hours)), "AB-123-CD", "FR", confidence)
        result = MatchResult("exact", "AB123CD", "AB123CD")
        return self.correlator.handle_match(Match(read, ALERT, result), at(hours if seen is None else seen))

    def withdraw(self, hours: float) -> list[tuple[Any, ...]]:
        """The alert is withdrawn at a time."""
        self.index.apply_tombstone(KEY, at(hours))
        return short(self.correlator.handle_alert_change(KEY, at(hours)))


def short(hits: list[Hit]) -> list[tuple[Any, ...]]:
    """The kind and the read of each revision."""
    return [(hit.kind, hit.read.read_id) for hit in hits]


def test_what_is_too_old_is_left_as_it_was_told_and_what_is_not_is_kept_up_to_date() -> None:
    line = Line()
    line.read("old", 0)
    line.read("new", 30, "c2")
    line.correlator.expire(at(24), at(-700))
    assert line.withdraw(31) == [("withdrawn", "new")]


def test_a_passage_is_forgotten_whole_or_not_at_all() -> None:
    """What is left of one would stand in place of its best read."""
    line = Line()
    assert short(line.read("best", 0)) == [("new", "best")]
    assert short(line.read("worse-and-late", 0.001, confidence=0.5, seen=30)) == []
    line.correlator.expire(at(24), at(-700))
    assert line.withdraw(31) == [("withdrawn", "best")]


def test_a_vehicle_whose_reads_are_forgotten_is_told_again_when_it_comes_again() -> None:
    line = Line()
    line.read("old", 0)
    line.correlator.expire(at(24), at(-700))
    assert not line.correlator.is_sighted(KEY)
    assert short(line.read("new", 30)) == [("new", "new")]
    assert line.withdraw(31) == [("withdrawn", "new")]


def test_a_rejected_pair_is_remembered_as_long_as_its_verdict() -> None:
    line = Line()
    (hit,) = line.read("rejected", 0)
    verdict = Verdict(hit.hit_id, "tournai", "rejected", from_ms(at(1)))
    assert short(line.correlator.handle_verdict(verdict, at(1))) == [("withdrawn", "rejected")]
    line.correlator.expire(at(24), at(-700))
    assert line.read("next-day", 30) == []
    line.correlator.expire(at(60), at(2))
    assert short(line.read("next-month", 700)) == [("new", "next-month")]
