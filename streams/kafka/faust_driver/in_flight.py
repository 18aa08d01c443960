"""The batches of a partition that are in flight, and how far it may be committed. Knows no broker."""

import sys
from collections import deque
from collections.abc import Callable
from threading import Lock


class InFlightBatch:
    """A batch that was delivered: its first and last offset, and if it was acknowledged."""

    __slots__ = ("_window", "acknowledged", "first", "last")

    def __init__(self, window: "InFlightWindow", first: int, last: int) -> None:
        self.first = first
        self.last = last
        self.acknowledged = False
        self._window = window

    def acknowledge(self) -> None:
        """Mark the batch as done; a second time changes nothing. May be called from any thread."""
        self._window._acknowledge(self)


class InFlightWindow:
    """The batches of one partition from the first unacknowledged one on, in the order of delivery.

    A batch behind an unacknowledged one stays in the window even when it is done. So the limit bounds both
    what is being processed and what is processed a second time after a crash.

    A batch is identified by its object, not by its offsets: when the position goes back, the same offsets are
    delivered again in other batches, and a late acknowledgement of a first delivery must not count for the
    second.
    """

    def __init__(
        self, max_batches: int, on_room: Callable[[], None] = lambda: None, max_records: int = sys.maxsize
    ) -> None:
        """At most `max_batches`, 1 or more, and none once `max_records` offsets are in flight.

        `on_room` is called when a full window has room again.
        """
        if max_batches < 1:
            raise ValueError(f"max_batches: must be 1 or more, got {max_batches}")
        self._max_batches = max_batches
        self._max_records = max_records
        self._on_room = on_room
        self._batches: deque[InFlightBatch] = deque()
        self._committable: int | None = None
        self._lock = Lock()

    @property
    def full(self) -> bool:
        """True if no further batch may be opened for now."""
        batches = self._batches
        if len(batches) >= self._max_batches:
            return True
        try:
            return batches[-1].last - batches[0].first + 1 >= self._max_records
        except IndexError:  # empty, or another thread has just removed the last batch
            return False

    @property
    def in_flight(self) -> int:
        """The number of batches from the first unacknowledged one on."""
        return len(self._batches)

    @property
    def committable(self) -> int | None:
        """The offset to commit: all before it is acknowledged. None if there is none.

        Reading it changes nothing, so a failed commit can be repeated.
        """
        return self._committable

    def open(self, first: int, last: int) -> tuple[InFlightBatch, bool]:
        """Open a batch that is delivered; return it, and True if the position went back for it.

        In that case what was delivered from `first` on is dropped, as it comes again. A batch that starts
        before `first` stays, or its records would be skipped.
        """
        batch = InFlightBatch(self, first, last)
        with self._lock:
            went_back = False
            while self._batches and self._batches[-1].first >= first:
                self._batches.pop()
                went_back = True
            if self._batches:
                went_back = went_back or self._batches[-1].last >= first
            if self._committable is not None and self._committable > first:
                # Perhaps not committed yet: dropping it costs a repetition, keeping it could skip records.
                self._committable = None
                went_back = True
            self._batches.append(batch)
        return batch, went_back

    def _acknowledge(self, batch: InFlightBatch) -> None:
        with self._lock:
            was_full = self.full
            batch.acknowledged = True
            while self._batches and self._batches[0].acknowledged:
                self._committable = self._batches.popleft().last + 1
            has_room_again = was_full and not self.full
        if has_room_again:
            self._on_room()
