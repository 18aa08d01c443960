"""Where a scenario takes place: topics, a group of workers, a feed, and the check in the end."""

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from time import monotonic, sleep, time

from confluent_kafka import Producer

from streams.records.alert import Alert
from streams.records.encode import encode
from tests.chaos.check import (
    CheckResult,
    ConfirmedRecords,
    EmittedHit,
    check_run,
    read_dead_letters,
    read_hits,
)
from tests.chaos.feed import Feed
from tests.chaos.ledger import AlertLifetime, ExpectedHits, Ledger
from tests.chaos.traffic import LIST, Traffic
from tests.support.kafka import NO_PASSAGE_GAP, KafkaEnvironment
from tests.support.processes import Process, ProcessSupervisor, WorkerProcess
from tests.support.waiting import HANG_LIMIT_S

SESSION_TIMEOUT_S = 6
"""The shortest session a broker allows unless set otherwise: killed workers are missed after that."""
_DRAIN_TIMEOUT_S = 50
"""So long that a busy machine makes no worker end with work undone."""
_PROCESSING_TIMEOUT_S = 600
_QUIET_S = 0.5
"""What a change of alerts makes of hits already sent is emitted some time after all reads are done."""


class ChaosEnvironment:
    """The product's topics under a name of their own, and workers of one group on them."""

    def __init__(self, stage: KafkaEnvironment, name: str, seed: int) -> None:
        self.stage = stage
        self.name = name
        self.seed = seed
        self.traffic = Traffic(seed)
        self.topics = stage.create_product_topics(name)
        self.workers: list[Process] = []
        self.settings = NO_PASSAGE_GAP
        """The sections of the workers' settings besides those of Kafka."""
        self.hits: list[EmittedHit] = []
        """All that was emitted, after `outcome`."""
        self.stack = ExitStack()
        self._producer = Producer({"bootstrap.servers": stage.servers, "acks": "all", "log_level": 0})
        self.put_alerts(self.traffic.alerts)

    def put_alerts(self, alerts: Iterable[Alert]) -> float:
        """Puts alerts on their topic; the time (seconds since 1970) at which the last was confirmed."""
        return self._send((f"{alert.list_id}/{alert.alert_id}", encode(alert)) for alert in alerts)

    def withdraw_alerts(self, alert_ids: Iterable[str]) -> float:
        """Withdraws alerts; the time at which the last was confirmed."""
        return self._send((f"{LIST}/{alert_id}", None) for alert_id in alert_ids)

    def start_worker(
        self, number: int, is_member: bool = False, session_s: float = SESSION_TIMEOUT_S
    ) -> WorkerProcess:
        """Starts a worker; a member keeps its partitions while it restarts."""
        config = self.topics.write_worker_config(
            self.name,
            f"{self.name}-state-{number}",
            f"session_timeout_s = {session_s}\ndrain_within_s = {_DRAIN_TIMEOUT_S}\n",
            self.settings,
        )
        name = f"{self.name}-{number}" if is_member else None
        worker = WorkerProcess(config, self.log_path(number), name)
        self.workers.append(worker)
        return worker

    def log_path(self, number: int) -> Path:
        """The log of a worker."""
        return self.stage.folder / "logs" / f"{self.name}-{number}.log"

    def start_supervised(self, number: int, is_member: bool = False) -> ProcessSupervisor:
        """Starts a worker that is started again whenever it ends, until the scenario ends."""
        return self.stack.enter_context(ProcessSupervisor(lambda: self.start_worker(number, is_member)))

    def make_feed(self, rate: int) -> Feed:
        """A feed of the traffic, to be entered."""
        return Feed(self.stage.servers, self.topics.reads, self.traffic, rate)

    def start_pair(self, members: bool = False) -> list[ProcessSupervisor]:
        """Starts two supervised workers, and waits until both are ready."""
        workers = [self.start_supervised(number, members) for number in (1, 2)]
        for worker in workers:
            worker.current.wait_ready()
        return workers

    def wait_caught_up(self, feed: Feed) -> float:
        """Waits until all reads taken by now are done and all their hits emitted, while more come.

        Returns that time, in seconds since 1970.
        """
        at = feed.wait_caught_up(_PROCESSING_TIMEOUT_S)
        for topic in (self.topics.reads, self.topics.matches):
            self.stage.wait_committed(self.name, topic, _PROCESSING_TIMEOUT_S)
        return at

    def check_outcome(self, feed: Feed, expected: ExpectedHits | None = None) -> CheckResult:
        """Waits until all reads are dealt with, and checks; prints what the run came to."""
        topics, ledger = self.topics, feed.ledger
        expected = expected or ledger.expected_hits(map(AlertLifetime, self.traffic.alerts))
        began = monotonic()
        self.stage.wait_processed(
            self.name, [topics.reads, topics.matches], topics.hits, _PROCESSING_TIMEOUT_S, _QUIET_S
        )
        until = monotonic() + HANG_LIMIT_S
        while (found := self._check_topics(ledger, expected)).faults and monotonic() < until:
            sleep(1)
        print(
            f"{self.name}: {len(ledger.reads):,} reads, {len(ledger.confirmed):,} records confirmed, "
            f"{len(ledger.refused)} not; {found.expected:,} hits due, {found.hits:,} there, "
            f"{found.duplicates} repeated; {found.malformed} poisoned, {found.dead_letters} dead letters, "
            f"{found.duplicate_letters} of them again; {len(self.workers)} workers started; "
            f"done {monotonic() - began:.1f} s after the last read; {len(found.faults)} faults"
        )
        if found.faults:
            for log in sorted({worker.log for worker in self.workers}):
                print(
                    f"--- the end of {log}", *log.read_text("utf-8", "replace").splitlines()[-30:], sep="\n"
                )
        return found

    def _check_topics(self, ledger: Ledger, expected: ExpectedHits) -> CheckResult:
        self.hits = read_hits(self.stage, self.topics.hits)
        return check_run(
            self.hits,
            expected,
            read_dead_letters(self.stage, self.topics.rejected),
            ConfirmedRecords(self.topics.reads, ledger.confirmed_malformed, ledger.confirmed_positions),
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

    def close(self) -> None:
        """Kills all that still runs."""
        self.stack.close()
        for worker in self.workers:
            worker.kill()
