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
from streams.kafka.follower import FollowError, TopicFollower
from streams.kafka.record_keys import decode_alert_key
from streams.records.verdict import Verdict
from streams.runtime.errors import WorkerError

_MAX_CHUNK_RECORDS: Final = 500


class EffectiveVerdict(NamedTuple):
    """A verdict, and from when on it is in force, in ms since 1970 UTC."""

    verdict: Verdict
    effective_ms: int


class StateRestorer:
    """Makes the states of partitions anew. `options` are aiokafka's, for the connection.

    `new` gives an empty state, one of as many as the matches have partitions. Times are in ms: matches and
    hits since `remembered_ms` before now count, and of older hits, since `verdicts_ms` before now, those on
    which a verdict was given.
    """

    def __init__(
        self,
        options: dict[str, Any],
        group: str,
        matches_topic: str,
        hits_topic: str,
        new_correlator: Callable[[int], Correlator],
        effective_verdicts: Callable[[], Iterable[EffectiveVerdict]],
        now_ms: Callable[[], int],
        retention_ms: int,
        verdict_retention_ms: int,
    ) -> None:
        self._options = options
        self._group = group
        self._matches_topic = matches_topic
        self._hits_topic = hits_topic
        self._new_correlator = new_correlator
        self._effective_verdicts = effective_verdicts
        self._now_ms = now_ms
        self._retention_ms = retention_ms
        self._verdict_retention_ms = verdict_retention_ms

    async def __call__(self, partition: int) -> Correlator:
        """The state of a partition. Raises WorkerError if Kafka does not let it be read."""
        try:
            committed, partitions = await self._read_committed(partition)
            correlator = self._new_correlator(partitions)
            judged = set()
            for verdict, at in self._effective_verdicts():
                correlator.schedule_verdict(verdict, at)
                judged.add(verdict.hit_id)
            since = self._now_ms() - self._retention_ms
            if committed:
                async for records in self._read_partition(self._matches_topic, partition, since, committed):
                    _restore_matches(correlator, records)
            async for records in self._read_partition(
                self._hits_topic, partition, self._now_ms() - self._verdict_retention_ms
            ):
                _restore_hits(correlator, records, since, judged)
        except (KafkaError, FollowError) as error:
            raise WorkerError(
                f"topics {self._matches_topic} and {self._hits_topic}, partition {partition}: cannot "
                "be read back "
                f"({type(error).__name__}); without them a worker does not know what it has told"
            ) from error
        return correlator

    async def _read_committed(self, partition: int) -> tuple[int | None, int]:
        """The offset up to which the group has dealt with a partition of the matches, and how many partitions
        there are."""
        place = TopicPartition(self._matches_topic, partition)
        # It asks for what the group has committed; it does not join the group.
        consumer = AIOKafkaConsumer(**self._options, group_id=self._group, enable_auto_commit=False)
        try:
            await consumer.start()
            consumer.assign([place])
            # Asking for an offset makes the client learn of the topic's partitions.
            await consumer.end_offsets([place])
            offset: int | None = await consumer.committed(place)
            return offset, len(consumer.partitions_for_topic(self._matches_topic) or (partition,))
        finally:
            await consumer.stop()

    async def _read_partition(
        self, topic: str, partition: int, since_ms: int, end_offset: int | None = None
    ) -> AsyncIterator[Sequence[Record]]:
        """The records of a partition since a time (ms since 1970 UTC), before an offset or all there are."""
        # They are read as far back as they are kept: some may be deleted meanwhile, and those do not count.
        async with TopicFollower(self._options, topic, {partition}, skip_deleted=True) as follower:
            await follower.open(max(since_ms, 0))
            end_offset = follower.end_offsets[partition] if end_offset is None else end_offset
            follower.end_offsets[partition] = end_offset
            async for _, records in follower.read_to_end():
                for start in range(0, len(records), _MAX_CHUNK_RECORDS):
                    yield [
                        record
                        for record in records[start : start + _MAX_CHUNK_RECORDS]
                        if record.offset < end_offset
                    ]
                    # Heartbeats must go out meanwhile.
                    await asyncio.sleep(0)


def _restore_matches(correlator: Correlator, records: Sequence[Record]) -> None:
    for record in records:
        key = decode_alert_key(record.key)
        if key is not None:
            correlator.restorer.add_match(key, record.value or b"", record.timestamp)


def _restore_hits(
    correlator: Correlator, records: Sequence[Record], since_ms: int, hit_ids_with_verdict: Container[str]
) -> None:
    for record in records:
        if record.timestamp >= since_ms:
            correlator.restorer.add_hit(record.value or b"")
        elif (record.key or b"").decode("ascii", "replace") in hit_ids_with_verdict:
            correlator.restorer.add_pair(record.value or b"")
