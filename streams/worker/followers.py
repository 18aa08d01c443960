"""The topics that every worker reads whole and then follows: alert lists and verdicts."""

import logging
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Final

from streams.alerts.index import Index
from streams.kafka.alert_topic import AlertTopicConfig, AlertTopicReader
from streams.kafka.client import Connection
from streams.kafka.faust_driver.batch import Record
from streams.kafka.follower import TopicFollower
from streams.kafka.topics import TopicsConfig
from streams.records.alert import AlertKey
from streams.records.decode import decode_verdict
from streams.records.times import HOUR_MS, Millis
from streams.records.verdict import Verdict
from streams.worker.context import WorkerContext

_MAX_REPORTED_VERDICTS: Final = 10
_log: Final = logging.getLogger(__name__)


class AlertFollower:
    """Keeps the index of the alert lists, and a snapshot of it in the worker's state directory."""

    def __init__(
        self,
        connection: Connection,
        topics: TopicsConfig,
        context: WorkerContext,
        fuzzy_lists: Collection[str],
    ) -> None:
        folder = Path(context.config.state_dir).expanduser() / "lists"
        self._reader = AlertTopicReader(
            connection,
            AlertTopicConfig(
                context.topics.alerts,
                folder,
                tombstone_retention_ms=round(topics.withdrawn_hours * HOUR_MS),
                fuzzy_lists=fuzzy_lists,
            ),
            now_ms=context.now_ms,
        )

    async def load(self) -> Index:
        """Read the topic up to its present end; return the index, which `follow` keeps up to date."""
        return await self._reader.load()

    async def follow(self, on_change: Callable[[AlertKey], None]) -> None:
        """Apply what comes, until cancelled; call back with the key of each alert that has changed."""
        await self._reader.follow(on_change)

    async def stop(self) -> None:
        """Disconnect from Kafka."""
        await self._reader.stop()


class VerdictFollower:
    """Passes on the verdicts of the retention period, and then those that come."""

    def __init__(
        self,
        connection: Connection,
        topics: TopicsConfig,
        context: WorkerContext,
        on_verdict: Callable[[Verdict, Millis], None],
    ) -> None:
        """`on_verdict` is called with each verdict and the time at which it takes effect."""
        self._topic = context.topics.verdicts
        self._follower = TopicFollower(connection.for_aiokafka("verdicts"), self._topic, skip_deleted=True)
        self._since_ms = max(context.now_ms() - round(topics.verdicts_hours * HOUR_MS), 0)
        self._on_verdict = on_verdict
        self._skipped_count = 0

    async def load(self) -> None:
        """Pass on the verdicts up to the topic's present end."""
        await self._follower.open(self._since_ms)
        async for partition, records in self._follower.read_to_end():
            self._handle(partition, records)

    async def follow(self) -> None:
        """Pass on what comes, until cancelled."""
        async for partition, records in self._follower.follow():
            self._handle(partition, records)

    async def stop(self) -> None:
        """Disconnect from Kafka."""
        await self._follower.stop()

    def _handle(self, partition: int, records: Sequence[Record]) -> None:
        for record in records:
            verdict = decode_verdict(record.value or b"")
            if isinstance(verdict, Verdict):
                # The broker stamps this topic, so no writer's clock decides when a verdict takes effect.
                self._on_verdict(verdict, record.timestamp)
                continue
            self._skipped_count += 1
            if self._skipped_count <= _MAX_REPORTED_VERDICTS:
                _log.warning(
                    "%s, partition %d, offset %d: not a verdict, skipped: %s",
                    self._topic,
                    partition,
                    record.offset,
                    "; ".join(map(str, verdict)),
                )
