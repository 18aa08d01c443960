"""The worker's progress in its partitions and their lag, for the watchdog."""

import asyncio
from contextlib import suppress
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from streams.kafka.client import Connection
from streams.worker.watchdog import Progress

_POLL_INTERVAL_S: Final = 2.0


class LagProbe:
    """Compares the position in each assigned partition with the partition's end.

    The end offsets are asked over a connection of its own, because the worker's consumer is what may hang.
    `app` is the started Faust app, with the batch driver's consumer.
    """

    def __init__(self, connection: Connection) -> None:
        self._consumer = AIOKafkaConsumer(**connection.for_aiokafka("probe"))
        self._end_offsets: dict[Any, int] = {}
        self.assignment_count = 0
        """How often partitions were assigned; the worker counts it up."""

    async def start(self) -> None:
        """Connect. Raises aiokafka.errors.KafkaError."""
        await self._consumer.start()

    async def stop(self) -> None:
        """Disconnect."""
        await self._consumer.stop()

    async def poll_end_offsets(self, app: Any) -> None:
        """Refresh the end offsets of the assigned partitions again and again, until cancelled."""
        while True:
            with suppress(KafkaError):  # Brokers are away; the last known offsets still count.
                self._end_offsets.update(await self._consumer.end_offsets(list(app.consumer.assignment())))
            await asyncio.sleep(_POLL_INTERVAL_S)

    def progress(self, app: Any) -> dict[str, Progress]:
        """Return the progress of each assigned partition, and of the group's assignments, by name."""
        not_assigned = self.assignment_count == 0 or bool(app.rebalancing)
        progress = {"the group": Progress(self.assignment_count, not_assigned)}
        for topic_partition in app.consumer.assignment():
            window = app.consumer.windows.get(topic_partition)
            end_offset = self._end_offsets.get(topic_partition)
            position = app.consumer.fetch_position(topic_partition)
            in_flight = window.in_flight if window else 0
            is_behind = end_offset is not None and (position is None or position < end_offset)
            state = (position, window.committable if window else None, in_flight)
            name = f"{topic_partition.topic}, partition {topic_partition.partition}"
            progress[name] = Progress(state, bool(in_flight) or is_behind)
        return progress
