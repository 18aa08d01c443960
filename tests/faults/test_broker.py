"""A broker that is killed and comes back, under load."""

from time import sleep

import pytest

from streams.broker.local import Cluster
from tests.faults.conftest import SOAK
from tests.faults.ground import Ground
from tests.faults.processes import kill_broker, restart_broker

pytestmark = pytest.mark.faults


def test_broker_killed(ground: Ground, cluster: Cluster) -> None:
    """SIGKILL to the only broker, away for a while; workers that give up are started again."""
    workers = [ground.supervised(number, True) for number in (1, 2)]
    for worker in workers:
        worker.now.wait_ready()
    with ground.feed(1000) as feed:
        for turn in range(10 if SOAK else 2):
            sleep(4)
            kill_broker(cluster)
            sleep(1 + 3 * (turn % 2))
            restart_broker(cluster)
        sleep(8)
    assert ground.outcome(feed).faults == []
