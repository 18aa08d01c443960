"""The window of a partition: any order of acknowledgements, positions that go back, threads."""

from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.kafka.faust_driver.in_flight import InFlightBatch, InFlightWindow


def opened(window: InFlightWindow, borders: list[tuple[int, int]]) -> list[InFlightBatch]:
    """The claims of batches handed over one after another."""
    return [window.open(first, last)[0] for first, last in borders]


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[tuple[int, int]], list[int]]:
    """Batches with gaps between them, and an order of acknowledgement."""
    position = draw(st.integers(0, 1000))
    borders = []
    for gap, length in draw(
        st.lists(st.tuples(st.integers(0, 3), st.integers(1, 50)), min_size=1, max_size=12)
    ):
        first = position + gap
        borders.append((first, first + length - 1))
        position = first + length
    return borders, draw(st.permutations(range(len(borders))))


@given(deliveries())
def test_never_past_a_hole_and_all_in_the_end(case: tuple[list[tuple[int, int]], list[int]]) -> None:
    borders, order = case
    window = InFlightWindow(len(borders))
    claims = opened(window, borders)
    done: set[int] = set()
    assert window.committable is None
    for place in order:
        claims[place].acknowledge()
        done.add(place)
        whole = next((place for place in range(len(borders)) if place not in done), len(borders))
        assert window.committable == (borders[whole - 1][1] + 1 if whole else None)
        assert window.in_flight == len(borders) - whole
    assert window.committable == borders[-1][1] + 1


@given(deliveries(), st.data())
def test_handed_over_again_after_going_back(
    case: tuple[list[tuple[int, int]], list[int]], data: st.DataObject
) -> None:
    """What was in work the first time does not count for the second, whatever the new borders."""
    borders, order = case
    window = InFlightWindow(100)
    claims = opened(window, borders)
    early = data.draw(st.integers(0, len(order)))
    for place in order[:early]:
        claims[place].acknowledge()
    start = window.committable if window.committable is not None else borders[0][0]
    end = borders[-1][1]
    if start > end:
        return
    length = data.draw(st.integers(1, 60))
    again = [(first, min(first + length - 1, end)) for first in range(start, end + 1, length)]
    anew = opened(window, again)
    before = window.committable
    for place in order[early:]:
        claims[place].acknowledge()
    assert window.committable == before
    for place in data.draw(st.permutations(range(len(anew)))):
        reached = window.committable
        assert (
            reached is None
            or reached <= start
            or all(claim.acknowledged for claim in anew if claim.first < reached)
        )
        anew[place].acknowledge()
    assert window.committable == end + 1


def test_going_back_behind_what_was_reached_takes_it_back() -> None:
    window = InFlightWindow(4)
    claim, back = window.open(0, 9)
    assert not back
    claim.acknowledge()
    assert window.committable == 10
    _, back = window.open(5, 14)
    assert back
    assert window.committable is None


def test_going_back_into_a_batch_keeps_that_batch() -> None:
    """Its records before the new position are not handed over again, so it has still to be acknowledged."""
    window = InFlightWindow(4)
    first, _ = window.open(0, 9)
    second, back = window.open(5, 14)
    assert back
    second.acknowledge()
    assert window.committable is None
    first.acknowledge()
    assert window.committable == 15


def test_full_until_the_first_is_acknowledged() -> None:
    told: list[int] = []
    window = InFlightWindow(2, on_room=lambda: told.append(1))
    first, second = opened(window, [(0, 9), (10, 19)])
    assert window.full
    second.acknowledge()
    assert window.full
    assert told == []
    first.acknowledge()
    assert not window.full
    first.acknowledge()
    assert told == [1]
    assert window.committable == 20


def test_full_by_its_records() -> None:
    told: list[int] = []
    window = InFlightWindow(9, on_room=lambda: told.append(1), max_records=15)
    first, second = opened(window, [(0, 9), (12, 13)])
    assert not window.full
    third, _ = window.open(14, 40)
    assert window.full
    second.acknowledge()
    assert window.full
    first.acknowledge()
    assert window.full, "one batch may be larger than what fits"
    third.acknowledge()
    assert not window.full
    assert told == [1]


def test_asking_changes_nothing() -> None:
    window = InFlightWindow(1)
    opened(window, [(0, 9)])[0].acknowledge()
    assert [window.committable, window.committable] == [10, 10]


def test_from_several_threads() -> None:
    count = 2_000
    window = InFlightWindow(count)
    claims = opened(window, [(place * 10, place * 10 + 9) for place in range(count)])
    threads = [
        Thread(target=lambda own: [claim.acknowledge() for claim in own], args=(claims[start::4],))
        for start in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert window.committable == count * 10
    assert window.in_flight == 0


def test_a_limit_below_one() -> None:
    with pytest.raises(ValueError, match="is 0"):
        InFlightWindow(0)
