"""Reads whose time cannot be right: set aside with their fault, next to reads that are matched."""

from datetime import timedelta
from typing import Any

import orjson

from streams.alerts import Index
from streams.matching.batch import BatchResult, match_batch
from streams.matching.config import MatchingRules
from streams.matching.estimated_present import EstimatedPresent
from streams.matching.matcher import Matcher
from streams.matching.plausible_time import KnownPresent, TimeCheck
from streams.records.times import to_ms, to_rfc3339
from tests.support.builders import NOON, after_noon, an_alert, read_json

MATCHER = Matcher(MatchingRules())
NOON_MS = to_ms(NOON)
HOUR_S = 3600
YEARS_S = 70 * 365 * 86_400


def match(records: list[bytes], times: TimeCheck, **options: Any) -> BatchResult:
    """Match reads against an alert on AB-123-CD."""
    index = Index()
    index.put(an_alert("AB-123-CD", valid_from="2000-01-01T00:00:00Z", valid_until="2099-01-01T00:00:00Z"))
    return match_batch(records, index, MATCHER, times, **options)


def read(seconds: float, camera: str = "c1", plate: str = "AB123CD") -> bytes:
    """A read so many seconds after noon."""
    return read_json(plate, seconds, camera_id=camera)


def seconds_of(result: BatchResult) -> list[float]:
    """The times of the matched reads, in seconds after noon."""
    return [(match.read.captured_at - NOON).total_seconds() for match in result.matches]


def test_a_read_after_the_present_is_matched_within_the_tolerance_and_set_aside_beyond() -> None:
    records = [read(600.001), read(600), read(0), read(YEARS_S, plate="XY999ZZ")]
    result = match(records, KnownPresent(NOON_MS, max_ahead_s=600))
    assert seconds_of(result) == [600, 0]
    assert result.watermark_ms == to_ms(after_noon(600))
    assert (result.read_count, result.rejected) == (2, [])
    assert [entry.record.position for entry in result.implausible] == [0, 3]
    assert [entry.record.raw for entry in result.implausible] == [records[0], records[3]]


def test_a_read_is_too_old_only_beyond_the_longest_retention() -> None:
    """A gateway that was cut off delivers reads hours and days late."""
    records = [read(-48 * HOUR_S), read(-48 * HOUR_S - 0.001)]
    limited = match(records, KnownPresent(NOON_MS, max_ahead_s=600, retained_hours=48))
    assert seconds_of(limited) == [-48 * HOUR_S]
    assert [entry.record.position for entry in limited.implausible] == [1]
    assert len(seconds_of(match(records, KnownPresent(NOON_MS, max_ahead_s=600)))) == 2


def test_the_fault_names_the_time_the_present_the_setting_and_what_to_do_and_no_plate() -> None:
    late, old = read(700), read(-49 * HOUR_S)
    result = match([late, old], KnownPresent(NOON_MS, max_ahead_s=600, retained_hours=48))
    texts = [str(fault) for entry in result.implausible for fault in entry.record.faults]
    assert texts == [
        "captured_at: must be at most 600 s after the present 2026-05-21T12:00:00.000Z, by [matching] "
        'max_ahead_s (implausible-time: correct the camera\'s clock), got "2026-05-21T12:11:40.000Z"',
        "captured_at: must be at most 48 h before the present 2026-05-21T12:00:00.000Z, the longest "
        "retention in [topics] and [correlation] (implausible-time: correct the camera's clock), got "
        '"2026-05-19T11:00:00.000Z"',
    ]


def test_positions_name_the_records_that_were_set_aside_or_rejected() -> None:
    times = KnownPresent(NOON_MS, max_ahead_s=600)
    result = match([read(0), b"{", read(700)], times, positions=[11, 13, 17])
    assert [entry.position for entry in result.rejected] == [13]
    assert [entry.record.position for entry in result.implausible] == [17]


def test_without_a_present_a_camera_far_ahead_of_the_others_is_set_aside() -> None:
    """Also if its read is the first, and however many it sends; the others' reads keep their order."""
    wrong = [read(YEARS_S + second, "wrong") for second in range(5)]
    right = [read(second, f"c{second % 2}") for second in range(6)]
    times = EstimatedPresent(24)
    result = match([wrong[0], *right[:3], *wrong[1:], *right[3:]], times)
    assert seconds_of(result) == [0, 1, 2, 3, 4, 5]
    assert result.watermark_ms == to_ms(after_noon(5))
    held = times.finish()
    assert held.records == []
    assert [entry.record.raw for entry in held.set_aside] == wrong
    assert [entry.record.position for entry in held.set_aside] == [0, 4, 5, 6, 7]
    (fault,) = held.set_aside[0].record.faults
    assert fault.field == "captured_at"
    assert "at most 24 h after the other plausible reads" in fault.rule
    assert "2026-05-21T12:00:00.000Z, by [matching] lone_ahead_hours (implausible-time: " in fault.rule


