"""The environment of a worker test: topics of its own on the shared Kafka, workers, and their output."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic

from streams.correlation.config import CorrelationConfig
from streams.kafka.client import KafkaConfig, connection_from_settings
from streams.kafka.topics import TopicsConfig, required_topics
from streams.lookback.config import LookbackConfig
from streams.lookback.supervisor import build_supervisor
from streams.matching.config import MatchingRules
from streams.pipeline import PipelineConfig
from streams.records.encode import encode
from streams.records.times import from_ms, to_rfc3339
from streams.records.verdict import Verdict
from streams.rules.jurisdictions import JurisdictionConfig
from streams.runtime.clock import Clock, now_ms, wall_clock
from streams.worker.config import WorkerConfig
from streams.worker.worker import Worker
from tests.support.builders import alert_json
from tests.support.processes import WorkerProcess as Process
from tests.support.running_worker import RunningWorker
from tests.support.waiting import HANG_LIMIT_S, wait_until

COUNTRY: Final = "FR"
LISTED_PLATE: Final = "AB123CD"
"""The plate of the alert `a1` by default."""


def read_json(
    plate: str = LISTED_PLATE, read_id: str = "r1", at_ms: int | None = None, **fields: Any
) -> bytes:
    """Return a read of now, or of a given time, as JSON.

    By default each read is of its own camera, and so a passage of its own.
    """
    captured_at = to_rfc3339(from_ms(now_ms() if at_ms is None else at_ms))
    record = {"read_id": read_id, "camera_id": f"c-{read_id}", "captured_at": captured_at, "plate": plate}
    return orjson.dumps(record | fields)


_RETRIABLE_ERRORS: Final = (
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError._UNKNOWN_PARTITION,
    KafkaError._TIMED_OUT,
)
"""Errors of a broker, and of a client, that do not know yet where partitions are."""
_QUERY_TIMEOUT_S: Final = 5.0


class EmittedHit(NamedTuple):
    """One revision of a hit on the topic."""

    read_id: str
    revision: int
    kind: str
    reason: str | None
    """The reason for the retraction."""
    hit: dict[str, Any]

    @property
    def hit_id(self) -> str:
        """The id of the hit."""
        return str(self.hit["hit_id"])


class WorkerEnvironment:
    """The product's topics under a prefix, with the given number of partitions, and workers on them."""

    def __init__(self, servers: str, prefix: str, folder: Path, partitions: int = 1) -> None:
        self.servers = servers
        self.prefix = prefix
        self.folder = folder
        self.topics_config = TopicsConfig(
            prefix=prefix, replication=1, partitions=partitions, reads_hours={COUNTRY: 24.0}
        )
        self.jurisdictions: dict[str, JurisdictionConfig] = {}
        """What countries permit with their reads, for workers made from now on."""
        self.passage_gap_s = 0.0
        """The gap of passages in the settings of processes."""
        self.names = self.topics_config.names()
        self.reads = self.names.reads[0]
        self.group = prefix
        self._options = {"bootstrap.servers": servers, "log_level": 0}
        self._admin = AdminClient(self._options)
        self._producer = Producer(self._options | {"linger.ms": 0, "message.max.bytes": 10_000_000})
        self._delivery_errors: list[Any] = []
        self._workers: list[RunningWorker] = []
        self._metadata_consumer = Consumer(
            self._options | {"group.id": self.group, "enable.auto.commit": False}
        )

    def create_topics(self, *omitted: str, **configs: Mapping[str, str]) -> "WorkerEnvironment":
        """Create the topics except some, with more configs for those named `reads`, `hits` and so on."""
        topics = [
            NewTopic(
                each.name,
                each.partitions,
                1,
                config=each.configs | dict(configs.get(_short_name(each.name), {})),
            )
            for each in required_topics(self.topics_config)
            if _short_name(each.name) not in omitted
        ]
        for created in self._admin.create_topics(topics).values():
            created.result(HANG_LIMIT_S)
        wait_until(lambda: all(self._has_leaders(each.topic) for each in topics), "all topics have leaders")
        return self

    def alter_topic(self, name: str, **configs: str) -> None:
        """Set configs of a topic, `max_message_bytes` and so on."""
        entries = [
            ConfigEntry(key.replace("_", "."), value, incremental_operation=AlterConfigOpType.SET)
            for key, value in configs.items()
        ]
        resource = ConfigResource(ConfigResource.Type.TOPIC, name, incremental_configs=entries)
        self._admin.incremental_alter_configs([resource])[resource].result(HANG_LIMIT_S)

    def produce(
        self,
        topic: str,
        *values: bytes | None,
        key: bytes | None = b"c1",
        partition: int = -1,
        **options: Any,
    ) -> None:
        """Send records to a topic and wait for acknowledgement. Raises KafkaException."""
        for value in values:
            self.produce_async(topic, value, key, partition, **options)
        self.flush()

    def produce_async(
        self, topic: str, value: bytes | None, key: bytes | None = b"c1", partition: int = -1, **options: Any
    ) -> None:
        """Send a record to a topic; `flush` waits for acknowledgement."""
        self._producer.produce(topic, value, key, partition, on_delivery=self._on_delivery, **options)

    def flush(self) -> None:
        """Wait until all records are acknowledged. Raises KafkaException if one was refused."""
        assert self._producer.flush(HANG_LIMIT_S) == 0
        if self._delivery_errors:
            raise KafkaException(self._delivery_errors.pop())

    @contextmanager
    def continuous_reads(self, plates: Sequence[str] = (LISTED_PLATE,)) -> Iterator[list[str]]:
        """Send reads to all partitions, some hundreds a second, during the block; yield their ids."""
        sent: list[str] = []
        stopped = threading.Event()

        def send() -> None:
            while not stopped.wait(0.002):
                read_id = f"r{len(sent)}"
                value = read_json(plates[len(sent) % len(plates)], read_id)
                self.produce_async(self.reads, value, partition=len(sent) % self.topics_config.partitions)
                sent.append(read_id)

        thread = threading.Thread(target=send)
        thread.start()
        try:
            yield sent
        finally:
            stopped.set()
            thread.join()

    def produce_alert(self, plate: str = LISTED_PLATE, alert_id: str = "a1", **fields: Any) -> None:
        """Send an alert of the list `sis`, valid for decades by default."""
        validity = {"valid_from": "2020-01-01T00:00:00Z", "valid_until": "2098-01-01T00:00:00Z"}
        value = alert_json(plate, alert_id=alert_id, **(validity | fields))
        self.produce(self.names.alerts, value, key=f"sis/{alert_id}".encode())

    def produce_withdrawal(self, alert_id: str = "a1") -> None:
        """Withdraw an alert."""
        self.produce(self.names.alerts, None, key=f"sis/{alert_id}".encode())

    def produce_verdict(
        self, hit_id: str, verdict: Any = "rejected", centre: str = "be-west", at_ms: int | None = None
    ) -> None:
        """Send a verdict on a hit, of now or of another time."""
        at = from_ms(now_ms() if at_ms is None else at_ms)
        self.produce(self.names.verdicts, encode(Verdict(hit_id, centre, verdict, at)), key=hit_id.encode())

    def make_worker(
        self,
        *,
        member: str | None = None,
        clock: Clock = wall_clock,
        passage_gap_s: float = 0,
        rules: MatchingRules | None = None,
        **options: Any,
    ) -> RunningWorker:
        """Return a worker in this process, not started; `options` are those of `[worker]`."""
        config = WorkerConfig(
            group=self.group, state_dir=str(self.folder / "state"), **(_FAST_SESSION | options)
        )
        pipeline = PipelineConfig(rules or MatchingRules(), CorrelationConfig(passage_gap_s=passage_gap_s))
        connection = connection_from_settings(KafkaConfig(servers=self.servers.split(",")), {})
        lookback = LookbackConfig(self.topics_config, self.jurisdictions, pipeline)
        supervisor = build_supervisor(connection.config, lookback)
        worker = Worker(connection, self.topics_config, config, pipeline, supervisor, clock)
        running = RunningWorker(worker, supervisor, member)
        self._workers.append(running)
        return running

    @contextmanager
    def running_worker(self, **options: Any) -> Iterator[RunningWorker]:
        """Yield a started worker in this process, and stop it in order after the block."""
        worker = self.make_worker(**options)
        worker.start()
        yield worker
        assert worker.stop(), worker.messages

    def write_config(self, kafka: str = "", **options: Any) -> Path:
        """Write the settings of a worker: `kafka` are more lines of [kafka], `options` those of [worker]."""
        lines = "".join(
            f"{key} = {orjson.dumps(value).decode()}\n" for key, value in (_FAST_SESSION | options).items()
        )
        servers = orjson.dumps(self.servers.split(",")).decode()
        path = self.folder / "worker.toml"
        path.write_text(
            f"[kafka]\nservers = {servers}\n{kafka}\n"
            f'[topics]\nprefix = "{self.prefix}"\n'
            f"partitions = {self.topics_config.partitions}\nreplication = 1\n"
            f"[topics.reads_hours]\n{COUNTRY} = 24\n"
            f"{self._jurisdiction_sections()}"
            f"[correlation]\npassage_gap_s = {self.passage_gap_s}\n[centres.be-west]\n"
            f'[worker]\ngroup = "{self.group}"\nstate_dir = "{self.folder / "state"}"\n{lines}',
            "utf-8",
        )
        return path

    def _jurisdiction_sections(self) -> str:
        """Return the sections [jurisdictions.*]."""
        lines = []
        for country, rule in self.jurisdictions.items():
            source = orjson.dumps(rule.lookback_source).decode()
            hours = "".join(f"{basis} = {hours}\n" for basis, hours in rule.lookback_hours.items())
            lines.append(f"[jurisdictions.{country}]\nlookback_source = {source}\n")
            lines.append(f"[jurisdictions.{country}.lookback_hours]\n{hours}")
        return "".join(lines)

    @contextmanager
    def worker_process(self, name: str = "worker", kafka: str = "", **options: Any) -> Iterator[Process]:
        """Start `anpr worker` as a process; `kafka` and `options` are as in `write_config`."""
        process = Process(self.write_config(kafka, **options), self.folder / f"{name}.log")
        try:
            yield process
        finally:
            process.close()

    def end_offsets(self, topic: str) -> list[int]:
        """Return the end offset of each partition."""
        offsets: list[int] = []
        errors: set[str] = set()

        def query() -> bool:
            try:
                watermarks = [
                    self._metadata_consumer.get_watermark_offsets(each, _QUERY_TIMEOUT_S)
                    for each in self._topic_partitions(topic)
                ]
            except KafkaException as error:
                # A broker that was suspended leads nothing for a moment after it resumes, and a client may
                # not know the partitions of a restarted broker yet.
                if error.args[0].code() not in _RETRIABLE_ERRORS:
                    raise
                errors.add(error.args[0].str())
                return False
            offsets.extend(end for _, end in watermarks)
            return True

        try:
            wait_until(query, f"the brokers return the ends of {topic}")
        except AssertionError as late:
            raise AssertionError(f"{late}; errors: {errors or 'none'}") from None
        return offsets

    def committed_offsets(self, topic: str) -> list[int]:
        """Return the group's committed offset for each partition, 0 if there is none."""
        try:
            committed = self._metadata_consumer.committed(self._topic_partitions(topic), timeout=HANG_LIMIT_S)
        except KafkaException:  # The group is new and has no coordinator yet.
            return [0] * self.topics_config.partitions
        return [max(each.offset, 0) for each in committed]

    def wait_processed(self) -> None:
        """Wait until the group has committed all reads and matches; then all hits are on their topic."""

        def is_processed() -> bool:
            return all(
                self.committed_offsets(topic) == self.end_offsets(topic)
                for topic in (self.reads, self.names.matches)
            )

        wait_until(is_processed, "all reads and matches are processed")

    def read_topic(self, topic: str) -> list[Message]:
        """Return all records of a topic, those of a partition in order; null values stay null."""
        consumer = Consumer(self._options | {"group.id": "unused", "enable.auto.commit": False})
        records: list[Message] = []
        try:
            for topic_partition, end in zip(
                self._topic_partitions(topic), self.end_offsets(topic), strict=True
            ):
                partition_records: list[Message] = []
                consumer.assign([TopicPartition(topic, topic_partition.partition, 0)])
                while len(partition_records) < end:
                    record = consumer.poll(0.5)
                    if record is not None and not record.error():
                        partition_records.append(record)
                records += partition_records
        finally:
            consumer.close()
        return records

    def emitted_hits(self) -> list[EmittedHit]:
        """Return all hits on their topic, those of a partition in order."""
        return [
            _to_emitted_hit(orjson.loads(record.value() or b""))
            for record in self.read_topic(self.names.hits)
        ]

    def wait_hits(self, count: int, description: str) -> list[EmittedHit]:
        """Wait until there are at least `count` hits; return all."""
        wait_until(lambda: sum(self.end_offsets(self.names.hits)) >= count, description)
        return self.emitted_hits()

    def close(self) -> None:
        """Stop the workers that still run, and disconnect."""
        for worker in self._workers:
            worker.close()
        self._metadata_consumer.close()

    def _on_delivery(self, error: Any, _: Message) -> None:
        if error:
            self._delivery_errors.append(error)

    def _topic_partitions(self, topic: str) -> list[TopicPartition]:
        return [TopicPartition(topic, number) for number in range(self.topics_config.partitions)]

    def _has_leaders(self, topic: str) -> bool:
        metadata = self._admin.list_topics(topic, timeout=HANG_LIMIT_S).topics[topic]
        return bool(metadata.partitions) and all(each.leader >= 0 for each in metadata.partitions.values())


_FAST_SESSION: Final[dict[str, Any]] = {"session_timeout_s": 6.0}
"""The shortest session that a broker accepts by default."""


def _short_name(name: str) -> str:
    return "reads" if ".reads." in name else name.rpartition(".")[2]


def _to_emitted_hit(hit: dict[str, Any]) -> EmittedHit:
    return EmittedHit(
        hit["read"]["read_id"], hit["revision"], hit["kind"], hit.get("withdrawn", {}).get("reason"), hit
    )
