"""The stage of a benchmark or of a test of faults: topics of a Kafka, and what the broker says of them."""

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

PARTITIONS: Final = 4
COUNTRY: Final = "BE"
NO_PASSAGE_GAP: Final = "[correlation]\npassage_gap_s = 0\n"
"""With no gap, every listed read is a passage of its own."""
_LEADER_TIMEOUT_S: Final = 60
_PRODUCT_TOPICS: Final = ("matches", "verdicts", "hits", "rejected")


class KafkaEnvironment:
    """A running Kafka and a folder, for a benchmark or a test of faults.

    Topics have so many `copies`; with more than one, two must have a record before it counts as written.
    """

    def __init__(self, folder: Path, servers: str, replication: int = 1) -> None:
        self.folder = folder
        self.servers = servers
        self.replication = replication
        self._admin = AdminClient({"bootstrap.servers": servers, "log_level": 0})

    def create_topic(self, name: str, configs: dict[str, str] | None = None) -> str:
        """Makes a topic; its name."""
        self._create_topics({name: configs or {}})
        return name

    def create_hits_topic(self, name: str) -> str:
        """Makes a topic whose records carry the time at which the broker appended them."""
        return self.create_topic(name, {"message.timestamp.type": "LogAppendTime"})

    def create_product_topics(self, prefix: str) -> "ProductTopics":
        """Makes the product's topics under a prefix."""
        policy = TopicsConfig(
            prefix=prefix, replication=self.replication, partitions=PARTITIONS, reads_hours={COUNTRY: 24.0}
        )
        wanted = {topic.name: topic.configs for topic in required_topics(policy)}
        wanted[policy.names().hits] |= {"message.timestamp.type": "LogAppendTime"}
        self._create_topics(wanted)
        return ProductTopics(self, prefix)

    def _create_topics(self, wanted: dict[str, dict[str, str]]) -> None:
        """Makes topics by their names and settings, and waits until they can be used."""
        least = {"min.insync.replicas": str(min(2, self.replication))}
        new = [NewTopic(name, PARTITIONS, self.replication, config=least | wanted[name]) for name in wanted]
        for future in self._admin.create_topics(new).values():
            future.result(60)
        for name in wanted:
            self.end_offsets(name)

    def delete_records(self, names: Iterable[str]) -> None:
        """Deletes all records of topics; offsets go on from where they are."""
        ends = [
            TopicPartition(name, number, end)
            for name in names
            for number, end in enumerate(self.end_offsets(name))
            if end
        ]
        for future in (self._admin.delete_records(ends) if ends else {}).values():
            future.result(30)

    def end_offsets(self, name: str) -> list[int]:
        """The end offset of each partition."""
        return [end for _, end in self._partition_offsets(name)]

    def start_offsets(self, name: str) -> list[int]:
        """The offset of the first record of each partition."""
        return [start for start, _ in self._partition_offsets(name)]

    def committed_offsets(self, group: str, name: str) -> list[int]:
        """What a group has committed for each partition, -1 for nothing."""
        parts = [TopicPartition(name, number) for number in range(PARTITIONS)]
        # The admin client's way crashes (2.16.1).
        asker = self._metadata_consumer(group)
        try:
            return [max(each.offset, -1) for each in asker.committed(parts, timeout=30)]
        except KafkaException:  # no coordinator yet: the group is new
            return [-1] * PARTITIONS
        finally:
            asker.close()

    def wait_processed(
        self, group: str, topics: Sequence[str], hits: str, within_s: float, quiet_s: float = 2
    ) -> None:
        """Waits until a group has committed all of some topics and no hit has come for some seconds."""
        deadline = monotonic() + within_s
        seen, since = self.end_offsets(hits), monotonic()
        while (behind := self._describe_lag(group, topics)) or monotonic() - since < quiet_s:
            if monotonic() > deadline:
                raise TimeoutError(f"group {group}, after {within_s:.0f} s: {behind or 'hits still come'}")
            sleep(0.2)
            now = self.end_offsets(hits)
            if now != seen:
                seen, since = now, monotonic()

    def wait_committed(self, group: str, name: str, within_s: float) -> None:
        """Waits until a group has committed a topic up to where it ends now; more may come meanwhile."""
        ends = self.end_offsets(name)
        deadline = monotonic() + within_s
        while any(
            max(done, 0) < end for done, end in zip(self.committed_offsets(group, name), ends, strict=True)
        ):
            if monotonic() > deadline:
                raise TimeoutError(f"group {group}, after {within_s:.0f} s: {name} not committed to {ends}")
            sleep(0.2)

    def is_in_sync(self) -> bool:
        """Whether every copy of every partition, also of Kafka's own topics, has all that it should."""
        try:
            found = self._admin.list_topics(timeout=10).topics.values()
        except KafkaException:
            return False
        parts = [part for topic in found for part in topic.partitions.values()]
        return bool(parts) and all(
            part.leader >= 0 and len(part.isrs) == len(part.replicas) for part in parts
        )

    def _describe_lag(self, group: str, topics: Sequence[str]) -> str:
        """What a group has not committed, in words."""
        found = {name: (self.committed_offsets(group, name), self.end_offsets(name)) for name in topics}
        return "; ".join(
            f"{name}: committed {done} of {ends}"
            for name, (done, ends) in found.items()
            if any(one != other for one, other in zip(done, ends, strict=True) if other)
        )

    def open_consumer(self, name: str, from_start: bool = False) -> Consumer:
        """A consumer without a group, at the end of a topic now, or at its beginning."""
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
        consumer.assign([TopicPartition(name, number, offset) for number, offset in enumerate(offsets)])
        return consumer

    def _partition_offsets(self, name: str) -> list[tuple[int, int]]:
        """Where each partition starts and ends; asked again while there is no leader to ask.

        The admin client's way waits for a leader that is gone until its time is over.
        """
        deadline = monotonic() + _LEADER_TIMEOUT_S
        while True:
            asker = self._metadata_consumer()
            try:
                parts = [TopicPartition(name, number) for number in range(PARTITIONS)]
                found = [asker.get_watermark_offsets(part, timeout=10) for part in parts]
                if None not in found:
                    return found
            except KafkaException:
                if monotonic() > deadline:
                    raise
            finally:
                asker.close()
            sleep(0.1)

    def _metadata_consumer(self, group: str = "unused") -> Consumer:
        """A consumer that asks and does not join its group."""
        return Consumer({"bootstrap.servers": self.servers, "group.id": group, "log_level": 0})


