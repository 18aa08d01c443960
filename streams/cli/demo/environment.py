"""Where the demo takes place: a Kafka in a folder of its own, its topics, and the lists on them."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from time import monotonic
from typing import Any, Final

from kafka import TopicPartition
from kafka.admin import KafkaAdminClient, OffsetSpec
from kafka.errors import KafkaError

from streams.cli.demo.errors import DemoError, Told, until
from streams.kafka.admin import Admin
from streams.kafka.alert_topic import ListsError
from streams.kafka.alert_topic.bulk_producer import publish
from streams.kafka.client import Connection, KafkaSection, resolve
from streams.kafka.dev_cluster import Cluster, LocalKafkaError
from streams.kafka.hit_tail import NoHit, tail
from streams.kafka.scan import ReadingError
from streams.kafka.topics import TopicsPolicy, plan, topics
from streams.records.alert import Alert, key_of
from streams.records.encode import encode
from streams.records.hit import Hit

_GROUPS_WITHIN_S: Final = 30.0


class Ground:
    """A local Kafka whose data is gone when it is left. `say` is given a line for the person who watches.

    Raises DemoError for what cannot be done, and NotBegunError.
    """

    def __init__(self, say: Callable[[str], None], told: Told) -> None:
        self._say = say
        self._told = told
        self.folder = Path(tempfile.mkdtemp(prefix="anpr-demo-"))
        self._cluster = Cluster(self.folder / "kafka", os.environ, say)
        self._client: KafkaAdminClient | None = None

    def __enter__(self) -> "Ground":
        return self

    def __exit__(self, *_: object) -> None:
        if self._client is not None:
            self._client.close()
        try:
            self._cluster.down()
        except LocalKafkaError as error:
            self._say(f"Kafka: {error}")
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def servers(self) -> str:
        """The brokers' addresses."""
        return self._cluster.servers

    def up(self) -> None:
        """Starts Kafka, downloading it first if it never was."""
        began = monotonic()
        try:
            with self._told.at_once():
                self._cluster.download()
            self._say("Kafka: starting one on this machine")
            self._cluster.up()
        except (LocalKafkaError, OSError) as error:
            raise DemoError(f"Kafka does not start: {error}") from error
        self._say(f"Kafka: {self.servers} answers after {monotonic() - began:.1f} s")
        self._told.check()
        # Without what the environment says of other brokers.
        self._connection: Connection = resolve(KafkaSection(servers=self.servers.split(",")), {})

    def options(self, part: str) -> dict[str, Any]:
        """kafka-python's options for a client."""
        return self._connection.for_kafka_python(part)

    def make(self, policy: TopicsPolicy) -> None:
        """Makes the topics."""
        wanted = topics(policy)
        try:
            with Admin(self.options("topics")) as admin:
                admin.apply(plan(wanted, {}), wanted)
        except KafkaError as error:
            raise DemoError(f"the topics cannot be made: {error or type(error).__name__}") from error
        self._say(f"topics: {', '.join(topic.name for topic in wanted)}")

    def expect(self, group: str) -> None:
        """Waits until Kafka can take a group; a new one makes a topic for groups first."""

        def taken() -> bool:
            try:
                self._asked().list_group_offsets({group: None})
            except KafkaError:
                return False
            return True

        if not until(taken, self._told, _GROUPS_WITHIN_S):
            self._told.check()
            raise DemoError(f"Kafka takes no groups within {_GROUPS_WITHIN_S:.0f} s")

    def check(self) -> None:
        """Raises DemoError if Kafka is gone."""
        if not all(map(self._cluster.running, self._cluster.nodes)):
            raise DemoError("Kafka ended by itself")

    def load(self, topic: str, alerts: Iterable[Alert]) -> None:
        """Puts alerts on their topic."""
        records = [("/".join(key_of(alert)).encode(), encode(alert)) for alert in alerts]
        try:
            asyncio.run(publish(self._connection, topic, records))
        except ListsError as error:
            raise DemoError(str(error)) from error

    def ends(self, names: Iterable[str]) -> dict[TopicPartition, int]:
        """The end offset of each partition of topics. Raises KafkaError."""
        client = self._asked()
        wanted = [
            TopicPartition(topic["name"], part["partition_index"])
            for topic in client.describe_topics(list(names))
            for part in topic["partitions"]
        ]
        found = client.list_partition_offsets(dict.fromkeys(wanted, OffsetSpec.LATEST))
        return {place: at.offset for place, at in found.items()}

    def done(self, group: str, names: Iterable[str]) -> bool:
        """Whether a group has committed all there is on topics. Raises KafkaError."""
        committed = self._asked().list_group_offsets({group: None})[group]
        # Asked for after what is committed: else there could be more to commit than is seen here.
        ends = self.ends(names)
        return all(
            place in committed and committed[place].offset >= ends[place] for place in ends if ends[place]
        )

    def hits(self, topic: str) -> list[Hit]:
        """The latest revision of each hit on the topic."""
        latest: dict[str, Hit] = {}

        def take(hit: Hit | NoHit) -> None:
            if isinstance(hit, Hit) and hit.revision >= getattr(latest.get(hit.hit_id), "revision", 0):
                latest[hit.hit_id] = hit

        options = self._connection.for_aiokafka("demo")
        try:
            asyncio.run(tail(options, topic, "start", until_end=True, take=take, say=self._say))
        except ReadingError as error:
            raise DemoError(str(error)) from error
        return list(latest.values())

    def _asked(self) -> KafkaAdminClient:
        if self._client is None:
            self._client = KafkaAdminClient(**self.options("demo"))
        return self._client
