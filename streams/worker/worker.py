"""The worker's life: connect, read the lists whole, take reads until told to end or in trouble, end."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, Final, NamedTuple, cast

from aiokafka.errors import KafkaError

from streams.confusions.model import Models
from streams.correlation.budget import Notice, budgets_of
from streams.correlation.config import Cooperation, CorrelationPolicy
from streams.correlation.correlator import Correlator
from streams.kafka.alert_topic import ListReader, ListsError
from streams.kafka.client import Connection, TokenError
from streams.kafka.dead_letters import RejectedShare
from streams.kafka.follower import Follower, FollowError
from streams.kafka.producer import Outbox
from streams.kafka.topics import TopicsPolicy
from streams.lookback.child_process import Order
from streams.lookback.scheduler import Rules
from streams.lookback.supervisor import Beside
from streams.matching.config import Policies
from streams.matching.matcher import Judge
from streams.network.config import Places
from streams.records.decode import decode_verdict
from streams.records.times import HOUR_MS
from streams.records.verdict import Verdict
from streams.rules.jurisdictions import Jurisdiction
from streams.runtime.clock import Clock, wall
from streams.runtime.errors import WorkerError
from streams.worker.config import WorkerPolicy
from streams.worker.correlate_agent import Correlating
from streams.worker.failure_signal import Alarm
from streams.worker.faust_app import Agents, make_app
from streams.worker.lag import Headway
from streams.worker.match_agent import Matching
from streams.worker.partition import Partition
from streams.worker.restore import Rebuild
from streams.worker.startup import reach
from streams.worker.watchdog import Watchdog, end_stalled

_TICK_S: Final = 0.5
_VERDICTS_SHOWN: Final = 10
_FORGET_S: Final = 60.0
_LEAVE_WITHIN_S: Final = 3.0


class Setup(NamedTuple):
    """The parts of the settings that a worker needs."""

    topics: TopicsPolicy
    worker: WorkerPolicy
    policies: Policies
    correlation: CorrelationPolicy
    places: Places
    models: Models | None = None
    """How readers misread; None for the models shipped."""
    jurisdictions: Mapping[str, Jurisdiction] = {}
    """What countries allow with their reads."""
    cooperation: Cooperation = Cooperation()
    """Handovers and joint operations."""


class Worker:
    """One worker. `say` is given a line for the operator; `member` as in `make_app`.

    `start`, then `end`; in between `trouble` is to be awaited. All raise WorkerError.
    """

    def __init__(
        self,
        connection: Connection,
        setup: Setup,
        say: Callable[[str], None],
        member: str | None = None,
        clock: Clock = wall,
    ) -> None:
        self._connection = connection
        self._setup = setup
        self._say = say
        self._member = member
        self._clock = clock
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        self._verdicts_passed_over = 0
        self._tightened: set[tuple[str, str]] = set()
        self._looking_back = self._beside_for_lookbacks()

    async def start(self) -> None:
        """Connects, reads the lists whole and then takes reads.

        Raises WorkerError if Kafka cannot be reached in time or denies, or a topic is missing.
        """
        self._alarm = Alarm()
        try:
            await self._start()
        except BaseException:
            await _within(_LEAVE_WITHIN_S, self._stack.aclose())
            raise

    async def _start(self) -> None:
        names = self._names = self._setup.topics.names()
        await reach(
            self._connection.for_aiokafka("start"),
            names,
            self._setup.worker.connect_within_s,
            self._say,
        )
        with _told("starting"):
            await self._read_lists()
            await self._read_verdicts()
            await self._connect()
        await self._start_agents()
        self._tasks += [
            asyncio.create_task(self._beside("following the alert lists", self._follow_lists())),
            asyncio.create_task(self._beside("following the verdicts", self._follow_verdicts())),
            asyncio.create_task(self._beside("keeping time", self._keep_time())),
            asyncio.create_task(self._beside("asking for the topics' ends", self._headway.look(self._app))),
        ]
        if self._looking_back is not None:
            self._tasks.append(asyncio.create_task(self._looking_back.run()))
        self._watchdog = Watchdog(
            lambda: self._headway.progress(self._app), self._setup.worker.stalled_after_s, self._stalled
        )
        self._say(f"ready: group {self._setup.worker.group}, {', '.join(names.reads)}")

    async def _connect(self) -> None:
        self._headway = Headway(self._connection.for_aiokafka("probe"))
        self._stack.push_async_callback(self._headway.stop)
        await self._headway.start()
        self._outbox = Outbox(self._connection.for_aiokafka("hits"))
        await self._outbox.start()
        self._stack.push_async_callback(self._outbox.stop)

    async def trouble(self) -> WorkerError:
        """What the worker cannot go on for, when it comes."""
        return await self._alarm.wait()

    async def end(self) -> bool:
        """Ends in order: takes nothing more, ends what is in work, commits; whether that was done in time.

        What was not done in time is not committed and comes again.
        """
        self._watchdog.stop()
        in_time = False
        if not self._alarm.raised:
            in_time = await _within(self._setup.worker.drain_within_s, self._drain())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # After the drain there is nothing to wait for; what is in work in trouble may never end.
        ended = await _within(_LEAVE_WITHIN_S, self._stop_agents())
        return await _within(_LEAVE_WITHIN_S, self._stack.aclose()) and ended and in_time

    @property
    def correlating(self) -> Correlating:
        """Its part in correlation."""
        return self._correlating

    @property
    def matching(self) -> Matching:
        """Its match stage."""
        return self._matching

    @property
    def looking_back(self) -> Beside | None:
        """What looks back beside it; None where no country allows it."""
        return self._looking_back

    def _beside_for_lookbacks(self) -> Beside | None:
        setup = self._setup
        if not any(each.lookback_hours for each in setup.jurisdictions.values()):
            return None
        rules = Rules(setup.topics, setup.policies, dict(setup.jurisdictions), setup.models)
        return Beside(Order(self._connection.section, rules), self._say)

    async def _read_lists(self) -> None:
        folder = Path(self._setup.worker.state_dir).expanduser() / "lists"
        folder.mkdir(parents=True, exist_ok=True)
        self._lists = ListReader(
            self._connection,
            self._names.alerts,
            folder,
            tombstones_for_ms=round(self._setup.topics.withdrawn_hours * HOUR_MS),
            say=self._say,
            clock_ms=self._now,
            near=self._setup.policies.fuzzy,
        )
        self._stack.push_async_callback(self._lists.stop)
        await self._lists.load()

    async def _read_verdicts(self) -> None:
        self._correlating = Correlating(self._partition)
        options = self._connection.for_aiokafka("verdicts")
        self._verdicts = Follower(options, self._names.verdicts, pass_deleted=True)
        self._stack.push_async_callback(self._verdicts.stop)
        since = self._now() - round(self._setup.topics.verdicts_hours * HOUR_MS)
        await self._verdicts.open(max(since, 0))
        async for number, records in self._verdicts.whole():
            self._take_verdicts(number, records)

    async def _start_agents(self) -> None:
        setup, names = self._setup, self._names
        self._judge = Judge(setup.policies, models=setup.models)
        self._matching = Matching(
            self._lists.index,
            self._judge,
            self._outbox,
            self._clock,
            self._alarm,
            matches=names.matches,
            rejected=names.rejected,
            share=lambda topic: RejectedShare(topic, setup.worker.rejected_share, setup.worker.rejected_over),
        )

        async def correlate(event: Any) -> None:
            with self._alarm.heard("taking matches"):
                self._correlating.take(event)

        agents = Agents(self._matching.take, correlate)
        self._app = make_app(self._connection, setup.worker, self._member, names.reads, names.matches, agents)
        # Faust holds receivers weakly, so they are methods of something that lives.
        self._app.on_partitions_revoked.connect(self._revoked)
        self._app.on_partitions_assigned.connect(cast(Any, self._assigned))
        self._stack.push_async_callback(self._stop_agents)
        await self._app.start()
        self._consumer: Any = self._app.consumer

    async def _stop_agents(self) -> None:
        # Faust would wait for what is in work, in several places one after the other.
        cast(Any, self._app.consumer).leave_at_once()
        await self._app.stop()
        await self._correlating.stop()

    def _now(self) -> int:
        return self._clock(0)

    def _partition(self, number: int) -> Partition:
        setup, names = self._setup, self._names
        audiences = {list_id: policy.audience for list_id, policy in setup.policies.lists.items()}
        rebuild = Rebuild(
            self._connection.for_aiokafka("rebuild"),
            setup.worker.group,
            names.matches,
            names.hits,
            lambda partitions: Correlator(
                setup.correlation,
                setup.places,
                audiences,
                self._lists.index,
                self._judge,
                budgets_of(setup.policies, partitions),
                setup.cooperation,
            ),
            lambda: self._correlating.said,
            self._now,
            round(setup.topics.matches_hours * HOUR_MS),
            round(setup.topics.verdicts_hours * HOUR_MS),
        )
        return Partition(
            number, rebuild, self._outbox, self._clock, self._alarm, names.hits, self._budget_says
        )

    def _budget_says(self, number: int, notice: Notice) -> None:
        """A line for the operator: of tightening one for a list and day, however many partitions do."""
        key = (notice.list_id, notice.day)
        if not notice.tightening or key not in self._tightened:
            self._say(f"{self._names.matches}, partition {number}: {notice.words}")
        if notice.tightening:
            self._tightened.add(key)

    async def _revoked(self, *_: Any, **__: Any) -> None:
        self._correlating.revoked()

    async def _assigned(self, _app: Any, assigned: Any, **_: Any) -> None:
        self._headway.assignments += 1
        numbers = [tp.partition for tp in assigned if tp.topic == self._names.matches]
        if self._looking_back is not None:
            self._looking_back.ours(numbers)
        await self._correlating.assigned(numbers, self._app.consumer_generation_id)

    async def _beside(self, what: str, work: Coroutine[Any, Any, None]) -> None:
        """Does what goes on beside the agents; without it the worker must not go on."""
        with self._alarm.heard(what), _told(what):
            await work

    async def _follow_lists(self) -> None:
        await self._lists.follow(self._correlating.changed)

    async def _follow_verdicts(self) -> None:
        async for number, records in self._verdicts.go_on():
            self._take_verdicts(number, records)

    def _take_verdicts(self, number: int, records: Any) -> None:
        for record in records:
            verdict = decode_verdict(record.value or b"")
            if isinstance(verdict, Verdict):
                self._correlating.verdict(verdict, record.timestamp)
            else:
                self._verdicts_passed_over += 1
                if self._verdicts_passed_over <= _VERDICTS_SHOWN:
                    faults = "; ".join(map(str, verdict))
                    place = f"{self._names.verdicts}, partition {number}, offset {record.offset}"
                    self._say(f"{place}: passed over: {faults}")

    async def _keep_time(self) -> None:
        kept_ms = round(self._setup.correlation.kept_hours * HOUR_MS)
        verdicts_ms = round(self._setup.topics.verdicts_hours * HOUR_MS)
        last = monotonic()
        while True:
            await asyncio.sleep(_TICK_S)
            self._correlating.advance()
            if monotonic() - last >= _FORGET_S:
                last = monotonic()
                self._correlating.forget(self._now() - kept_ms, self._now() - verdicts_ms)

    async def _drain(self) -> None:
        self._consumer.stop_taking((*self._names.reads, self._names.matches))
        while any(window.in_flight for window in self._consumer.windows.values()):
            if self._alarm.raised:
                return
            await asyncio.sleep(0.01)
        while any(partition.waiting for partition in self._correlating.partitions.values()):
            await asyncio.sleep(0.01)
        await self._consumer.force_commit()

    def _stalled(self, what: str) -> None:
        text = (
            f"{what}: records wait and nothing has moved for {self._setup.worker.stalled_after_s:.0f} s; the "
            "worker ends, and where it hung follows. Nothing is lost; start it again"
        )
        end_stalled(self._say, text, self._app.loop)


async def _within(seconds: float, work: Coroutine[Any, Any, Any]) -> bool:
    """Does something, but waits no longer than this; whether it was done.

    Not by `asyncio.timeout`: some of what Faust does in a stop goes on when it is cancelled.
    """
    task = asyncio.create_task(work)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if not done:
        task.cancel()
        return False
    task.result()
    return True


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Errors of the lists, the verdicts and of Kafka in the words of WorkerError."""
    try:
        yield
    except (ListsError, FollowError) as error:
        raise WorkerError(str(error)) from error
    except (KafkaError, TokenError) as error:
        raise WorkerError(f"{what}: Kafka does not let this user or does not answer: {error!r}") from error
