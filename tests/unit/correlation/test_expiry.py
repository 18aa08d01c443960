"""How long hits are updated, and how long rejected pairs are retained."""

from datetime import timedelta

from streams.alerts import Index
from streams.correlation.config import CorrelationRules
from streams.correlation.correlator import Correlator
from streams.matching.config import MatchingRules
from streams.matching.matcher import Matcher
from streams.records.hit import Hit
from streams.records.match import Match, MatchResult
from streams.records.read import Read
from streams.records.times import Millis, from_ms, parse_time
from streams.records.verdict import Verdict
from tests.support.builders import an_alert, hours_after

START = parse_time("2026-05-21T10:00:00Z")
KEY = ("sis", "a")
ALERT = an_alert(
    "AB-123-CD",
    alert_id="a",
    valid_from=START - timedelta(days=9),
    valid_until=START + timedelta(days=900),
)


def at(hours: float) -> Millis:
    """Return a time in hours after the start."""
    return hours_after(START, hours)


class OneAlert:
    """A correlator with one alert."""

    def __init__(self) -> None:
        self.index = Index()
        self.index.apply_value(ALERT)
        self.correlator = Correlator(CorrelationRules(), self.index, Matcher(MatchingRules()))

    def read(
        self,
        read_id: str,
        hours: float,
        camera_id: str = "c1",
        confidence: float = 0.9,
        matched_hours: float | None = None,
    ) -> list[Hit]:
        """Handle a read captured at a time, and matched then or at another."""
        read = Read(read_id, camera_id, from_ms(at(hours)), "AB-123-CD", "FR", confidence)
        match = Match(read, ALERT, MatchResult("exact", "AB123CD", "AB123CD"))
        return self.correlator.handle_match(match, at(hours if matched_hours is None else matched_hours))

    def withdraw(self, hours: float) -> list[tuple[str, str]]:
        """Withdraw the alert at a time."""
        self.index.apply_tombstone(KEY, at(hours))
        return summarise(self.correlator.handle_alert_change(KEY, at(hours)))


def summarise(hits: list[Hit]) -> list[tuple[str, str]]:
    """Return kind and read of each revision."""
    return [(hit.kind, hit.read.read_id) for hit in hits]


def test_the_hit_of_an_expired_passage_stays_as_emitted_and_a_newer_one_is_updated() -> None:
    state = OneAlert()
    state.read("old", 0)
    state.read("new", 30, "c2")
    state.correlator.expire(at(24), at(-700))
    assert state.withdraw(31) == [("withdrawn", "new")]


def test_a_passage_expires_as_a_whole_or_not_at_all() -> None:
    """If only some of its sightings expired, another would replace its best one."""
    state = OneAlert()
    assert summarise(state.read("best", 0)) == [("new", "best")]
    assert summarise(state.read("worse-and-late", 0.001, confidence=0.5, matched_hours=30)) == []
    state.correlator.expire(at(24), at(-700))
    assert state.withdraw(31) == [("withdrawn", "best")]


def test_a_vehicle_whose_sightings_expired_gets_a_new_hit_at_its_next_read() -> None:
    state = OneAlert()
    state.read("old", 0)
    state.correlator.expire(at(24), at(-700))
    assert not state.correlator.is_sighted(KEY)
    assert summarise(state.read("new", 30)) == [("new", "new")]
    assert state.withdraw(31) == [("withdrawn", "new")]


def test_a_rejected_pair_is_retained_as_long_as_its_verdict() -> None:
    state = OneAlert()
    (hit,) = state.read("rejected", 0)
    verdict = Verdict(hit.hit_id, "tournai", "rejected", from_ms(at(1)))
    assert summarise(state.correlator.handle_verdict(verdict, at(1))) == [("withdrawn", "rejected")]
    state.correlator.expire(at(24), at(-700))
    assert state.read("next-day", 30) == []
    state.correlator.expire(at(60), at(2))
    assert summarise(state.read("next-month", 700)) == [("new", "next-month")]
