"""The driver on a real broker: nothing lost, nothing committed too early, all else as Faust has it."""

import asyncio
from collections import defaultdict
from pathlib import Path
from typing import Any

import faust
import pytest
from aiokafka import TopicPartition
from faust.exceptions import ImproperlyConfigured

from streams.kafka.faust_driver import Batch, batch_topic
from tests.support.faust_apps import (
    committed_offsets,
    create_topic,
    end_offsets,
    make_app,
    produce,
    running_app,
    unique_name,
    wait_until,
)


def numbered(count: int, partitions: int) -> list[tuple[int, bytes]]:
    """Values that say their number, dealt out over partitions."""
    return [(number % partitions, b"%d" % number) for number in range(count)]


def collect(app: faust.App, topic: Any, into: list[Batch]) -> None:
    """An agent that keeps each batch and acknowledges it."""

    @app.agent(topic, name=unique_name("collect"))
    async def collecting(stream: Any) -> None:
        async for event in stream.noack().events():
            into.append(event.value)
            event.ack()


def hold(app: faust.App, topic: Any, into: list[Any]) -> None:
    """An agent that keeps each event and acknowledges none."""

    @app.agent(topic, name=unique_name("hold"))
    async def holding(stream: Any) -> None:
        async for event in stream.noack().events():
            into.append(event)  # noqa: PERF401 - the stream has no end


def work_at_once(app: faust.App, topic: Any, into: list[bytes]) -> None:
    """An agent that works on several batches at once, done in another order than they came in."""
    tasks: set[asyncio.Task[None]] = set()

    async def work(event: Any, place: int) -> None:
        await asyncio.sleep((0.02, 0.001, 0.01)[place % 3])
        into.extend(event.value.values)
        event.ack()

    @app.agent(topic, name=unique_name("work"))
    async def working(stream: Any) -> None:
        place = 0
        async for event in stream.noack().events():
            task = asyncio.create_task(work(event, place))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            place += 1


