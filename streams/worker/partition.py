"""A worker's part in correlation: one partition of the matches, its state and the jobs on it, one by one."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from time import monotonic
from typing import Any

from streams.correlation.budget import Notice
from streams.correlation.correlator import Correlator
from streams.kafka.faust_driver import Batch
from streams.kafka.producer import Letter, Outbox
from streams.records.alert import AlertKey
from streams.records.decode import decode_matches
from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.match import Match
from streams.records.verdict import Verdict
from streams.runtime.clock import Clock
from streams.runtime.errors import WorkerError
from streams.worker.failure_signal import Alarm
from streams.worker.match_agent import confirm

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
        rebuilt: Callable[[int], Awaitable[Correlator]],
        outbox: Outbox,
        clock: Clock,
        alarm: Alarm,
        hits: str,
        notify: Callable[[int, Notice], None],
    ) -> None:
        self._number = number
        self.matches = 0
        """Matches taken so far."""
        self.hits = 0
        """Revisions of hits sent so far."""
        self._rebuilt = rebuilt
        self._outbox = outbox
        self._clock = clock
        self._alarm = alarm
        self._hits = hits
        self._notify = notify
        self._newest = 0
        self._correlator: Correlator | None = None
        self._jobs: asyncio.Queue[tuple[Job, Callable[[], Any] | None]] = asyncio.Queue()
        self._ours = asyncio.Event()
        self._ours.set()
        self._confirming: set[asyncio.Task[None]] = set()
        self._left = 0
        self._task = asyncio.create_task(self._run())

    @property
    def waiting(self) -> int:
        """How many jobs are not done yet, and how many confirmations are awaited."""
        return self._left + len(self._confirming)

    @property
    def withheld(self) -> Mapping[tuple[str, str], int]:
        """How many passages are withheld by a list's budget, by list and UTC day as in 2026-05-21."""
        return self._correlator.withheld() if self._correlator is not None else {}

    def batch(self, event: Any) -> None:
        """Takes an event of Faust's whose value is a Batch of matches; acknowledged when its hits are out."""
        self._enter(lambda: self._matches(event.value), event.ack)

    def changed(self, key: AlertKey) -> None:
        """Takes the news that an alert has changed."""
        if self._correlator is None or self._correlator.concerns(key):
            self._enter(lambda: self._state.changed(key, self._now()), None)

    def verdict(self, verdict: Verdict, at: int) -> None:
        """Takes a verdict that is in force from a time on, in ms since 1970 UTC."""

        def job() -> list[Hit]:
            self._state.expect(verdict, at)
            return self._state.advance(self._now())

        self._enter(job, None)

    def advance(self) -> None:
        """Takes the time."""
        if self._jobs.empty() and self._correlator is not None and self._ours.is_set():
            self._enter(lambda: self._state.advance(self._now()), None)

    def forget(self, before: int, verdicts_before: int) -> None:
        """Drops what is too old to be kept up to date; times in ms since 1970 UTC."""

        def job() -> list[Hit]:
            self._state.forget(before, verdicts_before)
            return []

        self._enter(job, None)

    def conclude(self, newest: int) -> None:
        """Tells what is known to follow after the latest time of all reads, in ms since 1970 UTC.

        For runs over events of the past, at their end.
        """

        def job() -> list[Hit]:
            self._newest = max(self._newest, newest)
            return [*self._state.advance(self._now()), *self._state.conclude()]

        self._enter(job, None)

    def pause(self) -> None:
        """Tells nothing from now on: the partition may be another's."""
        self._ours.clear()

    def go_on(self) -> None:
        """Goes on with the state there is: the partition was nobody else's meanwhile."""
        self._ours.set()

    async def stop(self) -> None:
        """Ends it; what waits is dropped and comes again from Kafka to whoever has the partition next."""
        # Its confirmations too: brokers may be away, and whoever waits for this holds up a rebalance.
        tasks = (self._task, *self._confirming)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def _state(self) -> Correlator:
        assert self._correlator is not None, "jobs are done when the state is there"
        return self._correlator

    def _now(self) -> int:
        return self._clock(self._newest)

    def _enter(self, job: Job, done: Callable[[], Any] | None) -> None:
        self._left += 1
        self._jobs.put_nowait((job, done))

    async def _run(self) -> None:
        with self._alarm.heard(f"correlating for {self._hits}, partition {self._number}"):
            correlator = await self._rebuilt(self._number)
            self._correlator = correlator
            await self._do(lambda: correlator.resume(self._now()), None)
            while True:
                job, done = await self._next_job()
                await self._ours.wait()
                await self._do(job, done)
                self._left -= 1

    async def _next_job(self) -> tuple[Job, Callable[[], Any] | None]:
        """The job that is next. While there is none, alerts that rest are reviewed one by one."""
        while self._jobs.empty() and self._state.resting:
            await self._ours.wait()
            began = monotonic()
            await self._do(lambda: self._state.wake(self._now(), 1), None)
            # Half of the time is left to what else the worker does.
            with suppress(TimeoutError):
                return await asyncio.wait_for(self._jobs.get(), monotonic() - began)
        return await self._jobs.get()

    async def _do(self, job: Job, done: Callable[[], Any] | None) -> None:
        hits = job()
        for notice in self._state.notices():
            self._notify(self._number, notice)
        if hits:
            self.hits += len(hits)
            letters = [Letter(self._hits, hit.hit_id.encode(), encode(hit), self._number) for hit in hits]
            sent = await self._outbox.send(letters)
            task = asyncio.create_task(confirm(letters, sent, done or (lambda: None), self._alarm))
            self._confirming.add(task)
            task.add_done_callback(self._confirming.discard)
        elif done is not None:
            # Hits of earlier jobs on the same matches may be under way still.
            if self._confirming:
                await asyncio.gather(*self._confirming)
            if not self._alarm.raised:
                done()

    def _matches(self, batch: Batch) -> list[Hit]:
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
            self._newest = max(self._newest, record.timestamp)
            hits += self._state.match(match, self._clock(record.timestamp))
        self.matches += len(batch)
        return hits
