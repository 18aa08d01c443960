"""The list reader on a real Kafka: the lists whole from the start or the snapshot, then up to date."""

import asyncio
from pathlib import Path

import pytest

from streams.alerts import Index, Snapshot
from streams.kafka.alert_topic import AlertTopicError
from streams.kafka.dev_cluster import Cluster
from streams.records.alert import AlertKey
from streams.records.times import from_ms
from tests.support.alert_topics import (
    ALERT_KEY,
    AlertTopic,
    alert_record,
    candidate_rows,
    get_alert,
    now_ms,
    run_with_timeout,
    wait_until,
)


@pytest.fixture
def topic(kafka: Cluster, tmp_path: Path) -> AlertTopic:
    """An empty topic of alerts."""
    return AlertTopic(kafka.servers, tmp_path)


def test_from_the_start_and_then_from_the_snapshot(topic: AlertTopic) -> None:
    async def work() -> None:
        await topic.send(
            alert_record("AB-123-CD"),
            alert_record("EF-4*", alert_id="a2"),
            alert_record("GH-789-IJ", alert_id="a3"),
        )
        first = await topic.load()
        assert candidate_rows(first, "AB123CD", "EF456GH", "ZZ999ZZ") == [(0, "a1"), (1, "a2")]
        source = Snapshot(topic.snapshot).source()
        assert source is not None
        assert (source.topic, sum(source.next_offsets.values())) == (topic.name, 3)
        assert source.topic_id
        written = topic.snapshot.stat().st_mtime_ns

        await topic.send(alert_record("KL-111-MN", version=2), (b"sis/a3", None))
        again = await topic.load()
        assert candidate_rows(again, "AB123CD", "EF456GH", "KL111MN") == [(1, "a2"), (2, "a1")]
        assert not again.index.is_effective(get_alert(again, "a3"), from_ms(now_ms() + 60_000))
        assert topic.snapshot.stat().st_mtime_ns == written, "a small rest makes no new snapshot"
        assert topic.messages == []

    run_with_timeout(work())


def test_a_large_rest_makes_a_new_snapshot(topic: AlertTopic) -> None:
    async def work() -> None:
        await topic.send(alert_record("AB-123-CD"), alert_record("GH-789-IJ", alert_id="a3"))
        await topic.load()
        await topic.send(
            alert_record("KL-111-MN", version=2), (b"sis/a3", None), alert_record("EF-456-GH", alert_id="a2")
        )
        grown = await topic.load(max_changes=2)
        snapshot = Index(Snapshot(topic.snapshot))
        for index in (grown.index, snapshot):
            assert {each.alert_id for each in index.alerts()} == {"a1", "a2", "a3"}
            assert index.withdrawn_at_ms(get_alert(grown, "a3")) is not None, "kept for late reads"
        assert candidate_rows(grown, "AB123CD", "KL111MN", "EF456GH") == [(1, "a1"), (2, "a2")]
        source = Snapshot(topic.snapshot).source()
        assert source is not None
        assert sum(source.next_offsets.values()) == 5

        await topic.send(*(alert_record(f"NO-{each}", version=each) for each in range(100, 120)))
        worn = await topic.load(max_changes=2)
        assert candidate_rows(worn, "NO119", "EF456GH") == [(0, "a1"), (1, "a2")]
        await topic.send(*(alert_record(f"NO-{each}", version=each) for each in range(120, 125)))
        await topic.load(max_changes=2)
        grown_bytes = topic.snapshot.stat().st_size
        topic.snapshot.unlink()
        await topic.load()
        assert topic.snapshot.stat().st_size == grown_bytes, "one that is mostly waste is made from the start"
        assert topic.messages == []

    run_with_timeout(work())


