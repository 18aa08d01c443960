"""The Faust app of a worker: its agents and options."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

import faust
from faust.tables.manager import TableManager

from streams.kafka.client import Connection
from streams.kafka.faust_driver import FetchWait, batch_topic
from streams.kafka.topics import TopicNames
from streams.worker.config import WorkerConfig

_MAX_BATCHES: Final = 64
"""Batches of a partition in flight at most; when reads come slowly, each batch is a read or two."""
_FETCH_WAIT: Final = FetchWait(32 << 10, 3)
"""At 20,000 reads a second this saves a third of the CPU and avoids long waits; one read is not delayed."""
_Handler = Callable[[Any], Awaitable[None]]


class Agents(NamedTuple):
    """The handlers of the agents; both take an event of Faust's whose value is a Batch."""

    match: _Handler
    correlate: _Handler


class _NoTables(TableManager):
    """Skips Faust's wait of one second, at the start, for tables to be declared: there are none."""

    async def sleep(self, n: Any, **_: Any) -> None:
        """Return at once."""


def make_app(
    connection: Connection, config: WorkerConfig, member: str | None, names: TopicNames, agents: Agents
) -> faust.App:
    """Return the app: an agent on each topic of reads and one on that of matches; no web server, no tables.

    `member` names the worker in its group, which keeps its partitions for it while it restarts.
    """
    options: dict[str, Any] = {} if member is None else {"consumer_group_instance_id": member}
    app = faust.App(
        config.group,
        **connection.for_faust("worker", "batch"),
        **options,
        # Faust writes nothing there without tables, but requires a folder.
        datadir=Path(config.state_dir).expanduser() / "faust",
        store="memory://",
        TableManager=_NoTables,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        broker_session_timeout=config.session_timeout_s,
        broker_heartbeat_interval=config.session_timeout_s / 4,
        broker_commit_interval=0.5,
        broker_commit_every=1000,
        stream_buffer_maxsize=_MAX_BATCHES,
        stream_wait_empty=True,
        # A worker is one process; its agents wait for no replies.
        reply_create_topic=False,
    )

    async def match(stream: Any) -> None:
        async for event in stream.noack().events():
            await agents.match(event)

    async def correlate(stream: Any) -> None:
        async for event in stream.noack().events():
            await agents.correlate(event)

    cast(Any, app.transport).fetch_wait = _FETCH_WAIT
    limits: dict[str, Any] = {"max_batches": _MAX_BATCHES, "max_records": config.in_flight}
    for topic in names.reads:
        app.agent(batch_topic(app, topic, **limits), name=f"match.{topic}")(match)
    app.agent(batch_topic(app, names.matches, **limits), name="correlate")(correlate)
    return app
