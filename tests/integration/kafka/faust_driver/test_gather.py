"""Brokers gather records while they flow; one that comes alone comes at once."""

import asyncio
from pathlib import Path
from time import monotonic
from typing import Any, cast

import faust

from streams.kafka.faust_driver import FetchWait, batch_topic
from tests.support.faust_apps import create_topic, make_app, produce, running_app, unique_name, wait_until

WITHIN_S = 3.0


def collect(app: faust.App, topic: Any, into: list[tuple[float, int]]) -> None:
    """An agent that notes when each batch came, and how many records it had."""

    @app.agent(topic, name=unique_name("collect"))
    async def collecting(stream: Any) -> None:
        async for event in stream.noack().events():
            into.append((monotonic(), len(event.value)))
            event.ack()


def test_gathered_while_they_flow_and_at_once_when_alone(servers: str, tmp_path: Path) -> None:
    topic = unique_name("gather")

    async def run() -> None:
        await create_topic(servers, topic, 1)
        app = make_app(servers, unique_name("group"), tmp_path)
        came: list[tuple[float, int]] = []
        collect(app, batch_topic(app, topic), came)
        cast(Any, app.transport).fetch_wait = FetchWait(1 << 20, int(WITHIN_S * 1000))
        async with running_app(app):
            await produce(servers, topic, [(0, b"first")])
            await wait_until(lambda: came, "the first")
            # A second without records, and once what was asked before is answered the broker is asked to
            # answer at once.
            await asyncio.sleep(WITHIN_S + 2.5)
            sent = monotonic()
            await produce(servers, topic, [(0, b"alone")])
            await wait_until(lambda: len(came) == 2, "the one that comes alone")
            assert came[1][0] - sent < WITHIN_S
            for number in range(20):
                await produce(servers, topic, [(0, b"%d" % number)])
            await wait_until(lambda: sum(count for _, count in came) == 22, "all")
            # One by one they would be twenty batches, and they took longer than a broker gathers.
            assert len(came) - 2 <= 2 + (came[-1][0] - came[1][0]) / WITHIN_S

    asyncio.run(run())
