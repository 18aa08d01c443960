"""The watch: a clock that is wrong and a camera that sees nothing show; a quiet night does not."""

import pickle
import random
from collections.abc import Sequence
from typing import get_args

import msgspec
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.gateway.event import EventError, ParsedEvent, Reason, event_error
from streams.gateway.monitoring.camera_health import HealthCounts
from streams.gateway.monitoring.monitor import CameraMonitor
from streams.records.read import Read
from streams.records.times import from_ms, parse_time, to_ms

S = 1000
MINUTE = 60 * S
HOUR = 60 * MINUTE
DAY = 24 * HOUR
READ = Read(
    read_id="r", camera_id="camera", captured_at=from_ms(0), plate="AB123CD", country="FR", confidence=0.9
)
START = to_ms(parse_time("2026-05-21T00:00:00Z"))


def read(captured: int, late: bool = False) -> Read:
    return msgspec.structs.replace(READ, captured_at=from_ms(captured), retransmitted=late)


def took(
    watch: CameraMonitor, arrived: int, delay: int = 200, late: bool = False, camera: str = "camera"
) -> None:
    watch.record_event(camera, arrived, ParsedEvent([read(arrived - delay, late)]))


def one(watch: CameraMonitor, now: int, camera: str = "camera") -> HealthCounts:
    return next(each for each in watch.counts(now) if each.camera_id == camera)


