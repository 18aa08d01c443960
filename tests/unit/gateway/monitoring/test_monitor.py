"""The camera monitor reports wrong clocks and blind cameras, and not quiet nights."""

import pickle
import random
from collections.abc import Sequence
from typing import get_args

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.gateway.event import EventError, ParsedEvent, Reason, event_error
from streams.gateway.monitoring.camera_health import HealthCounts
from streams.gateway.monitoring.monitor import CameraMonitor
from streams.records.read import Read
from streams.records.times import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Millis, from_ms, parse_time, to_ms
from tests.support.builders import a_read
from tests.support.examples import examples

START_MS = to_ms(parse_time("2026-05-21T00:00:00Z"))


def read_captured(captured_ms: Millis, late: bool = False) -> Read:
    return a_read("AB123CD", "FR", captured_at=from_ms(captured_ms), retransmitted=late)


def record_read(
    monitor: CameraMonitor,
    arrived_ms: Millis,
    delay_ms: int = 200,
    late: bool = False,
    camera_id: str = "camera",
) -> None:
    monitor.record_event(camera_id, arrived_ms, ParsedEvent([read_captured(arrived_ms - delay_ms, late)]))


def counts_for(monitor: CameraMonitor, now_ms: Millis, camera_id: str = "camera") -> HealthCounts:
    return next(counts for counts in monitor.counts(now_ms) if counts.camera_id == camera_id)