def test_a_withdrawal_and_what_comes_after_it(topic: AlertTopic) -> None:
    at = now_ms() - 3_600_000
    ahead = {"valid_from": "2090-01-01T00:00:00Z", "valid_until": "2091-01-01T00:00:00Z"}

    async def work() -> None:
        await topic.send(alert_record("AB-123-CD", **ahead), alert_record("EF-456-GH", alert_id="a2"))
        before = topic.reader()
        await before.load()
        await topic.send((ALERT_KEY, None), (b"sis/a2", None), timestamp_ms=at)
        await topic.send(alert_record("EF-456-GH", alert_id="a2"))
        now = await topic.load()
        alert = get_alert(before)
        assert before.index.withdrawn_at_ms(alert) is None
        assert now.index.withdrawn_at_ms(alert) == at
        assert not now.index.is_effective(alert, alert.valid_from), "also what would begin later only"
        assert now.index.withdrawn_at_ms(get_alert(now, "a2")) is None, "listed again"
        topic.snapshot.unlink()
        fresh = await topic.load()
        assert fresh.index.get(("sis", "a1")) == alert, "kept for late reads"
        assert fresh.index.withdrawn_at_ms(alert) == at
        await before.stop()

    run_with_timeout(work())


def test_the_last_value_counts_not_the_highest_version(topic: AlertTopic) -> None:
    async def work() -> None:
        await topic.send(alert_record("AB-123-CD", version=5), alert_record("EF-456-GH", version=4))
        assert candidate_rows(await topic.load(), "AB123CD", "EF456GH") == [(1, "a1")]
        await topic.send(alert_record("GH-789-IJ", version=3))
        assert candidate_rows(await topic.load(), "EF456GH", "GH789IJ") == [(1, "a1")]

    run_with_timeout(work())


