"""Records as aiokafka's parser makes them, without an object of Python's around each.

aiokafka hands each record through a generator and copies it into a ConsumerRecord, which costs more than all
else on the way of a record to a batch. For batch topics the parser's own records are taken, a whole record
batch at a time.
"""

from collections import OrderedDict
from collections.abc import Container, Iterator
from itertools import chain
from typing import Any

from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread


class LeanRecords(PartitionRecords):  # type: ignore[misc]
    """What was fetched of a partition, in place of aiokafka's own before anything of it was taken.

    For taking all of it at once, records of transactions that were not committed too, as Faust does: the
    position moves on by whole record batches.
    """

    next_fetch_offset: int

    def __init__(self, fetched: PartitionRecords) -> None:
        super().__init__(
            fetched._tp,
            fetched._records,
            fetched._aborted_transactions,
            fetched.next_fetch_offset,
            fetched._key_deserializer,
            fetched._value_deserializer,
            fetched._check_crcs,
            fetched._isolation_level,
        )

    def __iter__(self) -> Iterator[Any]:
        return chain.from_iterable(self._batches())

    def _batches(self) -> Iterator[list[Any]]:
        """The records of each record batch; as aiokafka's `_unpack_records`, but for the records."""
        records = self._records
        while records.has_next():
            batch = records.next_batch()
            if self._check_crcs and not batch.validate_crc():
                # Not taken any further; it will be fetched again.
                raise CorruptRecordException(f"Invalid CRC - {self._tp}")
            found = [] if batch.is_control_batch else list(batch)
            # A fetch may begin within a record batch; then what lies before comes along.
            if found and found[0].offset < self.next_fetch_offset:
                found = [record for record in found if record.offset >= self.next_fetch_offset]
            self.next_fetch_offset = batch.next_offset
            yield found


class _Results(OrderedDict[Any, Any]):
    """aiokafka's results by partition; those of some topics become lean as they come in."""

    def __init__(self, results: "OrderedDict[Any, Any]", topics: Container[str]) -> None:
        self._topics = topics
        super().__init__(results)

    def __setitem__(self, tp: Any, result: Any) -> None:
        if tp.topic in self._topics and type(result) is FetchResult:
            result._partition_records = LeanRecords(result._partition_records)
        super().__setitem__(tp, result)


class LeanThread(AIOKafkaConsumerThread):
    """The thread in which Faust has aiokafka's consumer; results of batch topics are lean."""

    async def _fetch_records(self, consumer: Any, *args: Any, **options: Any) -> Any:
        fetcher: Fetcher = consumer._fetcher
        every = consumer._max_poll_records is None and consumer._isolation_level == "read_uncommitted"
        if every and type(fetcher._records) is not _Results:
            topics: Container[str] = self.transport.batch_topics  # type: ignore[attr-defined]
            fetcher._records = _Results(fetcher._records, topics)
        return await super()._fetch_records(consumer, *args, **options)
