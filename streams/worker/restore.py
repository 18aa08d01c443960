"""The state of a partition of the matches, made anew by reading topics back: no changelog, no database.

Matches are read back as far as the group has committed, hits and verdicts to their ends. What was told of
each hit is what the topic of hits says; so who takes over tells what is missing and repeats nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Container, Iterable, Sequence
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams.correlation.correlator import Correlator
from streams.kafka.faust_driver.batch import Record
from streams.kafka.follower import Follower, FollowError
from streams.kafka.record_keys import alert_key
from streams.records.verdict import Verdict
from streams.runtime.errors import WorkerError

_AT_ONCE: Final = 500


class Said(NamedTuple):
    """A verdict, and from when on it is in force, in ms since 1970 UTC."""

    verdict: Verdict
    at: int


class Rebuild:
    """Makes the states of partitions anew. `options` are aiokafka's, for the connection.

    `new` gives an empty state, one of as many as the matches have partitions. Times are in ms: matches and
    hits since `remembered_ms` before now count, and of older hits, since `verdicts_ms` before now, those on
    which a verdict was given.
    """

    def __init__(
        self,
        options: dict[str, Any],
        group: str,
        matches: str,
        hits: str,
        new: Callable[[int], Correlator],
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
        try:
            committed, partitions = await self._committed(number)
            correlator = self._new(partitions)
            judged = set()
            for verdict, at in self._said():
                correlator.expect(verdict, at)
                judged.add(verdict.hit_id)
            since = self._now() - self._remembered_ms
            if committed:
                async for records in self._read(self._matches, number, since, committed):
                    _recall_matches(correlator, records)
            async for records in self._read(self._hits, number, self._now() - self._verdicts_ms):
                _recall_hits(correlator, records, since, judged)
        except (KafkaError, FollowError) as error:
            raise WorkerError(
                f"topics {self._matches} and {self._hits}, partition {number}: cannot be read back "
                f"({type(error).__name__}); without them a worker does not know what it has told"
            ) from error
        return correlator

    async def _committed(self, number: int) -> tuple[int | None, int]:
        """The offset up to which the group has dealt with a partition of the matches, and how many partitions
        there are."""
        place = TopicPartition(self._matches, number)
        # It asks for what the group has committed; it does not join the group.
        consumer = AIOKafkaConsumer(**self._options, group_id=self._group, enable_auto_commit=False)
        try:
            await consumer.start()
            consumer.assign([place])
            # Asking for an offset makes the client learn of the topic's partitions.
            await consumer.end_offsets([place])
            offset: int | None = await consumer.committed(place)
            return offset, len(consumer.partitions_for_topic(self._matches) or (number,))
        finally:
            await consumer.stop()

    async def _read(
        self, topic: str, number: int, since: int, end: int | None = None
    ) -> AsyncIterator[Sequence[Record]]:
        """The records of a partition since a time (ms since 1970 UTC), before an offset or all there are."""
        # They are read as far back as they are kept: some may be deleted meanwhile, and those do not count.
        async with Follower(self._options, topic, {number}, pass_deleted=True) as follower:
            await follower.open(max(since, 0))
            end = follower.ends[number] if end is None else end
            follower.ends[number] = end
            async for _, records in follower.whole():
                for start in range(0, len(records), _AT_ONCE):
                    yield [record for record in records[start : start + _AT_ONCE] if record.offset < end]
                    # Heartbeats must go out meanwhile.
                    await asyncio.sleep(0)


def _recall_matches(correlator: Correlator, records: Sequence[Record]) -> None:
    for record in records:
        key = alert_key(record.key)
        if key is not None:
            correlator.recall(key, record.value or b"", record.timestamp)


def _recall_hits(
    correlator: Correlator, records: Sequence[Record], since: int, judged: Container[str]
) -> None:
    for record in records:
        if record.timestamp >= since:
            correlator.recall_hit(record.value or b"")
        elif (record.key or b"").decode("ascii", "replace") in judged:
            correlator.recall_pair(record.value or b"")
