"""News that comes between reads: new versions, withdrawals and verdicts, as the stream brings them.

In files all of that is known from the start or dated; here it comes when it comes. docs/concepts/meaning.md
says what must follow.
"""

import itertools
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from streams.alerts import Index
from streams.pipeline import Pipeline, PipelineConfig
from streams.records.alert import Alert, Withdrawal
from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.read import Read
from streams.records.times import from_ms, parse_time
from streams.records.verdict import Verdict
from tests.support.builders import a_read, an_alert, hours_after
from tests.support.cases.compare import active_hits

START = parse_time("2026-05-21T10:00:00Z")
FROM, UNTIL = START - timedelta(days=20), START + timedelta(hours=1)
MINUTE = 60_000


def alert(version: int = 1, plate: str = "AB-123-CD", **more: Any) -> Alert:
    """A version of the alert."""
    values: dict[str, Any] = {"action": {"default": "seize"}, "valid_from": FROM, "valid_until": UNTIL} | more
    return an_alert(plate, alert_id="a", version=version, basis="SIS-38-seizure", **values)


def read(minute: float = 0, plate: str = "AB-123-CD", read_id: str = "r") -> Read:
    """A read so many minutes after the start."""
    return a_read(plate, "FR", read_id=read_id, captured_at=START + timedelta(minutes=minute))


def at(minute: float) -> int:
    """The time so many minutes after the start, in ms."""
    return hours_after(START, minute / 60)


class Line:
    """A pipeline that keeps all revisions."""

    def __init__(self) -> None:
        self.pipeline = Pipeline(PipelineConfig(), Index())
        self.hits: list[Hit] = []

    def reads(self, *reads: Read, now: float = 0) -> list[tuple[Any, ...]]:
        return self._summarise(self.pipeline.handle_reads([encode(each) for each in reads], at(now)).hits)

    def put(self, new: Alert, now: float = 0) -> list[tuple[Any, ...]]:
        hits = self.pipeline.handle_alert(new, at(now))
        assert isinstance(hits, list)
        return self._summarise(hits)

    def withdraw(self, minute: float, now: float = 0) -> list[tuple[Any, ...]]:
        return self._summarise(
            self.pipeline.handle_withdrawal(Withdrawal("sis", "a", from_ms(at(minute))), at(now))
        )

    def verdict(self, hit: Hit, verdict: Any, now: float = 0) -> list[tuple[Any, ...]]:
        said = Verdict(hit.hit_id, "tournai", verdict, from_ms(at(now)))
        return self._summarise(self.pipeline.handle_verdict(said, at(now)))

    def standing(self) -> dict[str, Any]:
        return active_hits(msgspec.json.decode(encode(hit)) for hit in self.hits)

    def _summarise(self, hits: list[Hit]) -> list[tuple[Any, ...]]:
        self.hits += hits
        return [
            (hit.kind, hit.revision, hit.alert.version, hit.read.read_id)
            + ((hit.withdrawn.reason,) if hit.withdrawn else ())
            for hit in hits
        ]


@pytest.fixture
def line() -> Line:
    """A pipeline with version 1 of the alert and one hit."""
    line = Line()
    assert line.put(alert()) == []
    assert line.reads(read()) == [("new", 1, 1, "r")]
    return line


def test_a_new_version_of_the_same_vehicle_amends_the_hit(line: Line) -> None:
    assert line.put(alert(2, priority=1), now=1) == [("amended", 2, 2, "r")]
    assert line.hits[-1].hit_id == line.hits[0].hit_id


def test_a_new_version_of_the_same_vehicle_keeps_the_verdict(line: Line) -> None:
    line.verdict(line.hits[0], "confirmed", now=1)
    assert line.put(alert(2, reason="sought in Lille"), now=2) == [("amended", 3, 2, "r")]
    assert line.hits[-1].verdict == line.hits[-2].verdict


@pytest.mark.parametrize("changed", [{"vehicle": {"make": "Renault"}}, {"country": "FR"}])
def test_a_new_version_that_describes_another_vehicle_matches_the_read_again(
    line: Line, changed: dict[str, Any]
) -> None:
    assert line.put(alert(2, **changed), now=1) == [
        ("new", 1, 2, "r"),
        ("withdrawn", 2, 1, "r", "alert-replaced"),
    ]


