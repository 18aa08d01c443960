"""Alerts that are added, replaced, amended and withdrawn while reads flow."""

from time import sleep, time

import pytest

from tests.chaos.conftest import SOAK
from tests.chaos.environment import ChaosEnvironment
from tests.chaos.ledger import AlertLifetime
from tests.chaos.traffic import PlateText, make_alert
from tests.support.processes import random_delays

pytestmark = pytest.mark.chaos

CERTAIN_AFTER_S = 5.0
"""A change is effective this long after it is on its topic, also on a busy machine."""
ALERTS_PER_GROUP = 15
RATE = 1500 if SOAK else 1000
"""Reads a second: what waits while a worker is killed is soon made up for, on a slow machine too."""


@pytest.mark.parametrize("killed", [False, True], ids=["quiet", "killed"])
def test_alerts_change(ground: ChaosEnvironment, killed: bool) -> None:
    """Before a change and some time after it all is certain; between the two a hit may be there or not.

    If a worker is killed just after each change, reads wait, and what a change makes of earlier hits is
    emitted by the worker that takes over.
    """
    traffic = ground.traffic
    moving, amending, going, *kept = (
        traffic.alerts[n : n + ALERTS_PER_GROUP] for n in range(0, len(traffic.alerts), ALERTS_PER_GROUP)
    )
    new = [make_alert(f"N{number}", traffic.fresh_plate()) for number in range(ALERTS_PER_GROUP)]
    moved = [make_alert(each.alert_id, traffic.fresh_plate(), version=2) for each in moving]
    amended = [
        make_alert(each.alert_id, (each.plate, each.country or ""), version=2, priority=1)
        for each in amending
    ]
    traffic.texts += [PlateText(each.plate, each.country or "", "exact") for each in (*new, *moved)]
    workers = ground.start_pair(True)
    wait = random_delays(ground.seed, 0, 0.2)

    def settle() -> None:
        if killed:
            for worker in workers:
                sleep(wait())
                worker.current.kill()
        sleep(CERTAIN_AFTER_S + 0.5)

    with ground.make_feed(RATE) as feed:
        sleep(1)
        before_added = ground.wait_caught_up(feed)
        added = ground.put_alerts(new)
        settle()
        before_replaced = ground.wait_caught_up(feed)
        replaced = ground.put_alerts([*moved, *amended])
        settle()
        before_withdrawn = time() - 0.001  # the broker's times are in whole ms
        withdrawn = ground.withdraw_alerts([each.alert_id for each in going])
        settle()
    lives = [AlertLifetime(each) for part in kept for each in part]
    lives += [AlertLifetime(each, before_added, added + CERTAIN_AFTER_S) for each in new]
    lives += [AlertLifetime(each, before_replaced, replaced + CERTAIN_AFTER_S) for each in moved]
    # These describe the same vehicle as before, so that their hits are amended and keep their ids.
    lives += [AlertLifetime(each, amended=True) for each in amended]
    lives += [
        AlertLifetime(each, surely_until=before_replaced, maybe_until=replaced + CERTAIN_AFTER_S, ended=True)
        for each in moving
    ]
    # By the time of the read: what was taken before the withdrawal is emitted, and retracted.
    lives += [
        AlertLifetime(
            each, surely_until=before_withdrawn, maybe_until=withdrawn + CERTAIN_AFTER_S, ended=True
        )
        for each in going
    ]
    outcome = ground.check_outcome(feed, feed.ledger.expected_hits(lives))
    emitted = {each.hit["hit_id"] for each in ground.hits}
    late_s = [
        feed.ledger.last_stale_read(begun, ended, at, emitted) - at
        for begun, ended, at in (
            (new, [], added),
            (moved, moving, replaced),
            ([], going, withdrawn),
        )
    ]
    late_ms = ", ".join(f"{late * 1000:.0f} ms" for late in late_s)
    print(f"effective after {late_ms}; the feed itself was held up for {feed.longest_pause_s * 1000:.0f} ms")
    assert outcome.faults == []
