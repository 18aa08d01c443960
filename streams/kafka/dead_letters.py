"""Rejected records: their dead letters, and the share of them that ends a worker."""

from collections import deque
from collections.abc import Sequence
from typing import Final

import msgspec

from streams.kafka.faust_driver.batch import Record
from streams.kafka.producer import Letter
from streams.records.faults import Fault
from streams.runtime.errors import WorkerError

PREFIX: Final = "__connect.errors."
"""Of the headers, as Kafka Connect names them (KIP-298)."""
FAULTS: Final = "anpr.faults"
"""The header with the same faults as JSON: a list of {field, rule, value}."""
_CLASS: Final = "streams.records.decode.Rejected"


def dead_letter(
    to: str, topic: str, partition: int, record: Record, stage: str, faults: Sequence[Fault]
) -> Letter:
    """The record as it came, with headers that say where it stood and all that is wrong with it.

    A record without both key and value has an empty key there, for the client sends none without both.
    """
    told = {
        "topic": topic,
        "partition": str(partition),
        "offset": str(record.offset),
        "stage": stage,
        "exception.class.name": _CLASS,
        "exception.message": "; ".join(map(str, faults)),
    }
    headers = [*record.headers, *((PREFIX + name, text.encode()) for name, text in told.items())]
    headers.append((FAULTS, msgspec.json.encode([fault._asdict() for fault in faults])))
    key = b"" if record.key is None and record.value is None else record.key
    return Letter(to, key, record.value, headers=headers)


class RejectedShare:
    """The share of rejected records among the latest ones of a topic."""

    def __init__(self, topic: str, most: float, over: int) -> None:
        self._topic = topic
        self._most = most
        self._over = over
        self._batches: deque[tuple[int, int]] = deque()
        self._records = 0
        self._rejected = 0

    def take(self, records: int, rejected: int) -> None:
        """Takes the numbers of a batch, before it is dead-lettered. Raises WorkerError for too large a share.

        So after a bad release of a gateway the topic waits for a good one, and is not drained as rejected.
        """
        self._batches.append((records, rejected))
        self._records += records
        self._rejected += rejected
        while self._batches and self._records - self._batches[0][0] >= self._over:
            gone, gone_rejected = self._batches.popleft()
            self._records -= gone
            self._rejected -= gone_rejected
        if rejected and self._records >= self._over and self._rejected > self._most * self._records:
            raise WorkerError(
                f"topic {self._topic}: {self._rejected:,} of the latest {self._records:,} records were "
                f"rejected, more than [worker] rejected_share = {self._most}; nothing of the last batch is "
                "committed. See what the gateways send, or set a higher share to let it pass"
            )
