"""A Kafka of its own for the faults, and the ground of each scenario."""

import os
from collections.abc import Iterator

import pytest

from streams.broker.local import Cluster
from tests.bench.kafka.stage import Stage
from tests.faults.ground import Ground

SOAK = bool(os.environ.get("ANPR_SOAK"))
"""Whether many more faults are made, and other ones each time; ANPR_SEED makes those of an earlier run."""


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A running Kafka whose broker may be killed."""
    made = Cluster(tmp_path_factory.mktemp("faults") / "kafka", os.environ)
    made.up()
    yield made
    made.down()


@pytest.fixture
def ground(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Ground]:
    """The ground of a scenario, under its name; the workers' logs are in its folder."""
    name = request.node.name.removeprefix("test_").replace("[", "-").replace("]", "").replace("_", "-")
    seed = int(os.environ.get("ANPR_SEED") or (int.from_bytes(os.urandom(4)) if SOAK else 11))
    print(f"seed {seed}")
    made = Ground(Stage(tmp_path_factory.mktemp(name), cluster.servers), name, seed)
    try:
        yield made
    finally:
        made.end()
