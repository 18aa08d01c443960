"""Outbox: records to Kafka, each confirmed by the broker before anything counts on it."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.runtime.errors import WorkerError

Acknowledgement = asyncio.Future[Any]
_MAX_REQUEST_BYTES: Final = 12 * 1024 * 1024
"""A rejected record goes on with its headers, so this is above the topic's own limit, which speaks first."""

_MAX_BATCH_BYTES: Final = 1 << 17
"""What waits for a broker goes on in batches of up to this length, before they are made smaller."""


class ProducerRecord(NamedTuple):
    """One record to send; without a partition its key chooses one. `timestamp` in ms since 1970 UTC."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int | None = None
    timestamp_ms: int | None = None
    headers: Sequence[tuple[str, bytes]] = ()


class Producer:
    """An idempotent producer. `options` are aiokafka's, for the connection."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._producer = AIOKafkaProducer(
            **options,
            enable_idempotence=True,
            acks="all",
            linger_ms=0,
            max_request_size=_MAX_REQUEST_BYTES,
            max_batch_size=_MAX_BATCH_BYTES,
            # A hit is half as long, ten together a quarter; whoever makes a state anew reads a day of them.
            compression_type="lz4",
        )

    async def start(self) -> None:
        """Connects. Raises aiokafka.errors.KafkaError."""
        await self._producer.start()

    async def stop(self) -> None:
        """Sends what is left, and disconnects."""
        await self._producer.stop()

    async def partition_count(self, topic: str) -> int:
        """How many partitions a topic has. Raises aiokafka.errors.KafkaError."""
        return len(await self._producer.partitions_for(topic))

    async def send(self, records: Sequence[ProducerRecord]) -> list[Acknowledgement]:
        """Hands over records in order, waiting while too many are on their way.

        The futures returned are done when the broker has confirmed. Raises WorkerError for a record that
        cannot be sent at all.
        """
        sent: list[Acknowledgement] = []
        for topic, key, value, partition, timestamp, headers in records:
            try:
                future = await self._producer.send(
                    topic,
                    value=value,
                    key=key,
                    partition=partition,
                    timestamp_ms=timestamp,
                    headers=headers or None,
                )
            except KafkaError as error:
                raise refusal_error(topic, error) from error
            sent.append(future)
        return sent


def refusal_error(topic: str, error: BaseException) -> WorkerError:
    """What an operator is told of records that Kafka did not take."""
    # Some of aiokafka's messages show the record, so only the kind of error is told.
    why = getattr(error, "description", "") or (error.__doc__ or "").strip().partition("\n")[0]
    return WorkerError(
        f"topic {topic}: Kafka did not take a record ({type(error).__name__}{': ' if why else ''}{why}); "
        "what it came from is not committed and comes again when the cause is put right and the worker starts"
    )
