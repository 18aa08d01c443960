"""Checking a run: the topic of hits and that of dead letters, read whole, against what is due."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson

from tests.chaos.ledger import Due, Poisoned, Stood
from tests.support.kafka import Stage

_PREFIX = "__connect.errors."
_SHOWN = 5
# A duplicate is told at another time, by another worker.
_OWN = ("emitted_at", "age_s", "mode")


class Told(NamedTuple):
    """One hit on its topic."""

    partition: int
    offset: int
    key: str
    hit: dict[str, Any]


class Letter(NamedTuple):
    """One dead letter: its key, its bytes and its headers."""

    key: bytes | None
    value: bytes | None
    headers: dict[str, str]

    @property
    def stood(self) -> Stood:
        """Where the rejected record stood."""
        return Stood(int(self.headers[_PREFIX + "partition"]), int(self.headers[_PREFIX + "offset"]))


class Records(NamedTuple):
    """What the broker confirmed on the topic of reads: its name, what was no read, where reads stood."""

    topic: str
    poisoned: list[Poisoned]
    good: set[Stood]


class Outcome(NamedTuple):
    """What a run came to: figures, and faults, each in words; none if all is as due."""

    hits: int
    due: int
    duplicates: int
    letters: int
    poisoned: int
    duplicate_letters: int
    faults: list[str]


def told(stage: Stage, topic: str) -> list[Told]:
    """All hits, those of a partition in their order."""
    return [
        Told(each.partition(), each.offset(), each.key().decode(), orjson.loads(each.value()))
        for each in _whole(stage, topic)
    ]


def letters(stage: Stage, topic: str) -> list[Letter]:
    """All dead letters."""
    return [
        Letter(each.key(), each.value(), {name: value.decode() for name, value in each.headers() or ()})
        for each in _whole(stage, topic)
    ]


def check(hits: list[Told], due: Due, dead: list[Letter], records: Records) -> Outcome:
    """Compares what is on the topics with what is due."""
    first: dict[tuple[str, int], Told] = {}
    revisions: dict[str, list[int]] = {}
    faults: list[str] = []
    for each in hits:
        hit, revision = each.hit["hit_id"], each.hit["revision"]
        if (hit, revision) not in first:
            first[hit, revision] = each
            revisions.setdefault(hit, []).append(revision)
        faults += differing(first[hit, revision], each)
    missing = [place for hit, place in due.must.items() if hit not in revisions]
    faults += _some("missing", missing)
    unexpected = []
    for hit, numbers in revisions.items():
        last = first[hit, max(numbers)]
        if hit in due.must or hit in due.may:
            faults += _course(last, numbers, hit in due.withdrawn)
        else:
            unexpected.append(_name(last))
    faults += _some("unexpected", unexpected)
    wrong, letters_again = _letters(dead, records)
    return Outcome(
        len(revisions),
        len(due.must),
        len(hits) - len(first),
        len(dead),
        len(records.poisoned),
        letters_again,
        [*faults, *wrong],
    )


def differing(first: Told, again: Told) -> list[str]:
    """What is wrong with a revision of a hit that was told again; nothing with the first itself."""
    names = sorted(
        name
        for name in first.hit.keys() | again.hit.keys()
        if name not in _OWN and first.hit.get(name) != again.hit.get(name)
    )
    faults = [f"differs in {', '.join(names)} from itself told before"] if names else []
    if again.key != again.hit["hit_id"]:
        faults.append("has another key")
    if again.partition != first.partition:
        faults.append("is in two partitions")
    return [f"hit {_name(again)}: {fault}" for fault in faults]


def _course(last: Told, numbers: list[int], ended: bool) -> list[str]:
    """What is wrong with the revisions of a hit; their numbers are in the order of their first coming."""
    faults = []
    if numbers != list(range(1, len(numbers) + 1)):
        faults.append(f"its revisions came as {numbers}")
    if (last.hit["kind"] == "withdrawn") != ended:
        faults.append(f"should {'be withdrawn' if ended else 'stand'}")
    if len(numbers) > 1 + ended:
        faults.append(f"has {len(numbers)} revisions and needs {1 + ended}")
    return [f"hit {_name(last)}: {fault}" for fault in faults]


def _letters(dead: list[Letter], records: Records) -> tuple[list[str], int]:
    """What is wrong with the dead letters, and how many came more than once."""
    found: dict[Stood, list[Letter]] = {}
    for letter in dead:
        found.setdefault(letter.stood, []).append(letter)
    due = {each.stood: each for each in records.poisoned}
    faults = _some("no dead letter", [str(stood) for stood in due if stood not in found])
    faults += _some("dead letter of a good read", [str(stood) for stood in found if stood in records.good])
    for stood, copies in found.items():
        if stood not in due:
            continue
        for letter in copies:
            if (letter.key, letter.value) != (due[stood].key, due[stood].value):
                faults.append(f"dead letter of {stood}: its key or bytes are not those of the record")
            if letter.headers[_PREFIX + "topic"] != records.topic:
                faults.append(f"dead letter of {stood}: names another topic")
            if not letter.headers.get(_PREFIX + "exception.message"):
                faults.append(f"dead letter of {stood}: says not what is wrong")
    return faults, len(dead) - len(found)


def _whole(stage: Stage, topic: str) -> Iterable[Any]:
    left = sum(stage.ends(topic)) - sum(stage.starts(topic))
    consumer = stage.tail(topic, whole=True)
    try:
        while left > 0:
            for message in consumer.consume(10_000, 1.0):
                if message.error():
                    raise RuntimeError(str(message.error()))
                left -= 1
                yield message
    finally:
        consumer.close()


def _name(each: Told) -> str:
    hit = each.hit
    alert = f"{hit['alert']['alert_id']} version {hit['alert']['version']}"
    place = f"partition {each.partition}, offset {each.offset}"
    return f"{hit['hit_id']} of {hit['read']['read_id']} for {alert} ({place}, {hit['kind']})"


def _some(what: str, found: list[str]) -> list[str]:
    if not found:
        return []
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return [f"{len(found)} {what}: {'; '.join(found[:_SHOWN])}{more}"]
