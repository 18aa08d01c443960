"""The runner on Kafka: each case through a worker and topics of its own, by the times its records tell."""

import asyncio
import itertools
import os
import threading
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from streams.files.loading import load_index, load_verdicts
from streams.kafka.admin import Admin
from streams.kafka.client import KafkaSection, resolve
from streams.kafka.dead_letters import FAULTS
from streams.kafka.dev_cluster import Cluster
from streams.kafka.topics import TopicsPolicy, plan, topics
from streams.records.alert import key_of
from streams.records.encode import encode
from streams.records.times import to_ms
from streams.runtime.clock import from_records
from streams.settings.load import load
from streams.worker.config import WorkerPolicy
from streams.worker.worker import Setup, Worker
from tests.support.cases.loading import Case, Row
from tests.support.cases.runner import Result, rows_of, written

AT_A_TIME: Final = 8
WITHIN_S: Final = 60.0
_numbers = itertools.count()


class KafkaRunner:
    """Runs cases through workers in this process, several at a time, on one broker that all share.

    A case that was announced is under way already when it is asked for.
    """

    name = "kafka"

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="anpr-kafka-runner-")
        self._cluster: Cluster | None = None
        self._loop = asyncio.new_event_loop()
        self._under_way: dict[str, Future[Result]] = {}

    def announce(self, cases: Iterable[Case]) -> None:
        """Begins to run cases, so that their waits fall together."""
        for case in cases:
            self._future(case)

    def run(self, case: Case) -> Result:
        """What a case gives."""
        return self._future(case).result(10 * WITHIN_S)

    def close(self) -> None:
        """Stops the broker."""
        if self._cluster is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._cluster.down()
        self._folder.cleanup()

    def _future(self, case: Case) -> Future[Result]:
        if self._cluster is None:
            self._cluster = Cluster(Path(self._folder.name) / "kafka", os.environ)
            self._cluster.up()
            self._turn = asyncio.Semaphore(AT_A_TIME)
            threading.Thread(target=self._loop.run_forever, daemon=True).start()
        name = _name(case)
        if name not in self._under_way:
            self._under_way[name] = asyncio.run_coroutine_threadsafe(self._in_turn(case), self._loop)
        return self._under_way[name]

    async def _in_turn(self, case: Case) -> Result:
        assert self._cluster is not None
        async with self._turn:
            with TemporaryDirectory(dir=self._folder.name) as folder:
                return await asyncio.wait_for(_run(case, self._cluster.servers, Path(folder)), 3 * WITHIN_S)


async def _run(case: Case, servers: str, folder: Path) -> Result:
    settings = load(case.config, f"{case.name}/config.toml")
    prefix = f"case{next(_numbers)}"
    # Records of the past keep their own times and are not deleted for their age.
    policy = TopicsPolicy(prefix=prefix, partitions=1, reads_hours={"FR": 8784})
    wanted = [
        topic._replace(configs=topic.configs | {"message.timestamp.type": "CreateTime", "retention.ms": "-1"})
        for topic in topics(policy)
    ]
    section = KafkaSection(servers=servers.split(","))
    connection = resolve(section, {})
    await asyncio.to_thread(_make, connection.for_kafka_python(), wanted)
    names = policy.names()
    rejected = await asyncio.to_thread(_loaded, case, folder)
    loaded, verdicts, rows = rejected
    said = []
    worker = Worker(
        connection,
        Setup(
            policy,
            WorkerPolicy(group=prefix, state_dir=str(folder / "state"), rejected_share=1.0),
            settings.policies,
            settings.correlation,
            settings.places,
            cooperation=settings.cooperation,
        ),
        said.append,
        clock=from_records if case.now is None else lambda _: case.now,
    )
    lines = [(number, line) for number, line in enumerate(case.reads, 1) if line.strip()]
    async with AIOKafkaProducer(bootstrap_servers=servers) as producer:
        for alert in loaded.alerts():
            key = "/".join(key_of(alert)).encode()
            await producer.send_and_wait(names.alerts, encode(alert), key)
            withdrawn = loaded.withdrawn_at(alert)
            if withdrawn is not None:
                await producer.send_and_wait(names.alerts, None, key, timestamp_ms=withdrawn)
        for verdict in verdicts:
            await producer.send_and_wait(
                names.verdicts, encode(verdict), verdict.hit_id.encode(), timestamp_ms=to_ms(verdict.at)
            )
        await worker.start()
        try:
            for _, line in lines:
                await producer.send(names.reads[0], line)
            await producer.flush()
            await _until(
                lambda: worker.matching.records == len(lines) and not worker.matching.waiting, worker
            )
            here = worker.correlating.partitions
            await _until(
                lambda: sum(each.matches for each in here.values()) == worker.matching.matches, worker
            )
            if case.now is None:
                worker.correlating.conclude(worker.matching.newest)
            else:
                worker.correlating.advance()
            await _until(lambda: not any(each.waiting for each in here.values()), worker)
        except BaseException:
            await worker.end()
            raise
        assert await worker.end(), said
    hits = [msgspec.json.decode(record.value or b"") for record in await _whole(servers, names.hits)]
    for record in sorted(await _whole(servers, names.rejected), key=_offset):
        faults = msgspec.json.decode(dict(record.headers)[FAULTS])
        rows += [{"source": "reads.jsonl", "line": lines[_offset(record)][0], **fault} for fault in faults]
    return Result(hits, rows)


def _make(options: dict[str, Any], wanted: list[Any]) -> None:
    with Admin(options) as admin:
        admin.apply(plan(wanted, {}), wanted)


def _loaded(case: Case, folder: Path) -> tuple[Any, Any, list[Row]]:
    """The lists and verdicts of the case's files as they are loaded to topics, and what was not taken."""
    loaded = load_index((written(folder / "alerts.jsonl", case.alerts),), folder / "lists.snapshot")
    verdicts, not_taken = load_verdicts(written(folder / "verdicts.jsonl", case.verdicts))
    return loaded.lists, verdicts, rows_of([*loaded.rejected, *not_taken])


async def _until(holds: Callable[[], bool], worker: Worker) -> None:
    end = monotonic() + WITHIN_S
    trouble: Awaitable[Any] = asyncio.ensure_future(worker.trouble())
    while not holds():
        assert monotonic() < end, "the worker is not done"
        done, _ = await asyncio.wait({trouble}, timeout=0.01)
        assert not done, [str(task.result()) for task in done]
    trouble.cancel()


async def _whole(servers: str, topic: str) -> list[ConsumerRecord]:
    place = TopicPartition(topic, 0)
    async with AIOKafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest") as consumer:
        consumer.assign([place])
        end = (await consumer.end_offsets([place]))[place]
        records: list[ConsumerRecord] = []
        while await consumer.position(place) < end:
            for some in (await consumer.getmany(timeout_ms=500)).values():
                records += some
        return records


def _offset(record: ConsumerRecord) -> int:
    return int(dict(record.headers)["__connect.errors.offset"])


def _name(case: Case) -> str:
    return repr(case)
