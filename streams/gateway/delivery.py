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
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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
_GATHER_S: Final = 0.03
_READ_BACK_S: Final = 30.0
_CLOCKS_MS: Final = 60_000
"""How far the brokers' clocks may be from this one's."""
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


class Delivery:
    """Delivers what is in a spool: each topic in a thread of its own, so that one that does not go holds up
    no other.

    `topics` are those that entries may have; others that are in the spool are added. `options` are
    kafka-python's, for the connection. `forget` is given the numbers of entries that Kafka has. `late` says
    of an entry whether it is to be marked as sent late.
    """

    def __init__(
        self,
        path: Path,
        spool_id: str,
        topics: Iterable[str],
        options: Mapping[str, Any],
        forget: Callable[[Sequence[int]], None],
        late: Callable[[Entry], bool],
    ) -> None:
        with reading(path) as db:
            there = {topic for (topic,) in db.execute("SELECT DISTINCT topic FROM waiting")}
        self._lanes = [
            _Lane(path, spool_id, topic, options, forget, late) for topic in sorted(there.union(topics))
        ]

    @property
    def confirmed(self) -> int:
        """Entries that Kafka confirmed."""
        return sum(lane.confirmed for lane in self._lanes)

    @property
    def troubles(self) -> dict[str, str]:
        """By topic, why Kafka did not take entries when it was last tried."""
        return {lane.topic: lane.trouble for lane in self._lanes if lane.trouble}

    def start(self) -> None:
        """Begins."""
        for lane in self._lanes:
            lane.start()

    def look(self, topics: Collection[str]) -> None:
        """There is more in the spool for some topics. From any thread."""
        for lane in self._lanes:
            if lane.topic in topics:
                lane.more.set()

    def stop(self, within_s: float) -> None:
        """Delivers what can be within a time, and ends; the rest stays in the spool."""
        deadline = monotonic() + within_s
        for lane in self._lanes:
            lane.stop(deadline)
        for lane in self._lanes:
            lane.join()


class _NoTopicError(Exception):
    """A topic that is not there."""

    def __init__(self, topic: str) -> None:
        super().__init__(f"the topic {topic} is not there: `anpr topics apply` makes it")


class _Lane(threading.Thread):
    """The delivery to one topic."""

    def __init__(
        self,
        path: Path,
        spool_id: str,
        topic: str,
        options: Mapping[str, Any],
        forget: Callable[[Sequence[int]], None],
        late: Callable[[Entry], bool],
    ) -> None:
        super().__init__(name=f"delivery-{topic}", daemon=True)
        self.spool_id = spool_id
        self.topic = topic
        self.options = options
        self.late = late
        self.more = threading.Event()
        self.handled = 0
        """The number of the last entry that Kafka has, as all before it."""
        self.confirmed = 0
        self.trouble = ""
        self._path = path
        self._forget = forget
        self._stopping = threading.Event()
        self._deadline = float("inf")

    def stop(self, deadline: float) -> None:
        self._deadline = deadline
        self._stopping.set()
        self.more.set()

    def ending(self, open_: bool) -> bool:
        """Whether it is told to end and has no time left, or nothing to wait for."""
        return self._stopping.is_set() and (not open_ or monotonic() >= self._deadline)

    def gather(self, seconds: float) -> None:
        """Waits that long, unless it is told to end."""
        self._stopping.wait(seconds)

    def run(self) -> None:
        unsure = True
        with reading(self._path) as db:
            while not self.ending(bool(waiting(db, self.handled, 1, self.topic))):
                session = _Session(self, db)
                try:
                    session.begin(unsure)
                    session.run()
                except (KafkaError, _NoTopicError, OSError, ValueError, sqlite3.Error) as error:
                    self._troubled(error)
                finally:
                    session.end()
                    unsure = session.unsure
                if self.trouble:
                    self._stopping.wait(_AGAIN_S)

    def confirm(self, numbers: Sequence[int]) -> None:
        """Takes the numbers of entries that Kafka has, in their order."""
        self.handled = numbers[-1]
        self.confirmed += len(numbers)
        self._forget(numbers)
        if self.trouble:
            _log.info("topic %s: Kafka takes entries again", self.topic)
        self.trouble = ""

    def _troubled(self, error: Exception) -> None:
        if not self.trouble:
            _log.warning(
                "topic %s: Kafka does not take entries, they wait in the spool: %s", self.topic, error
            )
        self.trouble = str(error)


class _Session:
    """One producer's time."""

    def __init__(self, lane: _Lane, db: sqlite3.Connection) -> None:
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
            raise _NoTopicError(self._lane.topic) from error
        if unsure:
            self._present = _present(self._lane, self._db)
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


def _present(lane: _Lane, db: sqlite3.Connection) -> frozenset[int]:
    """The numbers of entries of a lane, not yet handled, that are on its topic already."""
    first = waiting(db, lane.handled, 1, lane.topic)
    if not first:
        return frozenset()
    since = first[0][1].arrived - _CLOCKS_MS
    own, found = f"{lane.spool_id}:".encode(), set[int]()
    began = monotonic()
    consumer = KafkaConsumer(
        **lane.options,
        group_id=None,
        enable_auto_commit=False,
        bootstrap_timeout_ms=2000,
        fetch_max_wait_ms=50,
    )
    try:
        numbers = consumer.partitions_for_topic(lane.topic)
        if not numbers:
            raise _NoTopicError(lane.topic)
        partitions = [TopicPartition(lane.topic, number) for number in numbers]
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
