"""How a worker lets go: what is in work may be finished, and what is never finished holds nobody up."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import faust
from faust.types import TP

from streams.kafka.faust_driver import batch_topic
from tests.support.faust_apps import (
    committed_offsets,
    create_topic,
    make_app,
    produce,
    running_app,
    unique_name,
    wait_until,
)

COUNT = 100


def hold(app: faust.App, topic: Any, into: list[Any]) -> None:
    """An agent that keeps each event and acknowledges none."""

    @app.agent(topic, name=unique_name("hold"))
    async def holding(stream: Any) -> None:
        async for event in stream.noack().events():
            into.append(event)  # noqa: PERF401 - the stream has no end


def numbers(first: int, count: int) -> list[tuple[int, bytes]]:
    """Values for partition 0."""
    return [(0, b"%d" % number) for number in range(first, first + count)]


@asynccontextmanager
async def collections() -> AsyncIterator[list[int]]:
    """The generations that the garbage collector looks through meanwhile."""
    seen: list[int] = []

    def note(phase: str, about: dict[str, int]) -> None:
        if phase == "start":
            seen.append(about["generation"])

    gc.callbacks.append(note)
    try:
        yield seen
    finally:
        gc.callbacks.remove(note)


def test_nothing_more_is_taken_and_what_is_in_work_is_finished(servers: str, tmp_path: Path) -> None:
    closed, open_, group = unique_name("closed"), unique_name("open"), unique_name("group")

    async def run() -> None:
        for topic in (closed, open_):
            await create_topic(servers, topic, 1)
            await produce(servers, topic, numbers(0, COUNT))
        app = make_app(servers, group, tmp_path, broker_max_poll_records=10)
        held: dict[str, list[Any]] = {closed: [], open_: []}
        for topic, into in held.items():
            hold(app, batch_topic(app, topic, in_flight=3), into)
        async with running_app(app):
            await wait_until(lambda: all(len(into) == 3 for into in held.values()), "both topics are full")
            assert app.consumer.fetch_position(TP(closed, 0)) == 30
            app.consumer.stop_consuming([closed])
            for into in held.values():
                for event in into[:3]:
                    event.ack()
            # The other topic goes on in the time in which this one would have.
            await wait_until(lambda: len(held[open_]) == 6, "the other topic goes on")
            await app.consumer.force_commit()
            assert len(held[closed]) == 3
            assert app.consumer.fetch_position(TP(closed, 0)) == 30
            assert app.consumer.fetch_position(TP(open_, 0)) == 60
            assert await committed_offsets(servers, group, closed, 1) == [30]

    asyncio.run(run())


def test_reached_is_not_known_before_there_is_a_position(servers: str, tmp_path: Path) -> None:
    topic, group = unique_name("reached"), unique_name("group")

    async def run() -> None:
        await create_topic(servers, topic, 1)
        await produce(servers, topic, numbers(0, COUNT))
        app = make_app(servers, group, tmp_path)
        events: list[Any] = []
        hold(app, batch_topic(app, topic), events)
        async with running_app(app):
            await wait_until(lambda: app.consumer.fetch_position(TP(topic, 0)) == COUNT, "all is fetched")
            assert app.consumer.fetch_position(TP(topic, 7)) is None
            await wait_until(lambda: events, "a batch")
            await produce(servers, topic, numbers(COUNT, 5))
            await wait_until(
                lambda: app.consumer.fetch_position(TP(topic, 0)) == COUNT + 5, "and what came since"
            )

    asyncio.run(run())


def test_what_is_never_acknowledged_does_not_hold_up_a_rebalance(servers: str, tmp_path: Path) -> None:
    topic, group = unique_name("stuck"), unique_name("group")

    async def run() -> None:
        await create_topic(servers, topic, 2)
        await produce(servers, topic, [(number % 2, b"%d" % number) for number in range(COUNT)])
        held: list[list[Any]] = [[], []]
        first, second = (
            make_app(servers, group, tmp_path, stream_wait_empty=True, broker_session_timeout=6.0)
            for _ in held
        )
        for app, into in zip((first, second), held, strict=True):
            hold(app, batch_topic(app, topic), into)
        async with running_app(first):
            await wait_until(
                lambda: len({event.message.partition for event in held[0]}) == 2, "both partitions"
            )
            async with collections() as seen, running_app(second):
                # Faust alone would wait without end.
                await wait_until(lambda: held[1], "the second worker reads")
                assert 1 in seen, "what nobody works on any more is looked for"
                # One may come by itself.
                assert seen.count(2) < 2, "a pass over all there is holds up heartbeats"
                again = held[1][0].value
                assert again.first == 0, "what was not acknowledged comes again"
                assert await committed_offsets(servers, group, topic, 2) == [-1, -1]
                for event in [*held[0], *held[1]]:
                    event.ack()

    asyncio.run(run())


def test_what_is_handed_over_in_a_rebalance_holds_up_no_end(servers: str, tmp_path: Path) -> None:
    """Faust drops it without acknowledging it; when nothing more is taken it does not come again."""
    topic, group = unique_name("between"), unique_name("group")

    async def run() -> None:
        await create_topic(servers, topic, 2)
        await produce(servers, topic, [(number % 2, b"%d" % number) for number in range(COUNT)])
        held: list[list[Any]] = [[], []]
        first, second = (make_app(servers, group, tmp_path) for _ in held)
        for app, into in zip((first, second), held, strict=True):
            hold(app, batch_topic(app, topic), into)
        between: list[asyncio.Task[None]] = []

        async def hand_over(batches: list[Any]) -> None:
            while first.consumer.windows:  # until what was revoked is forgotten
                await asyncio.sleep(0)
            for batch in batches:
                first.consumer._to_message(TP(topic, batch.partition), batch)

        async def revoked(*_: Any, **__: Any) -> None:
            between.append(asyncio.create_task(hand_over([event.value for event in held[0]])))

        async with running_app(first):
            await wait_until(
                lambda: len({event.message.partition for event in held[0]}) == 2, "both partitions"
            )
            first.on_partitions_revoked.connect(revoked)
            first.consumer.stop_consuming([topic])
            async with running_app(second):
                await wait_until(lambda: held[1], "the second worker reads")
                await wait_until(lambda: between and between[0].done(), "batches were handed over in between")
                await wait_until(
                    lambda: not any(window.in_flight for window in first.consumer.windows.values()),
                    "nothing is in flight",
                )

    asyncio.run(run())
