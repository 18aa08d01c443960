"""One partition of the matches in correlation: its state, and the jobs on it, done one after the other."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from time import monotonic
from typing import Any

from streams.correlation.budget import BudgetNotice
from streams.correlation.correlator import Correlator
from streams.kafka.faust_driver import Batch
from streams.kafka.producer import ProducerRecord
from streams.records.alert import AlertKey
from streams.records.decode import decode_matches
from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.match import Match
from streams.records.times import Millis
from streams.records.verdict import Verdict
from streams.runtime.errors import WorkerError
from streams.worker.context import WorkerContext
from streams.worker.pending_records import PendingRecords

_Job = Callable[[Correlator], list[Hit]]


def _do_nothing() -> None:
    """Take the place of a callback."""


class Partition:
    """The state of one partition of the matches. Its events are handled in the order of arrival.

    Its hits go to the same partition of the topic of hits, so the hits of one vehicle stay in order.
    """

    def __init__(
        self,
        number: int,
        context: WorkerContext,
        restore: Callable[[int], Awaitable[Correlator]],
        report_notice: Callable[[int, BudgetNotice], None],
    ) -> None:
        """`restore` returns the state that the partition's last owner left; the jobs wait for it."""
        self._number = number
        self._context = context
        self._restore = restore
        self._report_notice = report_notice
        self.match_count = 0
        """Matches handled so far."""
        self.hit_count = 0
        """Hit revisions sent so far."""
        self._watermark_ms: Millis = 0
        self._correlator: Correlator | None = None
        self._jobs: asyncio.Queue[tuple[_Job, Callable[[], Any]]] = asyncio.Queue()
        self._unfinished_jobs = 0
        self._may_emit = asyncio.Event()
        self._may_emit.set()
        self._pending = PendingRecords(context.producer, context.failure)
        self._task = asyncio.create_task(self._run())

    @property
    def pending_count(self) -> int:
        """The number of unfinished jobs and of unacknowledged groups of hits."""
        return self._unfinished_jobs + len(self._pending)

    @property
    def suppressed(self) -> Mapping[tuple[str, str], int]:
        """The counts of passages suppressed by budget, by list and UTC day (2026-05-21)."""
        return self._correlator.suppressed_counts() if self._correlator is not None else {}

    def handle_batch(self, event: Any) -> None:
        """Handle an event of Faust's whose value is a Batch of matches; acknowledge it after its hits."""
        self._submit(lambda correlator: self._handle_matches(correlator, event.value), event.ack)

    def handle_alert_change(self, key: AlertKey) -> None:
        """Handle a changed or withdrawn alert."""
        if self._correlator is None or self._correlator.is_sighted(key):
            self._submit(lambda correlator: correlator.handle_alert_change(key, self._now_ms()))

    def handle_verdict(self, verdict: Verdict, effective_ms: Millis) -> None:
        """Handle a verdict that takes effect at a time."""

        def job(correlator: Correlator) -> list[Hit]:
            correlator.schedule_verdict(verdict, effective_ms)
            return correlator.handle_time(self._now_ms())

        self._submit(job)

    def handle_time(self) -> None:
        """Handle the passing of time, unless other jobs are waiting, which do so too."""
        if self._jobs.empty() and self._correlator is not None and self._may_emit.is_set():
            self._submit(lambda correlator: correlator.handle_time(self._now_ms()))

    def expire(self, before_ms: Millis, verdicts_before_ms: Millis) -> None:
        """Drop passages and verdicts older than their retention."""

        def job(correlator: Correlator) -> list[Hit]:
            correlator.expire(before_ms, verdicts_before_ms)
            return []

        self._submit(job)

    def flush(self, watermark_ms: Millis) -> None:
        """Emit what is due after the last read, at the end of a run over past events."""

        def job(correlator: Correlator) -> list[Hit]:
            self._watermark_ms = max(self._watermark_ms, watermark_ms)
            return [*correlator.handle_time(self._now_ms()), *correlator.flush()]

        self._submit(job)

    def pause(self) -> None:
        """Emit nothing from now on: the partition may be another worker's."""
        self._may_emit.clear()

    def resume(self) -> None:
        """Continue with the present state: no other worker had the partition meanwhile."""
        self._may_emit.set()

    async def stop(self) -> None:
        """Drop all unfinished jobs; Kafka delivers their records again to the partition's next owner."""
        # Acknowledgements are not waited for: brokers may be away, and a rebalance waits for this.
        self._task.cancel()
        await self._pending.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def _now_ms(self) -> Millis:
        return self._context.clock(self._watermark_ms)

    def _submit(self, job: _Job, on_done: Callable[[], Any] = _do_nothing) -> None:
        self._unfinished_jobs += 1
        self._jobs.put_nowait((job, on_done))

    async def _run(self) -> None:
        doing = f"correlating for {self._context.topics.hits}, partition {self._number}"
        with self._context.failure.signal_failure(doing):
            correlator = self._correlator = await self._restore(self._number)
            await self._run_job(correlator, lambda state: state.restorer.finish(self._now_ms()))
            while True:
                job, on_done = await self._next_job(correlator)
                await self._may_emit.wait()
                await self._run_job(correlator, job, on_done)
                self._unfinished_jobs -= 1

    async def _next_job(self, correlator: Correlator) -> tuple[_Job, Callable[[], Any]]:
        """Return the next job; while there is none, hydrate cold alerts one by one."""
        while self._jobs.empty() and correlator.cold_count:
            await self._may_emit.wait()
            began_s = monotonic()
            await self._run_job(correlator, lambda state: state.hydrate(self._now_ms(), 1))
            # Leave half of the time to the rest of the worker.
            with suppress(TimeoutError):
                return await asyncio.wait_for(self._jobs.get(), monotonic() - began_s)
        return await self._jobs.get()

    async def _run_job(
        self, correlator: Correlator, job: _Job, on_done: Callable[[], Any] = _do_nothing
    ) -> None:
        hits = job(correlator)
        for notice in correlator.pop_notices():
            self._report_notice(self._number, notice)
        if hits:
            self.hit_count += len(hits)
            await self._pending.send([self._hit_record(hit) for hit in hits], on_done)
        elif on_done is not _do_nothing:
            # Hits of earlier jobs on the same matches may not be acknowledged yet.
            await self._pending.wait()
            if not self._context.failure.is_set:
                on_done()

    def _hit_record(self, hit: Hit) -> ProducerRecord:
        return ProducerRecord(self._context.topics.hits, hit.hit_id.encode(), encode(hit), self._number)

    def _handle_matches(self, correlator: Correlator, batch: Batch) -> list[Hit]:
        hits: list[Hit] = []
        decoded = decode_matches([record.value or b"" for record in batch.records])
        for record, match in zip(batch.records, decoded, strict=True):
            if not isinstance(match, Match):
                faults = "; ".join(map(str, match))
                raise WorkerError(
                    f"topic {batch.topic}, partition {batch.partition}, offset {record.offset}: not a match "
                    f"of this version ({faults}). Only workers may write there: stop the other writer, and "
                    "skip the record by setting the group's offset"
                )
            self._watermark_ms = max(self._watermark_ms, record.timestamp)
            hits += correlator.handle_match(match, self._context.clock(record.timestamp))
        self.match_count += len(batch)
        return hits
