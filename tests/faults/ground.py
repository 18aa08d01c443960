"""Where a scenario takes place: topics, a group of workers, a feed, and the check in the end."""

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from time import monotonic, time

from confluent_kafka import Producer

from streams.records.alert import Alert
from streams.records.encode import encode
from tests.bench.kafka.stage import Stage
from tests.faults.check import Outcome, Records, check, letters, told
from tests.faults.feed import Feed
from tests.faults.ledger import Due, Life
from tests.faults.processes import Process, Supervisor, Worker
from tests.faults.traffic import LIST, Traffic

SESSION_S = 6
"""The shortest session a broker allows unless told otherwise: killed workers are missed after that."""
_DONE_WITHIN_S = 90


class Ground:
    """The product's topics under a name of their own, and workers of one group on them."""

    def __init__(self, stage: Stage, name: str, seed: int) -> None:
        self.stage = stage
        self.name = name
        self.seed = seed
        self.traffic = Traffic(seed)
        self.topics = stage.make_ours(name)
        self.workers: list[Process] = []
        self.stack = ExitStack()
        self._producer = Producer({"bootstrap.servers": stage.servers, "acks": "all", "log_level": 0})
        self.put(self.traffic.alerts)

    def put(self, alerts: Iterable[Alert]) -> float:
        """Puts alerts on their topic; the time (seconds since 1970) at which the last was confirmed."""
        return self._send((f"{alert.list_id}/{alert.alert_id}", encode(alert)) for alert in alerts)

    def withdraw(self, alert_ids: Iterable[str], at_ms: int) -> float:
        """Withdraws alerts, in force from a time on; the time at which the last was confirmed."""
        return self._send(((f"{LIST}/{alert_id}", None) for alert_id in alert_ids), at_ms)

    def worker(self, number: int, member: bool = False) -> Worker:
        """Starts a worker; a member keeps its partitions while it restarts."""
        config = self.topics.config(
            self.name, f"{self.name}-state-{number}", f"session_timeout_s = {SESSION_S}\n"
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

    def feed(self, rate: int = 2000) -> Feed:
        """A feed of the traffic, to be entered."""
        return Feed(self.stage.servers, self.topics.reads, self.traffic, rate)

    def outcome(self, feed: Feed, due: Due | None = None) -> Outcome:
        """Waits until all reads are dealt with, and checks; prints what the run came to."""
        topics, ledger = self.topics, feed.ledger
        began = monotonic()
        self.stage.wait_done(self.name, [topics.reads, topics.matches], topics.hits, _DONE_WITHIN_S)
        found = check(
            told(self.stage, topics.hits),
            due or ledger.due(map(Life, self.traffic.alerts)),
            letters(self.stage, topics.rejected),
            Records(topics.reads, ledger.poisoned, ledger.good),
        )
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

    def _send(self, records: Iterable[tuple[str, bytes | None]], at_ms: int = 0) -> float:
        failed: list[str] = []
        for key, value in records:
            self._producer.produce(
                self.topics.alerts,
                value,
                key.encode(),
                timestamp=at_ms,
                on_delivery=lambda error, _: failed.append(str(error)) if error else None,
            )
        assert self._producer.flush(30) == 0
        assert not failed
        return time()

    def end(self) -> None:
        """Ends all that still runs."""
        self.stack.close()
        for worker in self.workers:
            worker.end()
