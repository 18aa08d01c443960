"""The life of a worker: connect, load the alert lists and verdicts, run the agents, drain, stop."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from math import inf
from time import monotonic
from typing import Any, Final, cast

from streams.kafka.client import Connection
from streams.kafka.producer import Producer
from streams.kafka.topics import TopicsConfig
from streams.lookback.supervisor import LookbackSupervisor
from streams.matching.plausible_time import KnownPresent
from streams.pipeline import PipelineConfig, build_correlator, build_matcher, build_verdict_rules
from streams.records.times import HOUR_MS, Millis
from streams.runtime.clock import Clock, wall_clock
from streams.runtime.errors import WorkerError
from streams.runtime.waiting import finish_within
from streams.worker.config import WorkerConfig
from streams.worker.context import WorkerContext
from streams.worker.correlate_agent import CorrelateAgent
from streams.worker.failure_signal import FailureSignal, as_worker_error
from streams.worker.faust_app import Agents, make_app
from streams.worker.followers import AlertFollower, VerdictFollower
from streams.worker.lag import LagProbe
from streams.worker.match_agent import MatchAgent
from streams.worker.restore import StateRestorer
from streams.worker.startup import wait_for_kafka
from streams.worker.watchdog import Progress

_TICK_INTERVAL_S: Final = 0.5
_EXPIRE_INTERVAL_S: Final = 60.0
_DRAIN_POLL_S: Final = 0.01
_LEAVE_TIMEOUT_S: Final = 3.0
_log: Final = logging.getLogger(__name__)


class Worker:
    """One worker. Call `start`, wait for `fatal_error` or for a reason of your own to stop, call `stop`."""

    def __init__(
        self,
        connection: Connection,
        topics: TopicsConfig,
        config: WorkerConfig,
        pipeline: PipelineConfig,
        lookback: LookbackSupervisor | None = None,
        clock: Clock = wall_clock,
    ) -> None:
        """`lookback` runs the lookbacks of the worker's partitions; None where no country permits any."""
        self._connection = connection
        self._topics = topics
        self._names = topics.names()
        self._config = config
        self._pipeline = pipeline
        self._lookback = lookback
        self._clock = clock
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, member: str | None = None) -> None:
        """Connect, load the alert lists and verdicts, join the group; `member` is as in `make_app`.

        Raises WorkerError if Kafka cannot be reached in time or refuses, or a topic is missing.
        """
        self._failure = FailureSignal()
        try:
            await wait_for_kafka(self._connection, self._names, self._config.connect_within_s)
            with as_worker_error("starting"):
                await self._connect()
                await self._load()
            await self._start_agents(member)
        except BaseException:
            await finish_within(_LEAVE_TIMEOUT_S, self._stack.aclose())
            raise
        self._start_tasks()
        _log.info("ready: group %s, %s", self._config.group, ", ".join(self._names.reads))

    async def fatal_error(self) -> WorkerError:
        """Wait for an error with which the worker cannot go on, and return it."""
        return await self._failure.wait()

    async def stop(self) -> bool:
        """Take no more records, finish and commit those in progress; return True if that is done in time.

        What is not finished in time is not committed, and is processed again by the partition's next owner.
        """
        drained = False
        if not self._failure.is_set:
            drained = await finish_within(self._config.drain_within_s, self._drain())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._log_implausible_reads(inf)
        # After a drain nothing is in progress; after a failure what is in progress may never finish.
        left = await finish_within(_LEAVE_TIMEOUT_S, self._leave_group())
        closed = await finish_within(_LEAVE_TIMEOUT_S, self._stack.aclose())
        return drained and left and closed

    @property
    def correlate_agent(self) -> CorrelateAgent:
        """The second stage."""
        return self._correlate_agent

    @property
    def match_agent(self) -> MatchAgent:
        """The first stage."""
        return self._match_agent

    def progress(self) -> Mapping[str, Progress]:
        """Return the progress of each assigned partition and of the group, for a watchdog."""
        progress = self._lag_probe.progress(self._app)
        for number, partition in self._correlate_agent.partitions.items():
            name = f"{self._names.matches}, partition {number}"
            if name in progress:
                # Long work on one alert moves on without an offset.
                position, is_pending = progress[name]
                progress[name] = Progress((position, partition.slice_count), is_pending)
        return progress

    async def _connect(self) -> None:
        self._lag_probe = LagProbe(self._connection)
        self._stack.push_async_callback(self._lag_probe.stop)
        await self._lag_probe.start()
        producer = Producer(self._connection.for_aiokafka("hits"))
        await producer.start()
        self._stack.push_async_callback(producer.stop)
        self._context = WorkerContext(self._config, self._names, producer, self._clock, self._failure)

    async def _load(self) -> None:
        """Load the alert lists and verdicts, and build the agents on them."""
        fuzzy_lists = self._pipeline.matching.fuzzy_lists
        self._alerts = AlertFollower(self._connection, self._topics, self._context, fuzzy_lists)
        self._stack.push_async_callback(self._alerts.stop)
        index = await self._alerts.load()
        matcher = build_matcher(self._pipeline)
        self._match_agent = MatchAgent(self._context, index, matcher, self._check_times)
        restorer = StateRestorer(
            self._connection,
            self._config.group,
            self._topics,
            lambda partitions: build_correlator(self._pipeline, index, matcher, partitions),
        )
        self._correlate_agent = CorrelateAgent(self._context, restorer, build_verdict_rules(self._pipeline))
        self._verdicts = VerdictFollower(
            self._connection, self._topics, self._context, self._correlate_agent.handle_verdict
        )
        self._stack.push_async_callback(self._verdicts.stop)
        await self._verdicts.load()

    def _check_times(self, now_ms: Millis) -> KnownPresent:
        """Return the check of the times of reads; too old is what no retention reaches back to."""
        retained_hours = max(self._topics.max_hours_of_reads, self._pipeline.correlation.kept_hours)
        return KnownPresent(now_ms, self._pipeline.matching.matching.max_ahead_s, retained_hours)

    async def _start_agents(self, member: str | None) -> None:
        agents = Agents(self._match_agent.handle_batch, self._correlate_agent.handle_batch)
        self._app = make_app(self._connection, self._config, member, self._names, agents)
        # Faust holds receivers weakly: a bound method lives as long as its object.
        self._app.on_partitions_revoked.connect(self._on_revoked)
        self._app.on_partitions_assigned.connect(cast(Any, self._on_assigned))
        self._stack.push_async_callback(self._leave_group)
        await self._app.start()

    def _start_tasks(self) -> None:
        for doing, work in (
            ("following the alert lists", self._alerts.follow(self._correlate_agent.handle_alert_change)),
            ("following the verdicts", self._verdicts.follow()),
            ("handling the passing of time", self._run_ticks()),
            ("asking for end offsets", self._lag_probe.poll_end_offsets(self._app)),
        ):
            self._tasks.append(asyncio.create_task(self._run_in_background(doing, work)))
        if self._lookback is not None:
            self._tasks.append(asyncio.create_task(self._lookback.run()))

    async def _run_in_background(self, doing: str, work: Coroutine[Any, Any, None]) -> None:
        """Run work without which the worker must not go on."""
        with self._failure.signal_failure(doing), as_worker_error(doing):
            await work

    async def _leave_group(self) -> None:
        # Faust would wait for the records in progress, in several places one after the other.
        cast(Any, self._app.consumer).leave_at_once()
        await self._app.stop()
        await self._correlate_agent.stop()

    async def _on_revoked(self, *_: Any, **__: Any) -> None:
        self._correlate_agent.handle_revoked()

    async def _on_assigned(self, _app: Any, assigned: Any, **_: Any) -> None:
        self._lag_probe.assignment_count += 1
        partitions = [each.partition for each in assigned if each.topic == self._names.matches]
        if self._lookback is not None:
            self._lookback.assign(partitions)
        await self._correlate_agent.handle_assigned(partitions, self._app.consumer_generation_id)

    async def _run_ticks(self) -> None:
        retention_ms = round(self._pipeline.correlation.kept_hours * HOUR_MS)
        verdict_retention_ms = round(self._topics.verdicts_hours * HOUR_MS)
        last_expired_s = monotonic()
        while True:
            await asyncio.sleep(_TICK_INTERVAL_S)
            self._correlate_agent.handle_time()
            self._log_implausible_reads(monotonic())
            if monotonic() - last_expired_s >= _EXPIRE_INTERVAL_S:
                last_expired_s = monotonic()
                now_ms = self._context.now_ms()
                self._correlate_agent.expire(now_ms - retention_ms, now_ms - verdict_retention_ms)

    def _log_implausible_reads(self, now_s: float) -> None:
        for line in self._match_agent.implausible.pop_lines(now_s):
            _log.warning("%s", line)

    async def _drain(self) -> None:
        consumer: Any = self._app.consumer
        consumer.stop_consuming((*self._names.reads, self._names.matches))
        while any(window.in_flight for window in consumer.windows.values()):
            if self._failure.is_set:
                return
            await asyncio.sleep(_DRAIN_POLL_S)
        while any(partition.pending_count for partition in self._correlate_agent.partitions.values()):
            await asyncio.sleep(_DRAIN_POLL_S)
        await consumer.force_commit()