def test_a_new_version_that_seeks_another_plate_takes_the_hit_back(line: Line) -> None:
    assert line.put(alert(2, "EF-456-GH"), now=1) == [("withdrawn", 2, 1, "r", "alert-replaced")]
    assert line.reads(read(1, read_id="again"), now=1) == []


def test_a_new_version_that_was_not_effective_at_the_read_retracts_the_hit(line: Line) -> None:
    assert line.put(alert(2, valid_from=START + timedelta(minutes=1)), now=1) == [
        ("withdrawn", 2, 1, "r", "alert-replaced")
    ]


def test_a_lower_or_the_same_version_changes_nothing(line: Line) -> None:
    line.put(alert(3), now=1)
    assert line.put(alert(2, "EF-456-GH"), now=2) == []
    assert line.put(alert(3), now=2) == []


def test_a_plate_that_is_none_leaves_the_earlier_version_effective(line: Line) -> None:
    assert not isinstance(line.pipeline.handle_alert(alert(2, "***"), at(1)), list)
    assert line.reads(read(30, read_id="later"), now=30) == [("new", 1, 1, "later")]


def test_a_longer_term_brings_back_what_had_expired(line: Line) -> None:
    assert line.reads(now=60) == [("withdrawn", 2, 1, "r", "alert-expired")]
    assert line.put(alert(2, valid_until=UNTIL + timedelta(days=1)), now=62) == [("amended", 3, 2, "r")]


def test_a_withdrawal_of_now_reaches_the_hit_at_once_and_one_of_later_does_later(line: Line) -> None:
    assert line.withdraw(20, now=10) == []
    assert line.reads(read(20, "EF-456-GH", "clock"), now=20) == [("withdrawn", 2, 1, "r", "alert-withdrawn")]
    assert line.reads(read(20, read_id="too-late"), now=20) == []


def test_a_withdrawal_known_late_ends_the_hits_of_its_time_but_not_the_record(line: Line) -> None:
    line.reads(read(30, read_id="second"), now=30)
    assert line.withdraw(20, now=40) == [
        ("withdrawn", 2, 1, "r", "alert-withdrawn"),
        ("withdrawn", 2, 1, "second", "alert-withdrawn"),
    ]


def test_a_vehicle_listed_again_hits_again(line: Line) -> None:
    line.withdraw(10, now=10)
    assert line.put(alert(2, valid_from=from_ms(at(10))), now=11) == []
    assert line.reads(read(12, read_id="again"), now=12) == [("new", 1, 2, "again")]


def test_a_new_version_of_the_same_vehicle_does_not_undo_a_rejection(line: Line) -> None:
    assert line.verdict(line.hits[0], "rejected", now=1) == [("withdrawn", 2, 1, "r", "rejected")]
    assert line.reads(read(5, read_id="silent"), now=5) == []
    assert line.put(alert(2), now=6) == []


def test_a_new_version_of_another_vehicle_is_a_new_pair_for_verdicts(line: Line) -> None:
    line.verdict(line.hits[0], "rejected", now=1)
    assert line.reads(read(5, read_id="silent"), now=5) == []
    assert line.put(alert(2, country="FR"), now=6) == [("new", 1, 2, "r"), ("new", 1, 2, "silent")]


def test_a_verdict_known_before_its_hit_counts(line: Line) -> None:
    twin = Line()
    twin.put(alert())
    assert twin.verdict(line.hits[0], "confirmed", now=1) == []
    assert twin.reads(read(), now=1) == [("new", 1, 1, "r")]
    assert twin.hits[0].verdict is not None


def test_the_order_of_verdicts_is_that_of_their_time(line: Line) -> None:
    assert line.verdict(line.hits[0], "confirmed", now=5)
    said = Verdict(line.hits[0].hit_id, "tournai", "rejected", from_ms(at(4)))
    assert line.pipeline.handle_verdict(said, at(6)) == []


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_two_texts_of_one_version_leave_the_same_hit_in_any_order(order: tuple[int, ...]) -> None:
    """They are their owner's mistake, but what stands must not depend on which came first."""

    def final(steps: tuple[int, ...]) -> dict[str, Any]:
        line = Line()
        # A third text that matches is there from the start, so that the read is kept in every order.
        line.put(alert(1, priority=1))
        for step in steps:
            if step == 2:
                line.reads(read())
            else:
                line.put(alert(1, priority=2 + step))
        return line.standing()

    assert final(order) == final((0, 1, 2))
