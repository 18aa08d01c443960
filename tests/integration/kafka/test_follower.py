"""Following a topic without a group: to the ends as they are, then what comes, from wherever one begins."""

import asyncio
import uuid
from collections.abc import Awaitable

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, OffsetOutOfRangeError
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import NewPartitions, NewTopic

from streams.kafka.dev_cluster import Cluster
from streams.kafka.follower import FollowError, TopicFollower

PARTITIONS = 3


def run(work: Awaitable[None]) -> None:
    """Runs a test's coroutine, with a limit."""

    async def limited() -> None:
        await asyncio.wait_for(work, 60)

    asyncio.run(limited())


@pytest.fixture
def topic(kafka: Cluster) -> str:
    """A topic of three partitions."""
    name = f"follow-{uuid.uuid4().hex[:8]}"
    admin = KafkaAdminClient(bootstrap_servers=kafka.servers)
    # Its records have old dates, and would be deleted for their age.
    admin.create_topics([NewTopic(name, PARTITIONS, 1, topic_configs={"retention.ms": "-1"})])
    admin.wait_for_topics([name])
    admin.close()
    return name


async def send(servers: str, topic: str, numbers: range, at: int = 1_700_000_000_000) -> None:
    """Writes numbers, dealt out over the partitions, each dated a second after the one before."""
    async with AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True) as producer:
        sent = [
            await producer.send(
                topic, b"%d" % number, partition=number % PARTITIONS, timestamp_ms=at + 1000 * number
            )
            for number in numbers
        ]
        for each in sent:
            await each


def follower(
    servers: str,
    topic: str,
    partitions: set[int] | None = None,
    *,
    pass_deleted: bool = False,
    **options: object,
) -> TopicFollower:
    """A follower of a topic."""
    return TopicFollower(
        {"bootstrap_servers": servers, **options}, topic, partitions, skip_deleted=pass_deleted
    )


async def whole(of: TopicFollower) -> list[int]:
    """All numbers up to the ends, sorted."""
    return sorted([int(record.value or b"") async for _, records in of.read_to_end() for record in records])


async def coming(of: TopicFollower, wanted: int) -> list[int]:
    """So many numbers that come, sorted."""
    numbers: list[int] = []
    async for partition, records in of.follow():
        assert {int(record.value or b"") % PARTITIONS for record in records} == {partition}
        numbers += [int(record.value or b"") for record in records]
        if len(numbers) >= wanted:
            break
    return sorted(numbers)


def test_from_the_start_to_the_ends_and_on(kafka: Cluster, topic: str) -> None:
    async def work() -> None:
        await send(kafka.servers, topic, range(20_000))
        async with follower(kafka.servers, topic) as of:
            await of.open()
            assert sum(of.end_offsets.values()) == 20_000
            assert of.complete_until_ms() is None
            assert await whole(of) == list(range(20_000))
            assert of.next_offsets == of.end_offsets
            await send(kafka.servers, topic, range(20_000, 20_100))
            assert await coming(of, 100) == list(range(20_000, 20_100))

    run(work())


def test_from_a_time(kafka: Cluster, topic: str) -> None:
    async def work() -> None:
        await send(kafka.servers, topic, range(60))
        async with follower(kafka.servers, topic) as of:
            await of.open(1_700_000_000_000 + 40 * 1000)
            assert await whole(of) == list(range(40, 60))
        async with follower(kafka.servers, topic) as of:
            await of.open(1_700_000_000_000 + 3_600_000)
            assert await whole(of) == [], "no record is so late"
            await send(kafka.servers, topic, range(60, 63))
            assert await coming(of, 3) == [60, 61, 62]

    run(work())


def test_from_offsets(kafka: Cluster, topic: str) -> None:
    async def work() -> None:
        await send(kafka.servers, topic, range(9))
        async with follower(kafka.servers, topic) as of:
            await of.open({0: 3, 1: 2})
            assert await whole(of) == [2, 5, 7, 8]
        async with follower(kafka.servers, topic) as of:
            await of.open({0: 99})
            with pytest.raises(OffsetOutOfRangeError):
                await coming(of, 99)

    run(work())


def test_some_partitions(kafka: Cluster, topic: str) -> None:
    async def work() -> None:
        await send(kafka.servers, topic, range(9))
        async with follower(kafka.servers, topic, partitions={1}) as of:
            await of.open()
            assert await whole(of) == [1, 4, 7]
            await send(kafka.servers, topic, range(9, 12))
            assert await coming(of, 1) == [10]

    run(work())


def test_records_deleted_before_they_were_read(kafka: Cluster, topic: str) -> None:
    async def work() -> None:
        await send(kafka.servers, topic, range(9))
        admin = KafkaAdminClient(bootstrap_servers=kafka.servers)
        admin.delete_records({TopicPartition(topic, 0): 2, TopicPartition(topic, 1): 3})
        admin.close()
        begin = dict.fromkeys(range(PARTITIONS), 0)
        async with follower(kafka.servers, topic, pass_deleted=True) as of:
            await of.open(begin)
            assert await whole(of) == [2, 5, 6, 8]
        async with follower(kafka.servers, topic) as of:
            await of.open(begin)
            with pytest.raises(OffsetOutOfRangeError):
                await whole(of)

    run(work())


def test_nothing_is_lost_for_one_who_stops_in_the_middle(kafka: Cluster, topic: str) -> None:
    async def work() -> None:
        await send(kafka.servers, topic, range(30))
        async with follower(kafka.servers, topic) as of:
            await of.open()
            async for _, records in of.read_to_end():
                first = [int(record.value or b"") for record in records]
                break
            assert sorted(first + await whole(of)) == list(range(30))

    run(work())


def test_it_goes_on_after_the_broker_was_away(kafka: Cluster, topic: str) -> None:
    async def work() -> None:
        await send(kafka.servers, topic, range(3))
        async with follower(kafka.servers, topic) as of:
            await of.open()
            assert await whole(of) == [0, 1, 2]
            rest = asyncio.create_task(coming(of, 3))
            try:
                await asyncio.to_thread(kafka.down)
            finally:
                await asyncio.to_thread(kafka.up)
            await send(kafka.servers, topic, range(3, 6))
            assert await rest == [3, 4, 5]

    run(work())


def test_more_partitions_are_said(kafka: Cluster, topic: str) -> None:
    async def work() -> None:
        async with follower(kafka.servers, topic, metadata_max_age_ms=500) as of:
            await of.open()
            assert await whole(of) == []
            admin = KafkaAdminClient(bootstrap_servers=kafka.servers)
            admin.create_partitions({topic: NewPartitions(PARTITIONS + 1)})
            admin.close()
            with pytest.raises(FollowError, match="has 4 partitions and had 3"):
                await coming(of, 1)

    run(work())


def test_what_is_not_there_is_said(kafka: Cluster) -> None:
    async def work() -> None:
        async with follower(kafka.servers, "no-such-topic") as of:
            with pytest.raises(FollowError, match="no-such-topic does not exist"):
                await of.open()
        async with follower("127.0.0.1:1", "any") as of:
            with pytest.raises(KafkaConnectionError):
                await of.open()

    run(work())
