"""Reading a topic without a consumer group: up to its present ends, then what comes."""

from collections import deque
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from types import TracebackType
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.kafka.faust_driver import private_api
from streams.kafka.faust_driver.batch import Record
from streams.kafka.faust_driver.raw_records import use_raw_records
from streams.records.times import Millis
from streams.runtime.errors import OperatorError
from streams.runtime.waiting import finish_within

_CONSUMER_OPTIONS: Final[dict[str, Any]] = {
    "group_id": None,
    "enable_auto_commit": False,
    # A position outside the log must be an error: a reset would skip records.
    "auto_offset_reset": "none",
    # Records of aborted transactions must not count.
    "isolation_level": "read_committed",
    "max_partition_fetch_bytes": 4 << 20,
}
_MAX_CHUNK_RECORDS: Final = 5000
"""Records yielded at a time, so that work on them blocks the event loop for some 20 ms only."""
_READ_TIMEOUT_MS: Final = 50
_FOLLOW_TIMEOUT_MS: Final = 1000
_STOP_TIMEOUT_S: Final = 5.0


class FollowError(OperatorError):
    """A topic that cannot be followed."""


class TopicFollower:
    """A consumer of all partitions of a topic, or of some, without a group.

    Call `open`, then `read_to_end`, then `follow`. Only committed records are yielded. While brokers are away
    it waits for them. With `skip_deleted` it continues at the oldest record if those to be read next were
    deleted by the retention.

    Raises FollowError for a topic that does not exist, and when partitions were added;
    aiokafka.errors.KafkaError for brokers that cannot be reached at first or refuse, for an offset that is
    not in the log (OffsetOutOfRangeError), and for damaged records (CorruptRecordException), after which it
    cannot be used; and DriverVersionError for another release of aiokafka.
    """

    def __init__(
        self,
        options: dict[str, Any],
        topic: str,
        partitions: Collection[int] | None = None,
        *,
        skip_deleted: bool = False,
    ) -> None:
        """`options` are those of aiokafka for the connection."""
        self.topic = topic
        self._partition_filter = partitions
        self.start_offsets: dict[int, int] = {}
        """By partition, the offset of the oldest record at the time of `connect`."""
        self.end_offsets: dict[int, int] = {}
        """By partition, the offset after the last committed record at the time of `connect`."""
        self.next_offsets: dict[int, int] = {}
        """By partition, the offset of the first record that was not yielded."""
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
        """Connect, and read the starts and ends of the partitions; `open` does it if it was not done."""
        private_api.check()
        self._consumer = AIOKafkaConsumer(**self._options)
        await self._consumer.start()
        use_raw_records(self._consumer, self.topic.__eq__)
        if self.topic not in await self._consumer.topics():
            raise FollowError(
                f"topic {self.topic} does not exist, or this user may not see it; create it with "
                "`anpr topics apply`"
            )
        # Asking for the end of the first partition makes the client learn of the others.
        await self._consumer.end_offsets([TopicPartition(self.topic, 0)])
        partitions = self._topic_partitions()
        self.start_offsets = _by_partition(await self._consumer.beginning_offsets(partitions))
        self.end_offsets = _by_partition(await self._consumer.end_offsets(partitions))

    async def open(self, start: Millis | Mapping[int, int] | None = None) -> None:
        """Set where reading starts: at the start of the log, at a time, or at an offset for each partition.

        A time means the first record of that time or later. A partition without an offset starts at the start
        of its log.
        """
        if self._consumer is None:
            await self.connect()
        assert self._consumer is not None
        if isinstance(start, int):
            offsets = await self._consumer.offsets_for_times(dict.fromkeys(self._topic_partitions(), start))
            # A partition without a record that late starts at its end.
            self.next_offsets = self.end_offsets | {
                partition.partition: found.offset for partition, found in offsets.items() if found is not None
            }
        else:
            self.next_offsets = self.start_offsets | dict(start or {})
        self._consumer.assign([TopicPartition(self.topic, partition) for partition in self.next_offsets])
        for partition, offset in self.next_offsets.items():
            self._consumer.seek(TopicPartition(self.topic, partition), offset)

    async def read_to_end(self) -> AsyncIterator[tuple[int, Sequence[Record]]]:
        """Yield a partition and records of it, in order of their offsets, until all ends are reached.

        Records from after those ends may be among them; `follow` does not yield these again.
        """
        # By position and not by the last record: compaction and transaction markers leave gaps.
        while any(self.next_offsets[partition] < end for partition, end in self.end_offsets.items()):
            async for partition_records in self._fetch(_READ_TIMEOUT_MS):
                yield partition_records

    async def follow(self) -> AsyncIterator[tuple[int, Sequence[Record]]]:
        """Yield a partition and records of it as they come, without end."""
        while True:
            async for partition_records in self._fetch(_FOLLOW_TIMEOUT_MS):
                yield partition_records
            # Fewer are no error: brokers that are starting know of none for a while.
            if len(self._topic_partitions()) > len(self.next_offsets):
                raise FollowError(
                    f"topic {self.topic} has {len(self._topic_partitions())} partitions and had "
                    f"{len(self.next_offsets)}: records of one key may now be in two of them; move to a new "
                    "[topics] prefix"
                )

    def complete_until_ms(self) -> Millis | None:
        """Return the time, by this machine's clock, up to which all records are known to have been yielded.

        It does not advance while brokers are away or while there are records to catch up with; None at first.
        """
        assert self._consumer is not None, "opened"
        times = []
        for partition, offset in self.next_offsets.items():
            topic_partition = TopicPartition(self.topic, partition)
            end = self._consumer.last_stable_offset(topic_partition)
            polled_ms = self._consumer.last_poll_timestamp(topic_partition)
            if end is None or polled_ms is None or offset < end:
                return self._complete_until_ms
            times.append(polled_ms)
        self._complete_until_ms = min(times, default=None)
        return self._complete_until_ms

    async def stop(self) -> None:
        """Disconnect, within some seconds; it cannot be used afterwards."""
        if self._consumer is not None:
            # A task of aiokafka 0.14 can miss its cancellation, and the stop then waits for it for ever; seen
            # once, on a busy machine. Nothing is lost: there is no group and nothing to commit.
            await finish_within(_STOP_TIMEOUT_S, self._consumer.stop())

    async def _fetch(self, timeout_ms: int) -> AsyncIterator[tuple[int, Sequence[Record]]]:
        assert self._consumer is not None, "opened"
        if not self._fetched:
            # All of a fetch: aiokafka does not fetch from a broker while something of the last fetch is left.
            fetched = await self._consumer.getmany(timeout_ms=timeout_ms)
            self._fetched.extend(
                (topic_partition.partition, records[start : start + _MAX_CHUNK_RECORDS])
                for topic_partition, records in fetched.items()
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
        partitions = self._consumer.partitions_for_topic(self.topic) or set()
        if self._partition_filter is not None:
            partitions = partitions.intersection(self._partition_filter)
        return [TopicPartition(self.topic, partition) for partition in sorted(partitions)]


def _by_partition(offsets: dict[TopicPartition, int]) -> dict[int, int]:
    return {topic_partition.partition: offset for topic_partition, offset in offsets.items()}
