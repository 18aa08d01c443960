"""Reading back: what of a spool is on its topic already."""

import logging
from collections.abc import Mapping
from time import monotonic
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition

_log = logging.getLogger(__name__)

SPOOL_HEADER: Final = "anpr.spool"
"""The header of each record with the spool's id and the number of the entry."""
_TIMEOUT_S: Final = 30.0
_MAX_CLOCK_SKEW_MS: Final = 60_000
"""How far the brokers' clocks may be from this one's."""


class NoTopicError(Exception):
    """A topic that is not there."""

    def __init__(self, topic: str) -> None:
        super().__init__(f"the topic {topic} is not there: `anpr topics apply` makes it")


def already_delivered(options: Mapping[str, Any], topic: str, spool_id: str, since_ms: int) -> frozenset[int]:
    """The numbers of entries of a spool that came to a topic since a time, in ms since 1970 UTC.

    `options` are kafka-python's, for the connection. If there is too much to read it is said in the log, and
    some may be missing. Raises NoTopicError, and KafkaError for brokers that do not answer.
    """
    own, found = f"{spool_id}:".encode(), set[int]()
    began = monotonic()
    consumer = KafkaConsumer(
        **options,
        group_id=None,
        enable_auto_commit=False,
        bootstrap_timeout_ms=2000,
        fetch_max_wait_ms=50,
    )
    try:
        numbers = consumer.partitions_for_topic(topic)
        if not numbers:
            raise NoTopicError(topic)
        partitions = [TopicPartition(topic, number) for number in numbers]
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        begins = consumer.offsets_for_times(dict.fromkeys(partitions, since_ms - _MAX_CLOCK_SKEW_MS))
        left = {each for each in partitions if begins.get(each) and begins[each].offset < ends[each]}
        consumer.assign(left)
        for each in left:
            consumer.seek(each, begins[each].offset)
        while left and monotonic() - began < _TIMEOUT_S:
            for records in consumer.poll(200).values():
                for record in records:
                    for name, value in record.headers:
                        if name == SPOOL_HEADER and value.startswith(own):
                            found.add(int(value[len(own) :]))
            left = {each for each in left if consumer.position(each) < ends[each]}
        if left:
            _log.warning("too much came to Kafka to read back; some reads may be sent again, with their ids")
    finally:
        consumer.close()
    return frozenset(found)
