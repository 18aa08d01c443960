"""Following a topic without a group: up to its present ends, then what comes, from any start."""

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
from streams.records.times import SECOND_MS, Millis
from tests.support.waiting import HANG_LIMIT_S

PARTITIONS = 3
FIRST_MS = 1_700_000_000_000


def time_of(number: int) -> Millis:
    """Return the time of a number's record, a second after that of the number before."""
    return FIRST_MS + number * SECOND_MS


def run(coroutine: Awaitable[None]) -> None:
    """Run the coroutine of a test, at most 60 s."""

    async def limited() -> None:
        await asyncio.wait_for(coroutine, HANG_LIMIT_S)

    asyncio.run(limited())


@pytest.fixture
def topic(kafka: Cluster) -> str:
    """A topic of three partitions."""
    name = f"follow-{uuid.uuid4().hex[:8]}"
    admin = KafkaAdminClient(bootstrap_servers=kafka.servers)
    # The times of its records are long ago, so a retention would delete them.
    admin.create_topics([NewTopic(name, PARTITIONS, 1, topic_configs={"retention.ms": "-1"})])
    admin.wait_for_topics([name])
    admin.close()
    return name


async def send(servers: str, topic: str, numbers: range) -> None:
    """Write numbers, distributed over the partitions; the time of each is `time_of`."""
    async with AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True) as producer:
        sent = [
            await producer.send(
                topic, b"%d" % number, partition=number % PARTITIONS, timestamp_ms=time_of(number)
            )
            for number in numbers
        ]
        for acknowledgement in sent:
            await acknowledgement


def follower(
    servers: str,
    topic: str,
    partitions: set[int] | None = None,
    *,
    skip_deleted: bool = False,
    **options: object,
) -> TopicFollower:
    """Return a follower of a topic; options are those of the consumer."""
    return TopicFollower(
        {"bootstrap_servers": servers, **options}, topic, partitions, skip_deleted=skip_deleted
    )


async def read_to_end(topic_follower: TopicFollower) -> list[int]:
    """Return all numbers up to the ends, sorted."""
    return sorted(
        [int(record.value or b"") async for _, records in topic_follower.read_to_end() for record in records]
    )


async def follow(topic_follower: TopicFollower, count: int) -> list[int]:
    """Return the next `count` numbers that come, sorted."""
    numbers: list[int] = []
    async for partition, records in topic_follower.follow():
        assert {int(record.value or b"") % PARTITIONS for record in records} == {partition}
        numbers += [int(record.value or b"") for record in records]
        if len(numbers) >= count:
            break
    return sorted(numbers)


def test_records_are_read_from_the_start_to_the_ends_and_beyond(kafka: Cluster, topic: str) -> None:
    async def check() -> None:
        await send(kafka.servers, topic, range(20_000))
        async with follower(kafka.servers, topic) as topic_follower:
            await topic_follower.open()
            assert sum(topic_follower.end_offsets.values()) == 20_000
            assert topic_follower.complete_until_ms() is None
            assert await read_to_end(topic_follower) == list(range(20_000))
            assert topic_follower.next_offsets == topic_follower.end_offsets
            await send(kafka.servers, topic, range(20_000, 20_100))
            assert await follow(topic_follower, 100) == list(range(20_000, 20_100))

    run(check())


def test_records_are_read_from_a_time_on(kafka: Cluster, topic: str) -> None:
    async def check() -> None:
        await send(kafka.servers, topic, range(60))
        async with follower(kafka.servers, topic) as topic_follower:
            await topic_follower.open(time_of(40))
            assert await read_to_end(topic_follower) == list(range(40, 60))
        async with follower(kafka.servers, topic) as topic_follower:
            await topic_follower.open(time_of(3600))
            assert await read_to_end(topic_follower) == [], "no record is so late"
            await send(kafka.servers, topic, range(60, 63))
            assert await follow(topic_follower, 3) == [60, 61, 62]

    run(check())


