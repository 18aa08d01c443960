"""Putting reads and alerts on topics: all at once, as fast as it goes, or paced."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime

import orjson
from confluent_kafka import Producer

from streams.runtime.clock import now_ms
from tests.bench.traffic import READ_INTERVAL, SEED, alerts, plates, reads
from tests.support.kafka import PARTITIONS

SHARE = 0.005
"""Of the reads, those of listed plates."""
POOL = 10_000
"""How many of the alerts the listed reads are of."""


class Load:
    """Records to one topic, each confirmed by all replicas; raises for the first that is not."""

    def __init__(self, servers: str, linger_ms: float = 20) -> None:
        failed: list[str] = []

        def delivered(error: object, _: object) -> None:
            if error is not None:
                failed.append(str(error))

        self._failed = failed
        self._producer = Producer(
            {
                "bootstrap.servers": servers,
                "linger.ms": linger_ms,
                "enable.idempotence": True,
                "batch.num.messages": 10_000,
                "batch.size": 900_000,
                "queue.buffering.max.messages": 500_000,
                "log_level": 2,
                "on_delivery": delivered,
            }
        )

    def send(self, topic: str, records: Iterable[tuple[bytes | None, bytes, int]]) -> int:
        """Sends records of key, value and partition (-1: by the key); how many were confirmed."""
        count = 0
        produce, poll = self._producer.produce, self._producer.poll
        for key, value, partition in records:
            while True:
                try:
                    produce(topic, value, key, partition)
                    break
                except BufferError:
                    poll(0.1)
            count += 1
            if count % 10_000 == 0:
                poll(0)
        left = self._producer.flush(120)
        if left or self._failed:
            raise RuntimeError(f"{topic}: {left} records unconfirmed, {len(self._failed)} refused")
        return count

    def stamped(self, topic: str, value: bytes, key: bytes, partition: int, time_ms: int) -> None:
        """Sends one record with the time given, without waiting."""
        self._producer.produce(topic, value, key, partition, timestamp=time_ms)
        self._producer.poll(0)

    def finish(self) -> None:
        """Waits until all is confirmed."""
        if self._producer.flush(60) or self._failed:
            raise RuntimeError(f"records unconfirmed, {len(self._failed)} refused")


def put_reads(
    servers: str, topics: Iterable[str], count: int, listed_count: int, begins: datetime | None = None
) -> set[int]:
    """Puts the same `count` reads on each topic, the n-th in partition n % 4; the listed ones' numbers.

    They were captured from `begins` on, by default up to now: a worker rejects what is too old.
    """
    made = reads(count, 7, SHARE, listed_count, begins or datetime.now(UTC) - count * READ_INTERVAL)
    load = Load(servers)
    for topic in topics:
        load.send(topic, ((b"c%d" % (n % 4), read, n % PARTITIONS) for n, read in enumerate(made)))
    pool = {plate for plate, _ in pool_of(listed_count)}
    return {n for n, read in enumerate(made) if orjson.loads(read)["plate"] in pool}


def put_alerts(servers: str, topic: str, count: int) -> None:
    """Puts `count` alerts on the topic, by their keys."""
    load = Load(servers)
    load.send(
        topic,
        (
            (b"sis-vehicles/V%09d" % (10_000 * batch + place), line, -1)
            for batch, lines in enumerate(alerts(count, SEED))
            for place, line in enumerate(lines)
        ),
    )


def pool_of(listed_count: int) -> list[tuple[str, str]]:
    """The listed plates there are reads of, with their countries."""
    return plates(min(listed_count, POOL), SEED, listed=True)


def paced(
    servers: str, topic: str, rate: int, share: float, for_s: float, listed_count: int, first: int
) -> None:
    """Sends `rate` reads a second for a while; `share` of them listed, evenly. Run in a process of its own.

    A read's `captured_at` and its time on the topic are those at which it was given to the producer. The
    n-th, from `first` on, goes to partition n % 4 and is called `p<n>`.
    """
    load = Load(servers, linger_ms=1)
    pool = pool_of(listed_count)
    others = plates(20_000, 3, listed=False)
    every = round(1 / share)
    began = time.perf_counter()
    sent = 0
    while (past := time.perf_counter() - began) < for_s:
        due = int(past * rate)
        wall_ms = now_ms()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(wall_ms // 1000)) + f".{wall_ms % 1000:03d}Z"
        while sent < due:
            # Listed reads meet all partitions in turn, whatever `every` is.
            chosen = pool if sent // PARTITIONS % every == 0 else others
            plate, country = chosen[sent * 7919 % len(chosen)]
            read = (
                f'{{"read_id":"p{first + sent:09d}","camera_id":"rekkem-a22-{sent % PARTITIONS}",'
                f'"captured_at":"{stamp}","plate":"{plate}","country":"{country}","confidence":0.9731,'
                f'"lane":{1 + sent % 3},"direction":"approaching","speed_kmh":93.4,'
                f'"image_ref":"lapi://rekkem/{sent:09d}.jpg"}}'
            )
            load.stamped(topic, read.encode(), b"c%d" % (sent % PARTITIONS), sent % PARTITIONS, wall_ms)
            sent += 1
        time.sleep(0.001)
    load.finish()
