"""Reading back which entries of a spool are already on their topic."""

import logging
from collections.abc import Mapping
from time import monotonic
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition

from streams.records.times import Millis

_log = logging.getLogger(__name__)

SPOOL_HEADER: Final = "anpr.spool"
"""Header of each record with the spool's id and the sequence number of the entry."""
_TIMEOUT_S: Final = 30.0
_MAX_CLOCK_SKEW_MS: Final = 60_000
"""Greatest difference assumed between the clocks of the brokers and of this machine."""


class MissingTopicError(Exception):
    """A topic does not exist."""

    def __init__(self, topic: str) -> None:
        super().__init__(f"topic {topic} does not exist: create it with `anpr topics apply`")


def already_delivered(
    kafka_options: Mapping[str, Any], topic: str, spool_id: str, since_ms: Millis
) -> frozenset[int]:
    """Return the sequence numbers of a spool's entries that reached a topic since a time.

    `kafka_options` are the connection options of kafka-python. Reading stops after 30 s, with a line in the
    log; some numbers may then be missing. Raises MissingTopicError, and KafkaError if no broker answers.
    """
    deadline_s = monotonic() + _TIMEOUT_S
    prefix = f"{spool_id}:".encode()
    delivered = set[int]()
    consumer = KafkaConsumer(
        **kafka_options,
        group_id=None,
        enable_auto_commit=False,
        bootstrap_timeout_ms=2000,
        fetch_max_wait_ms=50,
    )
    try:
        ends = _end_offsets(consumer, topic)
        unread = _seek_to_time(consumer, ends, since_ms - _MAX_CLOCK_SKEW_MS)
        while unread and monotonic() < deadline_s:
            for records in consumer.poll(200).values():
                for record in records:
                    delivered.update(
                        int(value[len(prefix) :])
                        for name, value in record.headers
                        if name == SPOOL_HEADER and value.startswith(prefix)
                    )
            unread = {partition for partition in unread if consumer.position(partition) < ends[partition]}
    finally:
        consumer.close()
    if unread:
        _log.warning(
            "topic %s: reading back took longer than %g s and was stopped; reads may be sent twice, with "
            "the same ids",
            topic,
            _TIMEOUT_S,
        )
    return frozenset(delivered)


def _end_offsets(consumer: KafkaConsumer, topic: str) -> dict[TopicPartition, int]:
    """Return the end of each partition of a topic. Raises MissingTopicError."""
    partition_ids = consumer.partitions_for_topic(topic)
    if not partition_ids:
        raise MissingTopicError(topic)
    partitions = [TopicPartition(topic, partition_id) for partition_id in partition_ids]
    consumer.assign(partitions)
    ends: dict[TopicPartition, int] = consumer.end_offsets(partitions)
    return ends


def _seek_to_time(
    consumer: KafkaConsumer, ends: Mapping[TopicPartition, int], since_ms: Millis
) -> set[TopicPartition]:
    """Assign the partitions that have records since a time, at the first of these; return them."""
    starts = consumer.offsets_for_times(dict.fromkeys(ends, since_ms))
    unread = {
        partition
        for partition, end in ends.items()
        if starts.get(partition) and starts[partition].offset < end
    }
    consumer.assign(unread)
    for partition in unread:
        consumer.seek(partition, starts[partition].offset)
    return unread
