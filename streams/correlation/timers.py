"""Agenda: what is to be looked at when its time comes."""

import heapq
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

_Entry = TypeVar("_Entry")


class Timers(Generic[_Entry]):
    """Entries with their times, in ms since 1970 UTC; those of one time in the order in which they came."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, _Entry]] = []
        self._sequence = 0

    def schedule(self, at_ms: int, entry: _Entry) -> None:
        """Enters something for a time."""
        # The number also keeps entries from being compared: they have no order.
        self._sequence += 1
        heapq.heappush(self._heap, (at_ms, self._sequence, entry))

    def pop_due(self, until_ms: int) -> Iterator[tuple[int, _Entry]]:
        """Takes out what is due by a time, with its time; what is entered meanwhile too."""
        heap = self._heap
        while heap and heap[0][0] <= until_ms:
            time, _, entry = heapq.heappop(heap)
            yield time, entry

    def has_due(self, until_ms: int) -> bool:
        """Whether anything is due by a time."""
        return bool(self._heap) and self._heap[0][0] <= until_ms

    def pop_matching(self, predicate: Callable[[_Entry], bool]) -> Iterator[tuple[int, _Entry]]:
        """Takes out all entries that are wanted, whatever their time; the others stay."""
        left: list[tuple[int, int, _Entry]] = []
        while self._heap:
            each = heapq.heappop(self._heap)
            if predicate(each[2]):
                yield each[0], each[2]
            else:
                left.append(each)
        self._heap = left

    def retain(self, predicate: Callable[[_Entry], bool]) -> None:
        """Drops the entries that are not wanted."""
        self._heap = [each for each in self._heap if predicate(each[2])]
        heapq.heapify(self._heap)
