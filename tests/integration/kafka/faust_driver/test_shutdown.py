"""A worker that stops or rebalances: batches in flight may be finished, and unfinished ones block nobody."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from faust.types import TP

from streams.kafka.faust_driver import batch_topic
from tests.support.faust_apps import (
    committed_offsets,
    create_topic,
    hold_events,
    make_app,
    produce,
    running_app,
    unique_name,
)
from tests.support.waiting import wait_until_async

COUNT = 100


def numbers(first: int, count: int) -> list[tuple[int, bytes]]:
    """Return numbered values for partition 0."""
    return [(0, b"%d" % number) for number in range(first, first + count)]


@asynccontextmanager
async def record_collections() -> AsyncIterator[list[int]]:
    """Yield a list of the generations that the garbage collector collects within the block."""
    generations: list[int] = []

    def record(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            generations.append(info["generation"])

    gc.callbacks.append(record)
    try:
        yield generations
    finally:
        gc.callbacks.remove(record)


def test_a_stopped_topic_delivers_nothing_more_and_commits_what_is_in_flight(
    servers: str, tmp_path: Path
) -> None:
    closed, open_, group = unique_name("closed"), unique_name("open"), unique_name("group")

    async def run() -> None:
        for topic in (closed, open_):
            await create_topic(servers, topic, 1)
            await produce(servers, topic, numbers(0, COUNT))
        app = make_app(servers, group, tmp_path, broker_max_poll_records=10)
        held: dict[str, list[Any]] = {closed: [], open_: []}
        for topic, events in held.items():
            hold_events(app, batch_topic(app, topic, max_batches=3), events)
        async with running_app(app):
            await wait_until_async(
                lambda: all(len(events) == 3 for events in held.values()), "both topics are full"
            )
            assert app.consumer.fetch_position(TP(closed, 0)) == 30
            app.consumer.stop_consuming([closed])
            for events in held.values():
                for event in events[:3]:
                    event.ack()
            # The other topic continues in the time in which this one would have.
            await wait_until_async(lambda: len(held[open_]) == 6, "the other topic continues")
            await app.consumer.force_commit()
            assert len(held[closed]) == 3
            assert app.consumer.fetch_position(TP(closed, 0)) == 30
            assert app.consumer.fetch_position(TP(open_, 0)) == 60
            assert await committed_offsets(servers, group, closed, 1) == [30]

    asyncio.run(run())


def test_the_fetch_position_is_none_before_there_is_one(servers: str, tmp_path: Path) -> None:
    topic, group = unique_name("position"), unique_name("group")

    async def run() -> None:
        await create_topic(servers, topic, 1)
        await produce(servers, topic, numbers(0, COUNT))
        app = make_app(servers, group, tmp_path)
        events: list[Any] = []
        hold_events(app, batch_topic(app, topic), events)
        async with running_app(app):
            await wait_until_async(
                lambda: app.consumer.fetch_position(TP(topic, 0)) == COUNT, "all records are fetched"
            )
            assert app.consumer.fetch_position(TP(topic, 7)) is None
            await wait_until_async(lambda: events, "a batch")
            await produce(servers, topic, numbers(COUNT, 5))
            await wait_until_async(
                lambda: app.consumer.fetch_position(TP(topic, 0)) == COUNT + 5,
                "the records sent since are fetched",
            )

    asyncio.run(run())


def test_batches_never_acknowledged_do_not_block_a_rebalance(servers: str, tmp_path: Path) -> None:
    topic, group = unique_name("stuck"), unique_name("group")

    async def run() -> None:
        await create_topic(servers, topic, 2)
        await produce(servers, topic, [(number % 2, b"%d" % number) for number in range(COUNT)])
        held: list[list[Any]] = [[], []]
        first, second = (
            make_app(servers, group, tmp_path, stream_wait_empty=True, broker_session_timeout=6.0)
            for _ in held
        )
        for app, events in zip((first, second), held, strict=True):
            hold_events(app, batch_topic(app, topic), events)
        async with running_app(first):
            await wait_until_async(
                lambda: len({event.message.partition for event in held[0]}) == 2, "both partitions"
            )
            async with record_collections() as generations, running_app(second):
                # Faust alone would wait without a limit.
                await wait_until_async(lambda: held[1], "the second worker reads")
                assert 1 in generations, "messages that are not processed any more are collected"
                # One full collection may happen by itself.
                assert generations.count(2) < 2, "full collections delay heartbeats"
                assert held[1][0].value.first == 0, "what was not acknowledged is delivered again"
                assert await committed_offsets(servers, group, topic, 2) == [-1, -1]
                for event in [*held[0], *held[1]]:
                    event.ack()

    asyncio.run(run())


def test_a_batch_delivered_during_a_rebalance_does_not_stay_in_flight(servers: str, tmp_path: Path) -> None:
    """Faust drops it without acknowledging it; once consuming is stopped it is not delivered again."""
    topic, group = unique_name("during"), unique_name("group")

    async def run() -> None:
        await create_topic(servers, topic, 2)
        await produce(servers, topic, [(number % 2, b"%d" % number) for number in range(COUNT)])
        held: list[list[Any]] = [[], []]
        first, second = (make_app(servers, group, tmp_path) for _ in held)
        for app, events in zip((first, second), held, strict=True):
            hold_events(app, batch_topic(app, topic), events)
        deliveries: list[asyncio.Task[None]] = []

        async def deliver(batches: list[Any]) -> None:
            while first.consumer.windows:  # until the windows of revoked partitions are dropped
                await asyncio.sleep(0)
            for batch in batches:
                first.consumer._to_message(TP(topic, batch.partition), batch)

        async def deliver_after_revocation(*_: Any, **__: Any) -> None:
            deliveries.append(asyncio.create_task(deliver([event.value for event in held[0]])))

        async with running_app(first):
            await wait_until_async(
                lambda: len({event.message.partition for event in held[0]}) == 2, "both partitions"
            )
            first.on_partitions_revoked.connect(deliver_after_revocation)
            first.consumer.stop_consuming([topic])
            async with running_app(second):
                await wait_until_async(lambda: held[1], "the second worker reads")
                await wait_until_async(
                    lambda: deliveries and deliveries[0].done(), "batches were delivered meanwhile"
                )
                await wait_until_async(
                    lambda: not any(window.in_flight for window in first.consumer.windows.values()),
                    "nothing is in flight",
                )

    asyncio.run(run())
