"""The environment of the demo: a Kafka in a temporary folder, its topics, and the lists on them."""

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

from streams.cli.demo.errors import DemoError, StopSignal, wait_until
from streams.kafka.admin import Admin
from streams.kafka.alert_topic import AlertTopicError
from streams.kafka.alert_topic.bulk_producer import publish_records
from streams.kafka.client import Connection, KafkaConfig, connection_from_settings
from streams.kafka.dev_cluster import Cluster, DevClusterError
from streams.kafka.scan import ScanError, scan
from streams.kafka.topics import TopicsConfig, plan_changes, required_topics
from streams.records.alert import Alert, alert_key
from streams.records.decode import decode_hit
from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.latest import latest_whole_hits

_GROUP_TIMEOUT_S: Final = 30.0


class DemoEnvironment:
    """A local Kafka whose data is deleted on exit; `say` gets lines for the person who watches.

    Methods raise DemoError, and NotStartedError after a signal.
    """

    def __init__(self, say: Callable[[str], None], stop_signal: StopSignal) -> None:
        self._say = say
        self._stop_signal = stop_signal
        self.folder = Path(tempfile.mkdtemp(prefix="anpr-demo-"))
        self._cluster = Cluster(self.folder / "kafka", os.environ)
        self._client: KafkaAdminClient | None = None

    def __enter__(self) -> "DemoEnvironment":
        return self

    def __exit__(self, *_: object) -> None:
        if self._client is not None:
            self._client.close()
        try:
            self._cluster.down()
        except DevClusterError as error:
            self._say(f"Kafka: {error}")
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def servers(self) -> str:
        """The addresses of the brokers."""
        return self._cluster.servers

    def start_kafka(self) -> None:
        """Start Kafka, after downloading it if necessary."""
        began = monotonic()
        try:
            with self._stop_signal.interruptible():
                self._cluster.download()
            self._say("Kafka: starting one on this machine")
            self._cluster.up()
        except (DevClusterError, OSError) as error:
            raise DemoError(f"Kafka does not start: {error}") from error
        self._say(f"Kafka: {self.servers} answers after {monotonic() - began:.1f} s")
        self._stop_signal.raise_if_set()
        # Without the environment, which may name other brokers.
        self._connection: Connection = connection_from_settings(
            KafkaConfig(servers=self.servers.split(",")), {}
        )

    def client_options(self, part: str) -> dict[str, Any]:
        """Return kafka-python's options for a client."""
        return self._connection.for_kafka_python(part)

    def create_topics(self, policy: TopicsConfig) -> None:
        """Create the topics."""
        wanted = required_topics(policy)
        try:
            with Admin(self.client_options("topics")) as admin:
                admin.apply(plan_changes(wanted, {}), wanted)
        except KafkaError as error:
            raise DemoError(f"the topics cannot be created: {error or type(error).__name__}") from error
        names = [topic.name for topic in wanted]
        self._say(f"topics: {len(names)} created, among them {', '.join(policy.names().reads)}")

    def wait_for_group(self, group: str) -> None:
        """Wait until Kafka accepts consumer groups; a new cluster first creates a topic for them."""

        def is_accepted() -> bool:
            try:
                self._admin_client().list_group_offsets({group: None})
            except KafkaError:
                return False
            return True

        if not wait_until(is_accepted, self._stop_signal, _GROUP_TIMEOUT_S):
            self._stop_signal.raise_if_set()
            raise DemoError(f"Kafka accepts no consumer groups within {_GROUP_TIMEOUT_S:.0f} s")

    def check_running(self) -> None:
        """Raise DemoError if Kafka has ended."""
        if not all(map(self._cluster.is_running, self._cluster.nodes)):
            raise DemoError("Kafka ended by itself")

    def load_alerts(self, topic: str, alerts: Iterable[Alert]) -> None:
        """Produce alerts to their topic."""
        records = [("/".join(alert_key(alert)).encode(), encode(alert)) for alert in alerts]
        try:
            asyncio.run(publish_records(self._connection, topic, records))
        except AlertTopicError as error:
            raise DemoError(str(error)) from error

    def end_offsets(self, names: Iterable[str]) -> dict[TopicPartition, int]:
        """Return the end offset of each partition of some topics. Raises KafkaError."""
        client = self._admin_client()
        wanted = [
            TopicPartition(topic["name"], part["partition_index"])
            for topic in client.describe_topics(list(names))
            for part in topic["partitions"]
        ]
        found = client.list_partition_offsets(dict.fromkeys(wanted, OffsetSpec.LATEST))
        return {place: at.offset for place, at in found.items()}

    def is_committed(self, group: str, names: Iterable[str]) -> bool:
        """Return True if a group has committed everything on some topics. Raises KafkaError."""
        committed = self._admin_client().list_group_offsets({group: None})[group]
        # Asked for after the committed offsets; otherwise there could be more to commit than is seen here.
        ends = self.end_offsets(names)
        return all(
            place in committed and committed[place].offset >= ends[place] for place in ends if ends[place]
        )

    def latest_hits(self, topic: str) -> list[Hit]:
        """Return the latest revision of each hit on a topic."""
        latest = latest_whole_hits()

        async def read_hits() -> None:
            options = self._connection.for_aiokafka("demo")
            async for hit in scan(options, topic, decode_hit, skip_deleted=False):
                if isinstance(hit, Hit):
                    latest.add_hit(hit)

        try:
            asyncio.run(read_hits())
        except ScanError as error:
            raise DemoError(str(error)) from error
        return list(latest.values())

    def _admin_client(self) -> KafkaAdminClient:
        if self._client is None:
            self._client = KafkaAdminClient(**self.client_options("demo"))
        return self._client
