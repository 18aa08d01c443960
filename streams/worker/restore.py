"""The state of a partition of the matches, restored from topics: without a changelog and a database.

Matches are read up to the offset that the group has committed, hits and verdicts to their ends. The topic of
hits shows the last emitted revision of each hit, so a worker that takes over emits what is missing and
repeats nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Container, Iterable, Sequence
from typing import Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams.correlation.correlator import Correlator
from streams.kafka.client import Connection
from streams.kafka.faust_driver.batch import Record
from streams.kafka.follower import FollowError, TopicFollower
from streams.kafka.record_keys import decode_alert_key
from streams.kafka.topics import TopicsConfig
from streams.records.times import HOUR_MS, Millis, to_ms
from streams.records.verdict import Verdict
from streams.runtime.errors import WorkerError

_MAX_CHUNK_RECORDS: Final = 500


class EffectiveVerdict(NamedTuple):
    """A verdict, and the time at which it takes effect."""

    verdict: Verdict
    effective_ms: Millis


class StateRestorer:
    """Restores the state of partitions of the matches, as a consumer group has left it.

    `topics` gives the retention: matches and hits count for `matches_hours`, and hits on which there is a
    verdict for `verdicts_hours`. `build_correlator` returns an empty state, given the number of partitions.
    """

    def __init__(
        self,
        connection: Connection,
        group: str,
        topics: TopicsConfig,
        build_correlator: Callable[[int], Correlator],
    ) -> None:
        self._options = connection.for_aiokafka("restore")
        self._group = group
        self._matches_topic = topics.names().matches
        self._hits_topic = topics.names().hits
        self._retention_ms = round(topics.matches_hours * HOUR_MS)
        self._verdict_retention_ms = round(topics.verdicts_hours * HOUR_MS)
        self._build_correlator = build_correlator

    async def restore(
        self, partition: int, verdicts: Iterable[EffectiveVerdict], now_ms: Millis
    ) -> Correlator:
        """Return the state of a partition. Raises WorkerError if the topics cannot be read."""
        try:
            committed, partition_count = await self._read_committed(partition)
            correlator = self._build_correlator(partition_count)
            hit_ids_with_verdict = set()
            for verdict, effective_ms in verdicts:
                if to_ms(verdict.at) < now_ms - self._verdict_retention_ms:
                    continue  # A worker that ran on has forgotten it.
                correlator.schedule_verdict(verdict, effective_ms)
                hit_ids_with_verdict.add(verdict.hit_id)
            since_ms = now_ms - self._retention_ms
            if committed:
                async for records in self._read_partition(
                    self._matches_topic, partition, since_ms, committed
                ):
                    _restore_matches(correlator, records)
            async for records in self._read_partition(
                self._hits_topic, partition, now_ms - self._verdict_retention_ms
            ):
                _restore_hits(correlator, records, since_ms, hit_ids_with_verdict)
        except (KafkaError, FollowError) as error:
            raise WorkerError(
                f"topics {self._matches_topic} and {self._hits_topic}, partition {partition}: the state "
                f"cannot be restored from them ({type(error).__name__}); see that the brokers run and that "
                "this user has READ on both topics, and start the worker again"
            ) from error
        return correlator

    async def _read_committed(self, partition: int) -> tuple[int | None, int]:
        """Return the group's committed offset in a partition of the matches, and the number of partitions."""
        topic_partition = TopicPartition(self._matches_topic, partition)
        # With a group this consumer can ask for its committed offset; it does not join the group.
        consumer = AIOKafkaConsumer(**self._options, group_id=self._group, enable_auto_commit=False)
        try:
            await consumer.start()
            consumer.assign([topic_partition])
            # Asking for an offset makes the client learn of the topic's partitions.
            await consumer.end_offsets([topic_partition])
            offset: int | None = await consumer.committed(topic_partition)
            return offset, len(consumer.partitions_for_topic(self._matches_topic) or (partition,))
        finally:
            await consumer.stop()

    async def _read_partition(
        self, topic: str, partition: int, since_ms: Millis, end_offset: int | None = None
    ) -> AsyncIterator[Sequence[Record]]:
        """Yield the records of a partition since a time, up to an offset or to the end of the log."""
        # Records that are deleted for their age meanwhile are older than the retention and do not count.
        async with TopicFollower(self._options, topic, {partition}, skip_deleted=True) as follower:
            await follower.open(max(since_ms, 0))
            if end_offset is None:
                end_offset = follower.end_offsets[partition]
            follower.end_offsets[partition] = end_offset
            async for _, records in follower.read_to_end():
                for start in range(0, len(records), _MAX_CHUNK_RECORDS):
                    chunk = records[start : start + _MAX_CHUNK_RECORDS]
                    yield [record for record in chunk if record.offset < end_offset]
                    # Let the group's heartbeats be sent meanwhile.
                    await asyncio.sleep(0)


def _restore_matches(correlator: Correlator, records: Sequence[Record]) -> None:
    for record in records:
        key = decode_alert_key(record.key)
        if key is not None:
            correlator.restorer.add_match(key, record.value or b"", record.timestamp)


def _restore_hits(
    correlator: Correlator, records: Sequence[Record], since_ms: Millis, hit_ids_with_verdict: Container[str]
) -> None:
    for record in records:
        if record.timestamp >= since_ms:
            correlator.restorer.add_hit(record.value or b"")
        elif (record.key or b"").decode("ascii", "replace") in hit_ids_with_verdict:
            correlator.restorer.add_pair(record.value or b"")