def test_all_in_order_and_committed_to_the_end(servers: str, tmp_path: Path) -> None:
    topic, group, partitions, count = unique_name("whole"), unique_name("group"), 4, 100_000

    async def run() -> None:
        await create_topic(servers, topic, partitions)
        await produce(servers, topic, numbered(count, partitions))
        app = make_app(servers, group, tmp_path)
        batches: list[Batch] = []
        collect(app, batch_topic(app, topic), batches)
        async with running_app(app):
            await wait_until(lambda: sum(map(len, batches)) >= count, "all records")
            ends = await end_offsets(servers, topic, partitions)

            async def reached() -> bool:
                return await committed_offsets(servers, group, topic, partitions) == ends

            await wait_until(reached, "the end is committed")
        assert sum(map(len, batches)) == count
        assert len(batches) < count / 100
        for partition in range(partitions):
            values = [value for batch in batches if batch.partition == partition for value in batch.values]
            assert values == [b"%d" % number for number in range(partition, count, partitions)]
        assert ends == [count // partitions] * partitions
        assert await committed_offsets(servers, group, topic, partitions) == ends

    asyncio.run(run())


def test_an_agent_that_leaves_acknowledging_to_faust(servers: str, tmp_path: Path) -> None:
    """The compiled stream iterator acknowledges without calling the consumer."""
    topic, group, count = unique_name("auto"), unique_name("group"), 2_000

    async def run() -> None:
        await create_topic(servers, topic, 1)
        await produce(servers, topic, numbered(count, 1))
        app = make_app(servers, group, tmp_path)
        seen: list[bytes | None] = []

        @app.agent(batch_topic(app, topic))
        async def reading(stream: Any) -> None:
            async for batch in stream:
                seen.extend(batch.values)

        async def reached() -> bool:
            return await committed_offsets(servers, group, topic, 1) == [count]

        async with running_app(app):
            await wait_until(reached, "the end is committed")
        assert len(seen) == count

    asyncio.run(run())


def test_acknowledged_out_of_order(servers: str, tmp_path: Path) -> None:
    """Six batches of ten; each is acknowledged in an order that leaves holes."""
    topic, group = unique_name("holes"), unique_name("group")

    async def run() -> None:
        await create_topic(servers, topic, 1)
        await produce(servers, topic, numbered(60, 1))
        app = make_app(servers, group, tmp_path, broker_max_poll_records=10)
        events: list[Any] = []
        hold(app, batch_topic(app, topic, in_flight=6), events)
        async with running_app(app):
            await wait_until(lambda: len(events) == 6, "six batches")
            for place, expected in [(5, -1), (1, -1), (0, 20), (3, 20), (4, 20), (2, 60)]:
                events[place].ack()
                # Not only what it comes to, also that it does not go past it: commit is what commits.
                await app.consumer.force_commit()
                assert await committed_offsets(servers, group, topic, 1) == [expected]

    asyncio.run(run())


def test_not_acknowledged_comes_again(servers: str, tmp_path: Path) -> None:
    topic, group = unique_name("again"), unique_name("group")

    async def run() -> None:
        await create_topic(servers, topic, 1)
        await produce(servers, topic, numbered(50, 1))
        held: list[Any] = []
        first = make_app(servers, group, tmp_path, broker_max_poll_records=10)
        hold(first, batch_topic(first, topic, in_flight=5), held)
        async with running_app(first):
            await wait_until(lambda: len(held) == 5, "five batches")
            held[0].ack()
            held[2].ack()
        assert await committed_offsets(servers, group, topic, 1) == [10]
        batches: list[Batch] = []
        second = make_app(servers, group, tmp_path)
        collect(second, batch_topic(second, topic), batches)
        async with running_app(second):
            await wait_until(lambda: sum(map(len, batches)) >= 40, "what was not committed")
        assert [value for batch in batches for value in batch.values] == [b"%d" % n for n in range(10, 50)]
        assert await committed_offsets(servers, group, topic, 1) == [50]

    asyncio.run(run())


def test_a_second_worker_joins(servers: str, tmp_path: Path) -> None:
    """Batches are in work and done out of order while the partitions are shared out anew; none is lost.

    As Faust waits for what is in work before it gives a partition away, none comes twice either.
    """
    topic, group, partitions, count = unique_name("join"), unique_name("group"), 4, 8_000

    async def run() -> None:
        await create_topic(servers, topic, partitions)
        values = numbered(count, partitions)
        done: list[list[bytes]] = [[], []]
        apps = [
            make_app(servers, group, tmp_path, broker_max_poll_records=50, stream_wait_empty=True)
            for _ in done
        ]
        for app, into in zip(apps, done, strict=True):
            work_at_once(app, batch_topic(app, topic), into)

        async def reached() -> bool:
            return (
                await committed_offsets(servers, group, topic, partitions)
                == [count // partitions] * partitions
            )

        async def trickle() -> None:
            for start in range(0, count, 400):
                await produce(servers, topic, values[start : start + 400])

        async with running_app(apps[0]):
            producing = asyncio.create_task(trickle())
            await wait_until(lambda: done[0], "the first worker reads")
            async with running_app(apps[1]):
                await wait_until(lambda: len(apps[1].consumer.assignment()) == 2, "the partitions are shared")
                await producing
                await wait_until(reached, "all is committed")
                more = [(number % partitions, b"late %d" % number) for number in range(partitions)]
                await produce(servers, topic, more)
                await wait_until(
                    lambda: sum(value.startswith(b"late") for value in done[1]) == 2,
                    "the second worker reads its share",
                )
                await wait_until(
                    lambda: len(done[0]) + len(done[1]) >= count + partitions, "the first one its own"
                )
        assert sorted(done[0] + done[1]) == sorted(value for _, value in values + more)

    asyncio.run(run())


def test_held_through_a_rebalance(servers: str, tmp_path: Path) -> None:
    """What was in flight comes again, and what is left from before neither commits nor takes up room."""
    topic, group, limit = unique_name("held"), unique_name("group"), 3

    async def run() -> None:
        await create_topic(servers, topic, 2)
        await produce(servers, topic, numbered(100, 2))
        first, second = (make_app(servers, group, tmp_path, broker_max_poll_records=10) for _ in range(2))
        events: list[Any] = []
        others: list[Any] = []
        hold(first, batch_topic(first, topic, in_flight=limit), events)
        hold(second, batch_topic(second, topic, in_flight=limit), others)
        async with running_app(first):
            await wait_until(lambda: len(events) == 2 * limit, "both partitions are full")
            async with running_app(second):
                await wait_until(lambda: len(others) == limit, "the second worker reads")
            await wait_until(lambda: len(first.consumer.assignment()) == 2, "the first has all again")

            def now() -> list[Any]:
                return [e for e in events if e.message.generation_id == first.consumer_generation_id]

            await wait_until(lambda: len(now()) == 2 * limit, "both are full again")
            assert [event.value.first for event in now()].count(0) == 2
            for event in events:
                if event.message.generation_id != first.consumer_generation_id:
                    event.ack()
            await first.consumer.force_commit()
            assert await committed_offsets(servers, group, topic, 2) == [-1, -1]
            assert len(now()) == 2 * limit
            for event in now():
                event.ack()
            await wait_until(lambda: len(now()) == 10, "there is room again, to the end")

            async def moved() -> bool:
                return min(await committed_offsets(servers, group, topic, 2)) >= 10

            await wait_until(moved, "what was handed over anew is committed")

    asyncio.run(run())


def test_a_stock_topic_beside(servers: str, tmp_path: Path) -> None:
    batched, stock, group = unique_name("batched"), unique_name("stock"), unique_name("group")

    async def run() -> None:
        for topic in (batched, stock):
            await create_topic(servers, topic, 2)
            await produce(servers, topic, numbered(300, 2))
        app = make_app(servers, group, tmp_path)
        batches: list[Batch] = []
        collect(app, batch_topic(app, batched), batches)
        single: dict[int, list[bytes]] = defaultdict(list)

        @app.agent(app.topic(stock, value_type=bytes, value_serializer="raw"))
        async def one_by_one(stream: Any) -> None:
            async for event in stream.events():
                single[event.message.partition].append(event.value)

        async def reached() -> bool:
            return [await committed_offsets(servers, group, topic, 2) for topic in (batched, stock)] == [
                [150, 150]
            ] * 2

        async with running_app(app):
            await wait_until(reached, "both topics are committed")
        assert sum(map(len, batches)) == 300
        assert single == {part: [b"%d" % n for n in range(part, 300, 2)] for part in (0, 1)}

    asyncio.run(run())


def test_so_many_in_flight_and_no_more(servers: str, tmp_path: Path) -> None:
    """A full partition is not read on; the other one is; an acknowledgement lets it go on at once."""
    topic, group, limit = unique_name("bounded"), unique_name("group"), 3

    async def run() -> None:
        await create_topic(servers, topic, 2)
        await produce(servers, topic, numbered(200, 2))
        app = make_app(servers, group, tmp_path, broker_max_poll_records=10)
        events: list[Any] = []
        hold(app, batch_topic(app, topic, in_flight=limit), events)

        def of(partition: int) -> list[Any]:
            return [event for event in events if event.message.partition == partition]

        async with running_app(app):
            await wait_until(lambda: len(of(0)) == limit and len(of(1)) == limit, "both partitions are full")
            # All is fetched already, so what is open goes on: partition 1 to its end, partition 0 not at all.
            done = 0
            while done < 10:
                await wait_until(lambda: len(of(1)) > done, "partition 1 goes on", within_s=0.5)  # noqa: B023
                assert len(of(1)) <= done + limit
                of(1)[done].ack()
                done += 1
            assert len(of(1)) == 10
            assert len(of(0)) == limit
            assert {window.in_flight for tp, window in app.consumer.windows.items() if tp.partition == 0} == {
                limit
            }
            of(0)[0].ack()
            await wait_until(lambda: len(of(0)) == limit + 1, "partition 0 goes on")

    asyncio.run(run())


def test_a_position_that_goes_back(servers: str, tmp_path: Path) -> None:
    """As after a reset by aiokafka, of which Faust is not told; Faust alone would drop the records."""
    topic, group = unique_name("back"), unique_name("group")

    async def run() -> None:
        await create_topic(servers, topic, 1)
        await produce(servers, topic, numbered(50, 1))
        app = make_app(servers, group, tmp_path, broker_max_poll_records=10)
        events: list[Any] = []
        hold(app, batch_topic(app, topic, in_flight=10), events)
        async with running_app(app):
            await wait_until(lambda: len(events) == 5, "five batches")
            events[0].ack()
            await app.consumer._thread.call_thread(seek_back, app, topic, 15)
            await wait_until(lambda: len(events) == 9, "four more")
            assert [event.value.first for event in events[5:]] == [15, 25, 35, 45]
            for event in [*events[2:5], *events[5:]]:
                event.ack()
            await app.consumer.force_commit()
            # The batch 10-19 of the first time is still in work: only 15 to 19 of it came again.
            assert await committed_offsets(servers, group, topic, 1) == [10]
            events[1].ack()
            await app.consumer.force_commit()
            assert await committed_offsets(servers, group, topic, 1) == [50]

    asyncio.run(run())


async def seek_back(app: faust.App, topic: str, offset: int) -> None:
    """Runs in the consumer's thread."""
    app.consumer._thread._consumer.seek(TopicPartition(topic, 0), offset)


def test_a_batch_topic_needs_the_driver(tmp_path: Path) -> None:
    app = make_app("localhost:9", "group", tmp_path, scheme="kafka")
    with pytest.raises(ImproperlyConfigured, match="batch://"):
        batch_topic(app, "topic")
