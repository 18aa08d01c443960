"""Workers that are killed, told to end or stopped, under load: no hit is missing, none is too many."""

from time import sleep

import pytest

from tests.faults.conftest import SOAK
from tests.faults.ground import SESSION_S, Ground
from tests.faults.processes import at_random

pytestmark = pytest.mark.faults
KILLS = 200 if SOAK else 20


@pytest.mark.parametrize("members", [True, False], ids=["members", "strangers"])
def test_killed_at_random(ground: Ground, members: bool) -> None:
    """SIGKILL to one of two workers again and again; a supervisor starts it anew."""
    workers = [ground.supervised(number, members) for number in (1, 2)]
    for worker in workers:
        worker.now.wait_ready()
    wait = at_random(ground.seed, 0.5, 3.5)
    with ground.feed() as feed:
        for kill in range(KILLS // 2):
            sleep(wait())
            workers[kill % 2].now.kill()
    assert ground.outcome(feed).faults == []


def test_told_to_end(ground: Ground) -> None:
    """SIGTERM under load: what is in work is ended and committed, so the next worker repeats nothing."""
    with ground.feed() as feed:
        for turn in range(5):
            worker = ground.worker(1)
            worker.wait_ready()
            sleep(2 + turn / 3)
            assert worker.terminate() == 0
        ground.worker(1).wait_ready()
        sleep(2)
    outcome = ground.outcome(feed)
    assert outcome.faults == []
    assert (outcome.duplicates, outcome.duplicate_letters) == (0, 0)


def test_stopped_past_its_session(ground: Ground) -> None:
    """SIGSTOP until the group has given its partitions to the other, then SIGCONT: it must notice."""
    workers = [ground.supervised(number) for number in (1, 2)]
    for worker in workers:
        worker.now.wait_ready()
    with ground.feed() as feed:
        for turn in range(4 if SOAK else 2):
            sleep(3)
            stopped = workers[turn % 2].now
            stopped.stop()
            sleep(SESSION_S + 4)
            stopped.go_on()
        sleep(5)
    assert ground.outcome(feed).faults == []


def test_workers_come_and_go(ground: Ground) -> None:
    """Workers are added and end every few seconds; one stays."""
    ground.supervised(1).now.wait_ready()
    wait = at_random(ground.seed, 1, 3)
    with ground.feed() as feed:
        for turn in range(30 if SOAK else 6):
            added = [ground.worker(2 + place) for place in range(1 + turn % 2)]
            for worker in added:
                worker.wait_ready()
            sleep(wait())
            for worker in added:
                assert worker.terminate() == 0
            sleep(wait() / 2)
    assert ground.outcome(feed).faults == []
