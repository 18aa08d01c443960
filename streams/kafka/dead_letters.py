"""Headers of dead letters: where a record was, which stage rejected it, and what is wrong with it.

Worker and gateway both write dead letters, so this module imports no Kafka client.
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import msgspec

from streams.records.faults import Fault

# Named as Kafka Connect names them (KIP-298), so that its tools can read them.
HEADER_PREFIX: Final = "__connect.errors."
TOPIC_HEADER: Final = f"{HEADER_PREFIX}topic"
PARTITION_HEADER: Final = f"{HEADER_PREFIX}partition"
OFFSET_HEADER: Final = f"{HEADER_PREFIX}offset"
STAGE_HEADER: Final = f"{HEADER_PREFIX}stage"
EXCEPTION_CLASS_HEADER: Final = f"{HEADER_PREFIX}exception.class.name"
MESSAGE_HEADER: Final = f"{HEADER_PREFIX}exception.message"
FAULTS_HEADER: Final = "anpr.faults"
"""The header with the faults as JSON: a list of {field, rule, value}."""
CONTENT_TYPE_HEADER: Final = "content-type"
"""The header with the media type of an event, as the camera gave it; written by the gateway."""

Stage = Literal["match", "gateway"]
"""The part that rejects a record: the worker's match stage, or the gateway."""
MATCH_STAGE: Final = "match"
GATEWAY_STAGE: Final = "gateway"
STAGES: Final[tuple[Stage, ...]] = (MATCH_STAGE, GATEWAY_STAGE)
_EXCEPTION_CLASSES: Final[dict[Stage, str]] = {
    "match": "streams.records.decode.RejectedRecord",
    "gateway": "streams.gateway.event.EventError",
}


class RecordOrigin(NamedTuple):
    """The topic, partition and offset of a rejected record."""

    topic: str
    partition: int
    offset: int


def dead_letter_headers(
    stage: Stage, faults: Sequence[Fault], origin: RecordOrigin | None = None
) -> list[tuple[str, bytes]]:
    """Return the headers that a dead letter gets, besides those of the record itself.

    `origin` is None for an event that was on no topic.
    """
    headers: dict[str, str] = {}
    if origin is not None:
        headers[TOPIC_HEADER] = origin.topic
        headers[PARTITION_HEADER] = str(origin.partition)
        headers[OFFSET_HEADER] = str(origin.offset)
    headers[STAGE_HEADER] = stage
    headers[EXCEPTION_CLASS_HEADER] = _EXCEPTION_CLASSES[stage]
    headers[MESSAGE_HEADER] = "; ".join(map(str, faults))
    encoded_faults = msgspec.json.encode([fault._asdict() for fault in faults])
    return [*((name, text.encode()) for name, text in headers.items()), (FAULTS_HEADER, encoded_faults)]
