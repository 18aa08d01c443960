"""A feed that sends reads at a steady rate and records each in a ledger."""

import threading
from datetime import UTC, datetime
from functools import partial
from time import monotonic, sleep, time
from typing import Any

from confluent_kafka import Producer

from streams.records.encode import encode
from tests.chaos.ledger import Ledger
from tests.chaos.traffic import Traffic, make_malformed, make_read
from tests.support.waiting import wait_until

MALFORMED_INTERVAL = 100


class Feed:
    """Sends `rate` reads a second from a thread of its own, one in a hundred of them malformed.

    `captured_at` of a read is the time at which it was sent. On leaving, it waits until all are confirmed or
    refused.
    """

    def __init__(self, servers: str, topic: str, traffic: Traffic, rate: int = 2000) -> None:
        self.ledger = Ledger()
        self.longest_pause_s = 0.0
        """The longest time between two rounds; other processes are likely to have paused as long."""
        self._sent = 0
        self._next_unanswered = 0
        self._topic = topic
        self._traffic = traffic
        self._rate = rate
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._producer = Producer(
            {
                "bootstrap.servers": servers,
                "acks": "all",
                "enable.idempotence": True,
                "linger.ms": 2,
                "delivery.timeout.ms": 120_000,
                "log_level": 0,
            }
        )
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Feed":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        if self._failure:
            raise self._failure

    def wait_caught_up(self, within_s: float) -> float:
        """Wait until the broker has answered on all reads sent so far.

        Return the time in seconds since 1970: all reads captured before it are on the topic or refused.
        """
        at, sent = time(), self._sent
        wait_until(
            # The read that is being sent now was captured before, too.
            lambda: self._first_unanswered() > sent,
            "the broker has answered on all reads",
            within_s,
        )
        # `captured_at` is cut to whole ms.
        return at - 0.001

    def _first_unanswered(self) -> int:
        """Return the first number without an answer, searching on from the last result."""
        ledger = self.ledger
        while self._next_unanswered in ledger.confirmed or self._next_unanswered in ledger.refused:
            self._next_unanswered += 1
        return self._next_unanswered

    def _run(self) -> None:
        try:
            self._send()
        except BaseException as failure:  # raised in the thread of the test
            self._failure = failure
        finally:
            self._producer.flush(130)

    def _send(self) -> None:
        began = last = monotonic()
        while not self._stop.is_set():
            now = monotonic()
            self.longest_pause_s = max(self.longest_pause_s, now - last)
            last = now
            due = int((now - began) * self._rate)
            while self._sent < due and not self._stop.is_set():
                self._send_one(self._sent)
                self._sent += 1
            self._producer.poll(0)
            sleep(0.002)

    def _send_one(self, number: int) -> None:
        now = datetime.now(UTC)
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        text = self._traffic.next_text()
        made = make_read(number, text, now)
        key = made.camera_id.encode()
        if number % MALFORMED_INTERVAL == MALFORMED_INTERVAL - 1:
            value = make_malformed(number, now)
            self.ledger.malformed[number] = key, value
        else:
            value = encode(made)
            self.ledger.reads[number] = made, text
        answered = partial(_record_answer, self.ledger, number)
        self._producer.produce(self._topic, value, key, on_delivery=answered)


def _record_answer(ledger: Ledger, number: int, error: Any, message: Any) -> None:
    ledger.record_answer(number, error, message.partition(), message.offset())
