"""A producer session: the life of one producer, in which entries of a topic are sent and acknowledged."""

import contextlib
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Any, Final, NamedTuple

from kafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError

from streams.gateway.delivery.control import DeliveryControl
from streams.gateway.delivery.producer import DELIVERY_TIMEOUT_S, SessionProducer
from streams.gateway.delivery.read_back import SPOOL_HEADER, MissingTopicError, already_delivered
from streams.gateway.spool.spool import Entry, pending_entries

_log = logging.getLogger(__name__)
_BATCH_SIZE: Final = 500
_MAX_IN_FLIGHT: Final = 5000
"""Entries that are sent and not acknowledged."""
_ACKNOWLEDGE_TIMEOUT_S: Final = DELIVERY_TIMEOUT_S + 3.0
"""The session ends after this time even if the producer does not fail the entry."""
_FLUSH_INTERVAL_S: Final = 0.05
_BATCH_WAIT_S: Final = 0.03
_IDLE_WAIT_S: Final = 1.0


class SessionContext(NamedTuple):
    """What a session needs of the delivery that opens it.

    `kafka_options` are the connection options of kafka-python. `is_late` tells whether an entry is marked as
    retransmitted. `acknowledge` is called with the sequence numbers of acknowledged entries, in their order.
    """

    topic: str
    spool_id: str
    kafka_options: Mapping[str, Any]
    is_late: Callable[[Entry], bool]
    acknowledge: Callable[[Sequence[int]], None]
    control: DeliveryControl


class _InFlight(NamedTuple):
    """An entry that was sent; `future` is None if Kafka had it already."""

    seq: int
    future: Any
    sent_at_s: float


class ProducerSession:
    """One producer and the entries that are in flight with it."""

    def __init__(self, context: SessionContext, db: sqlite3.Connection, acknowledged_seq: int) -> None:
        """`db` reads the spool; entries up to `acknowledged_seq` are in Kafka."""
        self._context = context
        self._db = db
        self._sent_seq = acknowledged_seq
        self._producer: SessionProducer | None = None
        self._already_delivered: frozenset[int] = frozenset()
        self._in_flight: deque[_InFlight] = deque()
        """In the order of sending."""
        self._acknowledged: list[int] = []
        self._flushed_at_s = monotonic()
        self.in_doubt = True
        """True if Kafka may have entries that are not known to be there."""

    def start(self, in_doubt: bool) -> None:
        """Connect, and if the session before ended in doubt, read back which entries Kafka has."""
        context = self._context
        self._producer = SessionProducer(context.kafka_options)
        try:
            # The first entry then does not wait for the metadata.
            self._producer.partitions_for(context.topic)
        except KafkaTimeoutError as error:
            raise MissingTopicError(context.topic) from error
        first = self._pending_entries(1) if in_doubt else []
        if first:
            since_ms = first[0][1].arrived_ms
            self._already_delivered = already_delivered(
                context.kafka_options, context.topic, context.spool_id, since_ms
            )
        self.in_doubt = False

    def run(self) -> None:
        """Send until the delivery is stopped. Raises KafkaError for a failure that ends the session."""
        control = self._context.control
        while True:
            control.clear()
            entries = self._pending_entries(min(_MAX_IN_FLIGHT - len(self._in_flight), _BATCH_SIZE))
            for seq, entry in entries:
                self._send(seq, entry)
                self._sent_seq = seq
            if entries and self._in_flight[-1].future is not None:
                self._in_flight[-1].future.add_both(self._signal_work)
            self._collect_acknowledged()
            if entries and len(self._in_flight) < _MAX_IN_FLIGHT:
                continue
            if control.should_stop(bool(self._in_flight)):
                return
            if control.wait_for_work(
                _FLUSH_INTERVAL_S if self._in_flight or self._acknowledged else _IDLE_WAIT_S
            ):
                # Entries sent together cost less than entries sent one by one.
                control.sleep(_BATCH_WAIT_S)

    def close(self) -> None:
        """Report what is acknowledged, and close the producer without its unsent entries."""
        if self._producer is not None:
            self._producer.close(timeout=0)
            self._wait_until_resolved()
            # Entries that were on their way may have arrived.
            self.in_doubt = self.in_doubt or bool(self._in_flight)
        self._flush_acknowledged()

    def _wait_until_resolved(self) -> None:
        """Wait until the closed producer has failed all entries in flight: it sends nothing after that."""
        deadline_s = monotonic() + _ACKNOWLEDGE_TIMEOUT_S
        futures = [sent.future for sent in self._in_flight if sent.future is not None]
        for future in futures:
            with contextlib.suppress(KafkaError):
                future.get(max(0.0, deadline_s - monotonic()))
        if not all(future.is_done for future in futures):
            _log.warning(
                "topic %s: the producer did not close within %g s; reads may be sent twice, with the same "
                "ids",
                self._context.topic,
                _ACKNOWLEDGE_TIMEOUT_S,
            )

    def _pending_entries(self, limit: int) -> list[tuple[int, Entry]]:
        return pending_entries(self._db, self._sent_seq, limit, self._context.topic)

    def _send(self, seq: int, entry: Entry) -> None:
        if seq in self._already_delivered:
            self._in_flight.append(_InFlight(seq, None, monotonic()))
            return
        assert self._producer is not None
        value = mark_retransmitted(entry.value) if self._context.is_late(entry) else entry.value
        position = f"{self._context.spool_id}:{seq}"
        headers = [(name, text.encode()) for name, text in (*entry.headers, (SPOOL_HEADER, position))]
        try:
            future = self._producer.send(entry.topic, key=entry.key, value=value, headers=headers)
        except KafkaTimeoutError as error:
            raise KafkaTimeoutError(f"no broker answers, or the topic does not exist: {error}") from error
        self._in_flight.append(_InFlight(seq, future, monotonic()))

    def _signal_work(self, _result: object) -> None:
        self._context.control.signal_work()

    def _collect_acknowledged(self) -> None:
        """Move acknowledged entries out of flight. Raises the error of the first entry that failed."""
        in_flight = self._in_flight
        while in_flight and (in_flight[0].future is None or in_flight[0].future.is_done):
            seq, future, _ = in_flight[0]
            error = future.exception if future is not None else None
            if isinstance(error, MessageSizeTooLargeError):
                _log.error(
                    "topic %s: entry %d of the spool is larger than the broker accepts and is dropped; see "
                    "the topic's max.message.bytes",
                    self._context.topic,
                    seq,
                )
            elif error is not None:
                raise error
            in_flight.popleft()
            self._acknowledged.append(seq)
        if len(self._acknowledged) >= _BATCH_SIZE or monotonic() - self._flushed_at_s >= _FLUSH_INTERVAL_S:
            self._flush_acknowledged()
        if in_flight and monotonic() - in_flight[0].sent_at_s > _ACKNOWLEDGE_TIMEOUT_S:
            raise KafkaTimeoutError(f"no entry was acknowledged for {_ACKNOWLEDGE_TIMEOUT_S:g} s")

    def _flush_acknowledged(self) -> None:
        self._flushed_at_s = monotonic()
        if self._acknowledged:
            self._context.acknowledge(self._acknowledged)
            self._acknowledged = []


def mark_retransmitted(value: bytes) -> bytes:
    """Return a read, as `streams.records.encode` writes it in JSON, marked as sent late."""
    mark = b',"retransmitted":true}'
    return value if value.endswith(mark) else value[:-1] + mark
