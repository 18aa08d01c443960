"""Headway: how far a worker is in its partitions, for the watchdog."""

import asyncio
from contextlib import suppress
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from streams.worker.watchdog import Progress

_POLL_INTERVAL_S: Final = 2.0


class LagProbe:
    """How far each partition is that a worker has, against where it ends.

    The ends are asked on a way of its own: the consumer is what may stand still. `options` are aiokafka's,
    for the connection; `app` is Faust's, started, with the batch driver's consumer.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        self._consumer = AIOKafkaConsumer(**options)
        self._end_offsets: dict[Any, int] = {}
        self.assignment_count = 0
        """How often partitions were assigned; told by the worker."""

    async def start(self) -> None:
        """Connects. Raises aiokafka.errors.KafkaError."""
        await self._consumer.start()

    async def stop(self) -> None:
        """Disconnects."""
        await self._consumer.stop()

    async def poll_end_offsets(self, app: Any) -> None:
        """Notes where the partitions end, again and again, without end."""
        while True:
            with suppress(KafkaError):  # brokers that are away; what was known last goes on to count
                self._end_offsets.update(await self._consumer.end_offsets(list(app.consumer.assignment())))
            await asyncio.sleep(_POLL_INTERVAL_S)

    def progress(self, app: Any) -> dict[str, Progress]:
        """How far each partition is, and the group as a whole."""
        found = {
            "the group": Progress(self.assignment_count, self.assignment_count == 0 or bool(app.rebalancing))
        }
        for tp in app.consumer.assignment():
            window = app.consumer.windows.get(tp)
            end, position = self._end_offsets.get(tp), app.consumer.fetch_position(tp)
            in_flight = window.in_flight if window else 0
            behind = end is not None and (position is None or position < end)
            moved = (position, window.committable if window else None, in_flight)
            found[f"{tp.topic}, partition {tp.partition}"] = Progress(moved, bool(in_flight) or behind)
        return found
