"""A snapshot of an earlier run is used only if nothing can be missing from it; else the log says why."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import TopicAlreadyExistsError
from kafka.structs import TopicPartition

from streams.alerts import LogSnapshotWriter, Snapshot, SnapshotSource, SnapshotWriter
from streams.plates.confusables import build_classes
from streams.records.times import DAY_MS, HOUR_MS, MINUTE_MS
from streams.runtime.clock import now_ms
from tests.support.alert_topics import AlertTopic, alert_record, candidate_rows, run_with_timeout
from tests.support.builders import an_alert

Logged = Callable[[], list[str]]

ONLY_IN_SNAPSHOT = an_alert("GH-057-XX", alert_id="snapshot-only")
"""An alert that is not on the topic: where it is found, the snapshot was used."""
TOPIC_ONLY = [(0, "a1")]
WITH_SNAPSHOT = [(0, "a1"), (1, "snapshot-only")]


@pytest.fixture
def topic(topic: AlertTopic) -> AlertTopic:
    """A topic with an alert, and a snapshot of it with one alert more."""

    async def fill() -> None:
        await topic.send(alert_record("AB-123-CD"))
        await topic.load()

    run_with_timeout(fill())
    rewrite_snapshot(topic, {})
    return topic


def rewrite_snapshot(topic: AlertTopic, source_changes: dict[str, object]) -> None:
    """Write the snapshot again with ONLY_IN_SNAPSHOT and changes to its source."""
    base = Snapshot(topic.snapshot_path)
    source = snapshot_source(topic)
    with LogSnapshotWriter(topic.snapshot_path) as writer:
        writer.copy_from(base)
        writer.add_entries([ONLY_IN_SNAPSHOT])
        writer.finish(msgspec.structs.replace(source, **source_changes))


def snapshot_source(topic: AlertTopic) -> SnapshotSource:
    source = Snapshot(topic.snapshot_path).source()
    assert source is not None
    return source


def load_candidates(topic: AlertTopic) -> list[tuple[int, str]]:
    """Load the lists; return the candidates of both plates, as (row, alert id)."""
    rows = []

    async def load() -> None:
        rows.extend(candidate_rows(await topic.load(), "AB123CD", "GH057XX"))

    run_with_timeout(load())
    return rows


def test_a_current_snapshot_is_used(topic: AlertTopic, logged: Logged) -> None:
    assert load_candidates(topic) == WITH_SNAPSHOT
    assert logged() == []


def older_than_withdrawals_by(age_ms: int) -> Callable[[SnapshotSource], dict[str, object]]:
    return lambda _: {"taken_at": now_ms() - DAY_MS - age_ms}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (lambda _: {"topic": "other"}, "made from topic other"),
        (lambda _: {"cluster_id": "XYZ"}, "made from cluster XYZ, and this is "),
        (lambda _: {"topic_id": "XYZ"}, "made from an earlier topic of this name"),
        (
            lambda stored: {"next_offsets": stored.next_offsets | {2: 0}},
            "made from 3 partitions, and the topic has 2",
        ),
        (
            lambda _: {"next_offsets": {0: 9, 1: 9}},
            "ends at offset 9 of partition 0, and the log now ends at ",
        ),
        (
            older_than_withdrawals_by(MINUTE_MS),
            "24.0 hours old, so it may lack withdrawals, which stay on the topic for 24 hours",
        ),
        (lambda _: {"taken_at": now_ms() + HOUR_MS}, "dated after now"),
    ],
)
def test_a_snapshot_of_another_source_is_discarded(
    topic: AlertTopic, logged: Logged, changes: Callable[[SnapshotSource], dict[str, object]], why: str
) -> None:
    rewrite_snapshot(topic, changes(snapshot_source(topic)))
    assert load_candidates(topic) == TOPIC_ONLY
    (message,) = logged()
    assert message.startswith("snapshot discarded, reading the topic from the start: ")
    assert why in message
    assert load_candidates(topic) == TOPIC_ONLY
    assert len(logged()) == 1, "the new one is used"


def test_a_snapshot_that_is_just_recent_enough_is_used(topic: AlertTopic) -> None:
    rewrite_snapshot(topic, {"taken_at": now_ms() - DAY_MS + MINUTE_MS})
    assert load_candidates(topic) == WITH_SNAPSHOT


def test_a_snapshot_that_ends_before_the_log_starts_is_discarded(topic: AlertTopic, logged: Logged) -> None:
    next_offsets = snapshot_source(topic).next_offsets
    (partition,) = (partition for partition, offset in next_offsets.items() if offset)
    rewrite_snapshot(topic, {"next_offsets": dict.fromkeys(next_offsets, 0)})
    admin = KafkaAdminClient(bootstrap_servers=topic.servers)
    # Only a topic that is not compacted lets records be deleted.
    admin.alter_configs(
        [ConfigResource(ConfigResourceType.TOPIC, topic.name, configs={"cleanup.policy": "delete"})]
    )
    admin.delete_records({TopicPartition(topic.name, partition): 1})
    admin.close()
    assert load_candidates(topic) == []
    (message,) = logged()
    assert f"ends at offset 0 of partition {partition}, and the log now starts at 1" in message


def test_a_snapshot_of_a_topic_that_was_deleted_and_created_again_is_discarded(
    topic: AlertTopic, logged: Logged
) -> None:
    admin = KafkaAdminClient(bootstrap_servers=topic.servers)
    admin.delete_topics([topic.name])
    admin.close()
    create_again(topic)

    async def refill() -> None:
        await topic.send(alert_record("AB-123-CD"), alert_record("EF-456-GH"))

    run_with_timeout(refill())
    assert load_candidates(topic) == []
    (message,) = logged()
    assert "which was deleted since" in message


def create_again(topic: AlertTopic) -> None:
    """Create the topic once the broker has forgotten the deleted one."""
    for _ in range(200):
        try:
            return topic.create()
        except TopicAlreadyExistsError:
            continue
    raise AssertionError("the deleted topic does not go away")


def damage_keys(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[Snapshot(path).header.sections["hashes"].offset] ^= 1
    path.write_bytes(data)


def write_with_other_classes(path: Path) -> None:
    """Write a snapshot whose keys are of other confusable classes."""
    with LogSnapshotWriter(path, build_classes(("0O",))) as writer:
        writer.add_entries([ONLY_IN_SNAPSHOT])
        writer.finish()


def write_from_files(path: Path) -> None:
    """Write a snapshot as made from files, without a topic as its source."""
    with SnapshotWriter(path) as writer:
        writer.add([ONLY_IN_SNAPSHOT])
        writer.finish()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (damage_keys, "the section `hashes` is damaged"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "cut short or grown"),
        (lambda path: path.write_bytes(b"PK" + bytes(9000)), "not a snapshot of alert lists"),
        (write_with_other_classes, "made with other confusable classes"),
        (write_from_files, "made from files"),
    ],
)
def test_a_snapshot_that_cannot_be_read_is_discarded(
    topic: AlertTopic, logged: Logged, spoil: Callable[[Path], object], why: str
) -> None:
    spoil(topic.snapshot_path)
    assert load_candidates(topic) == TOPIC_ONLY
    (message,) = logged()
    assert why in message
    assert "delete" not in message, "it is replaced, so there is nothing to do"
    assert load_candidates(topic) == TOPIC_ONLY
    assert len(logged()) == 1
