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
    prefix = f"{spool_id}:".encode()
    delivered = set[int]()
    deadline_s = monotonic() + _TIMEOUT_S
    consumer = KafkaConsumer(
        **kafka_options,
        group_id=None,
        enable_auto_commit=False,
        bootstrap_timeout_ms=2000,
        fetch_max_wait_ms=50,
    )
    try:
        partition_ids = consumer.partitions_for_topic(topic)
        if not partition_ids:
            raise MissingTopicError(topic)
        partitions = [TopicPartition(topic, partition_id) for partition_id in partition_ids]
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        starts = consumer.offsets_for_times(dict.fromkeys(partitions, since_ms - _MAX_CLOCK_SKEW_MS))
        unread = {
            partition
            for partition in partitions
            if starts.get(partition) and starts[partition].offset < ends[partition]
        }
        consumer.assign(unread)
        for partition in unread:
            consumer.seek(partition, starts[partition].offset)
        while unread and monotonic() < deadline_s:
            for records in consumer.poll(200).values():
                for record in records:
                    for name, value in record.headers:
                        if name == SPOOL_HEADER and value.startswith(prefix):
                            delivered.add(int(value[len(prefix) :]))
            unread = {partition for partition in unread if consumer.position(partition) < ends[partition]}
        if unread:
            _log.warning(
                "topic %s: reading back took longer than %g s and was stopped; reads may be sent twice, with "
                "the same ids",
                topic,
                _TIMEOUT_S,
            )
    finally:
        consumer.close()
    return frozenset(delivered)
