"""Dead letters of the match stage."""

from collections.abc import Sequence

from streams.kafka.dead_letters import MATCH_STAGE, RecordOrigin, dead_letter_headers
from streams.kafka.faust_driver.batch import Record
from streams.kafka.producer import ProducerRecord
from streams.records.faults import Fault


def dead_letter(
    dead_letter_topic: str, topic: str, partition: int, record: Record, faults: Sequence[Fault]
) -> ProducerRecord:
    """Return a rejected record as it was read, with headers that say where it was and what is wrong with it.

    A record without key and value gets an empty key, because the client sends none that has neither.
    """
    origin = RecordOrigin(topic, partition, record.offset)
    headers = [*record.headers, *dead_letter_headers(MATCH_STAGE, faults, origin)]
    key = b"" if record.key is None and record.value is None else record.key
    return ProducerRecord(dead_letter_topic, key, record.value, headers=headers)
