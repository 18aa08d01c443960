"""A session: one producer's time, in which entries of a lane are sent and confirmed."""

import logging
import sqlite3
from collections import deque
from collections.abc import Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from kafka import KafkaProducer
from kafka.errors import KafkaTimeoutError, MessageSizeTooLargeError

from streams.gateway.delivery.read_back import HEADER, NoTopicError, present
from streams.gateway.spool.spool import Entry, waiting

if TYPE_CHECKING:
    from streams.gateway.delivery.topic_delivery import Lane

_log = logging.getLogger(__name__)
_AT_ONCE: Final = 500
_MOST_OPEN: Final = 5000
"""Entries sent and not confirmed."""
_DELIVERED_S: Final = 6
"""The producer gives up what is not confirmed after so long, which ends a session."""
_UNCONFIRMED_S: Final = _DELIVERED_S + 3.0
"""If it does not, the session ends all the same."""
_FORGET_S: Final = 0.05
_GATHER_S: Final = 0.03
_OPTIONS: Final[Mapping[str, Any]] = {
    "acks": "all",
    "enable_idempotence": True,
    "linger_ms": 20,
    "batch_size": 1 << 17,
    "compression_type": "lz4",
    "max_block_ms": 2000,
    "request_timeout_ms": (_DELIVERED_S - 1) * 1000,
    "delivery_timeout_ms": _DELIVERED_S * 1000,
    "reconnect_backoff_max_ms": 1000,
    "bootstrap_timeout_ms": 2000,
}


class Session:
    """One producer's time."""

    def __init__(self, lane: "Lane", db: sqlite3.Connection) -> None:
        self._lane = lane
        self._db = db
        self._producer: Any = None
        self._present: frozenset[int] = frozenset()
        # In the order of sending; None for an entry that was there before.
        self._open: deque[tuple[int, Any, float]] = deque()
        self._done: list[int] = []
        self._settled_at = monotonic()
        self.unsure = True
        """Whether entries may be in Kafka of which that is not known."""

    def begin(self, unsure: bool) -> None:
        """Connects, and reads back if it is not sure what is there."""
        self._producer = KafkaProducer(**{**_OPTIONS, **self._lane.options})
        try:
            # So that the first entry does not wait for it.
            self._producer.partitions_for(self._lane.topic)
        except KafkaTimeoutError as error:
            raise NoTopicError(self._lane.topic) from error
        first = waiting(self._db, self._lane.handled, 1, self._lane.topic) if unsure else []
        if first:
            lane, since = self._lane, first[0][1].arrived
            self._present = present(lane.options, lane.topic, lane.spool_id, since)
        self.unsure = False

    def run(self) -> None:
        """Sends until the delivery ends. Raises KafkaError for what ends the session before."""
        lane, last = self._lane, self._lane.handled
        while True:
            lane.more.clear()
            rows = waiting(self._db, last, min(_MOST_OPEN - len(self._open), _AT_ONCE), lane.topic)
            for number, entry in rows:
                self._send(number, entry)
                last = number
            if rows and self._open[-1][1] is not None:
                self._open[-1][1].add_both(self._wake)
            self._collect()
            if rows and len(self._open) < _MOST_OPEN:
                continue
            if lane.ending(bool(self._open)):
                return
            if lane.more.wait(_FORGET_S if self._open or self._done else 1.0):
                # Together they cost less than one by one.
                lane.gather(_GATHER_S)

    def end(self) -> None:
        """Hands on what is confirmed, and lets go of the producer and of what it has not sent."""
        if self._producer is not None:
            _abandon(self._producer)
            # What was on its way may be there.
            self.unsure = self.unsure or bool(self._open)
        self._settle()

    def _send(self, number: int, entry: Entry) -> None:
        if number in self._present:
            self._open.append((number, None, monotonic()))
            return
        value = marked_late(entry.value) if self._lane.late(entry) else entry.value
        own = f"{self._lane.spool_id}:{number}"
        headers = [(name, text.encode()) for name, text in (*entry.headers, (HEADER, own))]
        try:
            future = self._producer.send(entry.topic, key=entry.key, value=value, headers=headers)
        except KafkaTimeoutError as error:
            raise KafkaTimeoutError(f"no broker, or no such topic: {error}") from error
        self._open.append((number, future, monotonic()))

    def _wake(self, _: object) -> None:
        self._lane.more.set()

    def _collect(self) -> None:
        """Takes what is confirmed. Raises what failed."""
        waiting_for = self._open
        while waiting_for and (waiting_for[0][1] is None or waiting_for[0][1].is_done):
            number, future, _ = waiting_for[0]
            error = future.exception if future is not None else None
            if isinstance(error, MessageSizeTooLargeError):
                _log.error("entry %d of the spool is larger than Kafka takes, and is dropped", number)
            elif error is not None:
                raise error
            waiting_for.popleft()
            self._done.append(number)
        if len(self._done) >= _AT_ONCE or monotonic() - self._settled_at >= _FORGET_S:
            self._settle()
        if waiting_for and monotonic() - waiting_for[0][2] > _UNCONFIRMED_S:
            raise KafkaTimeoutError(f"nothing was confirmed for {_UNCONFIRMED_S:g} s")

    def _settle(self) -> None:
        self._settled_at = monotonic()
        if self._done:
            self._lane.confirm(self._done)
            self._done = []


def _abandon(producer: Any) -> None:
    """Ends a producer without what it has not sent.

    `close(timeout=0)` of kafka-python 3.0.12 raises for it, and leaves the producer sending on.
    """
    sender = producer._sender
    sender.force_close()
    sender.join(_UNCONFIRMED_S)
    if sender.is_alive():
        _log.warning("a producer did not end in time; reads may come twice, with the same ids")
        return
    producer.close(timeout=0)


def marked_late(value: bytes) -> bytes:
    """A read as JSON, as `streams.records.encode` writes it, marked as sent late."""
    mark = b',"retransmitted":true}'
    return value if value.endswith(mark) else value[:-1] + mark