def run(
    watch: CameraMonitor,
    begin: int,
    end: int,
    by_day: int = 4,
    by_night: int = 4,
    cameras: Sequence[str] = ("camera",),
) -> list[str]:
    """So many reads a minute of each camera from 6 to 22 o'clock UTC, and else; what is said meanwhile."""
    said = []
    for minute in range(begin, end, MINUTE):
        said += watch.blind_changes(minute)
        for number in range(by_day if 6 <= minute // HOUR % 24 < 22 else by_night):
            for camera in cameras:
                took(watch, minute + number * 100, camera=camera)
    return said


# The clock of a camera.


@pytest.mark.parametrize("off", [0, 3 * MINUTE, -40 * MINUTE, -HOUR, -2 * HOUR], ids=str)
def test_drift_is_how_far_the_clock_is_ahead_or_behind_whatever_the_noise_of_the_way(off: int) -> None:
    watch, noise = CameraMonitor(["camera"]), random.Random(1)
    for second in range(0, 600, 2):
        way = 150 + int(noise.expovariate(1 / 800))
        took(watch, START + second * S, way - off)
    drift = one(watch, START + 600 * S).drift_ms
    assert drift is not None
    assert 150 <= drift + off < 250


def test_drift_follows_a_jump_ahead_at_once_and_a_jump_back_within_ten_minutes() -> None:
    watch = CameraMonitor(["camera"])
    took(watch, START, 300)
    took(watch, START + MINUTE, 300 - 90 * S)
    assert one(watch, START + MINUTE).drift_ms == 300 - 90 * S
    for minute in range(2, 13):
        took(watch, START + minute * MINUTE, 300 + HOUR)
    assert one(watch, START + 12 * MINUTE).drift_ms == 300 + HOUR


def test_drift_is_not_known_without_reads_or_long_after_the_last() -> None:
    watch = CameraMonitor(["camera"])
    assert one(watch, START).drift_ms is None
    took(watch, START)
    assert one(watch, START + 9 * MINUTE).drift_ms == 200
    assert one(watch, START + 10 * MINUTE).drift_ms is None


def test_reads_sent_late_are_counted_and_nothing_else() -> None:
    watch = CameraMonitor(["camera"])
    watch.blind_changes(START)
    took(watch, START + MINUTE, -MINUTE, late=True)
    took(watch, START + MINUTE, 3 * HOUR, late=True)
    seen = one(watch, START + 2 * MINUTE)
    assert (seen.reads, seen.late_reads, seen.recent_reads, seen.drift_ms) == (2, 2, 0, None)
    assert "no read since the start except late ones" in run(watch, START, START + HOUR, 0, 0)[0]


# Counts.


def test_events_are_counted_by_what_became_of_them_and_rejects_by_reason() -> None:
    watch = CameraMonitor(["camera", "other"])
    took(watch, START)
    watch.record_event("camera", START, ParsedEvent([], skipped=["a heartbeat"]))
    watch.record_event("camera", START, ParsedEvent([]), [event_error("form", "", "is JSON")])
    watch.record_event(
        "camera",
        START + S,
        ParsedEvent([read(START)]),
        [event_error("plate", "", "has one"), event_error("time", "", "is")],
    )
    watch.record_refused("camera", START, "rate")
    seen = one(watch, START + 5 * S)
    assert seen.events == {"taken": 1, "passed": 1, "refused": 3}
    assert {reason: number for reason, number in seen.rejects.items() if number} == {
        "form": 1,
        "plate": 1,
        "time": 1,
        "rate": 1,
    }
    assert (seen.reads, seen.last_event_ms) == (2, START + S)
    other = one(watch, START + 5 * S, "other")
    assert sum(other.events.values()) == 0
    assert other.last_event_ms is None


def test_events_of_nobody_known_count_under_an_empty_camera_which_is_never_blind() -> None:
    watch = CameraMonitor(["camera"])
    watch.record_refused("", START, "login")
    watch.record_refused("made up", START, "login")
    nobody = one(watch, START, "")
    assert nobody.rejects["login"] == 2
    assert [each.camera_id for each in watch.counts(START)] == ["camera", ""]
    assert all("camera camera" in words for words in run(watch, START, START + HOUR, 0, 0))


# What is usual, and who is blind.


def test_nothing_is_usual_until_a_day_was_seen() -> None:
    watch = CameraMonitor(["camera"])
    for hour in range(24):
        run(watch, START + hour * HOUR, START + (hour + 1) * HOUR)
        assert one(watch, START + (hour + 1) * HOUR - 1).expected_reads is None
    run(watch, START + DAY, START + DAY + 30 * MINUTE)
    seen = one(watch, START + DAY + 30 * MINUTE)
    assert seen.recent_reads == 60
    assert seen.expected_reads == pytest.approx(60)
    assert seen.ratio == pytest.approx(1)


def test_a_camera_that_stops_falls_to_0_by_the_clock_alone_and_is_told_of_once_as_is_its_return() -> None:
    watch = CameraMonitor(["camera", "other"])
    noon = START + DAY + 12 * HOUR
    assert run(watch, START, noon, cameras=["camera", "other"]) == []
    said = run(watch, noon, noon + 20 * MINUTE, cameras=["other"])
    seen = one(watch, noon + 20 * MINUTE)
    assert (seen.recent_reads, seen.ratio, seen.blind) == (0, 0, True)
    (words,) = said
    assert words.startswith("camera camera: blind: ")
    assert "60 expected; last event at 2026-05-22T11:59:00.300Z." in words
    assert not one(watch, noon + 20 * MINUTE, "other").blind
    (words,) = run(watch, noon + 20 * MINUTE, noon + 40 * MINUTE, cameras=["camera", "other"])
    assert words.startswith("camera camera: no longer blind, ")
    assert not one(watch, noon + 40 * MINUTE).blind


def test_a_camera_that_gives_half_of_the_usual_is_not_blind_and_one_that_gives_a_tenth_is() -> None:
    watch = CameraMonitor(["camera"])
    run(watch, START, START + DAY, 10, 10)
    assert run(watch, START + DAY, START + DAY + HOUR, 5, 5) == []
    assert len(run(watch, START + DAY + HOUR, START + DAY + 2 * HOUR, 1, 1)) == 1


def test_a_quiet_road_on_which_nothing_comes_for_a_while_is_not_blind() -> None:
    watch = CameraMonitor(["camera"])
    run(watch, START, START + DAY, 1, 1)
    assert run(watch, START + DAY, START + DAY + 2 * HOUR, 0, 0) == []
    seen = one(watch, START + DAY + 2 * HOUR)
    assert seen.expected_reads == pytest.approx(15)
    assert (seen.ratio, seen.blind) == (0, False)


def test_a_quiet_night_is_not_blind_and_a_blind_camera_does_not_see_again_at_night() -> None:
    watch = CameraMonitor(["camera"])
    assert run(watch, START + 6 * HOUR, START + 4 * DAY, by_night=0) == []
    night = one(watch, START + 4 * DAY + MINUTE)
    assert (night.expected_reads, night.ratio, night.blind) == (0, None, False)
    noon = START + 4 * DAY + 12 * HOUR
    assert run(watch, START + 4 * DAY + MINUTE, noon, by_night=0) == []
    (words,) = run(watch, noon, noon + 20 * HOUR, by_day=0, by_night=0)
    assert "blind: " in words
    (words,) = run(watch, noon + 20 * HOUR, noon + 21 * HOUR)
    assert "no longer blind" in words


def test_a_camera_without_a_read_since_the_start_is_blind_after_fifteen_minutes() -> None:
    watch = CameraMonitor(["camera"])
    assert run(watch, START, START + 15 * MINUTE, 0, 0) == []
    watch.record_refused("camera", START + 15 * MINUTE, "form")
    (words,) = run(watch, START + 15 * MINUTE, START + 2 * DAY, 0, 0)
    assert "no read since the start; last event at 2026-05-21T00:15:00.000Z, 1 refused" in words
    assert one(watch, START + 2 * DAY).blind
    (words,) = run(watch, START + 2 * DAY, START + 2 * DAY + HOUR)
    assert "no longer blind" in words


def test_days_of_a_blind_camera_do_not_make_silence_usual_but_a_quieter_road_becomes_usual() -> None:
    watch = CameraMonitor(["camera"])
    run(watch, START, START + 3 * DAY)
    before = one(watch, START + 3 * DAY).expected_reads
    run(watch, START + 3 * DAY, START + 13 * DAY, 0, 0)
    assert one(watch, START + 13 * DAY).expected_reads == pytest.approx(before, rel=0.05)
    run(watch, START + 13 * DAY, START + 34 * DAY, 2, 2)
    assert one(watch, START + 34 * DAY).expected_reads == pytest.approx(30, rel=0.2)


def test_time_in_which_nobody_watched_is_neither_blindness_nor_usual() -> None:
    watch = CameraMonitor(["camera"])
    run(watch, START, START + 2 * DAY)
    # The process was held up for six hours.
    later = START + 2 * DAY + 6 * HOUR
    assert run(watch, later, later + HOUR) == []
    assert one(watch, later + HOUR).expected_reads == pytest.approx(60)
    # Its clock was set back by a day: it goes on.
    assert run(watch, later - DAY, later - DAY + HOUR) == []
    seen = one(watch, later - DAY + HOUR)
    assert seen.ratio == pytest.approx(1)
    assert seen.last_event_ms is not None
    assert seen.last_event_ms < later - DAY + HOUR


# Over a restart.


def test_a_restart_keeps_what_is_usual_and_who_is_blind() -> None:
    watch = CameraMonitor(["camera", "gone"])
    run(watch, START, START + DAY + 90 * MINUTE)
    at = START + DAY + 90 * MINUTE
    again, words = CameraMonitor.restore(["camera", "new"], watch.encode_state())
    assert words == ""
    assert run(again, at, at + 12 * MINUTE, cameras=["new"]) == []
    seen = one(again, at + 12 * MINUTE)
    assert seen.expected_reads == pytest.approx(60)
    assert seen.ratio is None
    assert seen.last_event_ms == one(watch, at).last_event_ms
    assert [each.camera_id for each in again.counts(at)] == ["camera", "new", ""]
    (words,) = run(again, at + 12 * MINUTE, at + 40 * MINUTE, cameras=["new"])
    assert "camera camera: blind" in words
    third, _ = CameraMonitor.restore(["camera"], again.encode_state())
    assert run(third, at + 40 * MINUTE, at + 70 * MINUTE, 0, 0) == []
    (words,) = run(third, at + 70 * MINUTE, at + 100 * MINUTE)
    assert "no longer blind" in words


def test_many_restarts_within_hours_are_learnt_across() -> None:
    watch = CameraMonitor(["camera"])
    for begin in range(START, START + 2 * DAY, 20 * MINUTE):
        run(watch, begin, begin + 20 * MINUTE)
        watch, _ = CameraMonitor.restore(["camera"], watch.encode_state())
    assert one(watch, START + 2 * DAY).expected_reads == pytest.approx(60, rel=0.06)


KEPT = orjson.loads(CameraMonitor(["camera"]).encode_state())
SLOTS = KEPT["cameras"]["camera"]["usual"]["slots"]


@pytest.mark.parametrize(
    ("state", "why"),
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
        (orjson.dumps({**KEPT, "version": 2}), "of version 2, expected 1"),
        (orjson.dumps({"version": 7}), "of version 7, expected 1"),
    ],
)
def test_a_state_that_cannot_be_used_is_a_fresh_start_that_says_so(state: bytes, why: str) -> None:
    watch, words = CameraMonitor.restore(["camera"], state)
    assert why in words
    assert "learnt again" in words
    assert watch.encode_state() == CameraMonitor(["camera"]).encode_state()


