"""The driver on a real broker: nothing is lost, nothing is committed too early, the rest is as in Faust."""

import asyncio
from collections import defaultdict
from pathlib import Path
from typing import Any

import faust
import pytest
from aiokafka import TopicPartition
from faust.exceptions import ImproperlyConfigured

from streams.kafka.faust_driver import Batch, batch_topic, consumer
from tests.support.faust_apps import (
    committed_offsets,
    create_topic,
    end_offsets,
    hold_events,
    make_app,
    produce,
    running_app,
    unique_name,
)
from tests.support.waiting import wait_until_async


def numbered(count: int, partitions: int) -> list[tuple[int, bytes]]:
    """Return partitions and numbered values, distributed over the partitions."""
    return [(number % partitions, b"%d" % number) for number in range(count)]


def collect(app: faust.App, topic: Any, batches: list[Batch]) -> None:
    """Add an agent that stores each batch and acknowledges it."""

    @app.agent(topic, name=unique_name("collect"))
    async def collecting(stream: Any) -> None:
        async for event in stream.noack().events():
            batches.append(event.value)
            event.ack()


def process_concurrently(app: faust.App, topic: Any, values: list[bytes]) -> None:
    """Add an agent that processes several batches at a time and finishes them in another order."""
    tasks: set[asyncio.Task[None]] = set()

    async def process(event: Any, index: int) -> None:
        await asyncio.sleep((0.02, 0.001, 0.01)[index % 3])
        values.extend(event.value.values)
        event.ack()

    @app.agent(topic, name=unique_name("process"))
    async def consume(stream: Any) -> None:
        index = 0
        async for event in stream.noack().events():
            task = asyncio.create_task(process(event, index))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            index += 1


