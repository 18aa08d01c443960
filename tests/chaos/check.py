"""Checking a run: the topic of hits and that of dead letters, read whole, against what is due."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson

from tests.chaos.ledger import ExpectedHits, MalformedRecord, RecordPosition
from tests.support.kafka import KafkaEnvironment

_PREFIX = "__connect.errors."
_MAX_SHOWN = 5
# A duplicate is emitted at another time, by another worker.
_IGNORED_FIELDS = ("emitted_at", "age_s", "mode")


class EmittedHit(NamedTuple):
    """One hit on its topic."""

    partition: int
    offset: int
    key: str
    hit: dict[str, Any]


class DeadLetter(NamedTuple):
    """One dead letter: its key, its bytes and its headers."""

    key: bytes | None
    value: bytes | None
    headers: dict[str, str]

    @property
    def source(self) -> RecordPosition:
        """Where the rejected record stood."""
        return RecordPosition(int(self.headers[_PREFIX + "partition"]), int(self.headers[_PREFIX + "offset"]))


class ConfirmedRecords(NamedTuple):
    """What the broker confirmed on the topic of reads: its name, what was no read, where reads stood."""

    topic: str
    malformed: list[MalformedRecord]
    read_positions: set[RecordPosition]


class CheckResult(NamedTuple):
    """What a run came to: figures, and faults, each in words; none if all is as due."""

    hits: int
    expected: int
    duplicates: int
    dead_letters: int
    malformed: int
    duplicate_letters: int
    faults: list[str]


def read_hits(stage: KafkaEnvironment, topic: str) -> list[EmittedHit]:
    """All hits, those of a partition in their order."""
    return [
        EmittedHit(each.partition(), each.offset(), each.key().decode(), orjson.loads(each.value()))
        for each in _read_topic(stage, topic)
    ]


def read_dead_letters(stage: KafkaEnvironment, topic: str) -> list[DeadLetter]:
    """All dead letters."""
    return [
        DeadLetter(each.key(), each.value(), {name: value.decode() for name, value in each.headers() or ()})
        for each in _read_topic(stage, topic)
    ]


def check_run(
    hits: list[EmittedHit], expected: ExpectedHits, dead_letters: list[DeadLetter], records: ConfirmedRecords
) -> CheckResult:
    """Compares what is on the topics with what is due."""
    first: dict[tuple[str, int], EmittedHit] = {}
    revisions: dict[str, list[int]] = {}
    faults: list[str] = []
    for each in hits:
        hit, revision = each.hit["hit_id"], each.hit["revision"]
        if (hit, revision) not in first:
            first[hit, revision] = each
            revisions.setdefault(hit, []).append(revision)
        faults += revision_differences(first[hit, revision], each)
    missing = [place for hit, place in expected.required.items() if hit not in revisions]
    faults += _summarize("missing", missing)
    unexpected = []
    for hit, numbers in revisions.items():
        last = first[hit, max(numbers)]
        if hit in expected.required or hit in expected.allowed:
            faults += _check_revisions(last, numbers, hit in expected.withdrawn, expected.amended.get(hit))
        else:
            unexpected.append(_describe_hit(last))
    faults += _summarize("unexpected", unexpected)
    wrong, letters_again = _check_dead_letters(dead_letters, records)
    return CheckResult(
        len(revisions),
        len(expected.required),
        len(hits) - len(first),
        len(dead_letters),
        len(records.malformed),
        letters_again,
        [*faults, *wrong],
    )


def revision_differences(first: EmittedHit, repeated: EmittedHit) -> list[str]:
    """What is wrong with a revision of a hit that was emitted again; nothing with the first itself."""
    names = sorted(
        name
        for name in first.hit.keys() | repeated.hit.keys()
        if name not in _IGNORED_FIELDS and first.hit.get(name) != repeated.hit.get(name)
    )
    faults = [f"differs in {', '.join(names)} from itself as emitted before"] if names else []
    if repeated.key != repeated.hit["hit_id"]:
        faults.append("has another key")
    if repeated.partition != first.partition:
        faults.append("is in two partitions")
    return [f"hit {_describe_hit(repeated)}: {fault}" for fault in faults]


def _check_revisions(
    last: EmittedHit, numbers: list[int], ended: bool, amended_version: int | None
) -> list[str]:
    """What is wrong with the revisions of a hit; their numbers are in the order of their first coming."""
    faults = []
    if numbers != list(range(1, len(numbers) + 1)):
        faults.append(f"its revisions came as {numbers}")
    if (last.hit["kind"] == "withdrawn") != ended:
        faults.append(f"should {'be withdrawn' if ended else 'stand'}")
    needed = 1 + ended + (amended_version is not None)
    if len(numbers) > needed:
        faults.append(f"has {len(numbers)} revisions and needs {needed}")
    if amended_version is not None and last.hit["alert"]["version"] != amended_version:
        faults.append(f"should show version {amended_version} of its alert")
    return [f"hit {_describe_hit(last)}: {fault}" for fault in faults]


def _check_dead_letters(dead_letters: list[DeadLetter], records: ConfirmedRecords) -> tuple[list[str], int]:
    """What is wrong with the dead letters, and how many came more than once."""
    found: dict[RecordPosition, list[DeadLetter]] = {}
    for letter in dead_letters:
        found.setdefault(letter.source, []).append(letter)
    due = {each.position: each for each in records.malformed}
    faults = _summarize("no dead letter", [str(stood) for stood in due if stood not in found])
    faults += _summarize(
        "dead letter of a good read", [str(stood) for stood in found if stood in records.read_positions]
    )
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
    return faults, len(dead_letters) - len(found)


def _read_topic(stage: KafkaEnvironment, topic: str) -> Iterable[Any]:
    left = sum(stage.end_offsets(topic)) - sum(stage.start_offsets(topic))
    consumer = stage.open_consumer(topic, from_start=True)
    try:
        while left > 0:
            for message in consumer.consume(10_000, 1.0):
                if message.error():
                    raise RuntimeError(str(message.error()))
                left -= 1
                yield message
    finally:
        consumer.close()


def _describe_hit(each: EmittedHit) -> str:
    hit = each.hit
    alert = f"{hit['alert']['alert_id']} version {hit['alert']['version']}"
    place = f"partition {each.partition}, offset {each.offset}"
    return f"{hit['hit_id']} of {hit['read']['read_id']} for {alert} ({place}, {hit['kind']})"


def _summarize(what: str, found: list[str]) -> list[str]:
    if not found:
        return []
    more = f" and {len(found) - _MAX_SHOWN} more" if len(found) > _MAX_SHOWN else ""
    return [f"{len(found)} {what}: {'; '.join(found[:_MAX_SHOWN])}{more}"]
