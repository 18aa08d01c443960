"""Handovers that are emitted, expired and restored: a restored correlator continues where the last ended."""

from streams.alerts.index import Index
from streams.correlation.config import CorrelationRules
from streams.correlation.correlator import Correlator
from streams.matching.matcher import Matcher
from streams.records.alert import alert_key
from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.match import Match, MatchResult
from streams.records.read import Read
from streams.records.times import DAY_MS, MINUTE_MS, Millis, from_ms, parse_time, to_ms
from streams.records.verdict import Verdict
from streams.settings.load import parse_settings
from tests.support.builders import an_alert

_BEGIN_MS = to_ms(parse_time("2026-05-21T08:00:00Z"))
_SETTINGS = parse_settings(
    """
[correlation]
handover_minutes = 60

[sites.lille]
territory = "FR"
links = [{ to = "rekkem", km = 18, minutes = 12 }]

[sites.rekkem]
territory = "BE"
links = [{ to = "gent", km = 52, minutes = 32 }]

[sites.gent]
territory = "BE"

[cameras.l]
site = "lille"
[cameras.r]
site = "rekkem"
[cameras.g]
site = "gent"

[handovers.fr-be]
from = "FR"
to = "BE"
""",
    "test",
)
_ALERT = an_alert(
    "AB-123-CD",
    "FR",
    alert_id="a",
    valid_from=from_ms(_BEGIN_MS - DAY_MS),
    valid_until=from_ms(_BEGIN_MS + 30 * DAY_MS),
)


class _Partition:
    """A correlator, and the records on the topics with the minutes at which they were written."""

    def __init__(self) -> None:
        self.matches: list[tuple[int, Match]] = []
        self.hits: list[tuple[int, Hit]] = []
        self.verdicts: list[tuple[int, Verdict]] = []
        self.correlator = _new_correlator()

    def read(self, camera_id: str, minute: int) -> list[Hit]:
        """Handle a read at a camera."""
        read = Read(f"{camera_id}-{minute}", camera_id, from_ms(_at(minute)), "AB123CD", "FR", 0.99)
        match = Match(read, _ALERT, MatchResult("exact", "AB123CD", "AB123CD", 0.999))
        self.matches.append((minute, match))
        return self._record(minute, self.correlator.handle_match(match, _at(minute)))

    def reject(self, hit: Hit, minute: int) -> list[Hit]:
        """Handle the rejection of a hit."""
        verdict = Verdict(hit.hit_id, "tournai", "rejected", from_ms(_at(minute)))
        self.verdicts.append((minute, verdict))
        return self._record(minute, self.correlator.handle_verdict(verdict, _at(minute)))

    def advance(self, minute: int) -> list[Hit]:
        """Advance the time."""
        return self._record(minute, self.correlator.handle_time(_at(minute)))

    def take_over(self, minute: int, since: int = 0) -> list[Hit]:
        """Replace the correlator by one restored from the records since a minute."""
        self.correlator = _new_correlator()
        for written, verdict in self.verdicts:
            self.correlator.schedule_verdict(verdict, _at(written))
        for written, match in self.matches:
            if written >= since:
                key = alert_key(match.alert)
                self.correlator.restorer.add_match(key, encode(match), _at(written))
        for written, hit in self.hits:
            if written >= since:
                self.correlator.restorer.add_hit(encode(hit))
        return self._record(minute, self.correlator.restorer.finish(_at(minute)))

    def _record(self, minute: int, hits: list[Hit]) -> list[Hit]:
        self.hits += [(minute, hit) for hit in hits]
        return hits


def _at(minute: int) -> Millis:
    return _BEGIN_MS + minute * MINUTE_MS


def _new_correlator() -> Correlator:
    index = Index()
    index.apply_value(_ALERT)
    rules = CorrelationRules(_SETTINGS.correlation, _SETTINGS.places, {}, _SETTINGS.cooperation)
    return Correlator(rules, index, Matcher(_SETTINGS.matching_rules))


def _summarise(hits: list[Hit]) -> list[tuple[str, int, str | None]]:
    """Return kind, revision, and state of the handover, if it is one."""
    return [(hit.kind, hit.revision, hit.handover.state if hit.handover else None) for hit in hits]


def _crossed_border() -> _Partition:
    """Return a partition after a vehicle drove from Lille across the border."""
    partition = _Partition()
    assert _summarise(partition.read("l", 0)) == [("new", 1, None), ("new", 1, "heading")]
    assert _summarise(partition.read("r", 12)) == [("new", 1, None), ("amended", 2, "crossed")]
    return partition


def test_a_restored_correlator_repeats_nothing_and_continues_the_same_handover() -> None:
    partition = _crossed_border()
    assert partition.take_over(13) == []
    # For the centres, nothing has changed by a further passage beyond the border.
    assert _summarise(partition.read("g", 44)) == [("new", 1, None)]
    assert partition.advance(71) == []
    assert _summarise(partition.advance(72)) == [("withdrawn", 3, "crossed")]


def test_a_rejected_handover_ends_without_rejecting_the_vehicle_even_after_a_restore() -> None:
    partition = _crossed_border()
    handover = partition.hits[-1][1]
    (ended,) = partition.reject(handover, 14)
    assert ended.withdrawn is not None and ended.withdrawn.reason == "rejected"
    assert partition.take_over(15) == []
    assert _summarise(partition.read("g", 44)) == [("new", 1, None)]


def test_a_rejected_passage_ends_its_handover() -> None:
    partition = _crossed_border()
    passage = partition.hits[-2][1]
    assert {hit.kind for hit in partition.reject(passage, 14)} == {"withdrawn"}
    assert partition.take_over(15) == []
    assert partition.read("g", 44) == []


def test_a_restore_from_the_middle_of_a_journey_leaves_the_emitted_journey() -> None:
    partition = _crossed_border()
    (passage,) = partition.read("g", 44)
    assert passage.journey is not None
    assert [site.site_id for site in passage.journey.passages] == ["lille", "rekkem", "gent"]
    partition.advance(72)
    assert partition.take_over(80, since=5) == []


def test_a_handover_that_ended_before_the_restore_brings_back_no_old_passage() -> None:
    partition = _crossed_border()
    partition.advance(72)
    assert partition.take_over(80, since=70) == []


def test_a_handover_whose_passage_expired_ends() -> None:
    partition = _crossed_border()
    partition.correlator.expire(_at(60), _at(60))
    assert partition.advance(90) == []
    assert _summarise(partition.read("l", 100)) == [("new", 1, None), ("new", 1, "heading")]
