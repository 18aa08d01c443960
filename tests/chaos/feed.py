"""A feed: reads at a steady pace to the topic of reads, every one entered in a ledger."""

import threading
from datetime import UTC, datetime
from functools import partial
from time import monotonic, sleep, time
from typing import Any

from confluent_kafka import Producer

from streams.records.encode import encode
from tests.chaos.ledger import Ledger
from tests.chaos.traffic import Traffic, poison, read
from tests.support.processes import wait_until

POISON_EVERY = 100


class Feed:
    """Sends `rate` reads a second, one in a hundred of them poison, until it is left; a thread of its own.

    A read's `captured_at` is when it was sent. On leaving it waits until all is confirmed or refused.
    """

    def __init__(self, servers: str, topic: str, traffic: Traffic, rate: int = 2000) -> None:
        self.ledger = Ledger()
        self.held_up_s = 0.0
        """The longest that it stood still: what the machine did to it, it did to others."""
        self._sent = 0
        self._answered = 0
        self._topic = topic
        self._traffic = traffic
        self._rate = rate
        self._over = threading.Event()
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
        self._over.set()
        self._thread.join()
        if self._failure:
            raise self._failure

    def caught_up(self, within_s: float) -> float:
        """Waits until the broker has answered on all that was sent by now.

        Returns the time, in seconds since 1970: all reads taken before it are on the topic or refused.
        """
        at, sent = time(), self._sent
        wait_until(
            # The one that is being sent just now was taken before, too.
            lambda: self._answered_to() > sent,
            within_s,
            "the broker has answered on all reads",
        )
        # `captured_at` is cut to whole ms.
        return at - 0.001

    def _answered_to(self) -> int:
        """The first number without an answer. Goes on from where it was: each is looked at once, for this
        thread and the one that sends take turns."""
        ledger = self.ledger
        while self._answered in ledger.confirmed or self._answered in ledger.refused:
            self._answered += 1
        return self._answered

    def _run(self) -> None:
        try:
            self._send()
        except BaseException as failure:  # told in the test's own thread
            self._failure = failure
        finally:
            self._producer.flush(130)

    def _send(self) -> None:
        began = last = monotonic()
        while not self._over.is_set():
            now = monotonic()
            self.held_up_s = max(self.held_up_s, now - last)
            last = now
            due = int((now - began) * self._rate)
            while self._sent < due and not self._over.is_set():
                self._one(self._sent)
                self._sent += 1
            self._producer.poll(0)
            sleep(0.002)

    def _one(self, number: int) -> None:
        now = datetime.now(UTC)
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        text = self._traffic.text()
        made = read(number, text, now)
        key = made.camera_id.encode()
        if number % POISON_EVERY == POISON_EVERY - 1:
            value = poison(number, now)
            self.ledger.poison[number] = key, value
        else:
            value = encode(made)
            self.ledger.reads[number] = made, text
        answered = partial(_answered, self.ledger, number)
        self._producer.produce(self._topic, value, key, on_delivery=answered)


def _answered(ledger: Ledger, number: int, error: Any, message: Any) -> None:
    ledger.answered(number, error, message.partition(), message.offset())
