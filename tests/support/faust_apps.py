"""Faust apps in this process, and the offsets of topics and groups on the broker."""

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import faust
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.support.waiting import wait_until_async

_counter = itertools.count()


def unique_name(name: str) -> str:
    """Return a name that no other test uses."""
    return f"{name}-{next(_counter)}"


def make_app(servers: str, group: str, folder: Path, scheme: str = "batch", **settings: Any) -> faust.App:
    """Return an app of a group on the broker, with settings for quick rebalances."""
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
    """Start the app for the block, and stop it afterwards."""
    logging.getLogger("faust").setLevel(logging.ERROR)
    await app.start()
    try:
        yield app
    finally:
        await app.stop()


def hold_events(app: faust.App, topic: Any, events: list[Any]) -> None:
    """Add an agent that stores each event and acknowledges none."""

    @app.agent(topic, name=unique_name("hold"))
    async def hold(stream: Any) -> None:
        async for event in stream.noack().events():
            events.append(event)  # noqa: PERF401 - the stream has no end


async def create_topic(servers: str, topic: str, partitions: int) -> None:
    """Create a topic and wait until its partitions have a leader."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, partitions, 1)])

        async def has_leaders() -> bool:
            (description,) = await admin.describe_topics([topic])
            return len(description["partitions"]) == partitions and all(
                partition["leader"] >= 0 for partition in description["partitions"]
            )

        await wait_until_async(has_leaders, f"leaders of {topic}")
    finally:
        await admin.close()


async def produce(servers: str, topic: str, values: Iterable[tuple[int, bytes]]) -> None:
    """Send values to their partitions, and wait until all are acknowledged."""
    async with AIOKafkaProducer(bootstrap_servers=servers, linger_ms=5, max_batch_size=64_000) as producer:
        sent = [await producer.send(topic, value, partition=partition) for partition, value in values]
        await asyncio.gather(*sent)


async def end_offsets(servers: str, topic: str, partitions: int) -> list[int]:
    """Return the end offset of each partition."""
    async with AIOKafkaConsumer(bootstrap_servers=servers) as consumer:
        tps = [TopicPartition(topic, partition) for partition in range(partitions)]
        offsets = await consumer.end_offsets(tps)
        return [offsets[tp] for tp in tps]


async def committed_offsets(servers: str, group: str, topic: str, partitions: int) -> list[int]:
    """Return the offset that the group has committed for each partition, -1 for none."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        tps = [TopicPartition(topic, partition) for partition in range(partitions)]
        offsets = await admin.list_consumer_group_offsets(group, partitions=tps)
        return [offsets[tp].offset if tp in offsets else -1 for tp in tps]
    finally:
        await admin.close()
