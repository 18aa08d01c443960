"""The queue of lookbacks: which are due, in whatever order records come."""

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.lookback.queue import LookbackQueue, QueuedLookback, arrival_ms
from streams.records.alert import Alert
from streams.records.lookback import LookbackRun
from streams.records.times import to_ms
from tests.support.builders import NOON, an_alert

AT = to_ms(NOON)


def asking(version: int = 1, hours: float = 24.0, **fields: Any) -> Alert:
    """Return an alert that asks for a lookback."""
    return an_alert("AB-123-CD", version=version, lookback_hours=hours, **fields)


def record(version: int = 1, hours: float = 24.0, done: bool = True, asked_ms: int = 0) -> LookbackRun:
    """Return a record of its lookback, requested a number of ms after noon."""
    asked = NOON + timedelta(milliseconds=asked_ms)
    return LookbackRun("sis", "a1", version, asked, hours, "worker", done_at=NOON if done else None)


def due(queue: LookbackQueue) -> list[QueuedLookback]:
    """Return what is due at noon, with all partitions owned."""
    return queue.due(lambda _: True, NOON)


def test_an_alert_that_asks_is_due_until_its_lookback_is_done() -> None:
    queue = LookbackQueue()
    queue.add_alert(asking(), AT)
    assert due(queue) == [QueuedLookback(asking(), AT)]
    queue.record(record(done=False))
    assert due(queue) == [QueuedLookback(asking(), AT)]
    queue.record(record())
    assert due(queue) == []


def test_an_alert_that_does_not_ask_is_not_due() -> None:
    queue = LookbackQueue()
    queue.add_alert(an_alert("AB-123-CD"), AT)
    queue.add_alert(asking(hours=0), AT)
    assert due(queue) == []


def test_a_new_version_is_due_again_and_the_same_is_not() -> None:
    queue = LookbackQueue()
    queue.record(record())
    queue.add_alert(asking(), AT)
    assert due(queue) == []
    queue.add_alert(asking(2), AT + 5)
    assert due(queue) == [QueuedLookback(asking(2), AT + 5)]


def test_more_hours_of_the_same_version_are_due_and_fewer_are_done() -> None:
    queue = LookbackQueue()
    queue.record(record(hours=12))
    queue.add_alert(asking(hours=24), AT)
    assert len(due(queue)) == 1
    queue.add_alert(asking(hours=6), AT)
    assert due(queue) == []


def test_a_lookback_that_has_begun_keeps_the_time_of_its_request() -> None:
    queue = LookbackQueue()
    queue.record(record(done=False, asked_ms=-1000))
    queue.add_alert(asking(), AT)
    assert due(queue) == [QueuedLookback(asking(), AT - 1000)]


def test_withdrawn_changed_and_expired_alerts_are_not_due() -> None:
    queue = LookbackQueue()
    queue.add_alert(asking(), AT)
    queue.remove(("sis", "a1"))
    assert due(queue) == []
    queue.add_alert(asking(), AT)
    queue.add_alert(an_alert("AB-123-CD", version=2), AT)
    assert due(queue) == []
    queue.add_alert(asking(3, valid_until="2026-05-21T12:00:00Z"), AT)
    assert due(queue) == []


def test_the_time_of_arrival_is_that_of_the_record_unless_it_is_invalid() -> None:
    assert arrival_ms(AT - 5, AT) == AT - 5
    assert [arrival_ms(wrong, AT) for wrong in (-1, AT // 1000, AT + 1, AT * 1000)] == [AT] * 4


def test_only_owned_lookbacks_are_due() -> None:
    queue = LookbackQueue()
    queue.add_alert(asking(), AT + 1)
    queue.add_alert(asking(alert_id="a2"), AT)
    assert [each.alert.alert_id for each in due(queue)] == ["a2", "a1"]
    assert [each.alert.alert_id for each in queue.due(lambda key: key[1] == "a1", NOON)] == ["a1"]


@given(
    alerts=st.lists(st.integers(1, 3), min_size=1, max_size=4),
    runs=st.lists(st.tuples(st.integers(1, 3), st.booleans()), max_size=4),
    data=st.data(),
)
def test_the_last_record_of_each_topic_decides_in_any_interleaving(
    alerts: list[int], runs: list[tuple[int, bool]], data: st.DataObject
) -> None:
    queue = LookbackQueue()
    alerts_left, runs_left = list(alerts), list(runs)
    while alerts_left or runs_left:
        if alerts_left and (not runs_left or data.draw(st.booleans())):
            queue.add_alert(asking(alerts_left.pop(0)), AT)
        else:
            version, done = runs_left.pop(0)
            queue.record(record(version, done=done))
    # A version whose lookback is done is never due again; otherwise the latest alert is.
    due_now = due(queue)
    done_last = bool(runs) and runs[-1] == (alerts[-1], True)
    assert not (done_last and due_now)
    if (alerts[-1], True) not in runs:
        assert [each.alert.version for each in due_now] == [alerts[-1]]
