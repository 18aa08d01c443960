"""Records sent to Kafka and not yet acknowledged."""

import asyncio
from collections.abc import Callable, Sequence

from aiokafka.errors import KafkaError

from streams.kafka.producer import Acknowledgement, Producer, ProducerRecord, refusal_error
from streams.runtime.errors import unexpected_error
from streams.worker.failure_signal import FailureSignal


class PendingRecords:
    """Groups of records that were sent together and that the broker has not acknowledged yet."""

    def __init__(self, producer: Producer, failure: FailureSignal) -> None:
        self._producer = producer
        self._failure = failure
        self._tasks: set[asyncio.Task[None]] = set()
        self._latest: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._tasks)

    async def send(self, records: Sequence[ProducerRecord], on_acknowledged: Callable[[], object]) -> None:
        """Send records together; call back once the broker has acknowledged them and all sent before.

        If it refuses one, the worker fails. Raises WorkerError for a record that cannot be sent at all.
        """
        acknowledgements = await self._producer.send(records)
        task = asyncio.create_task(
            self._wait_acknowledged(records, acknowledgements, self._latest, on_acknowledged)
        )
        self._latest = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def wait(self) -> None:
        """Wait until the groups sent so far are acknowledged or refused."""
        if self._tasks:
            await asyncio.gather(*self._tasks)

    async def cancel(self) -> None:
        """Stop waiting for acknowledgements, without calling back."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _wait_acknowledged(
        self,
        records: Sequence[ProducerRecord],
        acknowledgements: Sequence[Acknowledgement],
        previous: asyncio.Task[None] | None,
        on_acknowledged: Callable[[], object],
    ) -> None:
        answers = await asyncio.gather(*acknowledgements, return_exceptions=True)
        for record, answer in zip(records, answers, strict=True):
            if isinstance(answer, KafkaError):
                self._failure.fail(refusal_error(record.topic, answer))
                return
            if isinstance(answer, BaseException):
                self._failure.fail(unexpected_error(f"topic {record.topic}: sending", answer))
                return
        if previous is not None:
            await asyncio.wait((previous,))
        if not self._failure.is_set:
            on_acknowledged()
