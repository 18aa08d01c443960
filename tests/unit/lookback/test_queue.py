"""The docket: what is due, whatever comes first."""

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
    """An alert that asks to be looked back for."""
    return an_alert("AB-123-CD", version=version, lookback_hours=hours, **fields)


def record(version: int = 1, hours: float = 24.0, done: bool = True, asked_at: int = 0) -> LookbackRun:
    """A record of its look back, asked for so many ms after noon."""
    asked = NOON + timedelta(milliseconds=asked_at)
    return LookbackRun("sis", "a1", version, asked, hours, "worker", done_at=NOON if done else None)


def due(docket: LookbackQueue) -> list[QueuedLookback]:
    """What is due at noon, whoever's it is."""
    return docket.due(lambda _: True, NOON)


def test_an_alert_that_asks_is_due_until_it_is_done() -> None:
    docket = LookbackQueue()
    docket.add_alert(asking(), AT)
    assert due(docket) == [QueuedLookback(asking(), AT)]
    docket.record(record(done=False))
    assert due(docket) == [QueuedLookback(asking(), AT)]
    docket.record(record())
    assert due(docket) == []


def test_an_alert_that_does_not_ask_is_not_due() -> None:
    docket = LookbackQueue()
    docket.add_alert(an_alert("AB-123-CD"), AT)
    docket.add_alert(asking(hours=0), AT)
    assert due(docket) == []


def test_a_new_version_is_due_again_and_the_same_is_not() -> None:
    docket = LookbackQueue()
    docket.record(record())
    docket.add_alert(asking(), AT)
    assert due(docket) == []
    docket.add_alert(asking(2), AT + 5)
    assert due(docket) == [QueuedLookback(asking(2), AT + 5)]


def test_more_hours_of_the_same_version_are_due_and_fewer_are_done() -> None:
    docket = LookbackQueue()
    docket.record(record(hours=12))
    docket.add_alert(asking(hours=24), AT)
    assert len(due(docket)) == 1
    docket.add_alert(asking(hours=6), AT)
    assert due(docket) == []


def test_what_was_begun_goes_on_from_when_it_was_asked_for() -> None:
    docket = LookbackQueue()
    docket.record(record(done=False, asked_at=-1000))
    docket.add_alert(asking(), AT)
    assert due(docket) == [QueuedLookback(asking(), AT - 1000)]


def test_a_withdrawn_alert_one_that_asks_no_more_and_an_expired_one_are_not_due() -> None:
    docket = LookbackQueue()
    docket.add_alert(asking(), AT)
    docket.remove(("sis", "a1"))
    assert due(docket) == []
    docket.add_alert(asking(), AT)
    docket.add_alert(an_alert("AB-123-CD", version=2), AT)
    assert due(docket) == []
    docket.add_alert(asking(3, valid_until="2026-05-21T12:00:00Z"), AT)
    assert due(docket) == []


def test_an_alert_came_when_its_record_says_unless_that_is_no_time() -> None:
    assert arrival_ms(AT - 5, AT) == AT - 5
    assert [arrival_ms(wrong, AT) for wrong in (-1, AT // 1000, AT + 1, AT * 1000)] == [AT] * 4


def test_others_are_theirs() -> None:
    docket = LookbackQueue()
    docket.add_alert(asking(), AT + 1)
    docket.add_alert(asking(alert_id="a2"), AT)
    assert [each.alert.alert_id for each in due(docket)] == ["a2", "a1"]
    assert [each.alert.alert_id for each in docket.due(lambda key: key[1] == "a1", NOON)] == ["a1"]


@given(
    alerts=st.lists(st.integers(1, 3), min_size=1, max_size=4),
    looked=st.lists(st.tuples(st.integers(1, 3), st.booleans()), max_size=4),
    data=st.data(),
)
def test_however_the_two_topics_come_in_the_last_of_each_decides(
    alerts: list[int], looked: list[tuple[int, bool]], data: st.DataObject
) -> None:
    docket = LookbackQueue()
    left, others = list(alerts), list(looked)
    while left or others:
        if left and (not others or data.draw(st.booleans())):
            docket.add_alert(asking(left.pop(0)), AT)
        else:
            version, done = others.pop(0)
            docket.record(record(version, done=done))
    # A version that was once known to be done is never due again; else the latest alert is.
    found = due(docket)
    done_last = bool(looked) and looked[-1] == (alerts[-1], True)
    assert not (done_last and found)
    if (alerts[-1], True) not in looked:
        assert [each.alert.version for each in found] == [alerts[-1]]
