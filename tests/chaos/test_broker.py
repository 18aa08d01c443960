"""Brokers that are killed or restarted, under load: no hit is missing, none is too many."""

from signal import SIGKILL, SIGTERM, Signals
from time import sleep

import pytest

from streams.kafka.dev_cluster import Cluster
from tests.chaos.conftest import SOAK
from tests.chaos.environment import ChaosEnvironment
from tests.support.processes import start_brokers, stop_broker
from tests.support.waiting import wait_until

pytestmark = pytest.mark.chaos


def test_broker_killed(ground: ChaosEnvironment, cluster: Cluster) -> None:
    """SIGKILL to the only broker, away for a while; workers that give up are started again."""
    ground.start_pair(True)
    with ground.make_feed(1000) as feed:
        for turn in range(10 if SOAK else 2):
            ground.wait_caught_up(feed)
            stop_broker(cluster)
            sleep(1 + 3 * (turn % 2))
            start_brokers(cluster)
    assert ground.check_outcome(feed).faults == []


@pytest.mark.parametrize("how", [SIGKILL, SIGTERM], ids=["killed", "terminated"])
def test_one_of_three_brokers_after_the_other(
    ground_on_three: ChaosEnvironment, cluster_of_three: Cluster, how: Signals
) -> None:
    """Each in turn, the one that leads and the one that has the group among them; the other two go on.

    One that was killed stays away until all reads of its time are done; one that was terminated is started
    at once. The next goes when the one before has all records again.
    """
    ground, cluster = ground_on_three, cluster_of_three
    ground.start_pair(True)
    with ground.make_feed(300) as feed:
        for _ in range(5 if SOAK else 1):
            for node in cluster.nodes:
                stop_broker(cluster, node.number, how)
                if how is SIGKILL:
                    ground.wait_caught_up(feed)
                start_brokers(cluster)
                wait_until(ground.stage.is_in_sync, f"broker {node.number} has all records again")
    assert ground.check_outcome(feed).faults == []
