"""Reading a whole topic without a group: to its ends as they are now, then what comes."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from types import TracebackType
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.kafka.faust_driver import private_api
from streams.kafka.faust_driver.batch import Record
from streams.kafka.faust_driver.raw_records import use_raw_records
from streams.runtime.errors import OperatorError

_CONSUMER_OPTIONS: Final[dict[str, Any]] = {
    "group_id": None,
    "enable_auto_commit": False,
    # A position that the log does not have must be told, for records would be passed over.
    "auto_offset_reset": "none",
    # What a producer took back must not count.
    "isolation_level": "read_committed",
    "max_partition_fetch_bytes": 4 << 20,
}
_MAX_CHUNK_RECORDS: Final = 5000
"""Records handed over at a time, so that work on them holds up the event loop for some 20 ms only."""
_READ_TIMEOUT_MS: Final = 50
_FOLLOW_TIMEOUT_MS: Final = 1000
_STOP_TIMEOUT_S: Final = 5.0


class FollowError(OperatorError):
    """A topic that cannot be read on; the message says why and what to do."""


class TopicFollower:
    """All partitions of a topic, or some. `options` are aiokafka's, for the connection.

    First `whole`, then `go_on`. Only records that were committed are handed over. While brokers are away it
    waits for them. With `pass_deleted` it goes on at the oldest record where those it was to read next were
    deleted for their age. Raises FollowError for a topic that is not there, and when partitions were added;
    aiokafka.errors.KafkaError for brokers that cannot be reached at first or refuse, for an offset that the
    log does not have (OffsetOutOfRangeError), and for damaged records (CorruptRecordException), after which
    it cannot be used; and ContractError for another release of aiokafka.
    """

    def __init__(
        self,
        options: dict[str, Any],
        topic: str,
        partitions: Collection[int] | None = None,
        *,
        skip_deleted: bool = False,
    ) -> None:
        self.topic = topic
        self._partition_filter = partitions
        self.start_offsets: dict[int, int] = {}
        """By partition, the offset at which the log began when it was looked at."""
        self.end_offsets: dict[int, int] = {}
        """By partition, the offset after the last committed record when it was looked at."""
        self.next_offsets: dict[int, int] = {}
        """By partition, the offset of the first record that was not handed over."""
        self._options = _CONSUMER_OPTIONS | options
        if skip_deleted:
            self._options["auto_offset_reset"] = "earliest"
        self._consumer: AIOKafkaConsumer | None = None
        self._fetched: deque[tuple[int, Sequence[Record]]] = deque()
        self._complete_until_ms: int | None = None

    async def __aenter__(self) -> "TopicFollower":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def connect(self) -> None:
        """Connects and takes the starts and ends of the partitions; `open` does it if it was not done."""
        private_api.check()
        self._consumer = AIOKafkaConsumer(**self._options)
        await self._consumer.start()
        use_raw_records(self._consumer, self.topic.__eq__)
        if self.topic not in await self._consumer.topics():
            raise FollowError(
                f"the topic {self.topic} is not there, or may not be seen by this user: `anpr topics apply` "
                "makes it"
            )
        # Asking for the first partition's end makes the client learn of the others.
        await self._consumer.end_offsets([TopicPartition(self.topic, 0)])
        partitions = self._topic_partitions()
        self.start_offsets = _by_partition(await self._consumer.beginning_offsets(partitions))
        self.end_offsets = _by_partition(await self._consumer.end_offsets(partitions))

    async def open(self, start: int | Mapping[int, int] | None = None) -> None:
        """Goes to where reading begins.

        That is the start of the log, or the first records of a time (ms since 1970 UTC) or later, or an
        offset for each partition; a partition without one begins at its start.
        """
        if self._consumer is None:
            await self.connect()
        assert self._consumer is not None
        if isinstance(start, int):
            found = await self._consumer.offsets_for_times(dict.fromkeys(self._topic_partitions(), start))
            begins = {each.partition: at.offset for each, at in found.items() if at is not None}
            # Without a record so late the partition begins at its end.
            self.next_offsets = self.end_offsets | begins
        else:
            self.next_offsets = self.start_offsets | dict(start or {})
        self._consumer.assign([TopicPartition(self.topic, partition) for partition in self.next_offsets])
        for partition, offset in self.next_offsets.items():
            self._consumer.seek(TopicPartition(self.topic, partition), offset)

    async def read_to_end(self) -> AsyncIterator[tuple[int, Sequence[Record]]]:
        """A partition and records of it, in order of their offsets, until all ends are reached.

        Some that came after the ends were taken may be among them; `go_on` does not hand those over again.
        """
        # By position and not by the last record: compaction and the markers of transactions leave holes.
        while any(self.next_offsets[partition] < end for partition, end in self.end_offsets.items()):
            async for each in self._fetch(_READ_TIMEOUT_MS):
                yield each

    async def follow(self) -> AsyncIterator[tuple[int, Sequence[Record]]]:
        """A partition and records of it, as they come, without end."""
        while True:
            async for each in self._fetch(_FOLLOW_TIMEOUT_MS):
                yield each
            # Fewer are no fault: brokers that start know of none for a while.
            if len(self._topic_partitions()) > len(self.next_offsets):
                raise FollowError(
                    f"the topic {self.topic} has {len(self._topic_partitions())} partitions now and had "
                    f"{len(self.next_offsets)}: records with one key may lie in two of them now; move "
                    "to a new prefix"
                )

    def complete_until_ms(self) -> int | None:
        """Up to when all records are known to have been handed over, in ms since 1970 UTC by the clock here.

        It stands still while brokers are away and while there are records to catch up with; None at first.
        """
        assert self._consumer is not None, "opened"
        times = []
        for partition, offset in self.next_offsets.items():
            place = TopicPartition(self.topic, partition)
            end, time = self._consumer.last_stable_offset(place), self._consumer.last_poll_timestamp(place)
            if end is None or time is None or offset < end:
                return self._complete_until_ms
            times.append(time)
        self._complete_until_ms = min(times, default=None)
        return self._complete_until_ms

    async def stop(self) -> None:
        """Lets go of the brokers, within some seconds; it cannot be used afterwards."""
        if self._consumer is None:
            return
        # A task of aiokafka 0.14 can lose that it was cancelled, and the stop then waits for it for ever. It
        # was seen once, on a busy machine. There is nothing to lose: no group, nothing to commit.
        stopping = asyncio.create_task(self._consumer.stop())
        done, _ = await asyncio.wait({stopping}, timeout=_STOP_TIMEOUT_S)
        if done:
            stopping.result()
        else:
            stopping.cancel()

    async def _fetch(self, timeout_ms: int) -> AsyncIterator[tuple[int, Sequence[Record]]]:
        assert self._consumer is not None, "opened"
        if not self._fetched:
            # All that was fetched, for aiokafka fetches no more from a broker while something of it is left.
            found = await self._consumer.getmany(timeout_ms=timeout_ms)
            self._fetched.extend(
                (place.partition, records[start : start + _MAX_CHUNK_RECORDS])
                for place, records in found.items()
                for start in range(0, len(records), _MAX_CHUNK_RECORDS)
            )
        while self._fetched:
            partition, records = self._fetched.popleft()
            self.next_offsets[partition] = records[-1].offset + 1
            yield partition, records
        for partition in self.next_offsets:
            self.next_offsets[partition] = await self._consumer.position(
                TopicPartition(self.topic, partition)
            )

    def _topic_partitions(self) -> list[TopicPartition]:
        assert self._consumer is not None, "connected"
        numbers = self._consumer.partitions_for_topic(self.topic) or set()
        if self._partition_filter is not None:
            numbers = numbers.intersection(self._partition_filter)
        return [TopicPartition(self.topic, number) for number in sorted(numbers)]


def _by_partition(offsets: dict[TopicPartition, int]) -> dict[int, int]:
    return {place.partition: offset for place, offset in offsets.items()}
