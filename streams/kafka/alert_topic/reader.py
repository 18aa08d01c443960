"""ListReader: the alert lists from their topic, whole before the first read and kept up to date."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from aiokafka.errors import KafkaError, TopicAuthorizationFailedError
from kafka.errors import KafkaError as AdminError

from streams.alerts import Index, LogSnapshotWriter, Snapshot, SnapshotSource
from streams.kafka.admin import Admin, TopicIdentity
from streams.kafka.alert_topic.decoding import RejectedRecord, decode_alert_records
from streams.kafka.alert_topic.snapshot_check import open_if_current
from streams.kafka.client import Connection, TokenError
from streams.kafka.faust_driver.batch import Record
from streams.kafka.follower import FollowError, TopicFollower
from streams.records.alert import Alert, AlertKey, Withdrawal, alert_key
from streams.records.faults import Fault
from streams.records.times import to_ms
from streams.runtime.errors import OperatorError
from streams.runtime.gc_tuning import GcProfile, gc_profile

_MAX_REPORTED: Final = 10
_MAX_CHUNK_RECORDS: Final = 250
_MAX_WASTE: Final = 0.5
"""A snapshot of which a greater share does not count any more is not made the base of the next one."""
_CONNECTION_ERRORS: Final = (KafkaError, AdminError, TokenError, ConnectionError, TimeoutError, ssl.SSLError)
"""What clients raise for brokers that cannot be reached or refuse; some are OSError, as a full disk is."""


class AlertTopicError(OperatorError):
    """Lists that cannot be read from Kafka; the message says why and what to do."""


class AlertTopicReader:
    """The alert lists of a topic, without a group: every worker holds them whole.

    The snapshot is kept in `folder`, under the topic's name. `tombstones_for_ms` is the topic's
    delete.retention.ms. A rest of more than `many` records is not held in memory as changes but made into a
    new snapshot when loading. `near` as in `Index`. `say` is told, a line each time, why a snapshot was not
    used and the first
    records that were not taken; `clock_ms` tells the time in ms since 1970 UTC; `progress` is told, while a
    snapshot is made, how many offsets of how many were passed.

    First `load`, then `follow`. All methods raise ListsError.
    """

    def __init__(
        self,
        connection: Connection,
        topic: str,
        folder: Path,
        *,
        tombstone_retention_ms: int,
        say: Callable[[str], None],
        now_ms: Callable[[], int],
        max_changes: int = 100_000,
        fuzzy_lists: Collection[str] = (),
        progress: Callable[[int, int], None] = lambda _, __: None,
    ) -> None:
        self.rejected = 0
        """Records that were not taken, since this reader was made."""
        self._connection = connection
        self._topic = topic
        self.path = folder / f"{topic}.snapshot"
        """The snapshot's file."""
        self._tombstone_retention_ms = tombstone_retention_ms
        self._say = say
        self._now_ms = now_ms
        self._max_changes = max_changes
        self._fuzzy_lists = fuzzy_lists
        self._progress = progress
        self._follower = TopicFollower(connection.for_aiokafka("lists"), topic)
        self._index: Index | None = None

    @property
    def index(self) -> Index:
        """The lists as they are now."""
        assert self._index is not None, "loaded"
        return self._index

    async def load(self) -> Index:
        """Reads the topic, from the snapshot or from the start, to its ends as they are now."""
        async with self._as_alert_topic_error():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            now = self._now_ms()
            await self._follower.connect()
            ids = await asyncio.to_thread(self._identity)
            source = SnapshotSource(
                ids.cluster_id, self._topic, ids.topic_id, dict(self._follower.end_offsets), now
            )
            base, why = await asyncio.to_thread(
                open_if_current, self.path, source, self._follower.start_offsets, self._tombstone_retention_ms
            )
            if why:
                self._say(f"the snapshot is not used, the lists are read from the topic's start: {why}")
            self._index = await self._load_index(base, source)
        return self._index

    async def follow(self, on_change: Callable[[AlertKey], None]) -> None:
        """Takes what comes, until cancelled; `changed` is called with the key of each change in the index."""
        async for keys in self._follow_changes():
            for key in keys:
                on_change(key)

    async def stop(self) -> None:
        """Lets go of Kafka. The index stays."""
        await self._follower.stop()

    def _build_index(self, base: Snapshot) -> Index:
        return Index(base, fuzzy_lists=self._fuzzy_lists)

    def _identity(self) -> TopicIdentity:
        with Admin(self._connection.for_kafka_python("lists")) as admin:
            return admin.identity(self._topic)

    async def _load_index(self, base: Snapshot | None, source: SnapshotSource) -> Index:
        begins = dict(self._follower.start_offsets)
        if base is not None:
            kept = base.source()
            assert kept is not None, "a snapshot of this topic"
            begins = kept.next_offsets
            rest = sum(end - begins[partition] for partition, end in self._follower.end_offsets.items())
            if rest <= self._max_changes:
                index = await asyncio.to_thread(self._build_index, base)
                await self._follower.open(begins)
                async for partition, records in self._follower.read_to_end():
                    async for _ in self._apply_in_chunks(index, partition, records):
                        pass
                return index
            if await asyncio.to_thread(base.unused_share) > _MAX_WASTE:
                base.close()
                base, begins = None, dict(self._follower.start_offsets)
        await self._follower.open(begins)
        await self._write_snapshot(base, source)
        return await asyncio.to_thread(lambda: self._build_index(Snapshot(self.path)))

    async def _write_snapshot(self, base: Snapshot | None, source: SnapshotSource) -> None:
        """Writes a new snapshot of the base, if any, and all records from there to the ends."""
        ends_since = source.taken_at - self._tombstone_retention_ms
        with (
            LogSnapshotWriter(self.path, ended_since_ms=ends_since) as writer,
            gc_profile(GcProfile.SNAPSHOT),
        ):
            if base is not None:
                await asyncio.to_thread(writer.copy_from, base)
                base.close()
            begins, all_ = sum(self._follower.next_offsets.values()), sum(self._follower.end_offsets.values())
            async for partition, records in self._follower.read_to_end():
                self._progress(sum(self._follower.next_offsets.values()) - begins, all_ - begins)
                batch = decode_alert_records(records)
                faults = writer.add_entries(batch.entries, batch.keys)
                wrong = [
                    RejectedRecord(batch.records[place].offset, (each,)) for place, each in faults.items()
                ]
                self._report_rejected(partition, batch.rejected + wrong)
                await asyncio.sleep(0)
            reached = SnapshotSource(
                source.cluster_id,
                source.topic,
                source.topic_id,
                dict(self._follower.next_offsets),
                source.taken_at,
            )
            await asyncio.to_thread(writer.finish, reached)

    async def _follow_changes(self) -> AsyncIterator[list[AlertKey]]:
        async with self._as_alert_topic_error():
            async for partition, records in self._follower.follow():
                async for keys in self._apply_in_chunks(self.index, partition, records):
                    yield keys

    async def _apply_in_chunks(
        self, index: Index, partition: int, records: Sequence[Record]
    ) -> AsyncIterator[list[AlertKey]]:
        """Applies records some at a time, for each change takes the index some 50 µs."""
        for start in range(0, len(records), _MAX_CHUNK_RECORDS):
            yield self._apply_records(index, partition, records[start : start + _MAX_CHUNK_RECORDS])
            await asyncio.sleep(0)

    def _apply_records(self, index: Index, partition: int, records: Sequence[Record]) -> list[AlertKey]:
        """Brings records into the index; the keys of what they change, in their order."""
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
        """Counts records of a partition that were not taken; the first are said."""
        for record in sorted(records, key=lambda each: each.offset):
            if self.rejected < _MAX_REPORTED:
                place = f"{self._topic}, partition {partition}, offset {record.offset}"
                lines = "\n".join(f"{place}: {fault}" for fault in record.faults)
                self._say(f"not taken: {lines}")
            self.rejected += 1

    @asynccontextmanager
    async def _as_alert_topic_error(self) -> AsyncIterator[None]:
        """What may go wrong, in the words of ListsError."""
        servers = ", ".join(self._connection.config.servers)
        try:
            yield
        except FollowError as error:
            raise AlertTopicError(f"the alert lists cannot be read: {error}") from error
        except TopicAuthorizationFailedError as error:
            raise AlertTopicError(
                f"the alert lists cannot be read: this user may not read the topic {self._topic}; grant it "
                "READ and DESCRIBE on it"
            ) from error
        except _CONNECTION_ERRORS as error:
            why = str(error) or type(error).__name__
            raise AlertTopicError(
                f"the alert lists cannot be read from the topic {self._topic} at {servers}: {why}; see that "
                "the brokers run and that [kafka] says how to reach them and log in"
            ) from error
        except OSError as error:
            raise AlertTopicError(
                f"the snapshot of the alert lists cannot be kept in {self.path.parent}: "
                f"{error.strerror or error}; the folder must be writable and have room for them"
            ) from error


def _apply_entry(index: Index, entry: Alert | Withdrawal) -> Fault | None:
    if isinstance(entry, Alert):
        return index.apply_value(entry)
    index.apply_tombstone(alert_key(entry), to_ms(entry.withdrawn_at))
    return None
