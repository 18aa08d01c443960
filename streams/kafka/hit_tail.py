"""Reading the hits without a group: what comes, or what is there, each revision once."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any, Final, Literal, NamedTuple

from aiokafka.errors import OffsetOutOfRangeError

from streams.kafka.follower import TopicFollower
from streams.kafka.scan import ScanError, connect_follower, format_servers
from streams.records.decode import decode_hit
from streams.records.faults import Fault
from streams.records.hit import Hit

TailStart = int | Literal["start", "now"]
"""Where to begin: at a time in ms since 1970 UTC, at the oldest record, or at those to come."""

_OUTAGE_AFTER_S: Final = 10.0
_MAX_HITS: Final = 100_000
"""Hits whose latest revision is remembered; some 20 MB."""


class UndecodableRecord(NamedTuple):
    """A record that is no hit: where it is, and all that is wrong with it. It does not hold the record."""

    partition: int
    offset: int
    faults: tuple[Fault, ...]

    def describe(self, topic: str) -> str:
        """The same in words."""
        faults = "; ".join(map(str, self.faults))
        return f"{topic}, partition {self.partition}, offset {self.offset}: no hit, passed over: {faults}"


class LatestRevisions:
    """Tells a revision of a hit from one that was seen, or that a later one was seen of.

    It remembers the `most` hits that it was asked of last; of one that it forgot, any revision is news.
    """

    def __init__(self, max_hits: int = _MAX_HITS) -> None:
        self._max_hits = max_hits
        self._latest: OrderedDict[str, int] = OrderedDict()

    def add(self, hit: Hit) -> bool:
        """Whether the revision is news; from now on it is not."""
        known = self._latest.get(hit.hit_id, 0)
        self._latest[hit.hit_id] = max(known, hit.revision)
        self._latest.move_to_end(hit.hit_id)
        if len(self._latest) > self._max_hits:
            self._latest.popitem(last=False)
        return hit.revision > known


async def tail_hits(
    options: dict[str, Any],
    topic: str,
    start: TailStart,
    *,
    until_end: bool,
    handle: Callable[[Hit | UndecodableRecord], None],
    say: Callable[[str], None],
) -> None:
    """Hands the topic's records to `take`, those of a partition in order, duplicates and all.

    `options` are aiokafka's, for the connection. `until_end` ends it where the topic ended when it was
    opened; else it goes on until it is cancelled. `say` is told when it waits for hits, and when Kafka does
    not answer for a while. Raises ReadingError as `reading` does, and if records were deleted before they
    were read.
    """
    async with connect_follower(options, topic) as follower:
        try:
            await follower.open(
                {"start": None, "now": follower.end_offsets}[start] if isinstance(start, str) else start
            )
            if until_end:
                await _read_to_end(follower, handle)
            else:
                await _follow(follower, handle, format_servers(options), say)
        except OffsetOutOfRangeError as error:
            raise ScanError(
                f"the topic {topic}: records were deleted before they were read, as [topics] hits_hours "
                "says; begin again, at a later time"
            ) from error


async def _read_to_end(follower: TopicFollower, handle: Callable[[Hit | UndecodableRecord], None]) -> None:
    async for partition, records in follower.read_to_end():
        for record in records:
            if record.offset < follower.end_offsets[partition]:
                handle(_decode_record(partition, record))


async def _follow(
    follower: TopicFollower,
    handle: Callable[[Hit | UndecodableRecord], None],
    servers: str,
    say: Callable[[str], None],
) -> None:
    say(f"{follower.topic} at {servers}: waiting for hits; Ctrl-C ends")
    watch = asyncio.create_task(_report_outages(follower, servers, say))
    try:
        async for partition, records in follower.follow():
            for record in records:
                handle(_decode_record(partition, record))
    finally:
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch


async def _report_outages(follower: TopicFollower, servers: str, say: Callable[[str], None]) -> None:
    """Says when Kafka does not answer: without that, no hits and no Kafka look the same."""
    before, since, told = _progress(follower), monotonic(), False
    while True:
        await asyncio.sleep(1)
        now = _progress(follower)
        if now != before:
            if told:
                say(f"Kafka at {servers} answers again")
            before, since, told = now, monotonic(), False
        elif not told and monotonic() - since > _OUTAGE_AFTER_S:
            say(f"Kafka at {servers} does not answer; waiting for it")
            told = True


def _progress(follower: TopicFollower) -> tuple[int | None, int]:
    return follower.complete_until_ms(), sum(follower.next_offsets.values())


def _decode_record(partition: int, record: Any) -> Hit | UndecodableRecord:
    hit = decode_hit(record.value or b"")
    return UndecodableRecord(partition, record.offset, hit) if isinstance(hit, tuple) else hit
