"""A scene: topics of one test on the shared Kafka, workers on them, and what is on the topics in the end."""

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
from tests.support.running_worker import TIMEOUT_S, RunningWorker, wait_until

COUNTRY: Final = "FR"
LISTED_PLATE: Final = "AB123CD"
"""The plate of the alert `a1`, unless a test says otherwise."""


def read_json(
    plate: str = LISTED_PLATE, read_id: str = "r1", at_ms: int | None = None, **fields: Any
) -> bytes:
    """A read, taken now or at a time in ms since 1970 UTC, as JSON.

    Each by a camera of its own unless said otherwise, so that each is a passage of its own.
    """
    time = to_rfc3339(from_ms(now_ms() if at_ms is None else at_ms))
    record = {"read_id": read_id, "camera_id": f"c-{read_id}", "captured_at": time, "plate": plate}
    return orjson.dumps(record | fields)


_RETRIABLE_ERRORS: Final = (
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError._UNKNOWN_PARTITION,
    KafkaError._TIMED_OUT,
)
"""What a broker says, and a client of one, that does not know yet where partitions are."""
_LEADER_TIMEOUT_S: Final = 90.0
"""One that was stopped for seconds on a busy machine has taken more than 30 s."""
_QUERY_TIMEOUT_S: Final = 5.0


class EmittedHit(NamedTuple):
    """One revision of a hit as it is told on the topic."""

    read_id: str
    revision: int
    kind: str
    reason: str | None
    """Why it was withdrawn."""
    hit: dict[str, Any]

    @property
    def hit_id(self) -> str:
        """Its id."""
        return str(self.hit["hit_id"])


