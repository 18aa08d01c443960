"""Kafkas of their own for the faults, and the ground of each scenario."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from streams.kafka.dev_cluster import Cluster
from tests.chaos.environment import ChaosEnvironment
from tests.support.kafka import KafkaEnvironment
from tests.support.processes import stop_broker

SOAK = bool(os.environ.get("ANPR_SOAK"))
"""Whether many more faults are made, and other ones each time; ANPR_SEED makes those of an earlier run."""


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A running Kafka whose broker may be killed."""
    with _run_cluster(tmp_path_factory, 1) as made:
        yield made


@pytest.fixture(scope="module")
def cluster_of_three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A running Kafka of three brokers, each of which may be killed."""
    with _run_cluster(tmp_path_factory, 3) as made:
        yield made


@pytest.fixture
def ground(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[ChaosEnvironment]:
    """The ground of a scenario, under its name; the workers' logs are in its folder."""
    with _chaos_environment(cluster, tmp_path_factory, request, 1) as made:
        yield made


@pytest.fixture
def ground_on_three(
    cluster_of_three: Cluster, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[ChaosEnvironment]:
    """The ground of a scenario on three brokers: each has a copy of every record."""
    with _chaos_environment(cluster_of_three, tmp_path_factory, request, 3) as made:
        yield made


@contextmanager
def _run_cluster(folders: pytest.TempPathFactory, brokers: int) -> Iterator[Cluster]:
    made = Cluster(folders.mktemp("faults") / "kafka", os.environ)
    try:
        made.up(brokers)
        yield made
    finally:
        # Nobody needs the data, and three brokers take their time to end in order.
        for node in filter(made.is_running, made.nodes):
            stop_broker(made, node.number)


@contextmanager
def _chaos_environment(
    cluster: Cluster, folders: pytest.TempPathFactory, request: pytest.FixtureRequest, copies: int
) -> Iterator[ChaosEnvironment]:
    name = request.node.name.removeprefix("test_").replace("[", "-").replace("]", "").replace("_", "-")
    seed = int(os.environ.get("ANPR_SEED") or (int.from_bytes(os.urandom(4)) if SOAK else 11))
    print(f"seed {seed}")
    made = ChaosEnvironment(KafkaEnvironment(folders.mktemp(name), cluster.servers, copies), name, seed)
    try:
        yield made
    finally:
        made.close()
