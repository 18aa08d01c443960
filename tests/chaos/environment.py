"""Where a scenario takes place: topics, a group of workers, a feed, and the check in the end."""

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from time import monotonic, sleep, time

from confluent_kafka import Producer

from streams.records.alert import Alert
from streams.records.encode import encode
from tests.chaos.check import Outcome, Records, Told, check, letters, told
from tests.chaos.feed import Feed
from tests.chaos.ledger import Due, Ledger, Life
from tests.chaos.traffic import LIST, Traffic
from tests.support.kafka import EACH_ALONE, Stage
from tests.support.processes import Process, Supervisor, Worker

SESSION_S = 6
"""The shortest session a broker allows unless told otherwise: killed workers are missed after that."""
_DRAIN_WITHIN_S = 50
"""So long that a busy machine makes no worker end with work undone."""
_DONE_WITHIN_S = 180
_QUIET_S = 0.5
_RIGHT_WITHIN_S = 20
"""What a change of alerts makes of hits already sent is told some time after all reads are done."""


class Ground:
    """The product's topics under a name of their own, and workers of one group on them."""

    def __init__(self, stage: Stage, name: str, seed: int) -> None:
        self.stage = stage
        self.name = name
        self.seed = seed
        self.traffic = Traffic(seed)
        self.topics = stage.make_ours(name)
        self.workers: list[Process] = []
        self.settings = EACH_ALONE
        """The sections of the workers' settings besides those of Kafka."""
        self.hits: list[Told] = []
        """All that was told, after `outcome`."""
        self.stack = ExitStack()
        self._producer = Producer({"bootstrap.servers": stage.servers, "acks": "all", "log_level": 0})
        self.put(self.traffic.alerts)

    def put(self, alerts: Iterable[Alert]) -> float:
        """Puts alerts on their topic; the time (seconds since 1970) at which the last was confirmed."""
        return self._send((f"{alert.list_id}/{alert.alert_id}", encode(alert)) for alert in alerts)

    def withdraw(self, alert_ids: Iterable[str]) -> float:
        """Withdraws alerts; the time at which the last was confirmed."""
        return self._send((f"{LIST}/{alert_id}", None) for alert_id in alert_ids)

    def worker(self, number: int, member: bool = False, session_s: float = SESSION_S) -> Worker:
        """Starts a worker; a member keeps its partitions while it restarts."""
        config = self.topics.config(
            self.name,
            f"{self.name}-state-{number}",
            f"session_timeout_s = {session_s}\ndrain_within_s = {_DRAIN_WITHIN_S}\n",
            self.settings,
        )
        name = f"{self.name}-{number}" if member else None
        worker = Worker(config, self.log(number), name)
        self.workers.append(worker)
        return worker

    def log(self, number: int) -> Path:
        """The log of a worker."""
        return self.stage.folder / "logs" / f"{self.name}-{number}.log"

    def supervised(self, number: int, member: bool = False) -> Supervisor:
        """Starts a worker that is started again whenever it ends, until the scenario ends."""
        return self.stack.enter_context(Supervisor(lambda: self.worker(number, member)))

    def feed(self, rate: int) -> Feed:
        """A feed of the traffic, to be entered."""
        return Feed(self.stage.servers, self.topics.reads, self.traffic, rate)

    def pair(self, members: bool = False) -> list[Supervisor]:
        """Starts two supervised workers, and waits until both are ready."""
        workers = [self.supervised(number, members) for number in (1, 2)]
        for worker in workers:
            worker.now.wait_ready()
        return workers

    def caught_up(self, feed: Feed) -> float:
        """Waits until all reads taken by now are done and all hits of them told, while more come.

        Returns that time, in seconds since 1970.
        """
        at = feed.caught_up(_DONE_WITHIN_S)
        for topic in (self.topics.reads, self.topics.matches):
            self.stage.wait_committed(self.name, topic, _DONE_WITHIN_S)
        return at

    def outcome(self, feed: Feed, due: Due | None = None) -> Outcome:
        """Waits until all reads are dealt with, and checks; prints what the run came to."""
        topics, ledger = self.topics, feed.ledger
        due = due or ledger.due(map(Life, self.traffic.alerts))
        began = monotonic()
        self.stage.wait_done(self.name, [topics.reads, topics.matches], topics.hits, _DONE_WITHIN_S, _QUIET_S)
        until = monotonic() + _RIGHT_WITHIN_S
        while (found := self._check(ledger, due)).faults and monotonic() < until:
            sleep(1)
        print(
            f"{self.name}: {len(ledger.reads):,} reads, {len(ledger.confirmed):,} records confirmed, "
            f"{len(ledger.refused)} not; {found.due:,} hits due, {found.hits:,} there, "
            f"{found.duplicates} told again; {found.poisoned} poisoned, {found.letters} dead letters, "
            f"{found.duplicate_letters} of them again; {len(self.workers)} workers started; "
            f"done {monotonic() - began:.1f} s after the last read; {len(found.faults)} faults"
        )
        if found.faults:
            for log in sorted({worker.log for worker in self.workers}):
                print(
                    f"--- the end of {log}", *log.read_text("utf-8", "replace").splitlines()[-30:], sep="\n"
                )
        return found

    def _check(self, ledger: Ledger, due: Due) -> Outcome:
        self.hits = told(self.stage, self.topics.hits)
        return check(
            self.hits,
            due,
            letters(self.stage, self.topics.rejected),
            Records(self.topics.reads, ledger.poisoned, ledger.good),
        )

    def _send(self, records: Iterable[tuple[str, bytes | None]]) -> float:
        failed: list[str] = []
        for key, value in records:
            self._producer.produce(
                self.topics.alerts,
                value,
                key.encode(),
                on_delivery=lambda error, _: failed.append(str(error)) if error else None,
            )
        assert self._producer.flush(60) == 0
        assert not failed
        return time()

    def end(self) -> None:
        """Kills all that still runs."""
        self.stack.close()
        for worker in self.workers:
            worker.kill()
