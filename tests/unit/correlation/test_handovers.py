"""Handovers told, forgotten and recalled: who takes over a partition goes on as the one before."""

from typing import Any

import msgspec

from streams.alerts.index import Index
from streams.correlation.config import CorrelationRules
from streams.correlation.correlator import Correlator
from streams.matching.matcher import Matcher
from streams.records.alert import Alert, alert_key
from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.match import Match, MatchResult
from streams.records.read import Read
from streams.records.times import from_ms, parse_time, to_ms
from streams.records.verdict import Verdict
from streams.settings.load import parse_settings

_BEGIN = to_ms(parse_time("2026-05-21T08:00:00Z"))
_MINUTE = 60_000
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
_ALERT = Alert(
    list_id="sis",
    alert_id="a",
    version=1,
    plate="AB-123-CD",
    basis="SIS-38-seizure",
    reason="stolen",
    action={"default": "seize"},
    valid_from=from_ms(_BEGIN - 86_400_000),
    valid_until=from_ms(_BEGIN + 30 * 86_400_000),
    country="FR",
)


class _Stream:
    """A correlator, and all that would be on the topics, with the minutes at which it came."""

    def __init__(self) -> None:
        self.matches: list[tuple[int, Match]] = []
        self.hits: list[tuple[int, Hit]] = []
        self.verdicts: list[tuple[int, Verdict]] = []
        self.state = self._new()

    def read(self, camera: str, minute: int) -> list[Hit]:
        """A read at a camera."""
        read = Read(f"{camera}-{minute}", camera, from_ms(_BEGIN + minute * _MINUTE), "AB123CD", "FR", 0.99)
        match = Match(read, _ALERT, MatchResult("exact", "AB123CD", "AB123CD", 0.999))
        self.matches.append((minute, match))
        return self._told(minute, self.state.handle_match(match, _BEGIN + minute * _MINUTE))

    def reject(self, hit: Hit, minute: int) -> list[Hit]:
        """A verdict on a hit."""
        verdict = Verdict(hit.hit_id, "tournai", "rejected", from_ms(_BEGIN + minute * _MINUTE))
        self.verdicts.append((minute, verdict))
        return self._told(minute, self.state.handle_verdict(verdict, _BEGIN + minute * _MINUTE))

    def advance(self, minute: int) -> list[Hit]:
        """The time comes."""
        return self._told(minute, self.state.handle_time(_BEGIN + minute * _MINUTE))

    def take_over(self, minute: int, since: int = 0) -> list[Hit]:
        """Another makes the state anew from what came since a minute."""
        self.state = self._new()
        for at, verdict in self.verdicts:
            self.state.schedule_verdict(verdict, _BEGIN + at * _MINUTE)
        for at, match in self.matches:
            if at >= since:
                self.state.restorer.add_match(alert_key(match.alert), encode(match), _BEGIN + at * _MINUTE)
        for at, hit in self.hits:
            if at >= since:
                self.state.restorer.add_hit(encode(hit))
        return self._told(minute, self.state.restorer.finish(_BEGIN + minute * _MINUTE))

    def _new(self) -> Correlator:
        index = Index()
        index.apply_value(_ALERT)
        settings = _SETTINGS
        rules = CorrelationRules(settings.correlation, settings.places, {}, settings.cooperation)
        return Correlator(rules, index, Matcher(settings.matching_rules))

    def _told(self, minute: int, hits: list[Hit]) -> list[Hit]:
        self.hits += [(minute, hit) for hit in hits]
        return hits


def _again(record: Any) -> Any:
    """A record as it comes from a topic."""
    return msgspec.json.decode(encode(record), type=type(record))


def _brief(hits: list[Hit]) -> list[tuple[str, int, str | None]]:
    """Kind, revision, and the state of the handover, if it is one."""
    return [(hit.kind, hit.revision, hit.handover.state if hit.handover else None) for hit in hits]


def _driven() -> _Stream:
    """A vehicle from Lille across the border."""
    stream = _Stream()
    assert _brief(stream.read("l", 0)) == [("new", 1, None), ("new", 1, "heading")]
    assert _brief(stream.read("r", 12)) == [("new", 1, None), ("amended", 2, "crossed")]
    return stream


def test_who_takes_over_repeats_nothing_and_goes_on_with_the_same_handover() -> None:
    stream = _driven()
    assert stream.take_over(13) == []
    assert _brief(stream.read("g", 44)) == [("new", 1, None), ("amended", 3, "crossed")]
    assert stream.advance(71) == []
    assert _brief(stream.advance(72)) == [("withdrawn", 4, "crossed")]


def test_a_rejected_handover_ends_and_rejects_no_vehicle_also_after_a_takeover() -> None:
    stream = _driven()
    handover = stream.hits[-1][1]
    (ended,) = stream.reject(handover, 14)
    assert ended.withdrawn is not None and ended.withdrawn.reason == "rejected"
    assert stream.take_over(15) == []
    assert _brief(stream.read("g", 44)) == [("new", 1, None)]


def test_a_rejected_passage_takes_its_handover_with_it() -> None:
    stream = _driven()
    passage = stream.hits[-2][1]
    assert {hit.kind for hit in stream.reject(passage, 14)} == {"withdrawn"}
    assert stream.take_over(15) == []
    assert stream.read("g", 44) == []


def test_what_is_read_back_from_the_middle_of_a_journey_leaves_what_was_told() -> None:
    stream = _driven()
    (passage, _) = stream.read("g", 44)
    assert passage.journey is not None
    assert [each.site_id for each in passage.journey.passages] == ["lille", "rekkem", "gent"]
    stream.advance(72)
    assert stream.take_over(80, since=5) == []


def test_a_handover_over_before_the_takeover_brings_no_old_passage_back() -> None:
    stream = _driven()
    stream.advance(72)
    assert stream.take_over(80, since=70) == []


def test_a_handover_whose_passage_is_forgotten_ends() -> None:
    stream = _driven()
    everything = _BEGIN + 60 * _MINUTE
    stream.state.expire(everything, everything)
    assert stream.advance(90) == []
    assert _brief(stream.read("l", 100)) == [("new", 1, None), ("new", 1, "heading")]
