"""What a topic is: which cluster's, and which of those that had its name."""

from typing import Any, Final, NamedTuple

from kafka import KafkaAdminClient

_REACHED_WITHIN_MS: Final = 5000


class Identity(NamedTuple):
    """The ids of a cluster and a topic; Kafka before 2.8 gives topics none."""

    cluster_id: str
    topic_id: str | None


def identity(options: dict[str, Any], topic: str) -> Identity:
    """The identity of a topic. `options` are kafka-python's; aiokafka's requests do not know topic ids.

    Raises kafka.errors.KafkaError for brokers that cannot be reached or refuse.
    """
    client = KafkaAdminClient(**({"bootstrap_timeout_ms": _REACHED_WITHIN_MS} | options))
    try:
        described = client.describe_topics([topic])[0]
        return Identity(client.describe_cluster()["cluster_id"], described.get("topic_id"))
    finally:
        client.close()
