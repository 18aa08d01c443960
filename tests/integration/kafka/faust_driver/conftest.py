"""The shared Kafka, by the name that the tests of the driver know it by."""

import pytest

from streams.kafka.dev_cluster import Cluster


@pytest.fixture(scope="session")
def servers(kafka: Cluster) -> str:
    """The bootstrap servers of a running broker; tests keep apart by the names of their topics."""
    return kafka.servers
