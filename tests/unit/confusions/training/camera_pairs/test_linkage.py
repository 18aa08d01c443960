"""Linkage of the reads of two cameras on one road."""

from functools import cache

import pytest

from streams.confusions.evidence import CHAR_CODES
from streams.confusions.training.camera_pairs.linkage import (
    CameraPair,
    LinkedReads,
    first_of_passages,
    link_reads,
)
from streams.confusions.training.train import TrainingError
from tests.support.confusion_pairs import make_pairs
from tests.support.two_camera_roads import (
    MAX_TRAVEL_S,
    MIN_TRAVEL_S,
    SampledRoad,
    a_timed_read,
    sample_road,
)


@cache
def sampled_road() -> SampledRoad:
    return sample_road(make_pairs(1200), missed=0.08)


@cache
def linked_reads() -> LinkedReads:
    return link_reads(sampled_road().road)


def test_reads_of_one_vehicle_are_linked() -> None:
    """Nearly all of them, and hardly more false links than expected."""
    road, linked = sampled_road(), linked_reads()
    both = set(road.first_rows) & set(road.second_rows)
    is_correct = [road.first_rows[a] == road.second_rows[b] for a, b in linked.pairs]
    assert sum(is_correct) > 0.95 * len(both)
    assert is_correct.count(False) <= max(2 * linked.expected_false, 1)
    assert 50 < linked.different < len(is_correct)


def test_each_read_is_linked_once_and_within_the_window() -> None:
    road, pairs = sampled_road().road, linked_reads().pairs
    for rows in zip(*pairs, strict=True):
        assert len(set(rows)) == len(rows)
    for a, b in pairs:
        travel = (road.second[b].captured_at - road.first[a].captured_at).total_seconds()
        assert MIN_TRAVEL_S <= travel <= MAX_TRAVEL_S


def test_the_order_of_reads_does_not_matter() -> None:
    road = sampled_road().road
    linked = link_reads(CameraPair(road.first[::-1], road.second[::-1], MIN_TRAVEL_S, MAX_TRAVEL_S))
    last_first, last_second = len(road.first) - 1, len(road.second) - 1
    assert sorted((last_first - a, last_second - b) for a, b in linked.pairs) == sorted(linked_reads().pairs)


def test_the_association_is_estimated() -> None:
    """D at one camera is often 0 at the other, in both directions; E is hardly ever F."""
    table = linked_reads().association
    d_to_zero, zero_to_d = table[CHAR_CODES["D"], CHAR_CODES["0"]], table[CHAR_CODES["0"], CHAR_CODES["D"]]
    assert min(d_to_zero, zero_to_d) > 30
    assert table[CHAR_CODES["E"], CHAR_CODES["F"]] <= 1


def test_reads_of_different_vehicles_are_not_linked() -> None:
    road = sampled_road().road
    other_road = sample_road(make_pairs(1200, seed=9)).road
    linked = link_reads(CameraPair(road.first, other_road.second, MIN_TRAVEL_S, MAX_TRAVEL_S))
    assert len(linked.pairs) < 10


def test_reads_of_too_short_a_time_are_refused() -> None:
    first, second = a_timed_read("AB123CD", 0), a_timed_read("AB123CD", 700, "south")
    with pytest.raises(TrainingError, match=r"too short a time.* give reads of 2,000 s or more"):
        link_reads(CameraPair([first], [second], 600, 1100))
    for cameras in (
        CameraPair([], [], 600, 1100),
        CameraPair([first], [], 600, 1100),
        CameraPair([first], [first], 600, 1100),
    ):
        assert link_reads(cameras).pairs == []


def test_the_first_read_of_each_passage_is_kept() -> None:
    """Whichever read is correct; other vehicles and later passages stay."""
    reads = [
        a_timed_read("AB123CD", 2),
        a_timed_read("A8123CD", 0),
        a_timed_read("A8123C0", 4),
        a_timed_read("EF456GH", 3),
        a_timed_read("AB123CD", 300),
    ]
    assert [read.plate for read in first_of_passages(reads)] == ["A8123CD", "EF456GH", "AB123CD"]
    assert first_of_passages([]) == []
