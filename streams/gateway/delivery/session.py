"""A session: one producer's time, in which entries of a lane are sent and confirmed."""

import logging
import sqlite3
from collections import deque
from collections.abc import Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from kafka import KafkaProducer
from kafka.errors import KafkaTimeoutError, MessageSizeTooLargeError

from streams.gateway.delivery.read_back import SPOOL_HEADER, NoTopicError, already_delivered
from streams.gateway.spool.spool import Entry, pending_entries

if TYPE_CHECKING:
    from streams.gateway.delivery.topic_delivery import TopicDelivery

_log = logging.getLogger(__name__)
_BATCH_SIZE: Final = 500
_MAX_IN_FLIGHT: Final = 5000
"""Entries sent and not confirmed."""
_DELIVERY_TIMEOUT_S: Final = 6
"""The producer gives up what is not confirmed after so long, which ends a session."""
_ACKNOWLEDGE_TIMEOUT_S: Final = _DELIVERY_TIMEOUT_S + 3.0
"""If it does not, the session ends all the same."""
_FLUSH_INTERVAL_S: Final = 0.05
_BATCH_WAIT_S: Final = 0.03
_PRODUCER_OPTIONS: Final[Mapping[str, Any]] = {
    "acks": "all",
    "enable_idempotence": True,
    "linger_ms": 20,
    "batch_size": 1 << 17,
    "compression_type": "lz4",
    "max_block_ms": 2000,
    "request_timeout_ms": (_DELIVERY_TIMEOUT_S - 1) * 1000,
    "delivery_timeout_ms": _DELIVERY_TIMEOUT_S * 1000,
    "reconnect_backoff_max_ms": 1000,
    "bootstrap_timeout_ms": 2000,
}


class ProducerSession:
    """One producer's time."""

    def __init__(self, topic_delivery: "TopicDelivery", db: sqlite3.Connection) -> None:
        self._topic_delivery = topic_delivery
        self._db = db
        self._producer: Any = None
        self._already_delivered: frozenset[int] = frozenset()
        # In the order of sending; None for an entry that was there before.
        self._in_flight: deque[tuple[int, Any, float]] = deque()
        self._acknowledged: list[int] = []
        self._flushed_at_s = monotonic()
        self.in_doubt = True
        """Whether entries may be in Kafka of which that is not known."""

    def start(self, in_doubt: bool) -> None:
        """Connects, and reads back if it is not sure what is there."""
        self._producer = KafkaProducer(**{**_PRODUCER_OPTIONS, **self._topic_delivery.options})
        try:
            # So that the first entry does not wait for it.
            self._producer.partitions_for(self._topic_delivery.topic)
        except KafkaTimeoutError as error:
            raise NoTopicError(self._topic_delivery.topic) from error
        first = (
            pending_entries(self._db, self._topic_delivery.acknowledged_seq, 1, self._topic_delivery.topic)
            if in_doubt
            else []
        )
        if first:
            lane, since = self._topic_delivery, first[0][1].arrived_ms
            self._already_delivered = already_delivered(lane.options, lane.topic, lane.spool_id, since)
        self.in_doubt = False

    def run(self) -> None:
        """Sends until the delivery ends. Raises KafkaError for what ends the session before."""
        lane, last = self._topic_delivery, self._topic_delivery.acknowledged_seq
        while True:
            lane.new_entries.clear()
            rows = pending_entries(
                self._db, last, min(_MAX_IN_FLIGHT - len(self._in_flight), _BATCH_SIZE), lane.topic
            )
            for number, entry in rows:
                self._send(number, entry)
                last = number
            if rows and self._in_flight[-1][1] is not None:
                self._in_flight[-1][1].add_both(self._notify)
            self._collect_acknowledged()
            if rows and len(self._in_flight) < _MAX_IN_FLIGHT:
                continue
            if lane.should_stop(bool(self._in_flight)):
                return
            if lane.new_entries.wait(_FLUSH_INTERVAL_S if self._in_flight or self._acknowledged else 1.0):
                # Together they cost less than one by one.
                lane.wait_for_batch(_BATCH_WAIT_S)

    def close(self) -> None:
        """Hands on what is confirmed, and lets go of the producer and of what it has not sent."""
        if self._producer is not None:
            _abandon(self._producer)
            # What was on its way may be there.
            self.in_doubt = self.in_doubt or bool(self._in_flight)
        self._flush_acknowledged()

    def _send(self, seq: int, entry: Entry) -> None:
        if seq in self._already_delivered:
            self._in_flight.append((seq, None, monotonic()))
            return
        value = mark_retransmitted(entry.value) if self._topic_delivery.is_late(entry) else entry.value
        own = f"{self._topic_delivery.spool_id}:{seq}"
        headers = [(name, text.encode()) for name, text in (*entry.headers, (SPOOL_HEADER, own))]
        try:
            future = self._producer.send(entry.topic, key=entry.key, value=value, headers=headers)
        except KafkaTimeoutError as error:
            raise KafkaTimeoutError(f"no broker, or no such topic: {error}") from error
        self._in_flight.append((seq, future, monotonic()))

    def _notify(self, _: object) -> None:
        self._topic_delivery.new_entries.set()

    def _collect_acknowledged(self) -> None:
        """Takes what is confirmed. Raises what failed."""
        waiting_for = self._in_flight
        while waiting_for and (waiting_for[0][1] is None or waiting_for[0][1].is_done):
            number, future, _ = waiting_for[0]
            error = future.exception if future is not None else None
            if isinstance(error, MessageSizeTooLargeError):
                _log.error("entry %d of the spool is larger than Kafka takes, and is dropped", number)
            elif error is not None:
                raise error
            waiting_for.popleft()
            self._acknowledged.append(number)
        if len(self._acknowledged) >= _BATCH_SIZE or monotonic() - self._flushed_at_s >= _FLUSH_INTERVAL_S:
            self._flush_acknowledged()
        if waiting_for and monotonic() - waiting_for[0][2] > _ACKNOWLEDGE_TIMEOUT_S:
            raise KafkaTimeoutError(f"nothing was confirmed for {_ACKNOWLEDGE_TIMEOUT_S:g} s")

    def _flush_acknowledged(self) -> None:
        self._flushed_at_s = monotonic()
        if self._acknowledged:
            self._topic_delivery.acknowledge(self._acknowledged)
            self._acknowledged = []


def _abandon(producer: Any) -> None:
    """Ends a producer without what it has not sent.

    `close(timeout=0)` of kafka-python 3.0.12 raises for it, and leaves the producer sending on.
    """
    sender = producer._sender
    sender.force_close()
    sender.join(_ACKNOWLEDGE_TIMEOUT_S)
    if sender.is_alive():
        _log.warning("a producer did not end in time; reads may come twice, with the same ids")
        return
    producer.close(timeout=0)


def mark_retransmitted(value: bytes) -> bytes:
    """A read as JSON, as `streams.records.encode` writes it, marked as sent late."""
    mark = b',"retransmitted":true}'
    return value if value.endswith(mark) else value[:-1] + mark
