"""Rejected records: their dead letters, and the share of them that ends a worker."""

from collections import deque
from collections.abc import Sequence
from typing import Final

import msgspec

from streams.kafka.faust_driver.batch import Record
from streams.kafka.producer import ProducerRecord
from streams.records.faults import Fault
from streams.runtime.errors import WorkerError

HEADER_PREFIX: Final = "__connect.errors."
"""Of the headers, as Kafka Connect names them (KIP-298)."""
FAULTS_HEADER: Final = "anpr.faults"
"""The header with the same faults as JSON: a list of {field, rule, value}."""
_EXCEPTION_CLASS: Final = "streams.records.decode.Rejected"


def dead_letter(
    dead_letter_topic: str, topic: str, partition: int, record: Record, stage: str, faults: Sequence[Fault]
) -> ProducerRecord:
    """The record as it came, with headers that say where it stood and all that is wrong with it.

    A record without both key and value has an empty key there, for the client sends none without both.
    """
    told = {
        "topic": topic,
        "partition": str(partition),
        "offset": str(record.offset),
        "stage": stage,
        "exception.class.name": _EXCEPTION_CLASS,
        "exception.message": "; ".join(map(str, faults)),
    }
    headers = [*record.headers, *((HEADER_PREFIX + name, text.encode()) for name, text in told.items())]
    headers.append((FAULTS_HEADER, msgspec.json.encode([fault._asdict() for fault in faults])))
    key = b"" if record.key is None and record.value is None else record.key
    return ProducerRecord(dead_letter_topic, key, record.value, headers=headers)


class RejectRate:
    """The share of rejected records among the latest ones of a topic."""

    def __init__(self, topic: str, max_share: float, window_size: int) -> None:
        self._topic = topic
        self._max_share = max_share
        self._window_size = window_size
        self._batches: deque[tuple[int, int]] = deque()
        self._records = 0
        self._rejected = 0

    def add_batch(self, records: int, rejected: int) -> None:
        """Takes the numbers of a batch, before it is dead-lettered. Raises WorkerError for too large a share.

        So after a bad release of a gateway the topic waits for a good one, and is not drained as rejected.
        """
        self._batches.append((records, rejected))
        self._records += records
        self._rejected += rejected
        while self._batches and self._records - self._batches[0][0] >= self._window_size:
            gone, gone_rejected = self._batches.popleft()
            self._records -= gone
            self._rejected -= gone_rejected
        if (
            rejected
            and self._records >= self._window_size
            and self._rejected > self._max_share * self._records
        ):
            raise WorkerError(
                f"topic {self._topic}: {self._rejected:,} of the latest {self._records:,} records were "
                f"rejected, more than [worker] rejected_share = {self._max_share}; nothing of the "
                "last batch is "
                "committed. See what the gateways send, or set a higher share to let it pass"
            )