def run(
    monitor: CameraMonitor,
    start_ms: Millis,
    end_ms: Millis,
    by_day: int = 4,
    by_night: int = 4,
    cameras: Sequence[str] = ("camera",),
) -> list[str]:
    """Record reads of each camera; return the messages of the time.

    There are `by_day` reads a minute from 6 to 22 o'clock UTC, and `by_night` at other times.
    """
    messages = []
    for minute_ms in range(start_ms, end_ms, MINUTE_MS):
        messages += monitor.blind_changes(minute_ms)
        for index in range(by_day if 6 <= minute_ms // HOUR_MS % 24 < 22 else by_night):
            for camera_id in cameras:
                record_read(monitor, minute_ms + index * 100, camera_id=camera_id)
    return messages


# Clock drift.


@pytest.mark.parametrize("ahead_ms", [0, 3 * MINUTE_MS, -40 * MINUTE_MS, -HOUR_MS, -2 * HOUR_MS], ids=str)
def test_drift_is_the_offset_of_the_clock_whatever_the_jitter_of_the_network(ahead_ms: int) -> None:
    monitor, noise = CameraMonitor(["camera"]), random.Random(1)
    for second in range(0, 600, 2):
        delay_ms = 150 + int(noise.expovariate(1 / 800))
        record_read(monitor, START_MS + second * SECOND_MS, delay_ms - ahead_ms)
    drift_ms = counts_for(monitor, START_MS + 600 * SECOND_MS).drift_ms
    assert drift_ms is not None
    assert 150 <= drift_ms + ahead_ms < 250


def test_drift_follows_a_jump_ahead_immediately_and_a_jump_back_within_ten_minutes() -> None:
    monitor = CameraMonitor(["camera"])
    record_read(monitor, START_MS, 300)
    record_read(monitor, START_MS + MINUTE_MS, 300 - 90 * SECOND_MS)
    assert counts_for(monitor, START_MS + MINUTE_MS).drift_ms == 300 - 90 * SECOND_MS
    for minute in range(2, 13):
        record_read(monitor, START_MS + minute * MINUTE_MS, 300 + HOUR_MS)
    assert counts_for(monitor, START_MS + 12 * MINUTE_MS).drift_ms == 300 + HOUR_MS


def test_drift_is_unknown_without_reads_of_the_last_ten_minutes() -> None:
    monitor = CameraMonitor(["camera"])
    assert counts_for(monitor, START_MS).drift_ms is None
    record_read(monitor, START_MS)
    assert counts_for(monitor, START_MS + 9 * MINUTE_MS).drift_ms == 200
    assert counts_for(monitor, START_MS + 10 * MINUTE_MS).drift_ms is None


def test_late_reads_only_count_as_such() -> None:
    monitor = CameraMonitor(["camera"])
    monitor.blind_changes(START_MS)
    record_read(monitor, START_MS + MINUTE_MS, -MINUTE_MS, late=True)
    record_read(monitor, START_MS + MINUTE_MS, 3 * HOUR_MS, late=True)
    counts = counts_for(monitor, START_MS + 2 * MINUTE_MS)
    assert (counts.reads, counts.late_reads, counts.recent_reads, counts.drift_ms) == (2, 2, 0, None)
    assert "no read since the start except late ones" in run(monitor, START_MS, START_MS + HOUR_MS, 0, 0)[0]


# Counts.


def test_events_are_counted_by_outcome_and_rejects_by_reason() -> None:
    monitor = CameraMonitor(["camera", "other"])
    record_read(monitor, START_MS)
    monitor.record_event("camera", START_MS, ParsedEvent([], skipped=["a heartbeat"]))
    monitor.record_event("camera", START_MS, ParsedEvent([]), [event_error("form", "", "is JSON")])
    monitor.record_event(
        "camera",
        START_MS + SECOND_MS,
        ParsedEvent([read_captured(START_MS)]),
        [event_error("plate", "", "has one"), event_error("time", "", "is")],
    )
    monitor.record_refused("camera", START_MS, "rate")
    counts = counts_for(monitor, START_MS + 5 * SECOND_MS)
    assert counts.events == {"taken": 1, "passed": 1, "refused": 3}
    assert {reason: number for reason, number in counts.rejects.items() if number} == {
        "form": 1,
        "plate": 1,
        "time": 1,
        "rate": 1,
    }
    assert (counts.reads, counts.last_event_ms) == (2, START_MS + SECOND_MS)
    other = counts_for(monitor, START_MS + 5 * SECOND_MS, "other")
    assert sum(other.events.values()) == 0
    assert other.last_event_ms is None


def test_events_of_unknown_senders_count_under_an_empty_camera_that_is_never_blind() -> None:
    monitor = CameraMonitor(["camera"])
    monitor.record_refused("", START_MS, "login")
    monitor.record_refused("made up", START_MS, "login")
    unknown = counts_for(monitor, START_MS, "")
    assert unknown.rejects["login"] == 2
    assert [each.camera_id for each in monitor.counts(START_MS)] == ["camera", ""]
    assert all("camera camera" in message for message in run(monitor, START_MS, START_MS + HOUR_MS, 0, 0))


# Baseline and blindness.


def test_there_is_no_baseline_before_a_day_was_observed() -> None:
    monitor = CameraMonitor(["camera"])
    for hour in range(24):
        run(monitor, START_MS + hour * HOUR_MS, START_MS + (hour + 1) * HOUR_MS)
        assert counts_for(monitor, START_MS + (hour + 1) * HOUR_MS - 1).expected_reads is None
    run(monitor, START_MS + DAY_MS, START_MS + DAY_MS + 30 * MINUTE_MS)
    counts = counts_for(monitor, START_MS + DAY_MS + 30 * MINUTE_MS)
    assert counts.recent_reads == 60
    assert counts.expected_reads == pytest.approx(60)
    assert counts.ratio == pytest.approx(1)


def test_a_camera_that_stops_is_reported_blind_once_and_its_recovery_once() -> None:
    monitor = CameraMonitor(["camera", "other"])
    noon = START_MS + DAY_MS + 12 * HOUR_MS
    assert run(monitor, START_MS, noon, cameras=["camera", "other"]) == []
    messages = run(monitor, noon, noon + 20 * MINUTE_MS, cameras=["other"])
    counts = counts_for(monitor, noon + 20 * MINUTE_MS)
    assert (counts.recent_reads, counts.ratio, counts.blind) == (0, 0, True)
    (message,) = messages
    assert message.startswith("camera camera: blind: ")
    assert "60 expected; last event at 2026-05-22T11:59:00.300Z." in message
    assert not counts_for(monitor, noon + 20 * MINUTE_MS, "other").blind
    (message,) = run(monitor, noon + 20 * MINUTE_MS, noon + 40 * MINUTE_MS, cameras=["camera", "other"])
    assert message.startswith("camera camera: no longer blind, ")
    assert not counts_for(monitor, noon + 40 * MINUTE_MS).blind


def test_a_camera_with_half_of_the_expected_reads_is_not_blind_and_one_with_a_tenth_is() -> None:
    monitor = CameraMonitor(["camera"])
    run(monitor, START_MS, START_MS + DAY_MS, 10, 10)
    assert run(monitor, START_MS + DAY_MS, START_MS + DAY_MS + HOUR_MS, 5, 5) == []
    assert len(run(monitor, START_MS + DAY_MS + HOUR_MS, START_MS + DAY_MS + 2 * HOUR_MS, 1, 1)) == 1


def test_a_camera_on_a_quiet_road_without_traffic_is_not_blind() -> None:
    monitor = CameraMonitor(["camera"])
    run(monitor, START_MS, START_MS + DAY_MS, 1, 1)
    assert run(monitor, START_MS + DAY_MS, START_MS + DAY_MS + 2 * HOUR_MS, 0, 0) == []
    counts = counts_for(monitor, START_MS + DAY_MS + 2 * HOUR_MS)
    assert counts.expected_reads == pytest.approx(15)
    assert (counts.ratio, counts.blind) == (0, False)


def test_a_camera_is_not_blind_in_a_quiet_night_and_a_blind_one_does_not_recover_in_it() -> None:
    monitor = CameraMonitor(["camera"])
    assert run(monitor, START_MS + 6 * HOUR_MS, START_MS + 4 * DAY_MS, by_night=0) == []
    night = counts_for(monitor, START_MS + 4 * DAY_MS + MINUTE_MS)
    assert (night.expected_reads, night.ratio, night.blind) == (0, None, False)
    noon = START_MS + 4 * DAY_MS + 12 * HOUR_MS
    assert run(monitor, START_MS + 4 * DAY_MS + MINUTE_MS, noon, by_night=0) == []
    (message,) = run(monitor, noon, noon + 20 * HOUR_MS, by_day=0, by_night=0)
    assert "blind: " in message
    (message,) = run(monitor, noon + 20 * HOUR_MS, noon + 21 * HOUR_MS)
    assert "no longer blind" in message


def test_a_camera_without_a_read_since_the_start_is_blind_after_fifteen_minutes() -> None:
    monitor = CameraMonitor(["camera"])
    assert run(monitor, START_MS, START_MS + 15 * MINUTE_MS, 0, 0) == []
    monitor.record_refused("camera", START_MS + 15 * MINUTE_MS, "form")
    (message,) = run(monitor, START_MS + 15 * MINUTE_MS, START_MS + 2 * DAY_MS, 0, 0)
    assert "no read since the start; last event at 2026-05-21T00:15:00.000Z, 1 refused" in message
    assert counts_for(monitor, START_MS + 2 * DAY_MS).blind
    (message,) = run(monitor, START_MS + 2 * DAY_MS, START_MS + 2 * DAY_MS + HOUR_MS)
    assert "no longer blind" in message


def test_the_baseline_follows_a_quieter_road_and_not_a_blind_camera() -> None:
    monitor = CameraMonitor(["camera"])
    run(monitor, START_MS, START_MS + 3 * DAY_MS)
    before = counts_for(monitor, START_MS + 3 * DAY_MS).expected_reads
    run(monitor, START_MS + 3 * DAY_MS, START_MS + 13 * DAY_MS, 0, 0)
    assert counts_for(monitor, START_MS + 13 * DAY_MS).expected_reads == pytest.approx(before, rel=0.05)
    run(monitor, START_MS + 13 * DAY_MS, START_MS + 34 * DAY_MS, 2, 2)
    assert counts_for(monitor, START_MS + 34 * DAY_MS).expected_reads == pytest.approx(30, rel=0.2)


def test_time_without_observation_counts_neither_as_blindness_nor_for_the_baseline() -> None:
    monitor = CameraMonitor(["camera"])
    run(monitor, START_MS, START_MS + 2 * DAY_MS)
    # The process was suspended for six hours.
    later = START_MS + 2 * DAY_MS + 6 * HOUR_MS
    assert run(monitor, later, later + HOUR_MS) == []
    assert counts_for(monitor, later + HOUR_MS).expected_reads == pytest.approx(60)
    # Its clock was set back by a day: observation continues.
    assert run(monitor, later - DAY_MS, later - DAY_MS + HOUR_MS) == []
    counts = counts_for(monitor, later - DAY_MS + HOUR_MS)
    assert counts.ratio == pytest.approx(1)
    assert counts.last_event_ms is not None
    assert counts.last_event_ms < later - DAY_MS + HOUR_MS


# State over a restart.


def test_baselines_and_blindness_outlive_a_restart() -> None:
    monitor = CameraMonitor(["camera", "gone"])
    run(monitor, START_MS, START_MS + DAY_MS + 90 * MINUTE_MS)
    now_ms = START_MS + DAY_MS + 90 * MINUTE_MS
    restored, message = CameraMonitor.restore(["camera", "new"], monitor.encode_state())
    assert message == ""
    assert run(restored, now_ms, now_ms + 12 * MINUTE_MS, cameras=["new"]) == []
    counts = counts_for(restored, now_ms + 12 * MINUTE_MS)
    assert counts.expected_reads == pytest.approx(60)
    assert counts.ratio is None
    assert counts.last_event_ms == counts_for(monitor, now_ms).last_event_ms
    assert [each.camera_id for each in restored.counts(now_ms)] == ["camera", "new", ""]
    (message,) = run(restored, now_ms + 12 * MINUTE_MS, now_ms + 40 * MINUTE_MS, cameras=["new"])
    assert "camera camera: blind" in message
    third, _ = CameraMonitor.restore(["camera"], restored.encode_state())
    assert run(third, now_ms + 40 * MINUTE_MS, now_ms + 70 * MINUTE_MS, 0, 0) == []
    (message,) = run(third, now_ms + 70 * MINUTE_MS, now_ms + 100 * MINUTE_MS)
    assert "no longer blind" in message


def test_the_baseline_is_learnt_across_many_restarts() -> None:
    monitor = CameraMonitor(["camera"])
    for begin in range(START_MS, START_MS + 2 * DAY_MS, 20 * MINUTE_MS):
        run(monitor, begin, begin + 20 * MINUTE_MS)
        monitor, _ = CameraMonitor.restore(["camera"], monitor.encode_state())
    assert counts_for(monitor, START_MS + 2 * DAY_MS).expected_reads == pytest.approx(60, rel=0.06)


SAVED = orjson.loads(CameraMonitor(["camera"]).encode_state())
SLOTS = SAVED["cameras"]["camera"]["usual"]["slots"]


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (b"", "damaged"),
        (b"\xff\xfe", "damaged"),
        (b"[]", "damaged"),
        (CameraMonitor(["camera"]).encode_state()[:-20], "damaged"),
        (b"[" * 100_000, "damaged"),
        (orjson.dumps({"cameras": {}}), "damaged"),
        (
            orjson.dumps({"version": 1, "cameras": {"camera": {"usual": {"slots": [], "hours": []}}}}),
            "damaged",
        ),
        (
            orjson.dumps(
                {
                    "version": 1,
                    "cameras": {"camera": {"usual": {"slots": [[-1, 5], *SLOTS[1:]], "hours": []}}},
                }
            ),
            "damaged",
        ),
        (orjson.dumps({**SAVED, "version": 2}), "of version 2, expected 1"),
        (orjson.dumps({"version": 7}), "of version 7, expected 1"),
    ],
)
def test_an_unusable_state_is_reported_and_discarded(state: bytes, reason: str) -> None:
    monitor, message = CameraMonitor.restore(["camera"], state)
    assert reason in message
    assert "learnt again" in message
    assert monitor.encode_state() == CameraMonitor(["camera"]).encode_state()