def test_all_records_are_delivered_in_order_and_committed_to_the_end(servers: str, tmp_path: Path) -> None:
    topic, group, partitions, count = unique_name("whole"), unique_name("group"), 4, 100_000

    async def run() -> None:
        await create_topic(servers, topic, partitions)
        await produce(servers, topic, numbered(count, partitions))
        app = make_app(servers, group, tmp_path)
        batches: list[Batch] = []
        collect(app, batch_topic(app, topic), batches)
        async with running_app(app):
            await wait_until_async(lambda: sum(map(len, batches)) >= count, "all records")
            ends = await end_offsets(servers, topic, partitions)

            async def all_committed() -> bool:
                return await committed_offsets(servers, group, topic, partitions) == ends

            await wait_until_async(all_committed, "the end is committed")
        assert sum(map(len, batches)) == count
        assert len(batches) < count / 100
        for partition in range(partitions):
            values = [value for batch in batches if batch.partition == partition for value in batch.values]
            assert values == [b"%d" % number for number in range(partition, count, partitions)]
        assert ends == [count // partitions] * partitions
        assert await committed_offsets(servers, group, topic, partitions) == ends

    asyncio.run(run())


def test_faust_may_acknowledge_for_the_agent(servers: str, tmp_path: Path) -> None:
    """The compiled stream iterator acknowledges without calling the consumer."""
    topic, group, count = unique_name("auto"), unique_name("group"), 2_000

    async def run() -> None:
        await create_topic(servers, topic, 1)
        await produce(servers, topic, numbered(count, 1))
        app = make_app(servers, group, tmp_path)
        values: list[bytes | None] = []

        @app.agent(batch_topic(app, topic))
        async def reading(stream: Any) -> None:
            async for batch in stream:
                values.extend(batch.values)

        async def all_committed() -> bool:
            return await committed_offsets(servers, group, topic, 1) == [count]

        async with running_app(app):
            await wait_until_async(all_committed, "the end is committed")
        assert len(values) == count

    asyncio.run(run())


def test_batches_acknowledged_out_of_order_are_committed_without_gaps(servers: str, tmp_path: Path) -> None:
    """Six batches of ten, acknowledged in an order that leaves gaps."""
    topic, group = unique_name("holes"), unique_name("group")

    async def run() -> None:
        await create_topic(servers, topic, 1)
        await produce(servers, topic, numbered(60, 1))
        app = make_app(servers, group, tmp_path, broker_max_poll_records=10)
        events: list[Any] = []
        hold_events(app, batch_topic(app, topic, max_batches=6), events)
        async with running_app(app):
            await wait_until_async(lambda: len(events) == 6, "six batches")
            for index, expected in [(5, -1), (1, -1), (0, 20), (3, 20), (4, 20), (2, 60)]:
                events[index].ack()
                # Forced, so that committing too much would be seen at once.
                await app.consumer.force_commit()
                assert await committed_offsets(servers, group, topic, 1) == [expected]

    asyncio.run(run())


def test_unacknowledged_batches_are_delivered_again(servers: str, tmp_path: Path) -> None:
    topic, group = unique_name("again"), unique_name("group")

    async def run() -> None:
        await create_topic(servers, topic, 1)
        await produce(servers, topic, numbered(50, 1))
        events: list[Any] = []
        first = make_app(servers, group, tmp_path, broker_max_poll_records=10)
        hold_events(first, batch_topic(first, topic, max_batches=5), events)
        async with running_app(first):
            await wait_until_async(lambda: len(events) == 5, "five batches")
            events[0].ack()
            events[2].ack()
        assert await committed_offsets(servers, group, topic, 1) == [10]
        batches: list[Batch] = []
        second = make_app(servers, group, tmp_path)
        collect(second, batch_topic(second, topic), batches)
        async with running_app(second):
            await wait_until_async(lambda: sum(map(len, batches)) >= 40, "the uncommitted records")
        assert [value for batch in batches for value in batch.values] == [
            b"%d" % number for number in range(10, 50)
        ]
        assert await committed_offsets(servers, group, topic, 1) == [50]

    asyncio.run(run())


def test_a_second_worker_joins_and_no_record_is_lost_or_repeated(servers: str, tmp_path: Path) -> None:
    """Batches are in flight, and acknowledged out of order, while the group rebalances.

    Faust waits for what is in flight before it gives up a partition, so none is repeated.
    """
    topic, group, partitions, count = unique_name("join"), unique_name("group"), 4, 8_000

    async def run() -> None:
        await create_topic(servers, topic, partitions)
        values = numbered(count, partitions)
        processed: list[list[bytes]] = [[], []]
        apps = [
            make_app(servers, group, tmp_path, broker_max_poll_records=50, stream_wait_empty=True)
            for _ in processed
        ]
        for app, app_values in zip(apps, processed, strict=True):
            process_concurrently(app, batch_topic(app, topic), app_values)

        async def all_committed() -> bool:
            return (
                await committed_offsets(servers, group, topic, partitions)
                == [count // partitions] * partitions
            )

        async def produce_in_parts() -> None:
            for start in range(0, count, 400):
                await produce(servers, topic, values[start : start + 400])

        async with running_app(apps[0]):
            producing = asyncio.create_task(produce_in_parts())
            await wait_until_async(lambda: processed[0], "the first worker reads")
            async with running_app(apps[1]):
                await wait_until_async(
                    lambda: len(apps[1].consumer.assignment()) == 2, "the partitions are shared"
                )
                await producing
                await wait_until_async(all_committed, "all is committed")
                late = [(number % partitions, b"late %d" % number) for number in range(partitions)]
                await produce(servers, topic, late)
                await wait_until_async(
                    lambda: sum(value.startswith(b"late") for value in processed[1]) == 2,
                    "the second worker reads its share",
                )
                await wait_until_async(
                    lambda: sum(map(len, processed)) >= count + partitions, "the first worker reads its share"
                )
        assert sorted(processed[0] + processed[1]) == sorted(value for _, value in values + late)

    asyncio.run(run())


def test_batches_held_through_a_rebalance_are_delivered_again(servers: str, tmp_path: Path) -> None:
    """Those of before neither commit nor count as in flight."""
    topic, group, limit = unique_name("held"), unique_name("group"), 3

    async def run() -> None:
        await create_topic(servers, topic, 2)
        await produce(servers, topic, numbered(100, 2))
        first, second = (make_app(servers, group, tmp_path, broker_max_poll_records=10) for _ in range(2))
        events: list[Any] = []
        second_events: list[Any] = []
        hold_events(first, batch_topic(first, topic, max_batches=limit), events)
        hold_events(second, batch_topic(second, topic, max_batches=limit), second_events)
        async with running_app(first):
            await wait_until_async(lambda: len(events) == 2 * limit, "both partitions are full")
            async with running_app(second):
                await wait_until_async(lambda: len(second_events) == limit, "the second worker reads")
            await wait_until_async(lambda: len(first.consumer.assignment()) == 2, "the first has all again")

            def of_this_generation() -> list[Any]:
                generation = first.consumer_generation_id
                return [event for event in events if event.message.generation_id == generation]

            await wait_until_async(lambda: len(of_this_generation()) == 2 * limit, "both are full again")
            assert [event.value.first for event in of_this_generation()].count(0) == 2
            for event in events:
                if event.message.generation_id != first.consumer_generation_id:
                    event.ack()
            await first.consumer.force_commit()
            assert await committed_offsets(servers, group, topic, 2) == [-1, -1]
            assert len(of_this_generation()) == 2 * limit
            for event in of_this_generation():
                event.ack()
            await wait_until_async(lambda: len(of_this_generation()) == 10, "all are delivered")

            async def committed() -> bool:
                return min(await committed_offsets(servers, group, topic, 2)) >= 10

            await wait_until_async(committed, "what was delivered again is committed")

    asyncio.run(run())


def test_a_topic_without_batches_is_delivered_as_in_faust(servers: str, tmp_path: Path) -> None:
    batched, stock, group = unique_name("batched"), unique_name("stock"), unique_name("group")

    async def run() -> None:
        for topic in (batched, stock):
            await create_topic(servers, topic, 2)
            await produce(servers, topic, numbered(300, 2))
        app = make_app(servers, group, tmp_path)
        batches: list[Batch] = []
        collect(app, batch_topic(app, batched), batches)
        values: dict[int, list[bytes]] = defaultdict(list)

        @app.agent(app.topic(stock, value_type=bytes, value_serializer="raw"))
        async def one_by_one(stream: Any) -> None:
            async for event in stream.events():
                values[event.message.partition].append(event.value)

        async def all_committed() -> bool:
            return [await committed_offsets(servers, group, topic, 2) for topic in (batched, stock)] == [
                [150, 150]
            ] * 2

        async with running_app(app):
            await wait_until_async(all_committed, "both topics are committed")
        assert sum(map(len, batches)) == 300
        assert values == {
            partition: [b"%d" % number for number in range(partition, 300, 2)] for partition in (0, 1)
        }

    asyncio.run(run())


def test_a_full_partition_is_not_read_and_the_others_are(
    servers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An acknowledgement that makes room wakes the waiting fetch, so that it continues at once."""
    topic, group, limit, batches = unique_name("bounded"), unique_name("group"), 3, 10
    wakes: list[Any] = []

    def wake_waiters(fetcher: Any) -> None:
        wakes.append(fetcher)
        original_wake_waiters(fetcher)

    original_wake_waiters = consumer._wake_waiters
    monkeypatch.setattr(consumer, "_wake_waiters", wake_waiters)

    async def run() -> None:
        await create_topic(servers, topic, 2)
        await produce(servers, topic, numbered(200, 2))
        app = make_app(servers, group, tmp_path, broker_max_poll_records=10)
        events: list[Any] = []
        hold_events(app, batch_topic(app, topic, max_batches=limit), events)

        def events_of(partition: int) -> list[Any]:
            return [event for event in events if event.message.partition == partition]

        async with running_app(app):
            await wait_until_async(
                lambda: len(events_of(0)) == limit and len(events_of(1)) == limit, "both partitions are full"
            )
            # All is fetched already: partition 1 is delivered to its end, partition 0 not at all.
            for index in range(batches):
                delivered = min(index + limit, batches)
                await wait_until_async(lambda: len(events_of(1)) == delivered, "partition 1 continues")  # noqa: B023
                events_of(1)[index].ack()
            assert len(events_of(1)) == batches
            assert len(events_of(0)) == limit
            assert {window.in_flight for tp, window in app.consumer.windows.items() if tp.partition == 0} == {
                limit
            }
            events_of(0)[0].ack()
            await wait_until_async(lambda: len(events_of(0)) == limit + 1, "partition 0 continues")
            # The last two acknowledgements of partition 1 are of a window that was not full.
            assert len(wakes) == batches - limit + 1 + 1

    asyncio.run(run())


def test_records_are_delivered_again_when_the_position_goes_back(servers: str, tmp_path: Path) -> None:
    """As after a reset by aiokafka, which Faust does not learn of; Faust alone would drop the records."""
    topic, group = unique_name("back"), unique_name("group")

    async def run() -> None:
        await create_topic(servers, topic, 1)
        await produce(servers, topic, numbered(50, 1))
        app = make_app(servers, group, tmp_path, broker_max_poll_records=10)
        events: list[Any] = []
        hold_events(app, batch_topic(app, topic, max_batches=10), events)
        async with running_app(app):
            await wait_until_async(lambda: len(events) == 5, "five batches")
            events[0].ack()
            await app.consumer._thread.call_thread(seek_back, app, topic, 15)
            await wait_until_async(lambda: len(events) == 9, "four more")
            assert [event.value.first for event in events[5:]] == [15, 25, 35, 45]
            for event in [*events[2:5], *events[5:]]:
                event.ack()
            await app.consumer.force_commit()
            # The first batch of 10 to 19 is still in flight: only 15 to 19 of it were delivered again.
            assert await committed_offsets(servers, group, topic, 1) == [10]
            events[1].ack()
            await app.consumer.force_commit()
            assert await committed_offsets(servers, group, topic, 1) == [50]

    asyncio.run(run())


async def seek_back(app: faust.App, topic: str, offset: int) -> None:
    """Seek in the thread of the consumer."""
    app.consumer._thread._consumer.seek(TopicPartition(topic, 0), offset)


def test_a_batch_topic_requires_the_driver(tmp_path: Path) -> None:
    app = make_app("localhost:9", "group", tmp_path, scheme="kafka")
    with pytest.raises(ImproperlyConfigured, match="batch://"):
        batch_topic(app, "topic")
