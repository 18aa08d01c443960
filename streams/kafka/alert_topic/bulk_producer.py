"""Writing records to a topic, confirmed by the broker."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder

from streams.kafka.alert_topic.reader import AlertTopicError
from streams.kafka.client import Connection
from streams.kafka.record_keys import partition_of

_MAX_BATCH_BYTES: Final = 256 << 10
_MAX_IN_FLIGHT: Final = 32
"""Batches that may be on their way at a time."""


async def publish_records(
    connection: Connection,
    topic: str,
    records: Iterable[tuple[bytes, bytes | None]],
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Writes records, each a key and a value or None; `progress` is told how many the broker has confirmed.

    When it returns all are confirmed by all copies in sync. A key goes to the partition that Kafka's own
    clients choose for it. Raises ListsError; then some may be written, and doing it again is safe.
    """
    producer = AIOKafkaProducer(
        **connection.for_aiokafka("lists"),
        enable_idempotence=True,
        acks="all",
        max_batch_size=_MAX_BATCH_BYTES,
    )
    confirmed = 0
    try:
        await producer.start()
        try:
            work = _BatchSender(producer, topic, len(await producer.partitions_for(topic)))
            for key, value in records:
                for count in await work.add(key, value):
                    confirmed += count
                    progress(confirmed)
            for count in await work.flush():
                confirmed += count
                progress(confirmed)
        finally:
            await producer.stop()
    except KafkaError as error:
        servers = ", ".join(connection.config.servers)
        raise AlertTopicError(
            f"the topic {topic} at {servers} cannot be written to: {str(error) or type(error).__name__}; "
            f"{confirmed:,} records were confirmed before; when it is put right, load again: only what "
            "differs is written"
        ) from error


class _BatchSender:
    """Records put together by partition, and the batches on their way."""

    def __init__(self, producer: AIOKafkaProducer, topic: str, partitions: int) -> None:
        self._producer = producer
        self._topic = topic
        self._partitions = partitions
        self._open_batches: dict[int, BatchBuilder] = {}
        self._in_flight: list[tuple[asyncio.Future[Any], int]] = []

    async def add(self, key: bytes, value: bytes | None) -> list[int]:
        """Adds a record; the sizes of batches confirmed meanwhile."""
        partition = partition_of(key, self._partitions)
        batch = self._open_batches.get(partition)
        if batch is not None and _try_append(batch, key, value):
            return []
        if batch is not None:
            await self._send(partition, batch)
        batch = self._open_batches[partition] = self._producer.create_batch()
        _try_append(batch, key, value)
        return [await self._await_acknowledgement() for _ in range(len(self._in_flight) - _MAX_IN_FLIGHT)]

    async def flush(self) -> list[int]:
        """Sends what is left; the sizes of all batches not told before."""
        for partition, batch in self._open_batches.items():
            await self._send(partition, batch)
        return [await self._await_acknowledgement() for _ in range(len(self._in_flight))]

    async def _send(self, partition: int, batch: BatchBuilder) -> None:
        count = batch.record_count()
        future = await self._producer.send_batch(batch, self._topic, partition=partition)
        self._in_flight.append((future, count))

    async def _await_acknowledgement(self) -> int:
        future, count = self._in_flight.pop(0)
        await future
        return count


def _try_append(batch: BatchBuilder, key: bytes, value: bytes | None) -> bool:
    """Adds a record to a batch, if there is room."""
    return batch.append(timestamp=None, key=key, value=value) is not None