@given(st.binary(max_size=300))
def test_no_state_raises_an_error(state: bytes) -> None:
    monitor, _ = CameraMonitor.restore(["camera"], state)
    assert isinstance(monitor, CameraMonitor)


# Properties.

REASONS: st.SearchStrategy[Reason] = st.sampled_from(get_args(Reason))
ERRORS = st.lists(st.builds(event_error, REASONS, st.just(""), st.just("rule")), max_size=3)
READS = st.lists(st.tuples(st.integers(-6 * MINUTE_MS, DAY_MS), st.booleans()), max_size=3)
EVENTS = st.lists(st.tuples(st.sampled_from(["camera", "other", "nobody"]), READS, ERRORS), max_size=30)


def feed(
    monitor: CameraMonitor, arrived_ms: Millis, event: tuple[str, list[tuple[int, bool]], list[EventError]]
) -> None:
    camera_id, reads, errors = event
    monitor.record_event(
        camera_id,
        arrived_ms,
        ParsedEvent([read_captured(arrived_ms - delay, late) for delay, late in reads]),
        errors,
    )


@given(EVENTS)
def test_counts_add_up(events: list[tuple[str, list[tuple[int, bool]], list[EventError]]]) -> None:
    monitor = CameraMonitor(["camera", "other"])
    for number, event in enumerate(events):
        feed(monitor, START_MS + number * 20 * SECOND_MS, event)
    counts = monitor.counts(START_MS + len(events) * 20 * SECOND_MS)
    assert sum(sum(each.events.values()) for each in counts) == len(events)
    assert sum(sum(each.rejects.values()) for each in counts) == sum(len(errors) for *_, errors in events)
    assert sum(each.reads for each in counts) == sum(len(reads) for _, reads, _ in events)
    assert sum(each.late_reads for each in counts) == sum(late for _, reads, _ in events for _, late in reads)
    assert all(sum(each.rejects.values()) >= each.events["refused"] for each in counts)


