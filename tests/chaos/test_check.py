"""The check itself: it finds nothing wrong with what is right, and each thing that can be wrong."""

from typing import Any

from streams.records.alert import Alert
from streams.records.hit import compute_hit_id
from tests.chaos.check import ConfirmedRecords, DeadLetter, EmittedHit, check_run
from tests.chaos.ledger import ExpectedHits, Ledger, MalformedRecord, RecordPosition
from tests.chaos.traffic import PlateText, make_alert, make_read
from tests.support.builders import NOON, after_noon

DUE = ExpectedHits({"a": "r1", "b": "r2"}, {"m": "r3"}, {"b"}, {"m": 2})
POISON = MalformedRecord(RecordPosition(1, 7), b"camera-1", b"{")
RECORDS = ConfirmedRecords("reads", [POISON], {RecordPosition(0, 1)})
HEADERS = {"topic": "reads", "partition": "1", "offset": "7", "exception.message": "must be a JSON object"}


def hit(name: str, revision: int = 1, kind: str = "new", version: int = 1, **more: Any) -> EmittedHit:
    """A hit on its topic."""
    alert = {"alert_id": "V1", "version": version}
    body = {"hit_id": name, "revision": revision, "kind": kind, "alert": alert, "read": {"read_id": "r"}}
    return EmittedHit(0, 0, name, body | more)


def letter(**headers: str) -> DeadLetter:
    """The dead letter of the poison, with other headers."""
    named = {f"__connect.errors.{name}": value for name, value in (HEADERS | headers).items()}
    return DeadLetter(POISON.key, POISON.value, named)


RIGHT = [hit("a"), hit("b"), hit("b", 2, "withdrawn")]


def faults(hits: list[EmittedHit], dead: list[DeadLetter] | None = None) -> list[str]:
    """What the check finds."""
    return check_run(hits, DUE, [letter()] if dead is None else dead, RECORDS).faults


def test_all_as_due() -> None:
    assert faults(RIGHT) == []
    assert faults([*RIGHT, hit("m"), hit("m", 2, "amended", version=2)]) == []
    assert faults([*RIGHT, hit("m", version=2)]) == []


def test_emitted_again() -> None:
    again = [*RIGHT, hit("a", emitted_at="later")]
    outcome = check_run(again, DUE, [letter(), letter()], RECORDS)
    assert (outcome.faults, outcome.duplicates, outcome.duplicate_letters) == ([], 1, 1)
    assert "differs in priority" in faults([*RIGHT, hit("a", priority=1)])[0]
    assert "two partitions" in faults([*RIGHT, hit("a")._replace(partition=1)])[0]


def test_missing_and_unexpected() -> None:
    assert faults(RIGHT[1:]) == ["1 missing: r1"]
    assert "1 unexpected: x of r for V1 version 1" in faults([*RIGHT, hit("x")])[0]


def test_revisions() -> None:
    assert "should be withdrawn" in faults(RIGHT[:2])[0]
    assert "should stand" in faults([*RIGHT, hit("a", 2, "withdrawn")])[0]
    assert "came as [2]" in faults([hit("a"), hit("b", 2, "withdrawn")])[0]
    assert "has 2 revisions and needs 1" in faults([*RIGHT, hit("a", 2, "amended")])[0]
    assert "should show version 2" in faults([*RIGHT, hit("m")])[0]


def test_dead_letters() -> None:
    assert "no dead letter" in faults(RIGHT, [])[0]
    good = letter(partition="0", offset="1")
    assert "dead letter of a good read" in faults(RIGHT, [letter(), good])[0]
    assert "names another topic" in faults(RIGHT, [letter(topic="other")])[0]
    assert "not those of the record" in faults(RIGHT, [letter()._replace(value=b"")])[0]


def test_when_a_change_is_effective() -> None:
    """It is as late as the last read that went by what was before it."""
    one, other = make_alert("V1", ("AA-123-AA", "FR")), make_alert("V2", ("BB-456-BB", "FR"))
    ledger = Ledger()
    for number, listed in enumerate((one, one, other)):
        text = PlateText(listed.plate, "FR", "exact")
        ledger.reads[number] = make_read(number, text, after_noon(number)), text
        ledger.record_answer(number, None, 0, number)
    hits = [
        compute_hit_id(each, read)
        for each, (read, _) in zip((one, one, other), ledger.reads.values(), strict=True)
    ]
    change = NOON.timestamp() - 1

    def late(begun: list[Alert], ended: list[Alert], emitted: list[str]) -> float:
        return ledger.last_stale_read(begun, ended, change, emitted) - change

    assert late([one], [], hits[:2]) == 0
    assert late([one], [], hits[1:]) == 1
    assert late([one], [], []) == 2
    assert late([one], [other], hits[:2]) == 0
    assert late([one], [other], hits) == 3