def test_a_read_that_is_held_is_matched_before_the_read_that_supports_it() -> None:
    """The first read of a stream waits for the first of another camera, in this batch or a later one."""
    times = EstimatedPresent(24)
    assert seconds_of(match([read(1, "a"), read(0, "a")], times)) == []
    assert seconds_of(match([read(2, "b"), read(3, "a")], times)) == [1, 0, 2, 3]
    assert seconds_of(match([read(30 * HOUR_S, "a")], times)) == []
    assert seconds_of(match([read(29 * HOUR_S, "b")], times)) == [30 * HOUR_S, 29 * HOUR_S]
    assert times.finish() == ([], [], [])


def test_the_tolerance_is_of_whole_hours() -> None:
    for hours, is_matched in ((24, True), (25, False)):
        times = EstimatedPresent(24)
        match([read(0, "a"), read(1, "b")], times)
        assert seconds_of(match([read(hours * HOUR_S, "a")], times)) == [hours * HOUR_S] * is_matched


def test_files_of_one_camera_each_one_after_the_other_lose_nothing() -> None:
    """Of the same days, of days that follow on one another, and of weeks with nothing between."""
    days = range(0, 10 * 24 * HOUR_S, 6 * HOUR_S)
    for shift_s in (0, 10 * 24 * HOUR_S, 30 * 24 * HOUR_S):
        records = [read(at, "a") for at in days] + [read(shift_s + at, "b") for at in days]
        times = EstimatedPresent(24)
        matched = len(match(records, times).matches)
        held = times.finish()
        assert held.set_aside == []
        assert matched + len(held.records) == len(records)


def test_a_single_camera_is_matched_at_the_end_except_for_a_lone_read_far_ahead() -> None:
    times = EstimatedPresent(24)
    records = [read(0), read(YEARS_S), read(1), read(100 * HOUR_S), read(101 * HOUR_S), read(YEARS_S)]
    assert seconds_of(match(records, times)) == []
    held = times.finish()
    assert held.records == [records[0], records[2], records[3], records[4]]
    assert held.positions == [0, 2, 3, 4]
    assert [entry.record.position for entry in held.set_aside] == [1, 5]


def test_reads_that_nothing_can_be_judged_by_are_all_matched() -> None:
    times = EstimatedPresent(24)
    records = [read(0, "a"), read(100 * HOUR_S, "b"), read(200 * HOUR_S, "a")]
    match(records, times)
    assert times.finish() == (records, [0, 1, 2], [])
    assert EstimatedPresent(24).finish() == ([], [], [])


def test_two_wrong_cameras_count_only_if_they_agree() -> None:
    right = [read(0, "a"), read(1, "b")]
    apart = [read(YEARS_S, "c"), read(YEARS_S - 100 * HOUR_S, "d")]
    alike = [read(YEARS_S, "c"), read(YEARS_S + 1, "d")]
    for wrong, matched in ((apart, 2), (alike, 4)):
        assert len(match([*right, *wrong], EstimatedPresent(24)).matches) == matched


def test_at_most_so_many_reads_are_held() -> None:
    """Beyond that the reads that follow on are matched, and those far ahead are set aside at once."""
    times = EstimatedPresent(24, max_held=3)
    assert seconds_of(match([read(0), read(1)], times)) == []
    assert seconds_of(match([read(2)], times)) == [0, 1, 2]
    result = match([read(YEARS_S, "b"), read(YEARS_S + 1, "b"), read(20 * HOUR_S)], times)
    assert seconds_of(result) == [20 * HOUR_S]
    assert [entry.camera_id for entry in result.implausible] == ["b", "b"]
    assert times.finish() == ([], [], [])


def test_times_in_other_zones_are_compared_as_instants() -> None:
    records = [read(0, "a"), read(1, "b")]
    shifted = orjson.dumps(
        orjson.loads(read(2, "a"))
        | {"captured_at": to_rfc3339(after_noon(2) + timedelta(hours=10)).replace("Z", "+10:00")}
    )
    assert seconds_of(match([*records, shifted], EstimatedPresent(24))) == [0, 1, 2]
