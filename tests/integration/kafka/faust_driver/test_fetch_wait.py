"""Brokers wait for fuller fetches while records flow; a record that comes alone is delivered at once."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any, cast

import faust

from streams.kafka.faust_driver import FetchWait, batch_topic
from tests.support.faust_apps import create_topic, make_app, produce, running_app, unique_name
from tests.support.waiting import wait_until_async

WAIT_S = 3.0
FULL_FETCH = FetchWait(1 << 20, int(WAIT_S * 1000))


def collect(app: faust.App, topic: Any, batches: list[tuple[float, int]]) -> None:
    """Add an agent that stores the time and the length of each batch."""

    @app.agent(topic, name=unique_name("collect"))
    async def store(stream: Any) -> None:
        async for event in stream.noack().events():
            batches.append((monotonic(), len(event.value)))
            event.ack()


def record_requests(app: faust.App) -> list[FetchWait]:
    """Return a list to which each fetch request adds its settings; requests are sent one after another."""
    requests: list[FetchWait] = []
    fetcher = app.consumer._thread._consumer._fetcher
    process: Callable[..., Any] = fetcher._proc_fetch_request

    def recorded(*args: Any) -> Any:
        requests.append(FetchWait(fetcher._fetch_min_bytes, fetcher._fetch_max_wait_ms))
        return process(*args)

    fetcher._proc_fetch_request = recorded
    return requests


def test_fetches_are_full_while_records_flow_and_immediate_after_a_pause(
    servers: str, tmp_path: Path
) -> None:
    topic = unique_name("fetch-wait")

    async def run() -> None:
        await create_topic(servers, topic, 1)
        app = make_app(servers, unique_name("group"), tmp_path)
        batches: list[tuple[float, int]] = []
        collect(app, batch_topic(app, topic), batches)
        cast(Any, app.transport).fetch_wait = FULL_FETCH
        async with running_app(app):
            consumer = app.consumer._thread._consumer
            immediate = FetchWait(consumer._fetch_min_bytes, consumer._fetch_max_wait_ms)
            requests = record_requests(app)
            await produce(servers, topic, [(0, b"first")])
            await wait_until_async(lambda: batches, "the first record")
            await wait_until_async(lambda: requests and requests[-1] == FULL_FETCH, "a full fetch")
            await wait_until_async(lambda: requests[-1] == immediate, "an immediate fetch after the pause")
            await produce(servers, topic, [(0, b"alone")])
            await wait_until_async(lambda: len(batches) == 2, "the record that comes alone")
            for number in range(20):
                await produce(servers, topic, [(0, b"%d" % number)])
            await wait_until_async(lambda: sum(length for _, length in batches) == 22, "all records")
            # One by one they would be twenty batches; a full fetch may take as long as brokers wait.
            assert len(batches) - 2 <= 2 + (batches[-1][0] - batches[1][0]) / WAIT_S

    asyncio.run(run())
