"""The topics of each test: France permits lookback, by an authority that hits must show."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.kafka.dev_cluster import Cluster
from streams.rules.jurisdictions import JurisdictionConfig
from tests.integration.worker.conftest import prefix_of
from tests.support.worker_scene import WorkerEnvironment

AUTHORITY = "CSI L233-2, requisition 7"


@pytest.fixture
def bare(kafka: Cluster, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[WorkerEnvironment]:
    """Return topics of two partitions, not created yet."""
    environment = WorkerEnvironment(kafka.servers, prefix_of(request), tmp_path, partitions=2)
    environment.jurisdictions = {"FR": JurisdictionConfig({"NATIONAL": 12.0}, AUTHORITY)}
    yield environment
    environment.close()


@pytest.fixture
def scene(bare: WorkerEnvironment) -> WorkerEnvironment:
    """Return the same topics, created."""
    return bare.create_topics()
