"""Records as aiokafka's parser makes them, without an object of Python's around each.

aiokafka hands each record through a generator and copies it into a ConsumerRecord, which costs more than all
else on the way of a record to a batch. Here the parser's own records are taken, a whole record batch at a
time.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from itertools import chain
from operator import length_hint
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import READ_COMMITTED, Fetcher, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException


class RawRecords(PartitionRecords):  # type: ignore[misc]
    """What was fetched of a partition, in place of aiokafka's own before anything of it was taken.

    It hands over the same records in the same order, all at once or some at a time. They have no topic and no
    partition, and their headers are a list. Keys and values are bytes; deserializers are not asked.
    """

    def __init__(self, fetched: PartitionRecords) -> None:
        self._remaining: Iterator[Any] = iter(())
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

    @property
    def next_fetch_offset(self) -> int:
        """The offset of the next record that is here, or that behind all that was looked at."""
        left = length_hint(self._remaining)
        # Reckoned when it is asked for, so that a record costs nothing.
        return self._current[-left].offset if left else self._next_batch_offset

    @next_fetch_offset.setter
    def next_fetch_offset(self, offset: int) -> None:
        self._next_batch_offset = offset

    def __iter__(self) -> Iterator[Any]:
        # One for all time: after a batch that cannot be read nothing comes any more, and aiokafka fetches
        # again from the position. A new iterator would go on behind that batch.
        return self._records_iterator  # type: ignore[no-any-return]

    def _unpack_records(self) -> Iterator[Any]:
        return chain.from_iterable(self._record_batches())

    def _record_batches(self) -> Iterator[Iterator[Any]]:
        """The records of each record batch; as aiokafka's `_unpack_records`, but for the records."""
        fetched = self._records
        while fetched.has_next():
            batch = fetched.next_batch()
            if self._check_crcs and not batch.validate_crc():
                raise CorruptRecordException(f"Invalid CRC - {self._tp}")
            # It may be the marker that ends a transaction, so it is asked for those too.
            aborted = self._isolation_level == READ_COMMITTED and self._is_aborted(batch)
            found = [] if aborted or batch.is_control_batch else list(batch)
            # A fetch may begin within a record batch; then what lies before comes along.
            if found and found[0].offset < self._next_batch_offset:
                found = [record for record in found if record.offset >= self._next_batch_offset]
            self._current, self._remaining = found, iter(found)
            self._next_batch_offset = batch.next_offset
            yield self._remaining

    def _is_aborted(self, batch: Any) -> bool:
        """Whether a batch is of a transaction that was taken back. Asked of each batch once, in order."""
        producer = batch.producer_id
        if producer is None:  # a format from before transactions
            return False
        self._consume_aborted_up_to(batch.base_offset)
        if batch.is_control_batch and self._contains_abort_marker(batch):
            self._aborted_producers.discard(producer)
        return batch.is_transactional and producer in self._aborted_producers


class _RawResults(OrderedDict[Any, Any]):
    """aiokafka's results by partition; those of some topics become lean as they come in."""

    def __init__(self, results: "OrderedDict[Any, Any]", is_raw: Callable[[str], bool]) -> None:
        self._is_raw = is_raw
        # Those that are here may be taken in part, and stay as they are.
        super().__init__()
        for tp, result in results.items():
            super().__setitem__(tp, result)

    def __setitem__(self, tp: Any, result: Any) -> None:
        if type(result) is FetchResult and self._is_raw(tp.topic):
            result._partition_records = RawRecords(result._partition_records)
        super().__setitem__(tp, result)


def use_raw_records(consumer: AIOKafkaConsumer, is_raw: Callable[[str], bool]) -> None:
    """Has a started consumer hand over lean records for some topics from the next fetch on.

    A second time changes nothing.
    """
    fetcher: Fetcher = consumer._fetcher
    if type(fetcher._records) is not _RawResults:
        fetcher._records = _RawResults(fetcher._records, is_raw)
