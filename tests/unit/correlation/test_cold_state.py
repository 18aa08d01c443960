"""What a state made anew takes up, and when: the rest is left as it was written."""

from datetime import timedelta
from typing import Any

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
from streams.records.times import HOUR_MS, from_ms, parse_time, to_ms
from streams.records.verdict import Verdict

START = parse_time("2026-05-21T10:00:00Z")
NAMES = ("a", "b", "c")
RESULT = MatchResult("exact", "AB123CD", "AB123CD")


def at(hours: float) -> int:
    """The time so many hours after the start, in ms."""
    return to_ms(START) + int(hours * HOUR_MS)


def alert(name: str) -> Alert:
    """The alert of a name. That of c ends after three hours."""
    return Alert(
        "sis",
        name,
        1,
        "AB-123-CD",
        "SIS-38-seizure",
        "stolen",
        {"default": "seize"},
        START - timedelta(days=9),
        START + (timedelta(hours=3) if name == "c" else timedelta(days=900)),
    )


def match(name: str, read_id: str, hours: float) -> Match:
    """A match of the alert of a name with a read captured at a time."""
    return Match(Read(read_id, "c1", from_ms(at(hours)), "AB-123-CD", "FR", 0.9), alert(name), RESULT)


def short(hits: list[Hit]) -> list[tuple[Any, ...]]:
    """The kind, the alert and the read of each revision."""
    return [(hit.kind, hit.alert.alert_id, hit.read.read_id) for hit in hits]


class Taken:
    """A state made anew after one hit of each alert, at the start; `given` changes what it is made with."""

    def __init__(self, hours: float = 1, **given: Any) -> None:
        self.index = Index()
        for name in NAMES:
            self.index.apply_value(alert(name))
        before = self.made()
        matches = [match(name, f"first-{name}", 0) for name in NAMES]
        self.hits = [hit for each in matches for hit in before.handle_match(each, at(0))]
        self.state = self.made(**given)
        for each in matches:
            self.state.restorer.add_match(alert_key(each.alert), encode(each), at(0))
        for hit in self.hits:
            self.state.restorer.add_hit(encode(hit))
        self.resume = lambda: short(self.state.restorer.finish(at(hours)))

    def made(self, audience: str = "tournai") -> Correlator:
        """A state that knows nothing yet."""
        rules = CorrelationRules(audiences={"sis": [audience]})
        return Correlator(rules, self.index, Matcher(MatchingRules()))


def test_all_rests_that_nothing_has_touched() -> None:
    taken = Taken()
    assert taken.resume() == []
    assert taken.state.cold_count == len(NAMES)
    assert taken.state.hydrate(at(1), 2) == []
    assert taken.state.cold_count == 1
    assert taken.state.hydrate(at(1), 2) == []
    assert taken.state.cold_count == 0


def test_a_match_takes_up_its_own_alert_alone() -> None:
    taken = Taken()
    taken.resume()
    # A read sent again of what rests: it was told, and is not told again.
    assert taken.state.handle_match(match("a", "first-a", 0), at(1)) == []
    assert short(taken.state.handle_match(match("a", "second", 1), at(1))) == [("new", "a", "second")]
    assert taken.state.cold_count == 2


def test_a_change_of_the_lists_of_before_is_told_at_once_and_one_of_after_when_it_comes() -> None:
    taken = Taken()
    taken.index.apply_value(replace(alert("a"), version=2, plate="ZZ-999-ZZ"))
    assert taken.resume() == [("withdrawn", "a", "first-a")]
    assert taken.state.is_sighted(("sis", "b"))
    taken.index.apply_tombstone(("sis", "b"), at(1))
    assert short(taken.state.handle_alert_change(("sis", "b"), at(1))) == [("withdrawn", "b", "first-b")]
    assert taken.state.cold_count == 1


def test_an_alert_that_is_gone_from_the_lists_is_looked_at_at_once() -> None:
    taken = Taken()
    taken.index.apply_tombstone(("sis", "a"), at(0.5))
    assert taken.resume() == [("withdrawn", "a", "first-a")]
    assert taken.state.cold_count == 2


def test_an_end_that_comes_while_it_rests_is_told_when_it_comes_and_one_that_has_come_at_once() -> None:
    taken = Taken(hours=1)
    taken.resume()
    assert taken.state.handle_time(at(2.9)) == []
    assert short(taken.state.handle_time(at(3))) == [("withdrawn", "c", "first-c")]
    assert Taken(hours=3).resume() == [("withdrawn", "c", "first-c")]
    assert Taken(hours=2.9).resume() == []


def test_a_verdict_of_before_and_one_of_after_take_up_the_alert_of_their_hit() -> None:
    taken = Taken()
    by_alert = {hit.alert.alert_id: hit.hit_id for hit in taken.hits}
    taken.state.schedule_verdict(Verdict(by_alert["a"], "tournai", "rejected", from_ms(at(0.5))), at(0.5))
    assert taken.resume() == [("withdrawn", "a", "first-a")]
    rejected = Verdict(by_alert["b"], "tournai", "rejected", from_ms(at(1)))
    assert short(taken.state.handle_verdict(rejected, at(1))) == [("withdrawn", "b", "first-b")]
    assert taken.state.has_hit(by_alert["c"])
    assert taken.state.cold_count == 1


def test_what_is_too_old_is_dropped_unread() -> None:
    taken = Taken()
    taken.resume()
    taken.state.expire(at(0), at(-700))
    assert taken.state.cold_count == len(NAMES)
    taken.state.expire(at(2), at(-700))
    assert taken.state.cold_count == 0
    assert not taken.state.is_sighted(("sis", "a"))
    assert taken.state.handle_time(at(4)) == []


def test_other_settings_change_what_was_told_when_it_is_taken_up() -> None:
    taken = Taken(audience="lille")
    assert taken.resume() == []
    told = taken.state.hydrate(at(1), len(NAMES))
    assert [(hit.kind, hit.revision, hit.audience) for hit in told] == [("amended", 2, ("lille",))] * len(
        NAMES
    )


def test_a_record_that_cannot_be_read_costs_no_other() -> None:
    taken = Taken()
    taken.state.restorer.add_match(("sis", "a"), b"{", at(0))
    taken.state.restorer.add_hit(b"[]")
    assert taken.resume() == []
    assert taken.state.hydrate(at(1), len(NAMES)) == []
    assert short(taken.state.handle_match(match("a", "second", 1), at(1))) == [("new", "a", "second")]