@given(st.binary(max_size=300))
def test_no_state_raises(state: bytes) -> None:
    CameraMonitor.restore(["camera"], state)


# What holds of all.

REASONS: st.SearchStrategy[Reason] = st.sampled_from(get_args(Reason))
ERRORS = st.lists(st.builds(event_error, REASONS, st.just(""), st.just("rule")), max_size=3)
READS = st.lists(st.tuples(st.integers(-6 * MINUTE, DAY), st.booleans()), max_size=3)
EVENTS = st.lists(st.tuples(st.sampled_from(["camera", "other", "nobody"]), READS, ERRORS), max_size=30)


def feed(watch: CameraMonitor, at: int, event: tuple[str, list[tuple[int, bool]], list[EventError]]) -> None:
    camera, reads, errors = event
    watch.record_event(camera, at, ParsedEvent([read(at - delay, late) for delay, late in reads]), errors)


@given(EVENTS)
def test_counts_add_up(events: list[tuple[str, list[tuple[int, bool]], list[EventError]]]) -> None:
    watch = CameraMonitor(["camera", "other"])
    for number, event in enumerate(events):
        feed(watch, START + number * 20 * S, event)
    seen = watch.counts(START + len(events) * 20 * S)
    assert sum(sum(each.events.values()) for each in seen) == len(events)
    assert sum(sum(each.rejects.values()) for each in seen) == sum(len(errors) for *_, errors in events)
    assert sum(each.reads for each in seen) == sum(len(reads) for _, reads, _ in events)
    assert sum(each.late_reads for each in seen) == sum(late for _, reads, _ in events for _, late in reads)
    assert all(sum(each.rejects.values()) >= each.events["refused"] for each in seen)