class WorkerEnvironment:
    """The product's topics under a prefix, those of reads, matches and hits with some partitions."""

    def __init__(self, servers: str, prefix: str, folder: Path, partitions: int = 1) -> None:
        self.servers = servers
        self.prefix = prefix
        self.folder = folder
        self.topics_config = TopicsConfig(
            prefix=prefix, replication=1, partitions=partitions, reads_hours={COUNTRY: 24.0}
        )
        self.jurisdictions: dict[str, JurisdictionConfig] = {}
        """What countries allow with their reads, for workers made from now on."""
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
        """Makes the topics but some, with more configs for those named `reads`, `hits` and so on."""
        wanted = [
            NewTopic(
                each.name,
                each.partitions,
                1,
                config=each.configs | dict(configs.get(_short_name(each.name), {})),
            )
            for each in required_topics(self.topics_config)
            if _short_name(each.name) not in omitted
        ]
        for made in self._admin.create_topics(wanted).values():
            made.result(TIMEOUT_S)
        wait_until(lambda: all(self._has_leaders(each.topic) for each in wanted), "all topics have leaders")
        return self

    def alter_topic(self, name: str, **configs: str) -> None:
        """Sets configs of a topic, `max_message_bytes` and so on."""
        entries = [
            ConfigEntry(key.replace("_", "."), value, incremental_operation=AlterConfigOpType.SET)
            for key, value in configs.items()
        ]
        resource = ConfigResource(ConfigResource.Type.TOPIC, name, incremental_configs=entries)
        self._admin.incremental_alter_configs([resource])[resource].result(TIMEOUT_S)

    def produce(
        self,
        topic: str,
        *values: bytes | None,
        key: bytes | None = b"c1",
        partition: int = -1,
        **more: Any,
    ) -> None:
        """Puts records on a topic, and waits until the broker has them. Raises KafkaException."""
        for value in values:
            self.produce_async(topic, value, key, partition, **more)
        self.flush()

    def produce_async(
        self, topic: str, value: bytes | None, key: bytes | None = b"c1", partition: int = -1, **more: Any
    ) -> None:
        """Begins to put a record on a topic; `flush` waits for it."""
        self._producer.produce(topic, value, key, partition, on_delivery=self._on_delivery, **more)

    def flush(self) -> None:
        """Waits until the broker has all that was put. Raises KafkaException if it refused a record."""
        assert self._producer.flush(TIMEOUT_S) == 0
        if self._delivery_errors:
            raise KafkaException(self._delivery_errors.pop())

    @contextmanager
    def continuous_reads(self, plates: Sequence[str] = (LISTED_PLATE,)) -> Iterator[list[str]]:
        """Puts reads on all partitions, some hundreds a second, while one is within; gives their ids."""
        sent: list[str] = []
        over = threading.Event()

        def work() -> None:
            while not over.wait(0.002):
                read_id = f"r{len(sent)}"
                value = read_json(plates[len(sent) % len(plates)], read_id)
                self.produce_async(self.reads, value, partition=len(sent) % self.topics_config.partitions)
                sent.append(read_id)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield sent
        finally:
            over.set()
            thread.join()

    def produce_alert(self, plate: str = LISTED_PLATE, alert_id: str = "a1", **fields: Any) -> None:
        """Puts an alert of the list `sis` on its topic, in force these decades unless said otherwise."""
        term = {"valid_from": "2020-01-01T00:00:00Z", "valid_until": "2098-01-01T00:00:00Z"}
        value = alert_json(plate, alert_id=alert_id, **(term | fields))
        self.produce(self.names.alerts, value, key=f"sis/{alert_id}".encode())

    def produce_withdrawal(self, alert_id: str = "a1") -> None:
        """Withdraws an alert."""
        self.produce(self.names.alerts, None, key=f"sis/{alert_id}".encode())

    def produce_verdict(self, hit_id: str, verdict: Any = "rejected") -> None:
        """Puts a verdict on a hit, of now."""
        said = Verdict(hit_id, "be-west", verdict, from_ms(now_ms()))
        self.produce(self.names.verdicts, encode(said), key=hit_id.encode())

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
        """A worker in this process that is ready, ended in order in the end."""
        worker = self.make_worker(**options)
        worker.start()
        yield worker
        assert worker.stop(), worker.messages

    def write_config(self, kafka: str = "", **policy: Any) -> Path:
        """Writes the settings of a worker; `kafka` are further lines of its section."""
        lines = "".join(
            f"{key} = {orjson.dumps(value).decode()}\n" for key, value in (_FAST_SESSION | policy).items()
        )
        servers = orjson.dumps(self.servers.split(",")).decode()
        path = self.folder / "worker.toml"
        path.write_text(
            f"[kafka]\nservers = {servers}\n{kafka}\n"
            f'[topics]\nprefix = "{self.prefix}"\n'
            f"partitions = {self.topics_config.partitions}\nreplication = 1\n"
            f"[topics.reads_hours]\n{COUNTRY} = 24\n"
            f"{self._jurisdiction_sections()}"
            "[correlation]\npassage_gap_s = 0\n"
            f'[worker]\ngroup = "{self.group}"\nstate_dir = "{self.folder / "state"}"\n{lines}',
            "utf-8",
        )
        return path

    def _jurisdiction_sections(self) -> str:
        """The sections of what countries allow."""
        lines = []
        for country, rule in self.jurisdictions.items():
            source = orjson.dumps(rule.lookback_source).decode()
            hours = "".join(f"{basis} = {hours}\n" for basis, hours in rule.lookback_hours.items())
            lines.append(f"[jurisdictions.{country}]\nlookback_source = {source}\n")
            lines.append(f"[jurisdictions.{country}.lookback_hours]\n{hours}")
        return "".join(lines)

    @contextmanager
    def worker_process(self, name: str = "worker", kafka: str = "", **policy: Any) -> Iterator[Process]:
        """`anpr worker` as a process, begun."""
        process = Process(self.write_config(kafka, **policy), self.folder / f"{name}.log")
        try:
            yield process
        finally:
            process.close()

    def end_offsets(self, topic: str) -> list[int]:
        """The end offset of each partition."""
        found: list[int] = []
        answers: set[str] = set()

        def told() -> bool:
            try:
                asked = [
                    self._metadata_consumer.get_watermark_offsets(each, _QUERY_TIMEOUT_S)
                    for each in self._topic_partitions(topic)
                ]
            except KafkaException as error:
                # A broker that stood still for a while leads nothing for a moment when it goes on, and of one
                # that was started again a client may not know the partitions yet.
                if error.args[0].code() not in _RETRIABLE_ERRORS:
                    raise
                answers.add(error.args[0].str())
                return False
            found.extend(end for _, end in asked)
            return True

        try:
            wait_until(told, f"the brokers tell the ends of {topic}", _LEADER_TIMEOUT_S)
        except AssertionError as late:
            raise AssertionError(f"{late}; they said {answers or 'nothing'}") from None
        return found

    def committed_offsets(self, topic: str) -> list[int]:
        """What the group has committed for each partition, 0 for nothing."""
        try:
            found = self._metadata_consumer.committed(self._topic_partitions(topic), timeout=TIMEOUT_S)
        except KafkaException:  # no coordinator yet: the group is new
            return [0] * self.topics_config.partitions
        return [max(each.offset, 0) for each in found]

    def wait_processed(self) -> None:
        """Waits until the group has committed all reads and all matches, whose hits are there then."""

        def done() -> bool:
            return all(
                self.committed_offsets(topic) == self.end_offsets(topic)
                for topic in (self.reads, self.names.matches)
            )

        wait_until(done, "all reads and matches are dealt with")

    def read_topic(self, topic: str) -> list[Message]:
        """All records of a topic, those of a partition in order."""
        # As raw as they are, so that a null stays apart from nothing.
        consumer = Consumer(self._options | {"group.id": "unused", "enable.auto.commit": False})
        records: list[Message] = []
        try:
            for place, end in zip(self._topic_partitions(topic), self.end_offsets(topic), strict=True):
                here: list[Message] = []
                consumer.assign([TopicPartition(topic, place.partition, 0)])
                while len(here) < end:
                    record = consumer.poll(0.5)
                    if record is not None and not record.error():
                        here.append(record)
                records += here
        finally:
            consumer.close()
        return records

    def emitted_hits(self) -> list[EmittedHit]:
        """All that is told on the topic of hits, those of a partition in order."""
        return [
            _to_emitted_hit(orjson.loads(record.value() or b""))
            for record in self.read_topic(self.names.hits)
        ]

    def wait_hits(self, count: int, description: str) -> list[EmittedHit]:
        """All that is told, when it is so much or more."""
        wait_until(lambda: sum(self.end_offsets(self.names.hits)) >= count, description)
        return self.emitted_hits()

    def close(self) -> None:
        """Ends the workers that still run, and lets go of the broker."""
        for worker in self._workers:
            worker.close()
        self._metadata_consumer.close()

    def _on_delivery(self, error: Any, _: Message) -> None:
        if error:
            self._delivery_errors.append(error)

    def _topic_partitions(self, topic: str) -> list[TopicPartition]:
        return [TopicPartition(topic, number) for number in range(self.topics_config.partitions)]

    def _has_leaders(self, topic: str) -> bool:
        there = self._admin.list_topics(topic, timeout=TIMEOUT_S).topics[topic]
        return bool(there.partitions) and all(each.leader >= 0 for each in there.partitions.values())


_FAST_SESSION: Final[dict[str, Any]] = {"session_timeout_s": 6.0}
"""The shortest session that a broker allows unless told otherwise."""


def _short_name(name: str) -> str:
    return "reads" if ".reads." in name else name.rpartition(".")[2]


def _to_emitted_hit(hit: dict[str, Any]) -> EmittedHit:
    return EmittedHit(
        hit["read"]["read_id"], hit["revision"], hit["kind"], hit.get("withdrawn", {}).get("reason"), hit
    )
