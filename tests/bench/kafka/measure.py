"""From the hits on a topic to figures: the way is the same for every side.

The broker stamps each hit with the time it was appended, and each hit names its read, so the hits show how
far into the reads a side was at each moment. The rate is how far it came from 5 % of the reads to its last
hit, over the time between; starting up, joining the group and loading lists are before that.
"""

from collections.abc import Iterable
from typing import NamedTuple

import orjson

from tests.support.kafka import PARTITIONS, KafkaEnvironment


class Sent(NamedTuple):
    """One hit on its topic: when it was appended (ms), of which partition of the reads, and which read."""

    at_ms: int
    partition: int
    number: int


def hits_on(stage: KafkaEnvironment, topic: str) -> list[Sent]:
    """All first revisions of hits on a topic, in the order of their times."""
    ends = stage.end_offsets(topic)
    left = sum(ends) - sum(stage.start_offsets(topic))
    consumer = stage.open_consumer(topic, from_start=True)
    found = []
    while left > 0:
        for message in consumer.consume(10_000, 1.0):
            if message.error():
                raise RuntimeError(str(message.error()))
            left -= 1
            hit = orjson.loads(message.value())
            if hit.get("revision", 1) == 1:
                number = int(hit["read"]["read_id"][1:])
                found.append(Sent(message.timestamp()[1], number % PARTITIONS, number))
    consumer.close()
    return sorted(found)


def progress(hits: Iterable[Sent]) -> list[tuple[int, int]]:
    """How many reads were behind at each time, in ms: the furthest read with a hit of each partition."""
    furthest = [0] * PARTITIONS
    curve: dict[int, int] = {}
    for at_ms, partition, number in sorted(hits):
        furthest[partition] = max(furthest[partition], number // PARTITIONS + 1)
        curve[at_ms] = sum(furthest)
    return list(curve.items())


def rate(hits: list[Sent], count: int) -> float:
    """Reads a second, from 5 % of `count` reads to the last hit."""
    curve = progress(hits)
    began, behind = next(point for point in curve if point[1] >= 0.05 * count)
    ended, done = curve[-1]
    return (done - behind) / (ended - began) * 1000


def shared_rate(hits: list[Sent], not_before_ms: int) -> float:
    """Reads a second while all partitions were at work, from a time on: for several workers in a group.

    From when each partition has had a hit after that time, to when the first of them had its last.
    """
    ours = [hit for hit in hits if hit.at_ms >= not_before_ms]
    times = [[hit.at_ms for hit in ours if hit.partition == number] for number in range(PARTITIONS)]
    if not all(times):
        raise RuntimeError("one partition was done before all workers were ready; take more reads")
    first, last = max(map(min, times)), min(map(max, times))
    curve = dict(point for point in progress(hits) if first <= point[0] <= last)
    if last - first < 500:
        raise RuntimeError("the workers were at work together for less than half a second; take more reads")
    began, ended = min(curve), max(curve)
    return (curve[ended] - curve[began]) / (ended - began) * 1000


def quantile(values: list[float], share: float) -> float:
    """The value that a share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
