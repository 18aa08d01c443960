"""Reading and changing the topics of a cluster, by kafka-python."""

from typing import Any, Final, NamedTuple

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic

from streams.kafka.topics import Topic, TopicChange

_BOOTSTRAP_TIMEOUT_MS: Final = 5000


class TopicIdentity(NamedTuple):
    """The ids of a cluster and a topic; Kafka before 2.8 has none for topics."""

    cluster_id: str
    topic_id: str | None


class Admin:
    """The topics of a cluster.

    Its methods raise kafka.errors.KafkaError for a broker that cannot be reached or refuses.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        """`options` are those of kafka-python for the connection."""
        self._client = KafkaAdminClient(**({"bootstrap_timeout_ms": _BOOTSTRAP_TIMEOUT_MS} | options))

    def __enter__(self) -> "Admin":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def identity(self, topic: str) -> TopicIdentity:
        """Return the ids that tell a topic from others of its name; aiokafka does not know topic ids."""
        described = self._client.describe_topics([topic])[0]
        return TopicIdentity(self._client.describe_cluster()["cluster_id"], described.get("topic_id"))

    def existing_topics(self, required: list[Topic]) -> dict[str, Topic]:
        """Return those of the required topics that exist, as they are."""
        names = set(self._client.list_topics()) & {topic.name for topic in required}
        if not names:
            return {}
        keys = {topic.name: set(topic.configs) for topic in required}
        described = {topic["name"]: topic for topic in self._client.describe_topics(sorted(names))}
        return {
            name: Topic(
                name,
                len(described[name]["partitions"]),
                len(described[name]["partitions"][0]["replica_nodes"]),
                self._configs(name, keys[name]),
            )
            for name in names
        }

    def apply(self, changes: list[TopicChange], required: list[Topic]) -> None:
        """Carry out the changes that are possible: create missing topics, and set configs that differ."""
        topics = {topic.name: topic for topic in required}
        missing = [topics[change.topic] for change in changes if change.kind == "create"]
        if missing:
            self._client.create_topics(
                [
                    NewTopic(topic.name, topic.partitions, topic.replication, topic_configs=topic.configs)
                    for topic in missing
                ]
            )
            self._client.wait_for_topics([topic.name for topic in missing])
        for name in sorted({change.topic for change in changes if change.kind == "config"}):
            self._client.alter_configs(
                [ConfigResource(ConfigResourceType.TOPIC, name, configs=topics[name].configs)]
            )

    def _configs(self, name: str, keys: set[str]) -> dict[str, str]:
        resource = ConfigResource(ConfigResourceType.TOPIC, name)
        configs = self._client.describe_configs([resource], config_filter="all")["topic"][name]
        return {key: entry["value"] for key, entry in configs.items() if key in keys}
