"""A tail: hits as they come, while a paced feed of reads runs in a process of its own."""

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import orjson

from streams.records.times import parse_time, to_ms
from tests.bench.kafka.load import paced
from tests.support.kafka import PARTITIONS, KafkaEnvironment


class Seen(NamedTuple):
    """One hit, and in ms: when its read was sent, when it was appended, when a consumer had it."""

    number: int
    read_ms: int
    appended_ms: int
    seen_ms: float

    @property
    def partition(self) -> int:
        """The partition of its read."""
        return self.number % PARTITIONS


class Tail:
    """The hits of a topic from now on."""

    def __init__(self, stage: KafkaEnvironment, topic: str) -> None:
        self._consumer = stage.open_consumer(topic)

    def for_s(self, seconds: float) -> list[Seen]:
        """The hits that come within so many seconds."""
        found: list[Seen] = []
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            message = self._consumer.poll(left)
            if message is None:
                continue
            seen_ms = time.time() * 1000
            if message.error():
                raise RuntimeError(str(message.error()))
            read = orjson.loads(message.value())["read"]
            read_ms = to_ms(parse_time(read["captured_at"]))
            found.append(Seen(int(read["read_id"][1:]), read_ms, message.timestamp()[1], seen_ms))
        return found

    def close(self) -> None:
        """Ends it."""
        self._consumer.close()


@contextmanager
def feed(
    stage: KafkaEnvironment, topic: str, rate: int, share: float, for_s: float, listed: int, first: int = 0
) -> Iterator[None]:
    """A paced feed in a process of its own while the block runs, as `paced`; fails as it fails."""
    arguments = (stage.servers, topic, rate, share, for_s, listed, first)
    process = multiprocessing.get_context("spawn").Process(target=paced, args=arguments)
    process.start()
    try:
        yield
        process.join(60)
        if process.exitcode:
            raise RuntimeError(f"the feed ended with {process.exitcode}")
    finally:
        if process.is_alive():
            process.kill()
