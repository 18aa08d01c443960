"""Records to Kafka, each acknowledged by the broker before anything relies on it."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.records.times import Millis
from streams.runtime.errors import WorkerError

Acknowledgement = asyncio.Future[Any]
_MAX_REQUEST_BYTES: Final = 12 * 1024 * 1024
"""Above the limit of any topic, which is to be the one that applies: a dead letter has headers on top."""

_MAX_BATCH_BYTES: Final = 1 << 17
"""Length of a batch before compression, as records wait for a broker."""


class ProducerRecord(NamedTuple):
    """One record to send; without a partition its key chooses one, without a time the producer does."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int | None = None
    timestamp_ms: Millis | None = None
    headers: Sequence[tuple[str, bytes]] = ()


class Producer:
    """An idempotent producer. `options` are those of aiokafka for the connection."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._producer = AIOKafkaProducer(
            **options,
            enable_idempotence=True,
            acks="all",
            linger_ms=0,
            max_request_size=_MAX_REQUEST_BYTES,
            max_batch_size=_MAX_BATCH_BYTES,
            # A hit shrinks to a half, ten together to a quarter; restoring the state reads a day of them.
            compression_type="lz4",
        )

    async def start(self) -> None:
        """Connect. Raises aiokafka.errors.KafkaError."""
        await self._producer.start()

    async def stop(self) -> None:
        """Send what is left, and disconnect."""
        await self._producer.stop()

    async def partition_count(self, topic: str) -> int:
        """Return the number of partitions of a topic. Raises aiokafka.errors.KafkaError."""
        return len(await self._producer.partitions_for(topic))

    async def send(self, records: Sequence[ProducerRecord]) -> list[Acknowledgement]:
        """Send records in order, waiting while too many are in flight.

        The futures returned are done when the broker has acknowledged. Raises WorkerError for a record that
        cannot be sent at all.
        """
        acknowledgements: list[Acknowledgement] = []
        for topic, key, value, partition, timestamp_ms, headers in records:
            try:
                future = await self._producer.send(
                    topic,
                    value=value,
                    key=key,
                    partition=partition,
                    timestamp_ms=timestamp_ms,
                    headers=headers or None,
                )
            except KafkaError as error:
                raise refusal_error(topic, error) from error
            acknowledgements.append(future)
        return acknowledgements


def refusal_error(topic: str, error: BaseException) -> WorkerError:
    """Return the error of a record that Kafka refused."""
    # Some messages of aiokafka show the record, so only the kind of error is shown.
    why = getattr(error, "description", "") or (error.__doc__ or "").strip().partition("\n")[0]
    return WorkerError(
        f"topic {topic}: Kafka refused a record ({type(error).__name__}{': ' if why else ''}{why}); correct "
        "the cause and start the worker again: what the record was made from is not committed and will be "
        "processed again"
    )