BAD = [
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


def test_bad_records_cost_nothing_but_themselves(topic: AlertTopic) -> None:
    # A compacted topic refuses records without a key; one that was made by hand may be of another kind.
    one = AlertTopic(topic.servers, topic.folder, partitions=1, cleanup_policy="delete")

    async def work() -> None:
        await one.send(alert_record("AB-123-CD"), *BAD, alert_record("EF-456-GH", alert_id="a2"))
        from_start = await one.load()
        await one.send(*BAD, alert_record("GH-789-IJ", alert_id="a3"))
        from_snapshot = await one.load()
        for reader in (from_start, from_snapshot):
            assert candidate_rows(reader, "AB123CD", "EF456GH", "XX999XX") == [(0, "a1"), (1, "a2")]
            assert reader.rejected == len(BAD)
        assert candidate_rows(from_snapshot, "GH789IJ") == [(0, "a3")]

    run_with_timeout(work())
    said = "\n".join(one.messages)
    assert len(one.messages) == 20, "the first ten of each"
    assert f"not taken: {one.name}, partition 0, offset 1: must be one JSON object" in said
    assert "offset 4: is an alert; to withdraw one, write a record of its key with no value" in said
    assert "offset 5: key: has the list_id and alert_id of the value" in said
    assert "key: is <list_id>/<alert_id>" in said
    assert "offset 8: plate: " in said
    for plate in ("AB123CD", "XX", "ΑΒ"):
        assert plate not in said, "no plates in what is said"


def test_a_time_that_is_none_ends_the_alert_for_good(topic: AlertTopic) -> None:
    async def work() -> None:
        await topic.send(alert_record("AB-123-CD"))
        await topic.load()
        await topic.send((ALERT_KEY, None), timestamp_ms=now_ms() // 1000)
        reader = await topic.load()
        assert not reader.index.is_effective(get_alert(reader), get_alert(reader).valid_from)

    run_with_timeout(work())


def test_an_empty_topic_is_lists_without_alerts(topic: AlertTopic) -> None:
    async def work() -> None:
        for _ in range(2):
            assert list((await topic.load()).index.alerts()) == []

    run_with_timeout(work())


def test_holes_and_markers_at_the_end_are_no_end_to_wait_for(topic: AlertTopic) -> None:
    one = AlertTopic(topic.servers, topic.folder, partitions=1)

    async def work() -> None:
        await one.send(alert_record("AB-123-CD"), transactional_id=one.name)
        reader = await one.load()
        assert candidate_rows(reader, "AB123CD") == [(0, "a1")]
        source = Snapshot(one.snapshot).source()
        assert source is not None
        assert source.next_offsets == {0: 2}, "the marker of the transaction was passed"
        await one.load()

    run_with_timeout(work())
    assert one.messages == []


def test_what_a_producer_took_back_does_not_count(topic: AlertTopic) -> None:
    async def work() -> None:
        await topic.send(alert_record("AB-123-CD"))
        with pytest.raises(RuntimeError, match="taken back"):
            await take_back(topic)
        reader = await topic.load()
        assert candidate_rows(reader, "AB123CD", "EF456GH") == [(0, "a1")]

    run_with_timeout(work())


async def take_back(topic: AlertTopic) -> None:
    """Writes in a transaction that is aborted."""
    from aiokafka import AIOKafkaProducer

    producer = AIOKafkaProducer(bootstrap_servers=topic.servers, transactional_id=topic.name)
    async with producer, producer.transaction():
        key, value = alert_record("EF-456-GH", version=2)
        await producer.send_and_wait(topic.name, value, key)
        raise RuntimeError("taken back")


def test_a_topic_that_is_not_there_is_said(topic: AlertTopic) -> None:
    missing = AlertTopic(topic.servers, topic.folder, name="no-such-topic")
    with pytest.raises(AlertTopicError, match=r"no-such-topic does not exist.*`anpr topics apply`"):
        run_with_timeout(load(missing))


def test_a_broker_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(AlertTopicError, match=r"at 127\.0\.0\.1:1: .*brokers run"):
        run_with_timeout(load(AlertTopic("127.0.0.1:1", tmp_path, name="alerts")))


def test_a_folder_that_cannot_be_used_is_said(topic: AlertTopic) -> None:
    topic.folder = topic.folder / "file"
    topic.folder.write_text("")
    with pytest.raises(AlertTopicError, match=r"cannot be kept in .*file: .*must be writable"):
        run_with_timeout(load(topic))


async def load(topic: AlertTopic) -> None:
    """Loads, for what it raises."""
    await topic.load()


def test_changes_are_in_force_at_once(topic: AlertTopic) -> None:
    """Within 100 ms after the broker has confirmed them, in the median of some."""

    async def work() -> None:
        await topic.send(alert_record("AB-123-CD"))
        reader = topic.reader()
        await reader.load()
        changes: list[tuple[AlertKey, float]] = []
        loop = asyncio.get_running_loop()
        following = asyncio.create_task(reader.follow(lambda key: changes.append((key, loop.time()))))
        delays = []
        for version in range(2, 12):
            confirmed = await confirm(topic, *alert_record(f"EF-{version + 100}-GH", version=version))
            await wait_until(lambda wanted=version: len(changes) == wanted - 1, "the change")  # type: ignore[misc]
            assert candidate_rows(reader, f"EF{version + 100}GH") == [(0, "a1")]
            delays.append(changes[-1][1] - confirmed)
        assert sorted(delays)[5] < 0.1, delays
        assert changes[0][0] == ("sis", "a1")
        await topic.send((ALERT_KEY, b"{"), (ALERT_KEY, None))
        await wait_until(lambda: len(changes) == 11, "the withdrawal")
        assert not reader.index.is_effective(get_alert(reader), from_ms(now_ms() + 1000))
        assert reader.rejected == 1
        following.cancel()
        await asyncio.wait([following])
        assert following.cancelled()
        await reader.stop()

    run_with_timeout(work())


async def confirm(topic: AlertTopic, key: bytes | None, value: bytes | None) -> float:
    """Writes a record; gives the loop's time when the broker has confirmed it."""
    await topic.send((key, value))
    return asyncio.get_running_loop().time()
