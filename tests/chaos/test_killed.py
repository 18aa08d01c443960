"""Workers that are killed, terminated or suspended, under load: no hit is missing, none is too many."""

from time import sleep

import pytest

from tests.chaos.conftest import SOAK
from tests.chaos.environment import ChaosEnvironment
from tests.support.processes import random_delays

pytestmark = pytest.mark.chaos
KILLS = 200 if SOAK else 20
RATE = 2000 if SOAK else 1000
"""Reads a second: so few that what waits while nobody works is soon made up for, on a slow machine too, with
other tests meanwhile. If reads come nearly as fast as they can be done, that takes many times the outage."""
LONG_S = 60
"""A session that no pause of the machine outlasts."""


@pytest.mark.parametrize("members", [True, False], ids=["members", "strangers"])
def test_killed_at_random(ground: ChaosEnvironment, members: bool) -> None:
    """SIGKILL to one of two workers again and again; a supervisor starts it again."""
    workers = ground.start_pair(members)
    wait = random_delays(ground.seed, 0.3, 2)
    with ground.make_feed(RATE) as feed:
        for kill in range(KILLS // 2):
            sleep(wait())
            workers[kill % 2].current.kill()
    assert ground.check_outcome(feed).faults == []


def test_terminated(ground: ChaosEnvironment) -> None:
    """SIGTERM under load: what is in work is ended and committed, so the next worker repeats nothing."""
    with ground.make_feed(RATE) as feed:
        for turn in range(4):
            worker = ground.start_worker(1, session_s=LONG_S)
            worker.wait_ready()
            sleep(0.5 + turn / 3)
            worker.stop_gracefully()
        ground.start_worker(1, session_s=LONG_S).wait_ready()
        ground.wait_caught_up(feed)
    outcome = ground.check_outcome(feed)
    assert outcome.faults == []
    assert (outcome.duplicates, outcome.duplicate_letters) == (0, 0)


def test_stopped_past_its_session(ground: ChaosEnvironment) -> None:
    """SIGSTOP until the other has its partitions and has done their reads, then SIGCONT: it must notice."""
    workers = ground.start_pair()
    with ground.make_feed(RATE) as feed:
        for turn in range(4 if SOAK else 2):
            ground.wait_caught_up(feed)
            stopped = workers[turn % 2].current
            stopped.suspend()
            ground.wait_caught_up(feed)
            stopped.resume()
            sleep(2)
    assert ground.check_outcome(feed).faults == []


def test_workers_come_and_go(ground: ChaosEnvironment) -> None:
    """Workers are added and end every few seconds; one stays."""
    ground.start_supervised(1).current.wait_ready()
    wait = random_delays(ground.seed, 0.5, 2)
    with ground.make_feed(RATE) as feed:
        for turn in range(30 if SOAK else 4):
            added = [ground.start_worker(2 + place) for place in range(1 + turn % 2)]
            for worker in added:
                worker.wait_ready()
            sleep(wait())
            for worker in added:
                worker.stop_gracefully()
            sleep(wait() / 2)
    assert ground.check_outcome(feed).faults == []
