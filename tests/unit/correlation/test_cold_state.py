"""Cold state: what a restored correlator hydrates, and when; the other records stay as they were written."""

from datetime import timedelta

from msgspec.structs import replace

from streams.alerts import Index
from streams.correlation.config import CorrelationRules
from streams.correlation.correlator import Correlator
from streams.matching.config import MatchingRules
from streams.matching.matcher import Matcher
from streams.records.alert import Alert, alert_key
from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.match import Match, MatchResult
from streams.records.read import Read
from streams.records.times import Millis, from_ms, parse_time
from streams.records.verdict import Verdict
from tests.support.builders import an_alert, hours_after

START = parse_time("2026-05-21T10:00:00Z")
ALERT_IDS = ("a", "b", "c")


def at(hours: float) -> Millis:
    """Return a time in hours after the start."""
    return hours_after(START, hours)


def sought(alert_id: str) -> Alert:
    """Return an alert; that of c ends after three hours."""
    valid_until = START + (timedelta(hours=3) if alert_id == "c" else timedelta(days=900))
    return an_alert(
        "AB-123-CD", alert_id=alert_id, valid_from=START - timedelta(days=9), valid_until=valid_until
    )


def matched(alert_id: str, read_id: str, hours: float) -> Match:
    """Return a match of an alert with a read captured at a time."""
    read = Read(read_id, "c1", from_ms(at(hours)), "AB-123-CD", "FR", 0.9)
    return Match(read, sought(alert_id), MatchResult("exact", "AB123CD", "AB123CD"))


def summarise(hits: list[Hit]) -> list[tuple[str, str, str]]:
    """Return kind, alert and read of each revision."""
    return [(hit.kind, hit.alert.alert_id, hit.read.read_id) for hit in hits]


class Restored:
    """A correlator restored from one hit of each alert, emitted at the start."""

    def __init__(self, hours: float = 1, audience: str = "tournai") -> None:
        self.index = Index()
        for alert_id in ALERT_IDS:
            self.index.apply_value(sought(alert_id))
        previous = self._new_correlator("tournai")
        matches = [matched(alert_id, f"first-{alert_id}", 0) for alert_id in ALERT_IDS]
        self.hits = [hit for match in matches for hit in previous.handle_match(match, at(0))]
        self.correlator = self._new_correlator(audience)
        self._finish_ms = at(hours)
        for match in matches:
            self.correlator.restorer.add_match(alert_key(match.alert), encode(match), at(0))
        for hit in self.hits:
            self.correlator.restorer.add_hit(encode(hit))

    def finish(self) -> list[tuple[str, str, str]]:
        """Finish the restore."""
        return summarise(self.correlator.restorer.finish(self._finish_ms))

    def _new_correlator(self, audience: str) -> Correlator:
        rules = CorrelationRules(audiences={"sis": [audience]})
        return Correlator(rules, self.index, Matcher(MatchingRules()))


def test_alerts_stay_cold_until_they_are_used() -> None:
    restored = Restored()
    assert restored.finish() == []
    assert restored.correlator.cold_count == len(ALERT_IDS)
    assert restored.correlator.hydrate(at(1), 2) == []
    assert restored.correlator.cold_count == 1
    assert restored.correlator.hydrate(at(1), 2) == []
    assert restored.correlator.cold_count == 0


def test_a_match_hydrates_its_own_alert_only() -> None:
    restored = Restored()
    restored.finish()
    # A retransmitted read of a cold alert: its hit was emitted, and is not emitted again.
    assert restored.correlator.handle_match(matched("a", "first-a", 0), at(1)) == []
    hits = restored.correlator.handle_match(matched("a", "second", 1), at(1))
    assert summarise(hits) == [("new", "a", "second")]
    assert restored.correlator.cold_count == 2


def test_alert_changes_during_and_after_the_restore_retract_hits() -> None:
    restored = Restored()
    restored.index.apply_value(replace(sought("a"), version=2, plate="ZZ-999-ZZ"))
    assert restored.finish() == [("withdrawn", "a", "first-a")]
    assert restored.correlator.is_sighted(("sis", "b"))
    restored.index.apply_tombstone(("sis", "b"), at(1))
    hits = restored.correlator.handle_alert_change(("sis", "b"), at(1))
    assert summarise(hits) == [("withdrawn", "b", "first-b")]
    assert restored.correlator.cold_count == 1


def test_an_alert_that_left_the_index_is_hydrated_at_once() -> None:
    restored = Restored()
    restored.index.apply_tombstone(("sis", "a"), at(0.5))
    assert restored.finish() == [("withdrawn", "a", "first-a")]
    assert restored.correlator.cold_count == 2


def test_a_cold_alert_that_ends_is_hydrated_at_its_end() -> None:
    restored = Restored(hours=1)
    restored.finish()
    assert restored.correlator.handle_time(at(2.9)) == []
    assert summarise(restored.correlator.handle_time(at(3))) == [("withdrawn", "c", "first-c")]
    assert Restored(hours=3).finish() == [("withdrawn", "c", "first-c")]
    assert Restored(hours=2.9).finish() == []


def test_verdicts_during_and_after_the_restore_hydrate_the_alert_of_their_hit() -> None:
    restored = Restored()
    hit_ids = {hit.alert.alert_id: hit.hit_id for hit in restored.hits}
    scheduled = Verdict(hit_ids["a"], "tournai", "rejected", from_ms(at(0.5)))
    restored.correlator.schedule_verdict(scheduled, at(0.5))
    assert restored.finish() == [("withdrawn", "a", "first-a")]
    rejected = Verdict(hit_ids["b"], "tournai", "rejected", from_ms(at(1)))
    hits = restored.correlator.handle_verdict(rejected, at(1))
    assert summarise(hits) == [("withdrawn", "b", "first-b")]
    assert restored.correlator.has_hit(hit_ids["c"])
    assert restored.correlator.cold_count == 1


def test_expired_records_are_dropped_without_being_decoded() -> None:
    restored = Restored()
    restored.finish()
    restored.correlator.expire(at(0), at(-700))
    assert restored.correlator.cold_count == len(ALERT_IDS)
    restored.correlator.expire(at(2), at(-700))
    assert restored.correlator.cold_count == 0
    assert not restored.correlator.is_sighted(("sis", "a"))
    assert restored.correlator.handle_time(at(4)) == []


def test_changed_configuration_amends_a_hit_when_it_is_hydrated() -> None:
    restored = Restored(audience="lille")
    assert restored.finish() == []
    hits = restored.correlator.hydrate(at(1), len(ALERT_IDS))
    amended = ("amended", 2, ("lille",))
    assert [(hit.kind, hit.revision, hit.audience) for hit in hits] == [amended] * len(ALERT_IDS)


def test_an_undecodable_record_does_not_affect_the_others() -> None:
    restored = Restored()
    restored.correlator.restorer.add_match(("sis", "a"), b"{", at(0))
    restored.correlator.restorer.add_hit(b"[]")
    assert restored.finish() == []
    assert restored.correlator.hydrate(at(1), len(ALERT_IDS)) == []
    hits = restored.correlator.handle_match(matched("a", "second", 1), at(1))
    assert summarise(hits) == [("new", "a", "second")]
