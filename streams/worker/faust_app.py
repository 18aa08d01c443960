"""The Faust app of a worker: its agents and settings."""

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

import faust
from faust.tables.manager import TableManager

from streams.kafka.client import Connection
from streams.kafka.faust_driver import FetchWait, batch_topic
from streams.worker.config import WorkerConfig

_MAX_BATCHES: Final = 64
"""Of a partition in flight at most: when reads come slowly, each batch is a read or two."""
_FETCH_WAIT: Final = FetchWait(32 << 10, 3)
"""At 20,000 reads a second it spares a third of the work and the long waits; a read alone comes at once."""
Handler = Callable[[Any], Awaitable[None]]


class Agents(NamedTuple):
    """What the agents do with an event whose value is a Batch."""

    match: Handler
    correlate: Handler


class _NoTables(TableManager):
    """Faust waits a second at the start for tables to be declared; here there are none."""

    async def sleep(self, n: Any, **_: Any) -> None:
        """Does not wait."""


def make_app(
    connection: Connection,
    config: WorkerConfig,
    member: str | None,
    reads_topics: Iterable[str],
    matches_topic: str,
    agents: Agents,
) -> faust.App:
    """The app: an agent on the topics of reads, one on that of matches; no web server, no tables.

    `member` names the worker in the group, and keeps its partitions for it while it restarts.
    """
    options: dict[str, Any] = {} if member is None else {"consumer_group_instance_id": member}
    app = faust.App(
        config.group,
        **connection.for_faust("worker", "batch"),
        **options,
        # Faust writes nothing there without tables, but wants a place.
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
        # A worker is one process; its agents have no replies to wait for.
        reply_create_topic=False,
    )

    async def match(stream: Any) -> None:
        async for event in stream.noack().events():
            await agents.match(event)

    async def correlate(stream: Any) -> None:
        async for event in stream.noack().events():
            await agents.correlate(event)

    cast(Any, app.transport).fetch_wait = _FETCH_WAIT
    limits: dict[str, Any] = {"in_flight": _MAX_BATCHES, "records": config.in_flight}
    for name in reads_topics:
        app.agent(batch_topic(app, name, **limits), name=f"match.{name}")(match)
    app.agent(batch_topic(app, matches_topic, **limits), name="correlate")(correlate)
    return app
