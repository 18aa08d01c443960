"""One partition of the matches in correlation: its state, and the jobs on it, done one after the other."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from itertools import chain
from time import monotonic
from typing import Any, Final

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
from streams.rules.verdicts import VerdictRefusal
from streams.runtime.errors import WorkerError
from streams.worker.context import WorkerContext
from streams.worker.pending_records import PendingRecords

_MAX_JOB_MATCHES: Final = 200
"""Matches handled at once: well below 50 ms of work."""

_MAX_HELD_S: Final = 0.005
"""After so long the jobs of a partition let the rest of the worker go on."""

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
        report_refusal: Callable[[VerdictRefusal], None],
        background: asyncio.Lock,
    ) -> None:
        """`restore` returns the state that the partition's last owner left; the jobs wait for it.

        `background` is shared by the partitions of a worker: one of them does unfinished work at a time.
        """
        self._number = number
        self._context = context
        self._restore = restore
        self._report_notice = report_notice
        self._report_refusal = report_refusal
        self._background = background
        self.match_count = 0
        """Matches handled so far."""
        self.hit_count = 0
        """Hit revisions sent so far."""
        self.slice_count = 0
        """Slices of unfinished work done so far."""
        self._watermark_ms: Millis = 0
        self._correlator: Correlator | None = None
        self._jobs: asyncio.Queue[tuple[_Job, Callable[[], Any]]] = asyncio.Queue()
        self._unfinished_jobs = 0
        self._deferred: deque[tuple[int, Callable[[], Any]]] = deque()
        """What is called when the work up to a number is finished."""
        self._may_emit = asyncio.Event()
        self._may_emit.set()
        self._pending = PendingRecords(context.producer, context.failure)
        self._handling = asyncio.Lock()
        """Held from an event to the sending of its hits, so that revisions are sent in order."""
        self._has_work = asyncio.Event()
        self._yielded_s = monotonic()
        self._task = asyncio.create_task(self._run())

    @property
    def pending_count(self) -> int:
        """The number of unfinished jobs and of unacknowledged groups of hits, and 1 for unfinished work."""
        has_work = self._correlator is not None and self._correlator.has_work
        return self._unfinished_jobs + len(self._deferred) + len(self._pending) + has_work

    @property
    def suppressed(self) -> Mapping[tuple[str, str], int]:
        """The counts of passages suppressed by budget, by list and UTC day (2026-05-21)."""
        return self._correlator.suppressed_counts() if self._correlator is not None else {}

    def handle_batch(self, event: Any) -> None:
        """Handle an event of Faust's whose value is a Batch of matches; acknowledge it after its hits."""
        batch: Batch = event.value
        for start in range(0, len(batch), _MAX_JOB_MATCHES):
            is_last = start + _MAX_JOB_MATCHES >= len(batch)
            job = partial(self._handle_matches, batch=batch, start=start)
            self._submit(job, event.ack if is_last else _do_nothing)

    def handle_alert_change(self, key: AlertKey) -> None:
        """Handle a changed or withdrawn alert."""
        if self._correlator is None or self._correlator.is_sighted(key):
            self._submit(lambda correlator: correlator.handle_alert_change(key, self._now_ms()))

    def handle_verdict(self, verdict: Verdict, effective_ms: Millis) -> None:
        """Handle a verdict that takes effect at a time."""

        def job(correlator: Correlator) -> list[Hit]:
            correlator.schedule_verdict(verdict, effective_ms)
            correlator.advance(self._now_ms())
            return []

        self._submit(job)

    def handle_time(self) -> None:
        """Handle the passing of time, unless other jobs are waiting, which do so too."""
        if self._jobs.empty() and self._correlator is not None and self._may_emit.is_set():
            self._submit(lambda correlator: correlator.handle_time(self._now_ms()))

    def expire(self, before_ms: Millis, verdicts_before_ms: Millis) -> None:
        """Drop passages and verdicts older than their retention."""

        def job(correlator: Correlator) -> list[Hit]:
            if correlator.expire_slice(before_ms, verdicts_before_ms):
                self._submit(job)
            return []

        self._submit(job)

    def flush(self, watermark_ms: Millis) -> None:
        """Emit what is due after the last read, at the end of a run over past events."""

        def job(correlator: Correlator) -> list[Hit]:
            self._watermark_ms = max(self._watermark_ms, watermark_ms)
            hits = correlator.handle_time(self._now_ms())
            return [*hits, *correlator.finish_work(), *correlator.flush()]

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
            await self._finish_restore(correlator)
            self._has_work.set()
            tasks = [asyncio.create_task(do(correlator)) for do in (self._do_jobs, self._do_work)]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()  # Neither ends but by an error, after which the other emits nothing more.
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _do_jobs(self, correlator: Correlator) -> None:
        """Do the jobs in the order of arrival."""
        while True:
            job, on_done = await self._jobs.get()
            async with self._handling:
                await self._may_emit.wait()
                hits = job(correlator)
                if on_done is _do_nothing or correlator.is_finished(correlator.last_work):
                    await self._send(hits, on_done)
                else:
                    await self._send(hits)
                    self._deferred.append((correlator.last_work, on_done))
                self._report(correlator)
            self._unfinished_jobs -= 1
            if correlator.has_work or (correlator.cold_count and self._jobs.empty()):
                self._has_work.set()
            if monotonic() - self._yielded_s > _MAX_HELD_S:
                await asyncio.sleep(0)
                self._yielded_s = monotonic()

    async def _do_work(self, correlator: Correlator) -> None:
        """Do unfinished work slice by slice, next to the jobs; without jobs, hydrate cold alerts too."""
        while True:
            await self._has_work.wait()
            async with self._background:
                async with self._handling:
                    await self._may_emit.wait()
                    began_s = monotonic()
                    if correlator.has_work:
                        hits = correlator.do_work(self._now_ms())
                        self.slice_count += 1
                    elif correlator.cold_count and self._jobs.empty():
                        hits = correlator.hydrate(self._now_ms(), 1)
                    else:
                        self._has_work.clear()
                        continue
                    took_s = monotonic() - began_s
                    await self._send(hits)
                    self._report(correlator)
                    while self._deferred and correlator.is_finished(self._deferred[0][0]):
                        await self._send([], self._deferred.popleft()[1])
                # Leave half of the time to the rest of the worker.
                await asyncio.sleep(took_s)

    def _report(self, correlator: Correlator) -> None:
        """Report what the operator should know."""
        for notice in correlator.pop_notices():
            self._report_notice(self._number, notice)
        for refusal in correlator.pop_refusals():
            self._report_refusal(refusal)

    async def _finish_restore(self, correlator: Correlator) -> None:
        hits: list[Hit] = []
        for hit in chain(correlator.restorer.finish_in_slices(self._now_ms()), [None]):
            if hit is not None:
                hits.append(hit)
                continue
            await self._may_emit.wait()
            await self._send(hits)
            hits = []
            await asyncio.sleep(0)
        self._report(correlator)

    async def _send(self, hits: Sequence[Hit], on_done: Callable[[], Any] = _do_nothing) -> None:
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

    def _handle_matches(self, correlator: Correlator, batch: Batch, start: int) -> list[Hit]:
        """Handle the matches of a batch from an index on: so many that the event loop is not held long."""
        hits: list[Hit] = []
        records = batch.records[start : start + _MAX_JOB_MATCHES]
        decoded = decode_matches([record.value or b"" for record in records])
        for record, match in zip(records, decoded, strict=True):
            if not isinstance(match, Match):
                faults = "; ".join(map(str, match))
                raise WorkerError(
                    f"topic {batch.topic}, partition {batch.partition}, offset {record.offset}: not a match "
                    f"of this version ({faults}). Only workers may write there: stop the other writer, and "
                    "skip the record by setting the group's offset"
                )
            self._watermark_ms = max(self._watermark_ms, record.timestamp)
            hits += correlator.handle_match(match, self._context.clock(record.timestamp))
        self.match_count += len(records)
        return hits
