"""ListReader: the alert lists from their topic, whole before the first read and kept up to date."""

import asyncio
import gc
import ssl
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

from aiokafka.errors import KafkaError, TopicAuthorizationFailedError
from kafka.errors import KafkaError as AdminError

from streams.alerts import Index, LogWriter, Snapshot, Source
from streams.kafka.admin import Admin, Identity
from streams.kafka.alert_topic.decoding import BadRecord, taken
from streams.kafka.alert_topic.snapshot_check import opened
from streams.kafka.client import Connection, TokenError
from streams.kafka.faust_driver.batch import Record
from streams.kafka.follower import Follower, FollowError
from streams.records.alert import Alert, AlertKey, Withdrawal, key_of
from streams.records.faults import Fault
from streams.records.times import to_ms
from streams.runtime.errors import OperatorError

_SHOWN: Final = 10
_CHANGES_AT_ONCE: Final = 250
_OBJECTS: Final = 20_000
"""New objects after which cycles are looked for while a snapshot is made. Each record is two, so the usual
700 are soon there; but not many more, for without it the bytes of many fetches stay in memory."""
_WASTE: Final = 0.5
"""A snapshot of which a greater share does not count any more is not made the base of the next one."""
_UNREACHED: Final = (KafkaError, AdminError, TokenError, ConnectionError, TimeoutError, ssl.SSLError)
"""What clients raise for brokers that cannot be reached or refuse; some are OSError, as a full disk is."""


class ListsError(OperatorError):
    """Lists that cannot be read from Kafka; the message says why and what to do."""


