"""The scene of each test."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.kafka.dev_cluster import Cluster
from tests.support.worker_scene import WorkerEnvironment


@pytest.fixture
def scene(kafka: Cluster, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[WorkerEnvironment]:
    """Topics of one partition, not made yet, under the test's name."""
    made = WorkerEnvironment(kafka.servers, prefix_of(request), tmp_path)
    yield made
    made.close()


@pytest.fixture
def wide(kafka: Cluster, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[WorkerEnvironment]:
    """Topics of four partitions, not made yet, under the test's name."""
    made = WorkerEnvironment(kafka.servers, prefix_of(request), tmp_path, partitions=4)
    yield made
    made.close()


def prefix_of(request: pytest.FixtureRequest) -> str:
    """A name of topics that no other test has."""
    return re.sub("[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower()).strip("-")[:60]
