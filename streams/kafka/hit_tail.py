"""Reading the hits without a group: what comes, or what is there, each revision once."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any, Final, Literal, NamedTuple

from aiokafka.errors import OffsetOutOfRangeError

from streams.kafka.follower import Follower
from streams.kafka.scan import ReadingError, reading, servers_of
from streams.records.decode import decode_hit
from streams.records.faults import Fault
from streams.records.hit import Hit

Begin = int | Literal["start", "now"]
"""Where to begin: at a time in ms since 1970 UTC, at the oldest record, or at those to come."""

_QUIET_S: Final = 10.0
_REMEMBERED: Final = 100_000
"""Hits whose latest revision is remembered; some 20 MB."""


class NoHit(NamedTuple):
    """A record that is no hit: where it is, and all that is wrong with it. It does not hold the record."""

    partition: int
    offset: int
    faults: tuple[Fault, ...]

    def told(self, topic: str) -> str:
        """The same in words."""
        faults = "; ".join(map(str, self.faults))
        return f"{topic}, partition {self.partition}, offset {self.offset}: no hit, passed over: {faults}"


class News:
    """Tells a revision of a hit from one that was seen, or that a later one was seen of.

    It remembers the `most` hits that it was asked of last; of one that it forgot, any revision is news.
    """

    def __init__(self, most: int = _REMEMBERED) -> None:
        self._most = most
        self._latest: OrderedDict[str, int] = OrderedDict()

    def take(self, hit: Hit) -> bool:
        """Whether the revision is news; from now on it is not."""
        known = self._latest.get(hit.hit_id, 0)
        self._latest[hit.hit_id] = max(known, hit.revision)
        self._latest.move_to_end(hit.hit_id)
        if len(self._latest) > self._most:
            self._latest.popitem(last=False)
        return hit.revision > known


async def tail(
    options: dict[str, Any],
    topic: str,
    begin: Begin,
    *,
    until_end: bool,
    take: Callable[[Hit | NoHit], None],
    say: Callable[[str], None],
) -> None:
    """Hands the topic's records to `take`, those of a partition in order, duplicates and all.

    `options` are aiokafka's, for the connection. `until_end` ends it where the topic ended when it was
    opened; else it goes on until it is cancelled. `say` is told when it waits for hits, and when Kafka does
    not answer for a while. Raises ReadingError as `reading` does, and if records were deleted before they
    were read.
    """
    async with reading(options, topic) as follower:
        try:
            await follower.open(
                {"start": None, "now": follower.ends}[begin] if isinstance(begin, str) else begin
            )
            if until_end:
                await _to_the_end(follower, take)
            else:
                await _on_and_on(follower, take, servers_of(options), say)
        except OffsetOutOfRangeError as error:
            raise ReadingError(
                f"the topic {topic}: records were deleted before they were read, as [topics] hits_hours "
                "says; begin again, at a later time"
            ) from error


async def _to_the_end(follower: Follower, take: Callable[[Hit | NoHit], None]) -> None:
    async for partition, records in follower.whole():
        for record in records:
            if record.offset < follower.ends[partition]:
                take(_hit_of(partition, record))


async def _on_and_on(
    follower: Follower, take: Callable[[Hit | NoHit], None], servers: str, say: Callable[[str], None]
) -> None:
    say(f"{follower.topic} at {servers}: waiting for hits; Ctrl-C ends")
    watch = asyncio.create_task(_watch(follower, servers, say))
    try:
        async for partition, records in follower.go_on():
            for record in records:
                take(_hit_of(partition, record))
    finally:
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch


async def _watch(follower: Follower, servers: str, say: Callable[[str], None]) -> None:
    """Says when Kafka does not answer: without that, no hits and no Kafka look the same."""
    before, since, told = _progress(follower), monotonic(), False
    while True:
        await asyncio.sleep(1)
        now = _progress(follower)
        if now != before:
            if told:
                say(f"Kafka at {servers} answers again")
            before, since, told = now, monotonic(), False
        elif not told and monotonic() - since > _QUIET_S:
            say(f"Kafka at {servers} does not answer; waiting for it")
            told = True


def _progress(follower: Follower) -> tuple[int | None, int]:
    return follower.seen_at(), sum(follower.next.values())


def _hit_of(partition: int, record: Any) -> Hit | NoHit:
    hit = decode_hit(record.value or b"")
    return NoHit(partition, record.offset, hit) if isinstance(hit, tuple) else hit
