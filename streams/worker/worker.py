"""The worker's life: connect, read the lists whole, take reads until told to end or in trouble, end."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, Final, NamedTuple, cast

from aiokafka.errors import KafkaError

from streams.confusions.model import ConfusionModels
from streams.correlation.budget import BudgetNotice, build_budgets
from streams.correlation.config import CooperationRules, CorrelationConfig, CorrelationRules
from streams.correlation.correlator import Correlator
from streams.kafka.alert_topic import AlertTopicConfig, AlertTopicError, AlertTopicReader
from streams.kafka.client import Connection, TokenError
from streams.kafka.follower import FollowError, TopicFollower
from streams.kafka.producer import Producer
from streams.kafka.topics import TopicsConfig
from streams.lookback.child_process import ChildConfig
from streams.lookback.scheduler import LookbackSettings
from streams.lookback.supervisor import LookbackSupervisor
from streams.matching.config import MatchingRules
from streams.matching.matcher import Matcher
from streams.network.config import Places
from streams.records.decode import decode_verdict
from streams.records.times import HOUR_MS
from streams.records.verdict import Verdict
from streams.rules.jurisdictions import JurisdictionConfig
from streams.runtime.clock import Clock, wall_clock
from streams.runtime.errors import WorkerError
from streams.worker.config import WorkerConfig
from streams.worker.correlate_agent import CorrelateAgent
from streams.worker.failure_signal import FailureSignal
from streams.worker.faust_app import Agents, make_app
from streams.worker.lag import LagProbe
from streams.worker.match_agent import MatchAgent
from streams.worker.partition import Partition
from streams.worker.reject_rate import RejectRate
from streams.worker.restore import StateRestorer
from streams.worker.startup import wait_for_kafka
from streams.worker.watchdog import Watchdog, exit_stalled

_TICK_INTERVAL_S: Final = 0.5
_MAX_REPORTED_VERDICTS: Final = 10
_EXPIRE_INTERVAL_S: Final = 60.0
_LEAVE_TIMEOUT_S: Final = 3.0


class WorkerSettings(NamedTuple):
    """The parts of the settings that a worker needs."""

    topics: TopicsConfig
    worker: WorkerConfig
    matching: MatchingRules
    correlation: CorrelationConfig
    places: Places
    models: ConfusionModels | None = None
    """How readers misread; None for the models shipped."""
    jurisdictions: Mapping[str, JurisdictionConfig] = {}
    """What countries allow with their reads."""
    cooperation: CooperationRules = CooperationRules()
    """Handovers and joint operations."""


class Worker:
    """One worker. `say` is given a line for the operator; `member` as in `make_app`.

    `start`, then `end`; in between `trouble` is to be awaited. All raise WorkerError.
    """

    def __init__(
        self,
        connection: Connection,
        settings: WorkerSettings,
        say: Callable[[str], None],
        member: str | None = None,
        clock: Clock = wall_clock,
    ) -> None:
        self._connection = connection
        self._settings = settings
        self._say = say
        self._member = member
        self._clock = clock
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        self._skipped_verdicts = 0
        self._tightened: set[tuple[str, str]] = set()
        self._lookback_supervisor = self._build_lookback_supervisor()

    async def start(self) -> None:
        """Connects, reads the lists whole and then takes reads.

        Raises WorkerError if Kafka cannot be reached in time or denies, or a topic is missing.
        """
        self._failure = FailureSignal()
        try:
            await self._start()
        except BaseException:
            await _finish_within(_LEAVE_TIMEOUT_S, self._stack.aclose())
            raise

    async def _start(self) -> None:
        names = self._names = self._settings.topics.names()
        await wait_for_kafka(
            self._connection.for_aiokafka("start"),
            names,
            self._settings.worker.connect_within_s,
            self._say,
        )
        with _as_worker_error("starting"):
            await self._load_lists()
            await self._read_verdicts()
            await self._connect()
        await self._start_agents()
        self._tasks += [
            asyncio.create_task(self._background("following the alert lists", self._follow_lists())),
            asyncio.create_task(self._background("following the verdicts", self._follow_verdicts())),
            asyncio.create_task(self._background("keeping time", self._run_ticks())),
            asyncio.create_task(
                self._background("asking for the topics' ends", self._lag_probe.poll_end_offsets(self._app))
            ),
        ]
        if self._lookback_supervisor is not None:
            self._tasks.append(asyncio.create_task(self._lookback_supervisor.run()))
        self._watchdog = Watchdog(
            lambda: self._lag_probe.progress(self._app),
            self._settings.worker.stalled_after_s,
            self._exit_stalled,
        )
        self._say(f"ready: group {self._settings.worker.group}, {', '.join(names.reads)}")

    async def _connect(self) -> None:
        self._lag_probe = LagProbe(self._connection.for_aiokafka("probe"))
        self._stack.push_async_callback(self._lag_probe.stop)
        await self._lag_probe.start()
        self._producer = Producer(self._connection.for_aiokafka("hits"))
        await self._producer.start()
        self._stack.push_async_callback(self._producer.stop)

    async def fatal_error(self) -> WorkerError:
        """What the worker cannot go on for, when it comes."""
        return await self._failure.wait()

    async def stop(self) -> bool:
        """Ends in order: takes nothing more, ends what is in work, commits; whether that was done in time.

        What was not done in time is not committed and comes again.
        """
        self._watchdog.stop()
        in_time = False
        if not self._failure.is_set:
            in_time = await _finish_within(self._settings.worker.drain_within_s, self._drain())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # After the drain there is nothing to wait for; what is in work in trouble may never end.
        ended = await _finish_within(_LEAVE_TIMEOUT_S, self._stop_agents())
        return await _finish_within(_LEAVE_TIMEOUT_S, self._stack.aclose()) and ended and in_time

    @property
    def correlate_agent(self) -> CorrelateAgent:
        """Its part in correlation."""
        return self._correlate_agent

    @property
    def match_agent(self) -> MatchAgent:
        """Its match stage."""
        return self._match_agent

    @property
    def lookback_supervisor(self) -> LookbackSupervisor | None:
        """What looks back beside it; None where no country allows it."""
        return self._lookback_supervisor

    def _build_lookback_supervisor(self) -> LookbackSupervisor | None:
        setup = self._settings
        if not any(each.lookback_hours for each in setup.jurisdictions.values()):
            return None
        rules = LookbackSettings(setup.topics, setup.matching, dict(setup.jurisdictions), setup.models)
        return LookbackSupervisor(ChildConfig(self._connection.config, rules), self._say)

    async def _load_lists(self) -> None:
        folder = Path(self._settings.worker.state_dir).expanduser() / "lists"
        folder.mkdir(parents=True, exist_ok=True)
        self._alert_reader = AlertTopicReader(
            self._connection,
            AlertTopicConfig(
                self._names.alerts,
                folder,
                tombstone_retention_ms=round(self._settings.topics.withdrawn_hours * HOUR_MS),
                fuzzy_lists=self._settings.matching.fuzzy_lists,
            ),
            now_ms=self._now_ms,
        )
        self._stack.push_async_callback(self._alert_reader.stop)
        await self._alert_reader.load()

    async def _read_verdicts(self) -> None:
        self._correlate_agent = CorrelateAgent(self._build_partition)
        options = self._connection.for_aiokafka("verdicts")
        self._verdict_follower = TopicFollower(options, self._names.verdicts, skip_deleted=True)
        self._stack.push_async_callback(self._verdict_follower.stop)
        since = self._now_ms() - round(self._settings.topics.verdicts_hours * HOUR_MS)
        await self._verdict_follower.open(max(since, 0))
        async for number, records in self._verdict_follower.read_to_end():
            self._handle_verdicts(number, records)

    async def _start_agents(self) -> None:
        setup, names = self._settings, self._names
        self._matcher = Matcher(setup.matching, models=setup.models)
        self._match_agent = MatchAgent(
            self._alert_reader.index,
            self._matcher,
            self._producer,
            self._clock,
            self._failure,
            matches_topic=names.matches,
            rejected_topic=names.rejected,
            new_reject_rate=lambda topic: RejectRate(
                topic, setup.worker.rejected_share, setup.worker.rejected_over
            ),
        )

        async def correlate(event: Any) -> None:
            with self._failure.signal_failure("taking matches"):
                self._correlate_agent.handle_batch(event)

        agents = Agents(self._match_agent.handle_batch, correlate)
        self._app = make_app(self._connection, setup.worker, self._member, names.reads, names.matches, agents)
        # Faust holds receivers weakly, so they are methods of something that lives.
        self._app.on_partitions_revoked.connect(self._on_revoked)
        self._app.on_partitions_assigned.connect(cast(Any, self._on_assigned))
        self._stack.push_async_callback(self._stop_agents)
        await self._app.start()
        self._consumer: Any = self._app.consumer

    async def _stop_agents(self) -> None:
        # Faust would wait for what is in work, in several places one after the other.
        cast(Any, self._app.consumer).leave_at_once()
        await self._app.stop()
        await self._correlate_agent.stop()

    def _now_ms(self) -> int:
        return self._clock(0)

    def _build_partition(self, partition: int) -> Partition:
        setup, names = self._settings, self._names
        audiences = {list_id: policy.audience for list_id, policy in setup.matching.lists.items()}
        rebuild = StateRestorer(
            self._connection.for_aiokafka("rebuild"),
            setup.worker.group,
            names.matches,
            names.hits,
            lambda partitions: Correlator(
                CorrelationRules(setup.correlation, setup.places, audiences, setup.cooperation),
                self._alert_reader.index,
                self._matcher,
                build_budgets(setup.matching, partitions),
            ),
            lambda: self._correlate_agent.effective_verdicts,
            self._now_ms,
            round(setup.topics.matches_hours * HOUR_MS),
            round(setup.topics.verdicts_hours * HOUR_MS),
        )
        return Partition(
            partition,
            rebuild,
            self._producer,
            self._clock,
            self._failure,
            names.hits,
            self._report_budget_notice,
        )

    def _report_budget_notice(self, partition: int, notice: BudgetNotice) -> None:
        """A line for the operator: of tightening one for a list and day, however many partitions do."""
        key = (notice.list_id, notice.day)
        if not notice.is_tightening or key not in self._tightened:
            self._say(f"{self._names.matches}, partition {partition}: {notice.text}")
        if notice.is_tightening:
            self._tightened.add(key)

    async def _on_revoked(self, *_: Any, **__: Any) -> None:
        self._correlate_agent.handle_revoked()

    async def _on_assigned(self, _app: Any, assigned: Any, **_: Any) -> None:
        self._lag_probe.assignment_count += 1
        numbers = [tp.partition for tp in assigned if tp.topic == self._names.matches]
        if self._lookback_supervisor is not None:
            self._lookback_supervisor.assign(numbers)
        await self._correlate_agent.handle_assigned(numbers, self._app.consumer_generation_id)

    async def _background(self, doing: str, work: Coroutine[Any, Any, None]) -> None:
        """Does what goes on beside the agents; without it the worker must not go on."""
        with self._failure.signal_failure(doing), _as_worker_error(doing):
            await work

    async def _follow_lists(self) -> None:
        await self._alert_reader.follow(self._correlate_agent.handle_alert_change)

    async def _follow_verdicts(self) -> None:
        async for number, records in self._verdict_follower.follow():
            self._handle_verdicts(number, records)

    def _handle_verdicts(self, partition: int, records: Any) -> None:
        for record in records:
            verdict = decode_verdict(record.value or b"")
            if isinstance(verdict, Verdict):
                self._correlate_agent.handle_verdict(verdict, record.timestamp)
            else:
                self._skipped_verdicts += 1
                if self._skipped_verdicts <= _MAX_REPORTED_VERDICTS:
                    faults = "; ".join(map(str, verdict))
                    place = f"{self._names.verdicts}, partition {partition}, offset {record.offset}"
                    self._say(f"{place}: passed over: {faults}")

    async def _run_ticks(self) -> None:
        kept_ms = round(self._settings.correlation.kept_hours * HOUR_MS)
        verdicts_ms = round(self._settings.topics.verdicts_hours * HOUR_MS)
        last = monotonic()
        while True:
            await asyncio.sleep(_TICK_INTERVAL_S)
            self._correlate_agent.handle_time()
            if monotonic() - last >= _EXPIRE_INTERVAL_S:
                last = monotonic()
                self._correlate_agent.expire(self._now_ms() - kept_ms, self._now_ms() - verdicts_ms)

    async def _drain(self) -> None:
        self._consumer.stop_consuming((*self._names.reads, self._names.matches))
        while any(window.in_flight for window in self._consumer.windows.values()):
            if self._failure.is_set:
                return
            await asyncio.sleep(0.01)
        while any(partition.pending_count for partition in self._correlate_agent.partitions.values()):
            await asyncio.sleep(0.01)
        await self._consumer.force_commit()

    def _exit_stalled(self, stalled: str) -> None:
        text = (
            f"{stalled}: records wait and nothing has moved for "
            f"{self._settings.worker.stalled_after_s:.0f} s; the "
            "worker ends, and where it hung follows. Nothing is lost; start it again"
        )
        exit_stalled(self._say, text, self._app.loop)


async def _finish_within(timeout_s: float, work: Coroutine[Any, Any, Any]) -> bool:
    """Does something, but waits no longer than this; whether it was done.

    Not by `asyncio.timeout`: some of what Faust does in a stop goes on when it is cancelled.
    """
    task = asyncio.create_task(work)
    done, _ = await asyncio.wait({task}, timeout=timeout_s)
    if not done:
        task.cancel()
        return False
    task.result()
    return True


@contextmanager
def _as_worker_error(doing: str) -> Iterator[None]:
    """Errors of the lists, the verdicts and of Kafka in the words of WorkerError."""
    try:
        yield
    except (AlertTopicError, FollowError) as error:
        raise WorkerError(str(error)) from error
    except (KafkaError, TokenError) as error:
        raise WorkerError(f"{doing}: Kafka does not let this user or does not answer: {error!r}") from error