@given(st.lists(EVENTS, max_size=4), st.randoms(), st.integers(0, 100))
def test_the_order_of_events_within_a_minute_does_not_matter(
    minutes: list[list[tuple[str, list[tuple[int, bool]], list[EventError]]]],
    chance: random.Random,
    skip: int,
) -> None:
    watches = CameraMonitor(["camera", "other"]), CameraMonitor(["camera", "other"])
    at = START
    for events in minutes:
        timed = [(at + number * S, event) for number, event in enumerate(events)]
        shuffled = chance.sample(timed, len(timed))
        for watch, order in zip(watches, (timed, shuffled), strict=True):
            for arrived, event in order:
                feed(watch, arrived, event)
        at += (1 + skip // 5) * MINUTE
    assert watches[0].counts(at) == watches[1].counts(at)
    assert watches[0].blind_changes(at) == watches[1].blind_changes(at)
    assert watches[0].encode_state() == watches[1].encode_state()


def test_an_event_that_was_long_on_its_way_counts_in_the_minute_in_which_it_came() -> None:
    prompt, slow = CameraMonitor(["camera"]), CameraMonitor(["camera"])
    for minute in range(START, START + 40 * MINUTE, MINUTE):
        for watch in (prompt, slow):
            watch.blind_changes(minute)
        took(prompt, minute, 300)
        if minute >= START + 10 * MINUTE:
            took(slow, minute - 10 * MINUTE, 300)
    for minute in range(START + 30 * MINUTE, START + 40 * MINUTE, MINUTE):
        took(slow, minute, 300)
    assert slow.counts(START + 40 * MINUTE) == prompt.counts(START + 40 * MINUTE)
    assert slow.encode_state() == prompt.encode_state()


def test_a_clock_that_is_set_back_again_and_again_leaves_nothing_behind() -> None:
    watch = CameraMonitor(["camera"])
    for days in range(10, 0, -1):
        run(watch, START + days * DAY, START + days * DAY + 30 * MINUTE)
    again, words = CameraMonitor.restore(["camera"], watch.encode_state())
    assert words == ""
    run(again, START + DAY + 30 * MINUTE, START + DAY + 2 * HOUR)
    assert one(again, START + DAY + 2 * HOUR).recent_reads == 60


def test_weeks_take_no_more_memory_than_an_hour() -> None:
    watch = CameraMonitor(["camera"])
    run(watch, START, START + HOUR)
    little = len(pickle.dumps(watch))
    run(watch, START + HOUR, START + 14 * DAY)
    assert len(pickle.dumps(watch)) < little + 1000


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(-2 * DAY, 2 * DAY) | st.integers(0, 20 * MINUTE), min_size=1, max_size=150))
def test_memory_is_bounded_wherever_the_clock_goes(steps: list[int]) -> None:
    watch, now = CameraMonitor(["camera"]), START + 1000 * DAY
    for step in steps:
        now += step
        took(watch, now)
        took(watch, now - 14 * MINUTE)
        watch.record_refused(f"unknown {now}", now, "login")
    state = watch.encode_state()
    assert len(state) < 2500
    assert len(pickle.dumps(watch)) < 4000
    assert len(watch.counts(now)) == 2
    # What is kept can be read again, always.
    again, words = CameraMonitor.restore(["camera"], state)
    assert (words, again.encode_state()) == ("", state)
