"""The window of a partition: acknowledgements in any order, positions that go back, threads."""

from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.kafka.faust_driver.in_flight import InFlightBatch, InFlightWindow


def open_batches(window: InFlightWindow, offsets: list[tuple[int, int]]) -> list[InFlightBatch]:
    """Open batches, given by their first and last offsets, one after another."""
    return [window.open(first, last)[0] for first, last in offsets]


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[tuple[int, int]], list[int]]:
    """Draw the offsets of batches with gaps between them, and an order of acknowledgement."""
    position = draw(st.integers(0, 1000))
    offsets = []
    for gap, length in draw(
        st.lists(st.tuples(st.integers(0, 3), st.integers(1, 50)), min_size=1, max_size=12)
    ):
        first = position + gap
        offsets.append((first, first + length - 1))
        position = first + length
    return offsets, draw(st.permutations(range(len(offsets))))


@given(deliveries())
def test_nothing_is_committable_past_an_unacknowledged_batch(
    case: tuple[list[tuple[int, int]], list[int]],
) -> None:
    offsets, order = case
    window = InFlightWindow(len(offsets))
    batches = open_batches(window, offsets)
    done: set[int] = set()
    assert window.committable is None
    for index in order:
        batches[index].acknowledge()
        done.add(index)
        complete = next((index for index in range(len(offsets)) if index not in done), len(offsets))
        assert window.committable == (offsets[complete - 1][1] + 1 if complete else None)
        assert window.in_flight == len(offsets) - complete
    assert window.committable == offsets[-1][1] + 1


@given(deliveries(), st.data())
def test_a_first_delivery_does_not_count_for_the_second(
    case: tuple[list[tuple[int, int]], list[int]], data: st.DataObject
) -> None:
    """After the position went back, whatever batches the records come in."""
    offsets, order = case
    window = InFlightWindow(100)
    batches = open_batches(window, offsets)
    early = data.draw(st.integers(0, len(order)))
    for index in order[:early]:
        batches[index].acknowledge()
    start = window.committable if window.committable is not None else offsets[0][0]
    end = offsets[-1][1]
    if start > end:
        return
    length = data.draw(st.integers(1, 60))
    second_offsets = [(first, min(first + length - 1, end)) for first in range(start, end + 1, length)]
    second = open_batches(window, second_offsets)
    before = window.committable
    for index in order[early:]:
        batches[index].acknowledge()
    assert window.committable == before
    for index in data.draw(st.permutations(range(len(second)))):
        committable = window.committable
        assert (
            committable is None
            or committable <= start
            or all(batch.acknowledged for batch in second if batch.first < committable)
        )
        second[index].acknowledge()
    assert window.committable == end + 1


def test_going_back_before_the_committable_offset_resets_it() -> None:
    window = InFlightWindow(4)
    batch, went_back = window.open(0, 9)
    assert not went_back
    batch.acknowledge()
    assert window.committable == 10
    _, went_back = window.open(5, 14)
    assert went_back
    assert window.committable is None


def test_going_back_into_a_batch_keeps_that_batch() -> None:
    """Its records before the new position are not delivered again, so it must still be acknowledged."""
    window = InFlightWindow(4)
    first, _ = window.open(0, 9)
    second, went_back = window.open(5, 14)
    assert went_back
    second.acknowledge()
    assert window.committable is None
    first.acknowledge()
    assert window.committable == 15


def test_a_window_is_full_until_the_first_batch_is_acknowledged() -> None:
    calls: list[int] = []
    window = InFlightWindow(2, on_room=lambda: calls.append(1))
    first, second = open_batches(window, [(0, 9), (10, 19)])
    assert window.full
    second.acknowledge()
    assert window.full
    assert calls == []
    first.acknowledge()
    assert not window.full
    first.acknowledge()
    assert calls == [1]
    assert window.committable == 20


def test_a_window_is_full_at_its_maximum_of_records() -> None:
    calls: list[int] = []
    window = InFlightWindow(9, on_room=lambda: calls.append(1), max_records=15)
    first, second = open_batches(window, [(0, 9), (12, 13)])
    assert not window.full
    third, _ = window.open(14, 40)
    assert window.full
    second.acknowledge()
    assert window.full
    first.acknowledge()
    assert window.full, "one batch may exceed the maximum"
    third.acknowledge()
    assert not window.full
    assert calls == [1]


def test_reading_the_committable_offset_changes_nothing() -> None:
    window = InFlightWindow(1)
    open_batches(window, [(0, 9)])[0].acknowledge()
    assert [window.committable, window.committable] == [10, 10]


def test_batches_are_acknowledged_from_several_threads() -> None:
    count = 2_000
    window = InFlightWindow(count)
    batches = open_batches(window, [(index * 10, index * 10 + 9) for index in range(count)])
    threads = [
        Thread(target=lambda own: [batch.acknowledge() for batch in own], args=(batches[start::4],))
        for start in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert window.committable == count * 10
    assert window.in_flight == 0


def test_a_maximum_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="got 0"):
        InFlightWindow(0)
