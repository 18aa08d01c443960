"""Lookback: how fast reads are searched, and what it does to the live stream meanwhile."""

import asyncio
import multiprocessing
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

from streams.kafka.client import KafkaConfig, connection_from_settings
from streams.kafka.producer import Producer
from streams.kafka.topics import TopicsConfig
from streams.lookback.scan import ScanContext, scan_retained_reads
from streams.matching.config import MatchingRules
from streams.matching.lookback import LookbackRequest, LookbackSearch
from streams.matching.matcher import Matcher
from streams.records.alert import Alert
from streams.records.decode import decode_alert
from streams.records.times import parse_time, to_ms
from streams.rules.jurisdictions import JurisdictionConfig, determine_scope
from streams.runtime.clock import now_ms
from streams.runtime.gc_tuning import GcProfile, tune_gc
from tests.bench.kafka.load import POOL, Load, put_alerts, put_reads
from tests.bench.kafka.measure import quantile
from tests.bench.kafka.sides import WITHIN_S, ending, start_worker
from tests.bench.kafka.tail import Tail, feed
from tests.bench.table import one_core, show
from tests.bench.traffic import BEGINS, SEED, alerts
from tests.support.kafka import COUNTRY, PARTITIONS, KafkaEnvironment, ProductTopics
from tests.support.processes import WorkerProcess
from tests.support.waiting import wait_until

ASKED_AT = to_ms(parse_time("2026-06-15T00:00:00Z"))
HOURS = 720.0
"""The reads put are of late May 2026."""
RULES = {COUNTRY: JurisdictionConfig({"SIS-38-seizure": 8000.0}, "a made-up authority")}
RATE = 1_000
HITS_A_SECOND = 200
AT_ONCE = 500_000
"""Reads made and put at once, the same again and again: more would need much memory."""
WARM_S = 5


class Plan(NamedTuple):
    """How much is run."""

    reads: int
    rounds: int
    for_s: int
    """How long each of the phases with and without a lookback is."""


FULL = Plan(4_000_000, 4, 25)
QUICK = Plan(1_000_000, 2, 12)


