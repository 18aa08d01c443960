"""Alerts that are added, replaced, amended and withdrawn while reads flow."""

from time import sleep, time

import pytest

from tests.faults.ground import Ground
from tests.faults.ledger import Life
from tests.faults.processes import at_random
from tests.faults.traffic import Text, alert

pytestmark = pytest.mark.faults

IN_FORCE_S = 0.1
"""A change is in force this long after it is on its topic."""
CLOCK_S = 0.05
"""What the times of this process, the broker and the worker may differ by."""
BEHIND_S = {False: 2.0, True: 60.0}
"""The longest that a read may wait, so that a change after it still concerns it; by `killed`."""
EACH = 15


@pytest.mark.parametrize("killed", [False, True], ids=["quiet", "killed"])
def test_alerts_change(ground: Ground, killed: bool) -> None:
    """Before a change and from 100 ms after it all is certain; between the two a hit may be there or not.

    If a worker is killed just after each change, reads wait, and what a change makes of earlier hits is
    told by whoever takes over.
    """
    traffic = ground.traffic
    moving, amending, going, *kept = (
        traffic.alerts[n : n + EACH] for n in range(0, len(traffic.alerts), EACH)
    )
    new = [alert(f"N{number}", traffic.fresh()) for number in range(EACH)]
    moved = [alert(each.alert_id, traffic.fresh(), version=2) for each in moving]
    amended = [
        alert(each.alert_id, (each.plate, each.country or ""), version=2, priority=1) for each in amending
    ]
    traffic.texts += [Text(each.plate, each.country or "", "exact") for each in (*new, *moved)]
    workers = [ground.supervised(number, True) for number in (1, 2)]
    for worker in workers:
        worker.now.wait_ready()
    wait = at_random(ground.seed, 0, 0.2)

    def settle() -> None:
        if killed:
            for worker in workers:
                sleep(wait())
                worker.now.kill()
        sleep(4)

    with ground.feed(1500) as feed:
        sleep(4)
        added_from = time()
        added_by = ground.put(new) + IN_FORCE_S + CLOCK_S
        settle()
        replaced_from = time()
        replaced_by = ground.put([*moved, *amended]) + IN_FORCE_S + CLOCK_S
        settle()
        withdrawn_ms = int(time() * 1000)
        withdrawn_by = ground.withdraw([each.alert_id for each in going], withdrawn_ms) + IN_FORCE_S + CLOCK_S
        settle()
    behind_s = BEHIND_S[killed]
    lives = [Life(each) for part in kept for each in part]
    lives += [Life(each, added_from - behind_s, added_by) for each in new]
    lives += [Life(each, replaced_from - behind_s, replaced_by) for each in moved]
    # The reads of these are judged anew by the second version, whenever they were taken.
    lives += [Life(each) for each in amended]
    lives += [
        Life(each, surely_until=replaced_from - behind_s, maybe_until=replaced_by, ended=True)
        for each in (*moving, *amending)
    ]
    # By the time of the read: what was taken before the withdrawal is told, and withdrawn.
    lives += [
        Life(each, surely_until=withdrawn_ms / 1000, maybe_until=withdrawn_by, ended=True) for each in going
    ]
    outcome = ground.outcome(feed, feed.ledger.due(lives))
    assert outcome.faults == []