class ListReader:
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
        tombstones_for_ms: int,
        say: Callable[[str], None],
        clock_ms: Callable[[], int],
        many: int = 100_000,
        near: Collection[str] = (),
        progress: Callable[[int, int], None] = lambda _, __: None,
    ) -> None:
        self.rejected = 0
        """Records that were not taken, since this reader was made."""
        self._connection = connection
        self._topic = topic
        self.path = folder / f"{topic}.snapshot"
        """The snapshot's file."""
        self._tombstones_for_ms = tombstones_for_ms
        self._say = say
        self._clock_ms = clock_ms
        self._many = many
        self._near = near
        self._progress = progress
        self._follower = Follower(connection.for_aiokafka("lists"), topic)
        self._index: Index | None = None

    @property
    def index(self) -> Index:
        """The lists as they are now."""
        assert self._index is not None, "loaded"
        return self._index

    async def load(self) -> Index:
        """Reads the topic, from the snapshot or from the start, to its ends as they are now."""
        async with self._told():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            now = self._clock_ms()
            await self._follower.look()
            ids = await asyncio.to_thread(self._identity)
            source = Source(ids.cluster_id, self._topic, ids.topic_id, dict(self._follower.ends), now)
            base, why = await asyncio.to_thread(
                opened, self.path, source, self._follower.starts, self._tombstones_for_ms
            )
            if why:
                self._say(f"the snapshot is not used, the lists are read from the topic's start: {why}")
            self._index = await self._loaded(base, source)
        return self._index

    async def follow(self, changed: Callable[[AlertKey], None]) -> None:
        """Takes what comes, until cancelled; `changed` is called with the key of each change in the index."""
        async for keys in self._changes():
            for key in keys:
                changed(key)

    async def stop(self) -> None:
        """Lets go of Kafka. The index stays."""
        await self._follower.stop()

    def _indexed(self, base: Snapshot) -> Index:
        return Index(base, near=self._near)

    def _identity(self) -> Identity:
        with Admin(self._connection.for_kafka_python("lists")) as admin:
            return admin.identity(self._topic)

    async def _loaded(self, base: Snapshot | None, source: Source) -> Index:
        begins = dict(self._follower.starts)
        if base is not None:
            kept = base.source()
            assert kept is not None, "a snapshot of this topic"
            begins = kept.next_offsets
            rest = sum(end - begins[partition] for partition, end in self._follower.ends.items())
            if rest <= self._many:
                index = await asyncio.to_thread(self._indexed, base)
                await self._follower.open(begins)
                async for partition, records in self._follower.whole():
                    async for _ in self._applied(index, partition, records):
                        pass
                return index
            if await asyncio.to_thread(base.waste) > _WASTE:
                base.close()
                base, begins = None, dict(self._follower.starts)
        await self._follower.open(begins)
        await self._write(base, source)
        return await asyncio.to_thread(lambda: self._indexed(Snapshot(self.path)))

    async def _write(self, base: Snapshot | None, source: Source) -> None:
        """Writes a new snapshot of the base, if any, and all records from there to the ends."""
        ends_since = source.taken_at - self._tombstones_for_ms
        with LogWriter(self.path, ends_since=ends_since) as writer, _fewer_collections():
            if base is not None:
                await asyncio.to_thread(writer.begin_with, base)
                base.close()
            begins, all_ = sum(self._follower.next.values()), sum(self._follower.ends.values())
            async for partition, records in self._follower.whole():
                self._progress(sum(self._follower.next.values()) - begins, all_ - begins)
                batch = taken(records)
                faults = writer.take(batch.entries, batch.keys)
                wrong = [BadRecord(batch.records[place].offset, (each,)) for place, each in faults.items()]
                self._reject(partition, batch.bad + wrong)
                await asyncio.sleep(0)
            reached = Source(
                source.cluster_id, source.topic, source.topic_id, dict(self._follower.next), source.taken_at
            )
            await asyncio.to_thread(writer.finish, reached)

    async def _changes(self) -> AsyncIterator[list[AlertKey]]:
        async with self._told():
            async for partition, records in self._follower.go_on():
                async for keys in self._applied(self.index, partition, records):
                    yield keys

    async def _applied(
        self, index: Index, partition: int, records: Sequence[Record]
    ) -> AsyncIterator[list[AlertKey]]:
        """Applies records some at a time, for each change takes the index some 50 µs."""
        for start in range(0, len(records), _CHANGES_AT_ONCE):
            yield self._apply(index, partition, records[start : start + _CHANGES_AT_ONCE])
            await asyncio.sleep(0)

    def _apply(self, index: Index, partition: int, records: Sequence[Record]) -> list[AlertKey]:
        """Brings records into the index; the keys of what they change, in their order."""
        batch = taken(records)
        rejected = batch.bad
        keys = []
        for entry, record in zip(batch.entries, batch.records, strict=True):
            fault = _enter(index, entry)
            if fault is None:
                keys.append(key_of(entry))
            else:
                rejected.append(BadRecord(record.offset, (fault,)))
        self._reject(partition, rejected)
        return keys

    def _reject(self, partition: int, records: list[BadRecord]) -> None:
        """Counts records of a partition that were not taken; the first are said."""
        for record in sorted(records, key=lambda each: each.offset):
            if self.rejected < _SHOWN:
                place = f"{self._topic}, partition {partition}, offset {record.offset}"
                lines = "\n".join(f"{place}: {fault}" for fault in record.faults)
                self._say(f"not taken: {lines}")
            self.rejected += 1

    @asynccontextmanager
    async def _told(self) -> AsyncIterator[None]:
        """What may go wrong, in the words of ListsError."""
        servers = ", ".join(self._connection.section.servers)
        try:
            yield
        except FollowError as error:
            raise ListsError(f"the alert lists cannot be read: {error}") from error
        except TopicAuthorizationFailedError as error:
            raise ListsError(
                f"the alert lists cannot be read: this user may not read the topic {self._topic}; grant it "
                "READ and DESCRIBE on it"
            ) from error
        except _UNREACHED as error:
            why = str(error) or type(error).__name__
            raise ListsError(
                f"the alert lists cannot be read from the topic {self._topic} at {servers}: {why}; see that "
                "the brokers run and that [kafka] says how to reach them and log in"
            ) from error
        except OSError as error:
            raise ListsError(
                f"the snapshot of the alert lists cannot be kept in {self.path.parent}: "
                f"{error.strerror or error}; the folder must be writable and have room for them"
            ) from error


def _enter(index: Index, entry: Alert | Withdrawal) -> Fault | None:
    if isinstance(entry, Alert):
        return index.relist(entry)
    index.end(key_of(entry), to_ms(entry.withdrawn_at))
    return None


@contextmanager
def _fewer_collections() -> Iterator[None]:
    """Has Python look for cycles less often: it would go through all records again and again."""
    usual = gc.get_threshold()
    gc.set_threshold(_OBJECTS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
