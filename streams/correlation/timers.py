"""Timers: entries that are due at a time, in order of time."""

import heapq
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from streams.records.times import Millis

_Entry = TypeVar("_Entry")


class Timers(Generic[_Entry]):
    """Entries ordered by their times; entries of the same time are in the order of scheduling."""

    def __init__(self) -> None:
        self._heap: list[tuple[Millis, int, _Entry]] = []
        self._sequence = 0

    def schedule(self, at_ms: Millis, entry: _Entry) -> None:
        """Schedule an entry."""
        # The sequence number also keeps heapq from comparing entries, which have no order.
        self._sequence += 1
        heapq.heappush(self._heap, (at_ms, self._sequence, entry))

    def pop_due(self, until_ms: Millis, max_count: int) -> Iterator[tuple[Millis, _Entry]]:
        """Remove and yield entries due by a time, also those scheduled meanwhile; at most `max_count`."""
        heap = self._heap
        while heap and heap[0][0] <= until_ms and max_count:
            at_ms, _, entry = heapq.heappop(heap)
            yield at_ms, entry
            max_count -= 1

    def has_due(self, until_ms: Millis) -> bool:
        """True if any entry is due by a time."""
        return bool(self._heap) and self._heap[0][0] <= until_ms

    def pop_matching(self, predicate: Callable[[_Entry], bool]) -> Iterator[tuple[Millis, _Entry]]:
        """Remove and yield the entries that satisfy a predicate, whatever their time."""
        remaining: list[tuple[Millis, int, _Entry]] = []
        while self._heap:
            timer = heapq.heappop(self._heap)
            if predicate(timer[2]):
                yield timer[0], timer[2]
            else:
                remaining.append(timer)
        self._heap = remaining
