"""The topics of each test, on the shared Kafka."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.kafka.dev_cluster import Cluster
from tests.support.worker_scene import WorkerEnvironment


@pytest.fixture
def scene(kafka: Cluster, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[WorkerEnvironment]:
    """Return topics of one partition under the test's name, not created yet."""
    environment = WorkerEnvironment(kafka.servers, prefix_of(request), tmp_path)
    yield environment
    environment.close()


@pytest.fixture
def wide(kafka: Cluster, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[WorkerEnvironment]:
    """Return topics of four partitions under the test's name, not created yet."""
    environment = WorkerEnvironment(kafka.servers, prefix_of(request), tmp_path, partitions=4)
    yield environment
    environment.close()


def prefix_of(request: pytest.FixtureRequest) -> str:
    """Return a prefix of topics that no other test has."""
    return re.sub("[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower()).strip("-")[:60]
