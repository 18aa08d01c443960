"""Delivery: from the spool to Kafka, in order, until Kafka has confirmed each entry.

It goes in sessions. In a session entries are sent one behind the other by an idempotent producer, so that
those of a camera, which have one key, stay in their order. What goes wrong ends the session; the next one
first reads back what of ours came through in spite of it, so that it is not sent again. Each record has the
spool's id and its number as a header for that.
"""

import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Any, Final

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError

from streams.gateway.spool import Entry, reading, waiting

HEADER: Final = "anpr.spool"
"""The header with the spool's id and the number of the entry."""

_log = logging.getLogger(__name__)
_AT_ONCE: Final = 500
_MOST_OPEN: Final = 5000
"""Entries sent and not confirmed."""
_DELIVERED_S: Final = 6
"""The producer gives up what is not confirmed after so long, which ends a session."""
_UNCONFIRMED_S: Final = _DELIVERED_S + 3.0
"""If it does not, the session ends all the same."""
_AGAIN_S: Final = 1.0
_FORGET_S: Final = 0.05
_READ_BACK_S: Final = 30.0
_CLOCKS_MS: Final = 60_000
"""How far the brokers' clocks may be from this one's."""
_OPTIONS: Final[Mapping[str, Any]] = {
    "acks": "all",
    "enable_idempotence": True,
    "linger_ms": 5,
    "batch_size": 1 << 17,
    "compression_type": "lz4",
    "max_block_ms": 2000,
    "request_timeout_ms": (_DELIVERED_S - 1) * 1000,
    "delivery_timeout_ms": _DELIVERED_S * 1000,
    "reconnect_backoff_max_ms": 1000,
    "bootstrap_timeout_ms": 2000,
}


class Delivery:
    """Delivers what is in a spool, in a thread of its own.

    `options` are kafka-python's, for the connection. `forget` is given the numbers of entries that Kafka has.
    `late` says of an entry whether it is to be marked as sent late.
    """

    def __init__(
        self,
        path: Path,
        spool_id: str,
        options: Mapping[str, Any],
        forget: Callable[[Sequence[int]], None],
        late: Callable[[Entry], bool],
    ) -> None:
        self._path = path
        self._spool_id = spool_id
        self._options = options
        self._forget = forget
        self._late = late
        self._more = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="delivery", daemon=True)
        self._deadline = float("inf")
        self._handled = 0
        self.confirmed = 0
        """Entries that Kafka confirmed."""
        self.reached = False
        """Whether Kafka took entries when it was last tried."""
        self.trouble = ""
        """Why not, in words."""

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def look(self) -> None:
        """There is more in the spool. From any thread."""
        self._more.set()

    def stop(self, within_s: float) -> None:
        """Delivers what can be within a time, and ends; the rest stays in the spool."""
        self._deadline = monotonic() + within_s
        self._stopping.set()
        self._more.set()
        self._thread.join(within_s + 10)

    def _run(self) -> None:
        unsure = True
        with reading(self._path) as db:
            while not (self._stopping.is_set() and (self._over() or not waiting(db, self._handled, 1))):
                session = _Session(self, db)
                try:
                    session.begin(unsure)
                    session.run()
                except (KafkaError, OSError, ValueError, sqlite3.Error) as error:
                    self._troubled(error)
                finally:
                    session.end()
                    unsure = session.unsure
                if self.trouble:
                    self._stopping.wait(_AGAIN_S)

    def _over(self) -> bool:
        return monotonic() >= self._deadline

    def _troubled(self, error: Exception) -> None:
        trouble = f"{type(error).__name__}: {error}"
        if self.reached or not self.trouble:
            _log.warning("Kafka does not take reads, they wait in the spool: %s", trouble)
        self.reached, self.trouble = False, trouble

    def _confirmed(self, numbers: Sequence[int]) -> None:
        """Takes the numbers of entries that Kafka has, in their order."""
        self._handled = numbers[-1]
        self.confirmed += len(numbers)
        self._forget(numbers)
        if not self.reached:
            _log.info("Kafka takes reads")
        self.reached, self.trouble = True, ""


class _Session:
    """One producer's time."""

    def __init__(self, delivery: Delivery, db: sqlite3.Connection) -> None:
        self._delivery = delivery
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
        delivery = self._delivery
        self._producer = KafkaProducer(**{**_OPTIONS, **delivery._options})
        if unsure:
            self._present = _present(delivery._options, self._db, delivery._handled, delivery._spool_id)
        self.unsure = False

    def run(self) -> None:
        """Sends until the delivery ends. Raises KafkaError for what ends the session before."""
        delivery, last = self._delivery, self._delivery._handled
        while True:
            delivery._more.clear()
            rows = waiting(self._db, last, min(_MOST_OPEN - len(self._open), _AT_ONCE))
            for number, entry in rows:
                self._send(number, entry)
                last = number
            if rows and self._open[-1][1] is not None:
                self._open[-1][1].add_both(self._wake)
            self._collect()
            if rows and len(self._open) < _MOST_OPEN:
                continue
            if delivery._stopping.is_set() and (delivery._over() or not self._open):
                return
            delivery._more.wait(_FORGET_S if self._open or self._done else 1.0)

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
        value = marked_late(entry.value) if self._delivery._late(entry) else entry.value
        own = f"{self._delivery._spool_id}:{number}"
        headers = [(name, text.encode()) for name, text in (*entry.headers, (HEADER, own))]
        try:
            future = self._producer.send(entry.topic, key=entry.key, value=value, headers=headers)
        except KafkaTimeoutError as error:
            raise KafkaTimeoutError(f"topic {entry.topic}: {error}") from error
        self._open.append((number, future, monotonic()))

    def _wake(self, _: object) -> None:
        self._delivery._more.set()

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
            self._delivery._confirmed(self._done)
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
    """A read as JSON, marked as sent late."""
    return value[:-1] + b',"retransmitted":true}'


def _present(options: Mapping[str, Any], db: sqlite3.Connection, after: int, spool_id: str) -> frozenset[int]:
    """The numbers behind `after` of entries of a spool that are on their topics already."""
    first = waiting(db, after, 1)
    if not first:
        return frozenset()
    since = first[0][1].arrived - _CLOCKS_MS
    topics = [topic for (topic,) in db.execute("SELECT DISTINCT topic FROM waiting WHERE seq > ?", (after,))]
    own, found = f"{spool_id}:".encode(), set[int]()
    began = monotonic()
    consumer = KafkaConsumer(
        **options, group_id=None, enable_auto_commit=False, bootstrap_timeout_ms=2000, fetch_max_wait_ms=50
    )
    try:
        partitions = [
            TopicPartition(topic, number)
            for topic in topics
            for number in consumer.partitions_for_topic(topic) or ()
        ]
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        begins = consumer.offsets_for_times(dict.fromkeys(partitions, since))
        left = {each for each in partitions if begins.get(each) and begins[each].offset < ends[each]}
        consumer.assign(left)
        for each in left:
            consumer.seek(each, begins[each].offset)
        while left and monotonic() - began < _READ_BACK_S:
            for records in consumer.poll(200).values():
                for record in records:
                    for name, value in record.headers:
                        if name == HEADER and value.startswith(own):
                            found.add(int(value[len(own) :]))
            left = {each for each in left if consumer.position(each) < ends[each]}
        if left:
            _log.warning("too much came to Kafka to read back; some reads may be sent again, with their ids")
    finally:
        consumer.close()
    return frozenset(found)
