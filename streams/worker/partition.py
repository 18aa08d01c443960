"""A worker's part in correlation: one partition of the matches, its state and the jobs on it, one by one."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from time import monotonic
from typing import Any

from streams.correlation.budget import BudgetNotice
from streams.correlation.correlator import Correlator
from streams.kafka.faust_driver import Batch
from streams.kafka.producer import Producer, ProducerRecord
from streams.records.alert import AlertKey
from streams.records.decode import decode_matches
from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.match import Match
from streams.records.verdict import Verdict
from streams.runtime.clock import Clock
from streams.runtime.errors import WorkerError
from streams.worker.failure_signal import FailureSignal
from streams.worker.match_agent import await_acknowledgements

Job = Callable[[], list[Hit]]


class Partition:
    """One partition of the matches: all that comes for it is done in the order in which it came.

    `rebuilt` gives the state as it was left by whoever had the partition before. Its hits go to the same
    partition of the topic of hits, so those of one vehicle stay in order. `notify` is given what there is
    to say of lists' budgets.
    """

    def __init__(
        self,
        number: int,
        restore: Callable[[int], Awaitable[Correlator]],
        producer: Producer,
        clock: Clock,
        failure: FailureSignal,
        hits_topic: str,
        notify: Callable[[int, BudgetNotice], None],
    ) -> None:
        self._number = number
        self.match_count = 0
        """Matches taken so far."""
        self.hit_count = 0
        """Revisions of hits sent so far."""
        self._restore = restore
        self._producer = producer
        self._clock = clock
        self._failure = failure
        self._hits_topic = hits_topic
        self._notify = notify
        self._watermark_ms = 0
        self._correlator: Correlator | None = None
        self._jobs: asyncio.Queue[tuple[Job, Callable[[], Any] | None]] = asyncio.Queue()
        self._owned = asyncio.Event()
        self._owned.set()
        self._acknowledging: set[asyncio.Task[None]] = set()
        self._jobs_left = 0
        self._task = asyncio.create_task(self._run())

    @property
    def pending_count(self) -> int:
        """How many jobs are not done yet, and how many confirmations are awaited."""
        return self._jobs_left + len(self._acknowledging)

    @property
    def suppressed(self) -> Mapping[tuple[str, str], int]:
        """How many passages are withheld by a list's budget, by list and UTC day as in 2026-05-21."""
        return self._correlator.suppressed_counts() if self._correlator is not None else {}

    def handle_batch(self, event: Any) -> None:
        """Takes an event of Faust's whose value is a Batch of matches; acknowledged when its hits are out."""
        self._submit(lambda: self._handle_matches(event.value), event.ack)

    def handle_alert_change(self, key: AlertKey) -> None:
        """Takes the news that an alert has changed."""
        if self._correlator is None or self._correlator.is_sighted(key):
            self._submit(lambda: self._restored_correlator.handle_alert_change(key, self._now_ms()), None)

    def handle_verdict(self, verdict: Verdict, effective_ms: int) -> None:
        """Takes a verdict that is in force from a time on, in ms since 1970 UTC."""

        def job() -> list[Hit]:
            self._restored_correlator.schedule_verdict(verdict, effective_ms)
            return self._restored_correlator.handle_time(self._now_ms())

        self._submit(job, None)

    def handle_time(self) -> None:
        """Takes the time."""
        if self._jobs.empty() and self._correlator is not None and self._owned.is_set():
            self._submit(lambda: self._restored_correlator.handle_time(self._now_ms()), None)

    def expire(self, before_ms: int, verdicts_before_ms: int) -> None:
        """Drops what is too old to be kept up to date; times in ms since 1970 UTC."""

        def job() -> list[Hit]:
            self._restored_correlator.expire(before_ms, verdicts_before_ms)
            return []

        self._submit(job, None)

    def flush(self, watermark_ms: int) -> None:
        """Tells what is known to follow after the latest time of all reads, in ms since 1970 UTC.

        For runs over events of the past, at their end.
        """

        def job() -> list[Hit]:
            self._watermark_ms = max(self._watermark_ms, watermark_ms)
            return [
                *self._restored_correlator.handle_time(self._now_ms()),
                *self._restored_correlator.flush(),
            ]

        self._submit(job, None)

    def pause(self) -> None:
        """Tells nothing from now on: the partition may be another's."""
        self._owned.clear()

    def resume(self) -> None:
        """Goes on with the state there is: the partition was nobody else's meanwhile."""
        self._owned.set()

    async def stop(self) -> None:
        """Ends it; what waits is dropped and comes again from Kafka to whoever has the partition next."""
        # Its confirmations too: brokers may be away, and whoever waits for this holds up a rebalance.
        tasks = (self._task, *self._acknowledging)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def _restored_correlator(self) -> Correlator:
        assert self._correlator is not None, "jobs are done when the state is there"
        return self._correlator

    def _now_ms(self) -> int:
        return self._clock(self._watermark_ms)

    def _submit(self, job: Job, on_done: Callable[[], Any] | None) -> None:
        self._jobs_left += 1
        self._jobs.put_nowait((job, on_done))

    async def _run(self) -> None:
        with self._failure.signal_failure(f"correlating for {self._hits_topic}, partition {self._number}"):
            correlator = await self._restore(self._number)
            self._correlator = correlator
            await self._run_job(lambda: correlator.restorer.finish(self._now_ms()), None)
            while True:
                job, done = await self._next_job()
                await self._owned.wait()
                await self._run_job(job, done)
                self._jobs_left -= 1

    async def _next_job(self) -> tuple[Job, Callable[[], Any] | None]:
        """The job that is next. While there is none, alerts that rest are reviewed one by one."""
        while self._jobs.empty() and self._restored_correlator.cold_count:
            await self._owned.wait()
            began = monotonic()
            await self._run_job(lambda: self._restored_correlator.hydrate(self._now_ms(), 1), None)
            # Half of the time is left to what else the worker does.
            with suppress(TimeoutError):
                return await asyncio.wait_for(self._jobs.get(), monotonic() - began)
        return await self._jobs.get()

    async def _run_job(self, job: Job, on_done: Callable[[], Any] | None) -> None:
        hits = job()
        for notice in self._restored_correlator.pop_notices():
            self._notify(self._number, notice)
        if hits:
            self.hit_count += len(hits)
            letters = [
                ProducerRecord(self._hits_topic, hit.hit_id.encode(), encode(hit), self._number)
                for hit in hits
            ]
            sent = await self._producer.send(letters)
            task = asyncio.create_task(
                await_acknowledgements(letters, sent, on_done or (lambda: None), self._failure)
            )
            self._acknowledging.add(task)
            task.add_done_callback(self._acknowledging.discard)
        elif on_done is not None:
            # Hits of earlier jobs on the same matches may be under way still.
            if self._acknowledging:
                await asyncio.gather(*self._acknowledging)
            if not self._failure.is_set:
                on_done()

    def _handle_matches(self, batch: Batch) -> list[Hit]:
        hits: list[Hit] = []
        decoded = decode_matches([record.value or b"" for record in batch.records])
        for record, match in zip(batch.records, decoded, strict=True):
            if not isinstance(match, Match):
                faults = "; ".join(map(str, match))
                raise WorkerError(
                    f"topic {batch.topic}: partition {batch.partition}, offset {record.offset}: no match of "
                    f"this version ({faults}). Only workers write there: stop what else does, and go past "
                    "the record by setting the group's offset"
                )
            self._watermark_ms = max(self._watermark_ms, record.timestamp)
            hits += self._restored_correlator.handle_match(match, self._clock(record.timestamp))
        self.match_count += len(batch)
        return hits
