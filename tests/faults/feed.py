"""A feed: reads at a steady pace to the topic of reads, every one entered in a ledger."""

import threading
from datetime import UTC, datetime
from functools import partial
from time import monotonic, sleep
from typing import Any

from confluent_kafka import Producer

from streams.records.encode import encode
from tests.faults.ledger import Ledger
from tests.faults.traffic import Traffic, poison, read

POISON_EVERY = 100


class Feed:
    """Sends `rate` reads a second, one in a hundred of them poison, until it is left; a thread of its own.

    A read's `captured_at` is when it was sent. On leaving it waits until all is confirmed or refused.
    """

    def __init__(self, servers: str, topic: str, traffic: Traffic, rate: int = 2000) -> None:
        self.ledger = Ledger()
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
                "delivery.timeout.ms": 60_000,
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

    def _run(self) -> None:
        try:
            self._send()
        except BaseException as failure:  # told in the test's own thread
            self._failure = failure
        finally:
            self._producer.flush(70)

    def _send(self) -> None:
        began = monotonic()
        sent = 0
        while not self._over.is_set():
            due = int((monotonic() - began) * self._rate)
            while sent < due:
                self._one(sent)
                sent += 1
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