def test_records_are_read_from_offsets_on(kafka: Cluster, topic: str) -> None:
    async def check() -> None:
        await send(kafka.servers, topic, range(9))
        async with follower(kafka.servers, topic) as topic_follower:
            await topic_follower.open({0: 3, 1: 2})
            assert await read_to_end(topic_follower) == [2, 5, 7, 8]
        async with follower(kafka.servers, topic) as topic_follower:
            await topic_follower.open({0: 99})
            with pytest.raises(OffsetOutOfRangeError):
                await follow(topic_follower, 99)

    run(check())


def test_only_chosen_partitions_are_read(kafka: Cluster, topic: str) -> None:
    async def check() -> None:
        await send(kafka.servers, topic, range(9))
        async with follower(kafka.servers, topic, partitions={1}) as topic_follower:
            await topic_follower.open()
            assert await read_to_end(topic_follower) == [1, 4, 7]
            await send(kafka.servers, topic, range(9, 12))
            assert await follow(topic_follower, 1) == [10]

    run(check())


def test_records_deleted_before_they_were_read_are_skipped_or_an_error(kafka: Cluster, topic: str) -> None:
    async def check() -> None:
        await send(kafka.servers, topic, range(9))
        admin = KafkaAdminClient(bootstrap_servers=kafka.servers)
        admin.delete_records({TopicPartition(topic, 0): 2, TopicPartition(topic, 1): 3})
        admin.close()
        start = dict.fromkeys(range(PARTITIONS), 0)
        async with follower(kafka.servers, topic, skip_deleted=True) as topic_follower:
            await topic_follower.open(start)
            assert await read_to_end(topic_follower) == [2, 5, 6, 8]
        async with follower(kafka.servers, topic) as topic_follower:
            await topic_follower.open(start)
            with pytest.raises(OffsetOutOfRangeError):
                await read_to_end(topic_follower)

    run(check())


def test_records_after_an_interruption_are_not_lost(kafka: Cluster, topic: str) -> None:
    async def check() -> None:
        await send(kafka.servers, topic, range(30))
        async with follower(kafka.servers, topic) as topic_follower:
            await topic_follower.open()
            async for _, records in topic_follower.read_to_end():
                first = [int(record.value or b"") for record in records]
                break
            assert sorted(first + await read_to_end(topic_follower)) == list(range(30))

    run(check())


def test_following_continues_after_the_broker_was_away(kafka: Cluster, topic: str) -> None:
    async def check() -> None:
        await send(kafka.servers, topic, range(3))
        async with follower(kafka.servers, topic) as topic_follower:
            await topic_follower.open()
            assert await read_to_end(topic_follower) == [0, 1, 2]
            following = asyncio.create_task(follow(topic_follower, 3))
            try:
                await asyncio.to_thread(kafka.down)
            finally:
                await asyncio.to_thread(kafka.up)
            await send(kafka.servers, topic, range(3, 6))
            assert await following == [3, 4, 5]

    run(check())


def test_added_partitions_are_an_error(kafka: Cluster, topic: str) -> None:
    async def check() -> None:
        async with follower(kafka.servers, topic, metadata_max_age_ms=500) as topic_follower:
            await topic_follower.open()
            assert await read_to_end(topic_follower) == []
            admin = KafkaAdminClient(bootstrap_servers=kafka.servers)
            admin.create_partitions({topic: NewPartitions(PARTITIONS + 1)})
            admin.close()
            with pytest.raises(FollowError, match="has 4 partitions and had 3"):
                await follow(topic_follower, 1)

    run(check())


def test_a_missing_topic_or_broker_is_an_error(kafka: Cluster) -> None:
    async def check() -> None:
        async with follower(kafka.servers, "no-such-topic") as topic_follower:
            with pytest.raises(FollowError, match="no-such-topic does not exist"):
                await topic_follower.open()
        async with follower("127.0.0.1:1", "any") as topic_follower:
            with pytest.raises(KafkaConnectionError):
                await topic_follower.open()

    run(check())
