"""Records as aiokafka's parser builds them, without a Python object around each.

aiokafka passes each record through a generator and copies it into a ConsumerRecord, which costs more than all
other steps from a fetch to a batch. Here the parser's own records are used, a whole record batch at a time.
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
    """The records fetched from a partition, in place of aiokafka's own, which must not be used yet.

    It yields the same records in the same order, all at once or some at a time. They have no topic and no
    partition, and their headers are a list. Keys and values are bytes; deserializers are not called.
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
        """The offset of the next record here, or the one after all that was parsed."""
        remaining = length_hint(self._remaining)
        # Computed when it is read, so that a record costs nothing.
        return self._current[-remaining].offset if remaining else self._next_batch_offset

    @next_fetch_offset.setter
    def next_fetch_offset(self, offset: int) -> None:
        self._next_batch_offset = offset

    def __iter__(self) -> Iterator[Any]:
        # Always the same iterator: after a damaged batch it yields nothing more, and aiokafka fetches again
        # from the position. A new iterator would continue after that batch.
        return self._records_iterator  # type: ignore[no-any-return]

    def _unpack_records(self) -> Iterator[Any]:
        return chain.from_iterable(self._record_batches())

    def _record_batches(self) -> Iterator[Iterator[Any]]:
        """Yield the records of each record batch; as `_unpack_records` of aiokafka except for the records."""
        fetched = self._records
        while fetched.has_next():
            batch = fetched.next_batch()
            if self._check_crcs and not batch.validate_crc():
                raise CorruptRecordException(f"Invalid CRC - {self._tp}")
            # Checked for control batches too: one may be the marker that ends a transaction.
            aborted = self._isolation_level == READ_COMMITTED and self._is_aborted(batch)
            records = [] if aborted or batch.is_control_batch else list(batch)
            # A fetch may start within a record batch, which then comes with its earlier records.
            if records and records[0].offset < self._next_batch_offset:
                records = [record for record in records if record.offset >= self._next_batch_offset]
            self._current, self._remaining = records, iter(records)
            self._next_batch_offset = batch.next_offset
            yield self._remaining

    def _is_aborted(self, batch: Any) -> bool:
        """True if a batch is of an aborted transaction. Must be called once for each batch, in order."""
        producer = batch.producer_id
        if producer is None:  # a record format older than transactions
            return False
        self._consume_aborted_up_to(batch.base_offset)
        if batch.is_control_batch and self._contains_abort_marker(batch):
            self._aborted_producers.discard(producer)
        return batch.is_transactional and producer in self._aborted_producers


class _RawResults(OrderedDict[Any, Any]):
    """Fetch results of aiokafka by partition; those of some topics become raw records on arrival."""

    def __init__(self, results: "OrderedDict[Any, Any]", is_raw: Callable[[str], bool]) -> None:
        self._is_raw = is_raw
        # Results that are already here may be partly consumed, and stay as they are.
        super().__init__()
        for tp, result in results.items():
            super().__setitem__(tp, result)

    def __setitem__(self, tp: Any, result: Any) -> None:
        if type(result) is FetchResult and self._is_raw(tp.topic):
            result._partition_records = RawRecords(result._partition_records)
        super().__setitem__(tp, result)


def use_raw_records(consumer: AIOKafkaConsumer, is_raw: Callable[[str], bool]) -> None:
    """Make a started consumer yield raw records for some topics from the next fetch on.

    A second call changes nothing.
    """
    fetcher: Fetcher = consumer._fetcher
    if type(fetcher._records) is not _RawResults:
        fetcher._records = _RawResults(fetcher._records, is_raw)
