"""The state of a partition of the matches, made anew by reading topics back: no changelog, no database.

Matches are read back as far as the group has committed, hits and verdicts to their ends. What was told of
each hit is what the topic of hits says; so who takes over tells what is missing and repeats nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from streams.broker.worker.trouble import WorkerError
from streams.correlation.correlator import Correlator
from streams.correlation.sightings import Pair
from streams.records.decode import decode_hit, decode_matches
from streams.records.hit import Hit
from streams.records.match import Match
from streams.records.verdict import Verdict

_AT_ONCE: Final = 2000


class Said(NamedTuple):
    """A verdict, and from when on it is in force, in ms since 1970 UTC."""

    verdict: Verdict
    at: int


class Rebuild:
    """Makes the states of partitions anew. `options` are aiokafka's, for the connection.

    `new` gives an empty state. Times are in ms: matches and hits since `remembered_ms` before now count, and
    of older hits, since `verdicts_ms` before now, those on which a verdict was given.
    """

    def __init__(
        self,
        options: dict[str, Any],
        group: str,
        matches: str,
        hits: str,
        new: Callable[[], Correlator],
        said: Callable[[], Iterable[Said]],
        now: Callable[[], int],
        remembered_ms: int,
        verdicts_ms: int,
    ) -> None:
        self._options = options
        self._group = group
        self._matches = matches
        self._hits = hits
        self._new = new
        self._said = said
        self._now = now
        self._remembered_ms = remembered_ms
        self._verdicts_ms = verdicts_ms

    async def __call__(self, number: int) -> Correlator:
        """The state of a partition. Raises WorkerError if Kafka does not let it be read."""
        correlator = self._new()
        # It asks for what the group has committed; it does not join the group.
        consumer = AIOKafkaConsumer(**self._options, group_id=self._group, enable_auto_commit=False)
        try:
            await consumer.start()
            await self._read(consumer, number, correlator)
        except KafkaError as error:
            raise WorkerError(
                f"topics {self._matches} and {self._hits}, partition {number}: cannot be read back "
                f"({type(error).__name__}); without them a worker does not know what it has told"
            ) from error
        finally:
            await consumer.stop()
        return correlator

    async def _read(self, consumer: AIOKafkaConsumer, number: int, correlator: Correlator) -> None:
        since = self._now() - self._remembered_ms
        matches = TopicPartition(self._matches, number)
        hits = TopicPartition(self._hits, number)
        consumer.assign([matches, hits])
        committed = await consumer.committed(matches)
        judged: set[str] = set()
        for verdict, at in self._said():
            correlator.expect(verdict, at)
            judged.add(verdict.hit_id)
        consumer.pause(hits)
        if committed:
            async for records in _between(consumer, matches, since, committed):
                for record, match in zip(
                    records, decode_matches([record.value or b"" for record in records]), strict=True
                ):
                    if isinstance(match, Match):
                        correlator.recall(match, record.timestamp)
        consumer.pause(matches)
        consumer.resume(hits)
        ends = await consumer.end_offsets([hits])
        async for records in _between(consumer, hits, self._now() - self._verdicts_ms, ends[hits]):
            for record in records:
                recent = record.timestamp >= since
                if recent or (record.key or b"").decode("ascii", "replace") in judged:
                    hit = decode_hit(record.value or b"")
                    if isinstance(hit, Hit):
                        _recall(correlator, hit, recent)


def _recall(correlator: Correlator, hit: Hit, recent: bool) -> None:
    if recent:
        correlator.recall_hit(hit)
    alert = hit.alert
    pair = Pair(hit.match.read_plate, (alert.list_id, alert.alert_id), alert.version)
    correlator.recall_pair(hit.hit_id, pair)


async def _between(
    consumer: AIOKafkaConsumer, tp: TopicPartition, since: int, end: int
) -> AsyncIterator[list[ConsumerRecord]]:
    """The records of a partition since a time, in ms since 1970 UTC, and before an offset."""
    found = (await consumer.offsets_for_times({tp: max(since, 0)}))[tp]
    if found is None or found.offset >= end:
        return
    consumer.seek(tp, found.offset)
    # By position: after compaction or at a transaction's end the last offsets may have no record.
    while await consumer.position(tp) < end:
        fetched = await consumer.getmany(tp, timeout_ms=1000, max_records=_AT_ONCE)
        records = [record for record in fetched.get(tp, ()) if record.offset < end]
        if records:
            yield records
        # What was fetched ahead is given without a wait, and heartbeats must go out.
        await asyncio.sleep(0)
