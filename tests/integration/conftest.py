"""One local Kafka for all tests that only need a broker."""

import os
from collections.abc import Iterator

import pytest

from streams.kafka.dev_cluster import Cluster


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A running Kafka of one broker; tests keep apart by the names of their topics."""
    cluster = Cluster(tmp_path_factory.mktemp("shared") / "kafka", os.environ)
    cluster.up()
    yield cluster
    cluster.down()
