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
from streams.kafka.client import KafkaConfig, connection_from_settings
from streams.kafka.dead_letters import FAULTS_HEADER
from streams.kafka.dev_cluster import Cluster
from streams.kafka.topics import TopicsConfig, plan_changes, required_topics
from streams.records.alert import alert_key
from streams.records.encode import encode
from streams.records.times import to_ms
from streams.runtime.clock import event_clock
from streams.settings.load import parse_settings
from streams.worker.config import WorkerConfig
from streams.worker.worker import Worker
from tests.support.cases.loading import Case, Row
from tests.support.cases.runner import Result, fault_rows, write_lines
from tests.support.waiting import HANG_LIMIT_S

MAX_PARALLEL: Final = 8
TIMEOUT_S: Final = HANG_LIMIT_S
_counter = itertools.count()


class KafkaRunner:
    """Runs cases through workers in this process, several at a time, on one broker that all share.

    A case that was announced is under way already when it is asked for.
    """

    name = "kafka"

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="anpr-kafka-runner-")
        self._cluster: Cluster | None = None
        self._loop = asyncio.new_event_loop()
        self._running: dict[str, Future[Result]] = {}

    def submit_all(self, cases: Iterable[Case]) -> None:
        """Begins to run cases, so that their waits fall together."""
        for case in cases:
            self._future(case)

    def run(self, case: Case) -> Result:
        """What a case gives."""
        return self._future(case).result(10 * TIMEOUT_S)

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
            self._slots = asyncio.Semaphore(MAX_PARALLEL)
            threading.Thread(target=self._loop.run_forever, daemon=True).start()
        name = _case_key(case)
        if name not in self._running:
            self._running[name] = asyncio.run_coroutine_threadsafe(self._run_in_slot(case), self._loop)
        return self._running[name]

    async def _run_in_slot(self, case: Case) -> Result:
        assert self._cluster is not None
        async with self._slots:
            with TemporaryDirectory(dir=self._folder.name) as folder:
                return await asyncio.wait_for(_run(case, self._cluster.servers, Path(folder)), 3 * TIMEOUT_S)


async def _run(case: Case, servers: str, folder: Path) -> Result:
    settings = parse_settings(case.config, f"{case.name}/config.toml")
    prefix = f"case{next(_counter)}"
    # Records of the past keep their own times and are not deleted for their age.
    policy = TopicsConfig(prefix=prefix, partitions=1, reads_hours={"FR": 8784})
    wanted = [
        topic._replace(configs=topic.configs | {"message.timestamp.type": "CreateTime", "retention.ms": "-1"})
        for topic in required_topics(policy)
    ]
    section = KafkaConfig(servers=servers.split(","))
    connection = connection_from_settings(section, {})
    await asyncio.to_thread(_create_topics, connection.for_kafka_python(), wanted)
    names = policy.names()
    rejected = await asyncio.to_thread(_load_inputs, case, folder)
    loaded, verdicts, rows = rejected
    worker = Worker(
        connection,
        policy,
        WorkerConfig(group=prefix, state_dir=str(folder / "state"), rejected_share=1.0),
        settings.pipeline(),
        clock=event_clock if case.now_ms is None else lambda _: case.now_ms,
    )
    lines = [(number, line) for number, line in enumerate(case.reads, 1) if line.strip()]
    async with AIOKafkaProducer(bootstrap_servers=servers) as producer:
        for alert in loaded.alerts():
            key = "/".join(alert_key(alert)).encode()
            await producer.send_and_wait(names.alerts, encode(alert), key)
            withdrawn = loaded.withdrawn_at_ms(alert)
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
            await _wait_until(
                lambda: worker.match_agent.read_count == len(lines) and not worker.match_agent.pending_count,
                worker,
            )
            here = worker.correlate_agent.partitions
            await _wait_until(
                lambda: sum(each.match_count for each in here.values()) == worker.match_agent.match_count,
                worker,
            )
            if case.now_ms is None:
                worker.correlate_agent.flush(worker.match_agent.watermark_ms)
            else:
                worker.correlate_agent.handle_time()
            await _wait_until(lambda: not any(each.pending_count for each in here.values()), worker)
        except BaseException:
            await worker.stop()
            raise
        # Whether it ends in the time that a worker allows itself depends on what else the machine does.
        await worker.stop()
    hits = [msgspec.json.decode(record.value or b"") for record in await _read_topic(servers, names.hits)]
    for record in sorted(await _read_topic(servers, names.rejected), key=_source_offset):
        faults = msgspec.json.decode(dict(record.headers)[FAULTS_HEADER])
        rows += [
            {"source": "reads.jsonl", "line": lines[_source_offset(record)][0], **fault} for fault in faults
        ]
    return Result(hits, rows)


def _create_topics(options: dict[str, Any], wanted: list[Any]) -> None:
    with Admin(options) as admin:
        admin.apply(plan_changes(wanted, {}), wanted)


def _load_inputs(case: Case, folder: Path) -> tuple[Any, Any, list[Row]]:
    """The lists and verdicts of the case's files as they are loaded to topics, and what was rejected."""
    loaded = load_index((write_lines(folder / "alerts.jsonl", case.alerts),))
    verdicts, not_taken = load_verdicts(write_lines(folder / "verdicts.jsonl", case.verdicts))
    return loaded.alert_index, verdicts, fault_rows([*loaded.rejected, *not_taken])


async def _wait_until(condition: Callable[[], bool], worker: Worker) -> None:
    end = monotonic() + TIMEOUT_S
    trouble: Awaitable[Any] = asyncio.ensure_future(worker.fatal_error())
    while not condition():
        assert monotonic() < end, "the worker is not done"
        done, _ = await asyncio.wait({trouble}, timeout=0.01)
        assert not done, [str(task.result()) for task in done]
    trouble.cancel()


async def _read_topic(servers: str, topic: str) -> list[ConsumerRecord]:
    place = TopicPartition(topic, 0)
    async with AIOKafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest") as consumer:
        consumer.assign([place])
        end = (await consumer.end_offsets([place]))[place]
        records: list[ConsumerRecord] = []
        while await consumer.position(place) < end:
            for some in (await consumer.getmany(timeout_ms=500)).values():
                records += some
        return records


def _source_offset(record: ConsumerRecord) -> int:
    return int(dict(record.headers)["__connect.errors.offset"])


def _case_key(case: Case) -> str:
    return repr(case)