@given(st.lists(EVENTS, max_size=4), st.randoms(), st.integers(0, 100))
def test_the_order_of_events_within_a_minute_does_not_matter(
    minutes: list[list[tuple[str, list[tuple[int, bool]], list[EventError]]]],
    rng: random.Random,
    skip: int,
) -> None:
    monitors = CameraMonitor(["camera", "other"]), CameraMonitor(["camera", "other"])
    now_ms = START_MS
    for events in minutes:
        timed = [(now_ms + number * SECOND_MS, event) for number, event in enumerate(events)]
        shuffled = rng.sample(timed, len(timed))
        for monitor, order in zip(monitors, (timed, shuffled), strict=True):
            for arrived, event in order:
                feed(monitor, arrived, event)
        now_ms += (1 + skip // 5) * MINUTE_MS
    assert monitors[0].counts(now_ms) == monitors[1].counts(now_ms)
    assert monitors[0].blind_changes(now_ms) == monitors[1].blind_changes(now_ms)
    assert monitors[0].encode_state() == monitors[1].encode_state()


def test_a_delayed_event_counts_in_the_minute_of_the_latest_time() -> None:
    prompt, delayed = CameraMonitor(["camera"]), CameraMonitor(["camera"])
    for minute in range(START_MS, START_MS + 40 * MINUTE_MS, MINUTE_MS):
        for monitor in (prompt, delayed):
            monitor.blind_changes(minute)
        record_read(prompt, minute, 300)
        if minute >= START_MS + 10 * MINUTE_MS:
            record_read(delayed, minute - 10 * MINUTE_MS, 300)
    for minute in range(START_MS + 30 * MINUTE_MS, START_MS + 40 * MINUTE_MS, MINUTE_MS):
        record_read(delayed, minute, 300)
    assert delayed.counts(START_MS + 40 * MINUTE_MS) == prompt.counts(START_MS + 40 * MINUTE_MS)
    assert delayed.encode_state() == prompt.encode_state()


def test_repeatedly_setting_the_clock_back_leaves_no_open_hours() -> None:
    monitor = CameraMonitor(["camera"])
    for days in range(10, 0, -1):
        run(monitor, START_MS + days * DAY_MS, START_MS + days * DAY_MS + 30 * MINUTE_MS)
    restored, message = CameraMonitor.restore(["camera"], monitor.encode_state())
    assert message == ""
    run(restored, START_MS + DAY_MS + 30 * MINUTE_MS, START_MS + DAY_MS + 2 * HOUR_MS)
    assert counts_for(restored, START_MS + DAY_MS + 2 * HOUR_MS).recent_reads == 60


def test_memory_does_not_grow_over_weeks() -> None:
    monitor = CameraMonitor(["camera"])
    run(monitor, START_MS, START_MS + HOUR_MS)
    little = len(pickle.dumps(monitor))
    run(monitor, START_MS + HOUR_MS, START_MS + 14 * DAY_MS)
    assert len(pickle.dumps(monitor)) < little + 1000


@examples(50)
@given(
    st.lists(st.integers(-2 * DAY_MS, 2 * DAY_MS) | st.integers(0, 20 * MINUTE_MS), min_size=1, max_size=150)
)
def test_memory_is_bounded_for_any_course_of_the_clock(steps: list[int]) -> None:
    monitor, now = CameraMonitor(["camera"]), START_MS + 1000 * DAY_MS
    for step in steps:
        now += step
        record_read(monitor, now)
        record_read(monitor, now - 14 * MINUTE_MS)
        monitor.record_refused(f"unknown {now}", now, "login")
    state = monitor.encode_state()
    assert len(state) < 2500
    assert len(pickle.dumps(monitor)) < 4000
    assert len(monitor.counts(now)) == 2
    # The saved state can always be restored.
    restored, message = CameraMonitor.restore(["camera"], state)
    assert (message, restored.encode_state()) == ("", state)
