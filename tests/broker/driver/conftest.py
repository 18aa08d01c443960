"""One local Kafka for all tests of the driver."""

import os
from collections.abc import Iterator

import pytest

from streams.broker.local import Cluster


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The bootstrap servers of a broker that is stopped after the last test."""
    cluster = Cluster(tmp_path_factory.mktemp("driver") / "kafka", os.environ)
    try:
        cluster.up(1, 0)
        yield cluster.servers
    finally:
        cluster.down()
