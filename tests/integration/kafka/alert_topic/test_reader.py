"""The alert lists from a real Kafka: complete, from the start or the snapshot, then kept up to date."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from streams.alerts import Index, Snapshot
from streams.kafka.alert_topic import AlertTopicError
from streams.records.alert import AlertKey
from streams.records.times import HOUR_MS, MINUTE_MS, from_ms
from streams.runtime.clock import now_ms
from tests.support.alert_topics import (
    ALERT_KEY,
    AlertTopic,
    alert_record,
    candidate_rows,
    get_alert,
    run_with_timeout,
)
from tests.support.waiting import wait_until_async

Logged = Callable[[], list[str]]


def test_the_lists_are_read_from_the_start_and_then_from_the_snapshot(
    topic: AlertTopic, logged: Logged
) -> None:
    async def check() -> None:
        await topic.send(
            alert_record("AB-123-CD"),
            alert_record("EF-4*", alert_id="a2"),
            alert_record("GH-789-IJ", alert_id="a3"),
        )
        first = await topic.load()
        assert candidate_rows(first, "AB123CD", "EF456GH", "ZZ999ZZ") == [(0, "a1"), (1, "a2")]
        source = Snapshot(topic.snapshot_path).source()
        assert source is not None
        assert (source.topic, sum(source.next_offsets.values())) == (topic.name, 3)
        assert source.topic_id
        written_ns = topic.snapshot_path.stat().st_mtime_ns

        await topic.send(alert_record("KL-111-MN", version=2), (b"sis/a3", None))
        second = await topic.load()
        assert candidate_rows(second, "AB123CD", "EF456GH", "KL111MN") == [(1, "a2"), (2, "a1")]
        assert not second.index.is_effective(get_alert(second, "a3"), from_ms(now_ms() + MINUTE_MS))
        assert topic.snapshot_path.stat().st_mtime_ns == written_ns, "few changes make no new snapshot"
        assert logged() == []

    run_with_timeout(check())


def test_many_changes_are_made_into_a_new_snapshot(topic: AlertTopic, logged: Logged) -> None:
    async def check() -> None:
        await topic.send(alert_record("AB-123-CD"), alert_record("GH-789-IJ", alert_id="a3"))
        await topic.load()
        await topic.send(
            alert_record("KL-111-MN", version=2), (b"sis/a3", None), alert_record("EF-456-GH", alert_id="a2")
        )
        changed = await topic.load(max_changes=2)
        from_snapshot = Index(Snapshot(topic.snapshot_path))
        for index in (changed.index, from_snapshot):
            assert {alert.alert_id for alert in index.alerts()} == {"a1", "a2", "a3"}
            assert index.withdrawn_at_ms(get_alert(changed, "a3")) is not None, "kept for late reads"
        assert candidate_rows(changed, "AB123CD", "KL111MN", "EF456GH") == [(1, "a1"), (2, "a2")]
        source = Snapshot(topic.snapshot_path).source()
        assert source is not None
        assert sum(source.next_offsets.values()) == 5

        await topic.send(*(alert_record(f"NO-{version}", version=version) for version in range(100, 120)))
        changed_often = await topic.load(max_changes=2)
        assert candidate_rows(changed_often, "NO119", "EF456GH") == [(0, "a1"), (1, "a2")]
        await topic.send(*(alert_record(f"NO-{version}", version=version) for version in range(120, 125)))
        await topic.load(max_changes=2)
        size = topic.snapshot_path.stat().st_size
        topic.snapshot_path.unlink()
        await topic.load()
        assert topic.snapshot_path.stat().st_size == size, "one that is mostly unused is not a base"
        assert logged() == []

    run_with_timeout(check())


def test_a_withdrawn_alert_stays_known_and_may_be_listed_again(topic: AlertTopic) -> None:
    withdrawn_ms = now_ms() - HOUR_MS
    later = {"valid_from": "2090-01-01T00:00:00Z", "valid_until": "2091-01-01T00:00:00Z"}

    async def check() -> None:
        await topic.send(alert_record("AB-123-CD", **later), alert_record("EF-456-GH", alert_id="a2"))
        before = topic.reader()
        await before.load()
        await topic.send((ALERT_KEY, None), (b"sis/a2", None), timestamp_ms=withdrawn_ms)
        await topic.send(alert_record("EF-456-GH", alert_id="a2"))
        after = await topic.load()
        alert = get_alert(before)
        assert before.index.withdrawn_at_ms(alert) is None
        assert after.index.withdrawn_at_ms(alert) == withdrawn_ms
        assert not after.index.is_effective(alert, alert.valid_from), "also one that starts later"
        assert after.index.withdrawn_at_ms(get_alert(after, "a2")) is None, "listed again"
        topic.snapshot_path.unlink()
        from_start = await topic.load()
        assert from_start.index.get(("sis", "a1")) == alert, "kept for late reads"
        assert from_start.index.withdrawn_at_ms(alert) == withdrawn_ms
        await before.stop()

    run_with_timeout(check())


def test_the_last_value_counts_not_the_highest_version(topic: AlertTopic) -> None:
    async def check() -> None:
        await topic.send(alert_record("AB-123-CD", version=5), alert_record("EF-456-GH", version=4))
        assert candidate_rows(await topic.load(), "AB123CD", "EF456GH") == [(1, "a1")]
        await topic.send(alert_record("GH-789-IJ", version=3))
        assert candidate_rows(await topic.load(), "EF456GH", "GH789IJ") == [(1, "a1")]

    run_with_timeout(check())


INVALID_RECORDS = [
    (ALERT_KEY, b"{"),
    (ALERT_KEY, b"null"),
    (ALERT_KEY, b'{"list_id": "sis"}'),
    (ALERT_KEY, b'{"list_id": "sis", "alert_id": "a1", "withdrawn_at": "2026-01-01T00:00:00Z"}'),
    (b"sis/a2", alert_record("XX-999-XX")[1]),
    (b"AB123CD", alert_record("XX-999-XX")[1]),
    (None, alert_record("XX-999-XX")[1]),
    (ALERT_KEY, alert_record("ΑΒ-123")[1]),
    (b"AB123CD", None),
    (b"", None),
    (b"\xff/\xff", None),
]


def test_invalid_records_are_rejected_and_the_others_are_read(topic: AlertTopic, logged: Logged) -> None:
    # A compacted topic refuses records without a key; one that was created by hand may not be compacted.
    uncompacted = AlertTopic(topic.servers, topic.folder, partitions=1, cleanup_policy="delete")

    async def check() -> None:
        await uncompacted.send(
            alert_record("AB-123-CD"), *INVALID_RECORDS, alert_record("EF-456-GH", alert_id="a2")
        )
        from_start = await uncompacted.load()
        await uncompacted.send(*INVALID_RECORDS, alert_record("GH-789-IJ", alert_id="a3"))
        from_snapshot = await uncompacted.load()
        for reader in (from_start, from_snapshot):
            assert candidate_rows(reader, "AB123CD", "EF456GH", "XX999XX") == [(0, "a1"), (1, "a2")]
            assert reader.rejected == len(INVALID_RECORDS)
        assert candidate_rows(from_snapshot, "GH789IJ") == [(0, "a3")]

    run_with_timeout(check())
    text = "\n".join(logged())
    assert len(logged()) == 20, "the first ten of each"
    assert f"{uncompacted.name}, partition 0, offset 1: rejected: must be one JSON object" in text
    assert "offset 4: rejected: must be an alert; to withdraw one, write a record of its key without" in text
    assert "offset 5: rejected: key: must have the list_id and alert_id of the value" in text
    assert "key: must be <list_id>/<alert_id>" in text
    assert "offset 8: rejected: plate: " in text
    for plate in ("AB123CD", "XX", "ΑΒ"):
        assert plate not in text, "no plates in the log"


def test_a_withdrawal_with_an_impossible_time_ends_the_alert(topic: AlertTopic) -> None:
    async def check() -> None:
        await topic.send(alert_record("AB-123-CD"))
        await topic.load()
        await topic.send((ALERT_KEY, None), timestamp_ms=now_ms() // 1000)
        reader = await topic.load()
        assert not reader.index.is_effective(get_alert(reader), get_alert(reader).valid_from)

    run_with_timeout(check())


def test_an_empty_topic_gives_lists_without_alerts(topic: AlertTopic) -> None:
    async def check() -> None:
        for _ in range(2):
            assert list((await topic.load()).index.alerts()) == []

    run_with_timeout(check())


def test_a_transaction_marker_at_the_end_is_not_waited_for(topic: AlertTopic, logged: Logged) -> None:
    one_partition = AlertTopic(topic.servers, topic.folder, partitions=1)

    async def check() -> None:
        await one_partition.send(alert_record("AB-123-CD"), transactional_id=one_partition.name)
        reader = await one_partition.load()
        assert candidate_rows(reader, "AB123CD") == [(0, "a1")]
        source = Snapshot(one_partition.snapshot_path).source()
        assert source is not None
        assert source.next_offsets == {0: 2}, "after the marker of the transaction"
        await one_partition.load()

    run_with_timeout(check())
    assert logged() == []


def test_an_aborted_transaction_does_not_count(topic: AlertTopic) -> None:
    async def check() -> None:
        await topic.send(alert_record("AB-123-CD"))
        with pytest.raises(RuntimeError, match="aborted"):
            await send_and_abort(topic)
        reader = await topic.load()
        assert candidate_rows(reader, "AB123CD", "EF456GH") == [(0, "a1")]

    run_with_timeout(check())


async def send_and_abort(topic: AlertTopic) -> None:
    """Write an alert in a transaction that is aborted by an error."""
    producer = AIOKafkaProducer(bootstrap_servers=topic.servers, transactional_id=topic.name)
    async with producer, producer.transaction():
        key, value = alert_record("EF-456-GH", version=2)
        await producer.send_and_wait(topic.name, value, key)
        raise RuntimeError("aborted")


def test_a_missing_topic_is_an_error(topic: AlertTopic) -> None:
    missing = AlertTopic(topic.servers, topic.folder, name="no-such-topic")
    with pytest.raises(AlertTopicError, match=r"no-such-topic does not exist.*`anpr topics apply`"):
        run_with_timeout(load(missing))


def test_a_missing_broker_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AlertTopicError, match=r"at 127\.0\.0\.1:1: .*brokers run"):
        run_with_timeout(load(AlertTopic("127.0.0.1:1", tmp_path, name="alerts")))


def test_an_unusable_folder_is_an_error(topic: AlertTopic) -> None:
    topic.folder = topic.folder / "file"
    topic.folder.write_text("")
    with pytest.raises(AlertTopicError, match=r"cannot be kept in .*file: .*must be writable"):
        run_with_timeout(load(topic))


async def load(topic: AlertTopic) -> None:
    """Load the lists, for the error."""
    await topic.load()


def test_changes_are_effective_at_once(topic: AlertTopic) -> None:
    """A follower applies each change without a further one; the benchmark measures how fast."""

    async def check() -> None:
        await topic.send(alert_record("AB-123-CD"))
        reader = topic.reader()
        await reader.load()
        changes: list[AlertKey] = []
        following = asyncio.create_task(reader.follow(changes.append))
        for version in range(2, 12):
            await topic.send(alert_record(f"EF-{version + 100}-GH", version=version))
            await wait_until_async(lambda wanted=version: len(changes) == wanted - 1, "the change")  # type: ignore[misc]
            assert candidate_rows(reader, f"EF{version + 100}GH") == [(0, "a1")]
        assert changes == [("sis", "a1")] * 10
        await topic.send((ALERT_KEY, b"{"), (ALERT_KEY, None))
        await wait_until_async(lambda: len(changes) == 11, "the withdrawal")
        assert not reader.index.is_effective(get_alert(reader), from_ms(now_ms() + 1000))
        assert reader.rejected == 1
        following.cancel()
        await asyncio.wait([following])
        assert following.cancelled()
        await reader.stop()

    run_with_timeout(check())