def run(stage: KafkaEnvironment, quick: bool) -> None:
    """Prints the tables."""
    plan = QUICK if quick else FULL
    ours = stage.create_product_topics("lookback")
    put_alerts(stage.servers, ours.alerts, 100_000)
    for _ in range(plan.reads // AT_ONCE):
        put_reads(stage.servers, [ours.reads], AT_ONCE, 100_000, BEGINS)
    _speed(stage, ours, plan)
    _measure_live(stage, ours, plan)


class _Swept(NamedTuple):
    reads: int
    matches: int
    wall_s: float
    cpu_s: float
    peak_mb: float


def _speed(stage: KafkaEnvironment, ours: ProductTopics, plan: Plan) -> None:
    rows = []
    for count in (1, 1_000):
        turns = []
        for _ in range(plan.rounds):
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                turns.append(pool.apply(_swept, (stage.servers, ours.prefix, count)))
        rates = [turn.reads / turn.wall_s for turn in turns]
        rows.append(
            (
                f"{count:,}",
                f"{turns[0].reads:,}",
                f"{turns[0].matches:,}",
                f"{statistics.median(rates):,.0f}",
                f"{min(rates):,.0f} to {max(rates):,.0f}",
                f"{statistics.median(turn.reads / turn.cpu_s for turn in turns):,.0f}",
                f"{max(turn.peak_mb for turn in turns):,.0f} MB",
            )
        )
    show(
        "Reads searched a second: JSON on Kafka to confirmed matches on Kafka, one process held to one "
        f"core, broker on the other; medians of {plan.rounds} (target: ≥ 150,000)",
        ("alerts", "reads", "matched", "reads/s", "lowest to highest", "reads per CPU second", "at most"),
        rows,
    )


def _swept(servers: str, prefix: str, count: int) -> _Swept:
    """Sweeps once for so many alerts; run in a process of its own."""
    one_core()
    return asyncio.run(_sweep(servers, prefix, count))


async def _sweep(servers: str, prefix: str, count: int) -> _Swept:
    topics = TopicsConfig(prefix=prefix, partitions=PARTITIONS, reads_hours={COUNTRY: 8000.0})
    options = connection_from_settings(KafkaConfig(servers=servers.split(",")), {}).for_aiokafka("bench")
    # The plates of which there are reads are drawn in batches of this size.
    lines = next(alerts(POOL, SEED))[:count]
    wanted = [each for line in lines if isinstance(each := decode_alert(line), Alert)]
    asked = [
        LookbackRequest(each, HOURS, ASKED_AT, determine_scope(each, HOURS, RULES, [COUNTRY], ASKED_AT))
        for each in wanted
    ]
    looking = LookbackSearch(asked, Matcher(MatchingRules()))
    producer = Producer(options)
    tune_gc(GcProfile.SCAN)
    await producer.start()
    wall, cpu = time.perf_counter(), time.process_time()
    way = ScanContext(options, topics, producer, now_ms)
    done = await scan_retained_reads(asked, looking, "operator", way)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    await producer.stop()
    matches = sum(at.matches for each in done for at in each.countries)
    return _Swept(done[0].countries[0].reads, matches, wall, cpu, _peak_mb())


def _peak_mb() -> float:
    """The most that was in memory of this process, in MB (Linux)."""
    with open("/proc/self/status", encoding="ascii") as file:  # noqa: PTH123 - a kernel file, not a path
        (line,) = [line for line in file if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024 / 1e6


def _measure_live(stage: KafkaEnvironment, ours: ProductTopics, plan: Plan) -> None:
    laws = f'[jurisdictions.{COUNTRY}]\nlookback_source = "made up"\nlookback_hours = {{NATIONAL = 24}}\n'
    worker = start_worker(stage, ours, "lookback", more=laws)
    without: list[float] = []
    during: list[float] = []
    paces: list[float] = []
    first = 1_000_000 * RATE
    phases = 2 * plan.rounds * plan.for_s
    with ending(worker):
        worker.wait_ready(WITHIN_S)
        stage.wait_processed("lookback", [ours.reads, ours.matches], ours.hits, WITHIN_S)
        tail = Tail(stage, ours.hits)
        share = HITS_A_SECOND / RATE
        with feed(stage, ours.reads, RATE, share, WARM_S + phases + 60 * plan.rounds, 100_000, first):
            tail.for_s(WARM_S)
            for _ in range(plan.rounds):
                without += _latencies(tail, plan.for_s, first)
                with _lookbacks(stage, ours, worker) as sweeps:
                    during += _latencies(tail, plan.for_s, first)
                paces.append(sweeps.done_a_second() * plan.reads)
                # What came while the last one was waited for does not count.
                tail.for_s(3)
            tail.for_s(1)
        tail.close()
    rows = [
        (
            name,
            f"{len(values):,}",
            *(f"{quantile(values, share):.0f} ms" for share in (0.5, 0.99, 0.999)),
            f"{max(values):.0f} ms",
        )
        for name, values in (("no lookback", without), ("one lookback after the other", during))
    ]
    ratio = quantile(during, 0.99) / quantile(without, 0.99)
    pace = statistics.median(paces)
    show(
        f"From a read to its hit (consumed) at {RATE:,} reads/s, one worker, 100,000 alerts; {plan.rounds} "
        f"turns of {plan.for_s} s each, in turn.\nMeanwhile {plan.reads:,} reads are searched again and "
        f"again, about {pace:,.0f} a second: p99 is {ratio:.2f} times the usual (target: ≤ 2)",
        ("", "hits", "p50", "p99", "p99.9", "longest"),
        rows,
    )


def _latencies(tail: Tail, seconds: float, first: int) -> list[float]:
    """The ms from read to hit of the live reads, which are numbered from `first` on."""
    return [hit.seen_ms - hit.read_ms for hit in tail.for_s(seconds) if hit.number >= first]


class _Sweeps:
    """Alerts that ask, each when the lookback of the one before is done, in a thread."""

    def __init__(self, stage: KafkaEnvironment, ours: ProductTopics, worker: WorkerProcess) -> None:
        self._worker = worker
        self._load = Load(stage.servers, linger_ms=0)
        self._topic = ours.alerts
        self._over = threading.Event()
        self._before = self.done()
        self._began = self._ended = time.monotonic()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def done(self) -> int:
        """How many lookbacks the worker has logged."""
        return sum(line.startswith("lookback done for") for line in self._worker.output().splitlines())

    def done_a_second(self) -> float:
        """How many look backs were done a second, from the first alert to the end of the last."""
        return (self.done() - self._before) / (self._ended - self._began)

    def stop(self) -> None:
        """Ends it when the lookback under way is done."""
        self._over.set()
        self._thread.join()
        self._ended = time.monotonic()

    def _run(self) -> None:
        while not self._over.is_set():
            before = self.done()
            number = time.time_ns()
            value = (
                f'{{"list_id":"bench","alert_id":"L{number}","version":1,"plate":"QQ-{number % 1000:03d}-QQ",'
                '"basis":"NATIONAL","reason":"bench","action":{"default":"inform"},"lookback_hours":24,'
                '"valid_from":"2026-01-01T00:00:00Z","valid_until":"2098-01-01T00:00:00Z"}'
            )
            self._load.send(self._topic, [(f"bench/L{number}".encode(), value.encode(), -1)])
            wait_until(partial(self._more_than, before), "the lookback is done")

    def _more_than(self, before: int) -> bool:
        return self.done() > before


@contextmanager
def _lookbacks(stage: KafkaEnvironment, ours: ProductTopics, worker: WorkerProcess) -> Iterator[_Sweeps]:
    """One lookback after the other while the block runs."""
    sweeps = _Sweeps(stage, ours, worker)
    try:
        yield sweeps
    finally:
        sweeps.stop()
