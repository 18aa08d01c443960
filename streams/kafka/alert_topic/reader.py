"""Reading the alert lists from their topic: complete before the first read, then kept up to date."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from streams.alerts import Index, LogSnapshotWriter, Snapshot, SnapshotSource
from streams.kafka.admin import Admin, TopicIdentity
from streams.kafka.alert_topic.config import AlertTopicConfig
from streams.kafka.alert_topic.decoding import RejectedRecord, decode_alert_records
from streams.kafka.alert_topic.errors import as_alert_topic_error
from streams.kafka.alert_topic.snapshot_check import open_if_current
from streams.kafka.client import Connection
from streams.kafka.faust_driver.batch import Record
from streams.kafka.follower import TopicFollower
from streams.records.alert import Alert, AlertKey, Withdrawal, alert_key
from streams.records.faults import Fault
from streams.records.times import Millis, to_ms
from streams.runtime import clock
from streams.runtime.gc_tuning import GcProfile, gc_profile

_log = logging.getLogger(__name__)
_CLIENT_PART: Final = "lists"
_MAX_REPORTED: Final = 10
_MAX_CHUNK_RECORDS: Final = 250
_MAX_UNUSED_SHARE: Final = 0.5
"""A snapshot with a greater share of superseded alerts does not become the base of the next one."""


class AlertTopicReader:
    """The alert lists of a topic, read without a consumer group: every worker holds all of them.

    Call `load`, then `follow`; both raise AlertTopicError. Logs why a snapshot was discarded, and the first
    records that were rejected.
    """

    def __init__(
        self,
        connection: Connection,
        config: AlertTopicConfig,
        *,
        now_ms: Callable[[], Millis] = clock.now_ms,
        progress: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> None:
        """`progress` is called while a snapshot is written, with offsets passed and offsets in all."""
        self.rejected = 0
        """Records rejected so far."""
        self._connection = connection
        self._config = config
        self._now_ms = now_ms
        self._progress = progress
        self._follower = TopicFollower(connection.for_aiokafka(_CLIENT_PART), config.topic)
        self._index: Index | None = None
        self._errors = (", ".join(connection.config.servers), config.topic, config.snapshot_path)

    @property
    def index(self) -> Index:
        """The lists as they are now."""
        assert self._index is not None, "loaded"
        return self._index

    async def load(self) -> Index:
        """Read the topic up to its present ends, from the snapshot on or from the start."""
        with as_alert_topic_error(*self._errors):
            self._config.folder.mkdir(parents=True, exist_ok=True)
            started_ms = self._now_ms()
            await self._follower.connect()
            identity = await asyncio.to_thread(self._read_identity)
            current = SnapshotSource(
                identity.cluster_id,
                self._config.topic,
                identity.topic_id,
                dict(self._follower.end_offsets),
                started_ms,
            )
            base, why = await asyncio.to_thread(
                open_if_current,
                self._config.snapshot_path,
                current,
                self._follower.start_offsets,
                self._config.tombstone_retention_ms,
            )
            if why:
                _log.warning("snapshot discarded, reading the topic from the start: %s", why)
            self._index = await self._load_index(base, current)
        return self._index

    async def follow(self, on_change: Callable[[AlertKey], None]) -> None:
        """Apply what comes to the index until cancelled; call `on_change` with the key of each change."""
        with as_alert_topic_error(*self._errors):
            async for partition, records in self._follower.follow():
                async for keys in self._apply_in_chunks(self.index, partition, records):
                    for key in keys:
                        on_change(key)

    async def stop(self) -> None:
        """Disconnect; the index stays usable."""
        await self._follower.stop()

    def _build_index(self, base: Snapshot) -> Index:
        return Index(base, fuzzy_lists=self._config.fuzzy_lists)

    def _read_identity(self) -> TopicIdentity:
        with Admin(self._connection.for_kafka_python(_CLIENT_PART)) as admin:
            return admin.identity(self._config.topic)

    async def _load_index(self, base: Snapshot | None, current: SnapshotSource) -> Index:
        start_offsets = dict(self._follower.start_offsets)
        if base is not None:
            stored = base.source()
            assert stored is not None, "a snapshot of this topic"
            start_offsets = stored.next_offsets
            changes = sum(current.next_offsets.values()) - sum(
                start_offsets[partition] for partition in current.next_offsets
            )
            if changes <= self._config.max_changes:
                return await self._load_changes(base, start_offsets)
            if await asyncio.to_thread(base.unused_share) > _MAX_UNUSED_SHARE:
                base.close()
                base, start_offsets = None, dict(self._follower.start_offsets)
        await self._follower.open(start_offsets)
        await self._write_snapshot(base, current)
        return await asyncio.to_thread(lambda: self._build_index(Snapshot(self._config.snapshot_path)))

    async def _load_changes(self, base: Snapshot, start_offsets: dict[int, int]) -> Index:
        """Return an index of a snapshot and the changes since, held in memory."""
        index = await asyncio.to_thread(self._build_index, base)
        await self._follower.open(start_offsets)
        async for partition, records in self._follower.read_to_end():
            async for _ in self._apply_in_chunks(index, partition, records):
                pass
        return index

    async def _write_snapshot(self, base: Snapshot | None, current: SnapshotSource) -> None:
        """Write a snapshot of the base, if any, and of all records from there to the ends."""
        ended_since_ms = current.taken_at - self._config.tombstone_retention_ms
        path = self._config.snapshot_path
        with (
            LogSnapshotWriter(path, ended_since_ms=ended_since_ms) as writer,
            gc_profile(GcProfile.SNAPSHOT),
        ):
            if base is not None:
                await asyncio.to_thread(writer.copy_from, base)
                base.close()
            start = sum(self._follower.next_offsets.values())
            total = sum(self._follower.end_offsets.values()) - start
            async for partition, records in self._follower.read_to_end():
                self._progress(sum(self._follower.next_offsets.values()) - start, total)
                batch = decode_alert_records(records)
                faults = writer.add_entries(batch.entries, batch.keys)
                refused = [
                    RejectedRecord(batch.records[index].offset, (fault,)) for index, fault in faults.items()
                ]
                self._report_rejected(partition, batch.rejected + refused)
                await asyncio.sleep(0)
            source = SnapshotSource(
                current.cluster_id,
                current.topic,
                current.topic_id,
                dict(self._follower.next_offsets),
                current.taken_at,
            )
            await asyncio.to_thread(writer.finish, source)

    async def _apply_in_chunks(
        self, index: Index, partition: int, records: Sequence[Record]
    ) -> AsyncIterator[list[AlertKey]]:
        """Apply records some at a time, as each change takes the index some 50 µs; yield the keys changed."""
        for start in range(0, len(records), _MAX_CHUNK_RECORDS):
            yield self._apply_records(index, partition, records[start : start + _MAX_CHUNK_RECORDS])
            await asyncio.sleep(0)

    def _apply_records(self, index: Index, partition: int, records: Sequence[Record]) -> list[AlertKey]:
        """Apply records to the index; return the keys of what they change, in their order."""
        batch = decode_alert_records(records)
        rejected = batch.rejected
        keys = []
        for entry, record in zip(batch.entries, batch.records, strict=True):
            fault = _apply_entry(index, entry)
            if fault is None:
                keys.append(alert_key(entry))
            else:
                rejected.append(RejectedRecord(record.offset, (fault,)))
        self._report_rejected(partition, rejected)
        return keys

    def _report_rejected(self, partition: int, records: list[RejectedRecord]) -> None:
        """Count the rejected records of a partition; log the first ones."""
        for record in sorted(records, key=lambda record: record.offset):
            if self.rejected < _MAX_REPORTED:
                _log.warning(
                    "%s, partition %d, offset %d: rejected: %s",
                    self._config.topic,
                    partition,
                    record.offset,
                    "; ".join(map(str, record.faults)),
                )
            self.rejected += 1


def _apply_entry(index: Index, entry: Alert | Withdrawal) -> Fault | None:
    if isinstance(entry, Alert):
        return index.apply_value(entry)
    index.apply_tombstone(alert_key(entry), to_ms(entry.withdrawn_at))
    return None
