"""A Kafka for a benchmark or a chaos test: its topics, and their offsets."""

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from streams.kafka.dev_cluster import Cluster
from streams.kafka.topics import TopicsConfig, required_topics
from tests.support.waiting import HANG_LIMIT_S

PARTITIONS: Final = 4
COUNTRY: Final = "BE"
NO_PASSAGE_GAP: Final = "[correlation]\npassage_gap_s = 0\n"
"""Without a gap, every match is a passage of its own."""
_PRODUCT_TOPICS: Final = ("matches", "verdicts", "hits", "rejected")


class KafkaEnvironment:
    """A running Kafka and a folder, for a benchmark or a chaos test.

    Topics have `replication` replicas; with several, two must have a record before it counts as written.
    """

    def __init__(self, folder: Path, servers: str, replication: int = 1) -> None:
        self.folder = folder
        self.servers = servers
        self.replication = replication
        self._admin = AdminClient({"bootstrap.servers": servers, "log_level": 0})

    def create_topic(self, name: str, configs: dict[str, str] | None = None) -> str:
        """Create a topic; return its name."""
        self._create_topics({name: configs or {}})
        return name

    def create_hits_topic(self, name: str) -> str:
        """Create a topic whose records carry the time at which the broker appended them."""
        return self.create_topic(name, {"message.timestamp.type": "LogAppendTime"})

    def create_product_topics(self, prefix: str) -> "ProductTopics":
        """Create the topics of the product under a prefix."""
        config = TopicsConfig(
            prefix=prefix, replication=self.replication, partitions=PARTITIONS, reads_hours={COUNTRY: 24.0}
        )
        configs = {topic.name: topic.configs for topic in required_topics(config)}
        configs[config.names().hits] |= {"message.timestamp.type": "LogAppendTime"}
        self._create_topics(configs)
        return ProductTopics(self, prefix)

    def _create_topics(self, configs: dict[str, dict[str, str]]) -> None:
        """Create topics, given their settings by name, and wait until they can be used."""
        min_in_sync = {"min.insync.replicas": str(min(2, self.replication))}
        new = [
            NewTopic(name, PARTITIONS, self.replication, config=min_in_sync | configs[name])
            for name in configs
        ]
        for future in self._admin.create_topics(new).values():
            future.result(HANG_LIMIT_S)
        for name in configs:
            self.end_offsets(name)

    def delete_records(self, names: Iterable[str]) -> None:
        """Delete all records of topics; offsets continue where they are."""
        ends = [
            TopicPartition(name, partition, end)
            for name in names
            for partition, end in enumerate(self.end_offsets(name))
            if end
        ]
        for future in (self._admin.delete_records(ends) if ends else {}).values():
            future.result(HANG_LIMIT_S)

    def end_offsets(self, name: str) -> list[int]:
        """Return the end offset of each partition."""
        return [end for _, end in self._partition_offsets(name)]

    def start_offsets(self, name: str) -> list[int]:
        """Return the offset of the first record of each partition."""
        return [start for start, _ in self._partition_offsets(name)]

    def committed_offsets(self, group: str, name: str) -> list[int]:
        """Return the offset that a group has committed for each partition, -1 for none."""
        partitions = [TopicPartition(name, partition) for partition in range(PARTITIONS)]
        # The admin client's method crashes (confluent-kafka 2.16.1).
        consumer = self._metadata_consumer(group)
        try:
            committed = consumer.committed(partitions, timeout=HANG_LIMIT_S)
            return [max(partition.offset, -1) for partition in committed]
        except KafkaException:  # no coordinator yet: the group is new
            return [-1] * PARTITIONS
        finally:
            consumer.close()

    def wait_processed(
        self, group: str, topics: Sequence[str], hits: str, within_s: float, quiet_s: float = 2
    ) -> None:
        """Wait until a group has committed all of some topics and no hit has come for `quiet_s`."""
        deadline = monotonic() + within_s
        hit_ends, changed_at = self.end_offsets(hits), monotonic()
        while (lag := self._describe_lag(group, topics)) or monotonic() - changed_at < quiet_s:
            if monotonic() > deadline:
                raise TimeoutError(f"group {group}, after {within_s:.0f} s: {lag or 'hits still come'}")
            sleep(0.2)
            new_hit_ends = self.end_offsets(hits)
            if new_hit_ends != hit_ends:
                hit_ends, changed_at = new_hit_ends, monotonic()

    def wait_committed(self, group: str, name: str, within_s: float) -> None:
        """Wait until a group has committed a topic up to its present ends; more may come meanwhile."""
        ends = self.end_offsets(name)
        deadline = monotonic() + within_s
        while any(
            max(committed, 0) < end
            for committed, end in zip(self.committed_offsets(group, name), ends, strict=True)
        ):
            if monotonic() > deadline:
                raise TimeoutError(f"group {group}, after {within_s:.0f} s: {name} not committed to {ends}")
            sleep(0.2)

    def is_in_sync(self) -> bool:
        """True if every replica of every partition, also of Kafka's own topics, is in sync."""
        try:
            topics = self._admin.list_topics(timeout=10).topics.values()
        except KafkaException:
            return False
        partitions = [partition for topic in topics for partition in topic.partitions.values()]
        return bool(partitions) and all(
            partition.leader >= 0 and len(partition.isrs) == len(partition.replicas)
            for partition in partitions
        )

    def _describe_lag(self, group: str, topics: Sequence[str]) -> str:
        """Return what a group has not committed, as text."""
        offsets = {name: (self.committed_offsets(group, name), self.end_offsets(name)) for name in topics}
        return "; ".join(
            f"{name}: committed {committed} of {ends}"
            for name, (committed, ends) in offsets.items()
            if any(offset != end for offset, end in zip(committed, ends, strict=True) if end)
        )

    def open_consumer(self, name: str, from_start: bool = False) -> Consumer:
        """Return a consumer without a group, at the present end of a topic or at its start."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.servers,
                "group.id": "unused",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 10,
                "log_level": 0,
            }
        )
        offsets = self.start_offsets(name) if from_start else self.end_offsets(name)
        consumer.assign([TopicPartition(name, partition, offset) for partition, offset in enumerate(offsets)])
        return consumer

    def _partition_offsets(self, name: str) -> list[tuple[int, int]]:
        """Return the start and the end of each partition; retry while a partition has no leader.

        The admin client's method would wait for a lost leader until its timeout.
        """
        deadline = monotonic() + HANG_LIMIT_S
        while True:
            consumer = self._metadata_consumer()
            try:
                offsets = [
                    consumer.get_watermark_offsets(TopicPartition(name, partition), timeout=10)
                    for partition in range(PARTITIONS)
                ]
                if None not in offsets:
                    return offsets
            except KafkaException:
                if monotonic() > deadline:
                    raise
            finally:
                consumer.close()
            sleep(0.1)

    def _metadata_consumer(self, group: str = "unused") -> Consumer:
        """Return a consumer for queries, which does not join its group."""
        return Consumer({"bootstrap.servers": self.servers, "group.id": group, "log_level": 0})


class ProductTopics:
    """The topics of the product under one prefix, and the settings of workers on them."""

    def __init__(self, environment: KafkaEnvironment, prefix: str) -> None:
        self._environment = environment
        self.prefix = prefix
        self.reads = f"{prefix}.reads.{COUNTRY}"
        self.alerts = f"{prefix}.alerts"
        self.matches = f"{prefix}.matches"
        self.hits = f"{prefix}.hits"
        self.rejected = f"{prefix}.rejected"

    def delete_records(self) -> None:
        """Delete what earlier runs wrote, so that the next one starts without it."""
        self._environment.delete_records(f"{self.prefix}.{name}" for name in _PRODUCT_TOPICS)

    def write_worker_config(
        self, group: str, state_folder: str, extra: str = "", settings: str = NO_PASSAGE_GAP
    ) -> Path:
        """Write the settings of a worker whose state is in a folder of that name.

        `extra` holds lines of `[worker]`, `settings` the sections other than those of Kafka.
        """
        path = self._environment.folder / f"{group}-{state_folder}.toml"
        servers = ", ".join(f'"{server}"' for server in self._environment.servers.split(","))
        path.write_text(
            f"[kafka]\nservers = [{servers}]\n"
            f'[topics]\nprefix = "{self.prefix}"\npartitions = {PARTITIONS}\n'
            f"replication = {self._environment.replication}\n"
            f"[topics.reads_hours]\n{COUNTRY} = 24\n"
            f"{settings}"
            f'[worker]\ngroup = "{group}"\nstate_dir = "{self._environment.folder / state_folder}"\n{extra}',
            "utf-8",
        )
        return path


@contextmanager
def kafka_environment() -> Iterator[KafkaEnvironment]:
    """Yield an environment that is removed with all its data afterwards."""
    with tempfile.TemporaryDirectory(prefix="anpr-bench-") as path:
        folder = Path(path)
        cluster = Cluster(folder / "kafka", os.environ)
        cluster.up()
        try:
            yield KafkaEnvironment(folder, cluster.servers)
        finally:
            cluster.down()
