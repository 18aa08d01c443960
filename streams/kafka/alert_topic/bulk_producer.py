"""Writing many records to a topic, each acknowledged by the broker."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder

from streams.kafka.alert_topic.errors import AlertTopicError
from streams.kafka.client import Connection
from streams.kafka.record_keys import partition_of

_MAX_BATCH_BYTES: Final = 256 << 10
_MAX_IN_FLIGHT: Final = 32
"""Batches that may be unacknowledged at a time."""


async def publish_records(
    connection: Connection,
    topic: str,
    records: Iterable[tuple[bytes, bytes | None]],
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Write records, each a key and a value or None; call `progress` with how many are acknowledged.

    On return all in-sync replicas have acknowledged all of them. A key goes to the partition that Kafka's own
    clients choose for it. Raises AlertTopicError; some records may then be written, and a repetition is safe.
    """
    producer = AIOKafkaProducer(
        **connection.for_aiokafka("lists"),
        enable_idempotence=True,
        acks="all",
        max_batch_size=_MAX_BATCH_BYTES,
    )
    acknowledged = 0
    try:
        await producer.start()
        try:
            sender = _BatchSender(producer, topic, len(await producer.partitions_for(topic)))
            for key, value in records:
                for count in await sender.add(key, value):
                    acknowledged += count
                    progress(acknowledged)
            for count in await sender.flush():
                acknowledged += count
                progress(acknowledged)
        finally:
            await producer.stop()
    except KafkaError as error:
        servers = ", ".join(connection.config.servers)
        raise AlertTopicError(
            f"topic {topic} at {servers} cannot be written to: {str(error) or type(error).__name__}; "
            f"{acknowledged:,} records were acknowledged before; correct the cause and load again, which "
            "writes only what differs"
        ) from error


class _BatchSender:
    """Record batches by partition: those being filled, and those sent and not acknowledged."""

    def __init__(self, producer: AIOKafkaProducer, topic: str, partition_count: int) -> None:
        self._producer = producer
        self._topic = topic
        self._partition_count = partition_count
        self._open_batches: dict[int, BatchBuilder] = {}
        self._in_flight: list[tuple[asyncio.Future[Any], int]] = []

    async def add(self, key: bytes, value: bytes | None) -> list[int]:
        """Add a record; return the sizes of the batches acknowledged meanwhile."""
        partition = partition_of(key, self._partition_count)
        batch = self._open_batches.get(partition)
        if batch is not None and _try_append(batch, key, value):
            return []
        if batch is not None:
            await self._send(partition, batch)
        batch = self._open_batches[partition] = self._producer.create_batch()
        _try_append(batch, key, value)
        return [await self._await_acknowledgement() for _ in range(len(self._in_flight) - _MAX_IN_FLIGHT)]

    async def flush(self) -> list[int]:
        """Send what is left; return the sizes of all batches not returned before."""
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
    """Append a record to a batch; return False if it is full."""
    return batch.append(timestamp=None, key=key, value=value) is not None
