"""Faust workers in this process, and what the broker says of a topic and a group."""

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import faust
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

TIMEOUT_S = 30.0
_counter = itertools.count()


def unique_name(name: str) -> str:
    """A name that no other test uses."""
    return f"{name}-{next(_counter)}"


def make_app(servers: str, group: str, folder: Path, scheme: str = "batch", **settings: Any) -> faust.App:
    """An app of a group on the broker, set so that rebalances are quick."""
    return faust.App(
        group,
        broker=f"{scheme}://{servers}",
        datadir=folder / unique_name("data"),
        store="memory://",
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        broker_heartbeat_interval=0.3,
        broker_request_timeout=20.0,
        **{
            "broker_commit_interval": 0.2,
            "broker_session_timeout": 10.0,
            "stream_wait_empty": False,
            **settings,
        },
    )


@asynccontextmanager
async def running_app(app: faust.App) -> AsyncIterator[faust.App]:
    """The app started, and stopped in the end."""
    logging.getLogger("faust").setLevel(logging.ERROR)
    await app.start()
    try:
        yield app
    finally:
        await app.stop()


async def wait_until(condition: Callable[[], Any], description: str, within_s: float = TIMEOUT_S) -> None:
    """Waits until something holds (it may be a coroutine function); fails after a while."""
    end = monotonic() + within_s
    while True:
        answer = condition()
        if asyncio.iscoroutine(answer):
            answer = await answer
        if answer:
            return
        assert monotonic() < end, f"not within {within_s:.0f} s: {description}"
        await asyncio.sleep(0.02)


async def create_topic(servers: str, topic: str, partitions: int) -> None:
    """Makes a topic and waits until its partitions have a leader."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, partitions, 1)])

        async def led() -> bool:
            (told,) = await admin.describe_topics([topic])
            return len(told["partitions"]) == partitions and all(
                each["leader"] >= 0 for each in told["partitions"]
            )

        await wait_until(led, f"leaders of {topic}")
    finally:
        await admin.close()


async def produce(servers: str, topic: str, values: Iterable[tuple[int, bytes]]) -> None:
    """Sends values to their partitions, and waits until all are confirmed."""
    async with AIOKafkaProducer(bootstrap_servers=servers, linger_ms=5, max_batch_size=64_000) as producer:
        sent = [await producer.send(topic, value, partition=partition) for partition, value in values]
        await asyncio.gather(*sent)


async def end_offsets(servers: str, topic: str, partitions: int) -> list[int]:
    """The end offset of each partition."""
    async with AIOKafkaConsumer(bootstrap_servers=servers) as consumer:
        tps = [TopicPartition(topic, number) for number in range(partitions)]
        found = await consumer.end_offsets(tps)
        return [found[tp] for tp in tps]


async def committed_offsets(servers: str, group: str, topic: str, partitions: int) -> list[int]:
    """The offset the group has committed for each partition, -1 for none."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        tps = [TopicPartition(topic, number) for number in range(partitions)]
        found = await admin.list_consumer_group_offsets(group, partitions=tps)
        return [found[tp].offset if tp in found else -1 for tp in tps]
    finally:
        await admin.close()