class ProductTopics:
    """The product's topics under one prefix, and the workers' configuration for them."""

    def __init__(self, environment: KafkaEnvironment, prefix: str) -> None:
        self._environment = environment
        self.prefix = prefix
        self.reads = f"{prefix}.reads.{COUNTRY}"
        self.alerts = f"{prefix}.alerts"
        self.matches = f"{prefix}.matches"
        self.hits = f"{prefix}.hits"
        self.rejected = f"{prefix}.rejected"

    def delete_records(self) -> None:
        """Deletes what earlier runs made, so that the next one makes all of it anew."""
        self._environment.delete_records(f"{self.prefix}.{name}" for name in _PRODUCT_TOPICS)

    def write_worker_config(
        self, group: str, state_folder: str, extra: str = "", settings: str = NO_PASSAGE_GAP
    ) -> Path:
        """Writes the configuration of a worker whose state is in a folder of that name.

        `more` are lines of `[worker]`, `settings` the sections besides those of Kafka.
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
    """A stage, gone with all its data in the end."""
    with tempfile.TemporaryDirectory(prefix="anpr-bench-") as name:
        folder = Path(name)
        cluster = Cluster(folder / "kafka", os.environ)
        cluster.up()
        try:
            yield KafkaEnvironment(folder, cluster.servers)
        finally:
            cluster.down()
