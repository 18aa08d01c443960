"""A snapshot kept from before is used only if nothing can be missing from it; else it is said why."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from kafka import KafkaAdminClient
from kafka.structs import TopicPartition

from streams.alerts import LogSnapshotWriter, Snapshot, SnapshotSource, SnapshotWriter
from streams.kafka.dev_cluster import Cluster
from streams.plates.confusables import build_classes
from tests.support.alert_topics import (
    DAY_MS,
    AlertTopic,
    alert_record,
    candidate_rows,
    now_ms,
    run_with_timeout,
)
from tests.support.builders import an_alert

GHOST = an_alert("GH-057-XX", alert_id="ghost")
"""An alert that only the snapshot has: found, it shows that the snapshot was used."""


@pytest.fixture
def topic(kafka: Cluster, tmp_path: Path) -> AlertTopic:
    """A topic with an alert, and a snapshot of it that has one more."""
    made = AlertTopic(kafka.servers, tmp_path)

    async def work() -> None:
        await made.send(alert_record("AB-123-CD"))
        await made.load()

    run_with_timeout(work())
    rewrite(made, {})
    return made


def rewrite(topic: AlertTopic, changes: dict[str, object]) -> None:
    """Writes the snapshot anew, with another alert and as if it had another source."""
    base = Snapshot(topic.snapshot)
    source = base.source()
    assert source is not None
    with LogSnapshotWriter(topic.snapshot) as writer:
        writer.copy_from(base)
        writer.add_entries([GHOST])
        writer.finish(msgspec.structs.replace(source, **changes))


def loaded(topic: AlertTopic) -> list[tuple[int, str]]:
    """Loads the lists; what is found of the alert on the topic and the other."""
    answers = []

    async def work() -> None:
        answers.extend(candidate_rows(await topic.load(), "AB123CD", "GH057XX"))

    run_with_timeout(work())
    return answers


def test_one_that_fits_is_used(topic: AlertTopic) -> None:
    assert loaded(topic) == [(0, "a1"), (1, "ghost")]
    assert topic.messages == []


def old(ms: int) -> Callable[[SnapshotSource], dict[str, object]]:
    """So much older than the topic keeps withdrawals."""
    return lambda _: {"taken_at": now_ms() - DAY_MS - ms}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (lambda _: {"topic": "other"}, "of another topic, other"),
        (lambda _: {"cluster_id": "XYZ"}, "of another cluster, XYZ, and this is "),
        (lambda _: {"topic_id": "XYZ"}, "of an earlier topic of this name"),
        (lambda kept: {"next_offsets": kept.next_offsets | {2: 0}}, "of 3 partitions, and the topic has 2"),
        (lambda _: {"next_offsets": {0: 9, 1: 9}}, "ends at offset 9 of partition 0, and the log ends at "),
        (old(60_000), "24.0 hours old, and it may lack withdrawals, which stay on the topic for 24 hours"),
        (lambda _: {"taken_at": now_ms() + 3_600_000}, "dated after now"),
    ],
)
def test_one_of_another_source_is_not(
    topic: AlertTopic, changes: Callable[[SnapshotSource], dict[str, object]], why: str
) -> None:
    source = Snapshot(topic.snapshot).source()
    assert source is not None
    rewrite(topic, changes(source))
    assert loaded(topic) == [(0, "a1")]
    assert len(topic.messages) == 1
    assert topic.messages[0].startswith(
        "the snapshot is not used, the lists are read from the topic's start: "
    )
    assert why in topic.messages[0]
    assert loaded(topic) == [(0, "a1")]
    assert len(topic.messages) == 1, "the new one is used"


def test_one_just_young_enough_is_used(topic: AlertTopic) -> None:
    rewrite(topic, {"taken_at": now_ms() - DAY_MS + 60_000})
    assert loaded(topic) == [(0, "a1"), (1, "ghost")]


def test_one_that_ends_before_the_log_begins_is_not(topic: AlertTopic) -> None:
    source = Snapshot(topic.snapshot).source()
    assert source is not None
    (partition,) = (number for number, offset in source.next_offsets.items() if offset)
    rewrite(topic, {"next_offsets": dict.fromkeys(source.next_offsets, 0)})
    admin = KafkaAdminClient(bootstrap_servers=topic.servers)
    admin.alter_configs([_deletable(topic.name)])
    admin.delete_records({TopicPartition(topic.name, partition): 1})
    admin.close()
    assert loaded(topic) == []
    assert f"ends at offset 0 of partition {partition}, and the log begins at 1" in topic.messages[0]


def _deletable(topic: str) -> object:
    from kafka.admin import ConfigResource, ConfigResourceType

    return ConfigResource(ConfigResourceType.TOPIC, topic, configs={"cleanup.policy": "delete"})


def test_one_of_a_topic_that_was_made_anew_is_not(topic: AlertTopic) -> None:
    admin = KafkaAdminClient(bootstrap_servers=topic.servers)
    admin.delete_topics([topic.name])
    admin.close()
    again(topic)

    async def refill() -> None:
        await topic.send(alert_record("AB-123-CD"), alert_record("EF-456-GH"))

    run_with_timeout(refill())
    assert loaded(topic) == []
    assert "it was made anew since" in topic.messages[0]


def again(topic: AlertTopic) -> None:
    """Makes the topic again, once the broker has forgotten the one before."""
    from kafka.errors import TopicAlreadyExistsError

    for _ in range(200):
        try:
            return topic.create()
        except TopicAlreadyExistsError:
            continue
    raise AssertionError("the topic does not go away")


def damage(path: Path) -> None:
    """Turns a byte of the keys."""
    data = bytearray(path.read_bytes())
    data[Snapshot(path).header.sections["hashes"].offset] ^= 1
    path.write_bytes(data)


def with_other_classes(path: Path) -> None:
    """A snapshot whose keys were made with other confusable classes."""
    with LogSnapshotWriter(path, build_classes(("0O",))) as writer:
        writer.add_entries([GHOST])
        writer.finish()


def from_files(path: Path) -> None:
    """A snapshot that was made from files."""
    with SnapshotWriter(path) as writer:
        writer.add([GHOST])
        writer.finish()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (damage, "the section `hashes` is damaged"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "cut short or grown"),
        (lambda path: path.write_bytes(b"PK" + bytes(9000)), "not a snapshot of alert lists"),
        (with_other_classes, "made with other confusable classes"),
        (from_files, "made from files"),
    ],
)
def test_one_that_cannot_be_read_is_not(topic: AlertTopic, spoil: Callable[[Path], object], why: str) -> None:
    spoil(topic.snapshot)
    assert loaded(topic) == [(0, "a1")]
    assert len(topic.messages) == 1
    assert why in topic.messages[0]
    assert "delete" not in topic.messages[0], "it is replaced; nobody need do anything"
    assert loaded(topic) == [(0, "a1")]
    assert len(topic.messages) == 1
