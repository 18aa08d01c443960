"""What of a partition has been handed over, and how far it may be committed. Knows no broker."""

import sys
from collections import deque
from collections.abc import Callable
from threading import Lock


class InFlightBatch:
    """One batch handed over: its first and last offset, and whether it was acknowledged."""

    __slots__ = ("_window", "acknowledged", "first", "last")

    def __init__(self, window: "InFlightWindow", first: int, last: int) -> None:
        self.first = first
        self.last = last
        self.acknowledged = False
        self._window = window

    def acknowledge(self) -> None:
        """Marks the batch as done; a second time changes nothing. May be called from any thread."""
        self._window._acknowledge(self)


class InFlightWindow:
    """The batches of one partition from the first that is not acknowledged, in the order handed over.

    A batch behind an unacknowledged one stays in the window even when it is done. So the window's limit
    bounds both what is in work and what comes a second time after a crash.

    A batch is known by its claim, not by its offsets: when a position goes back, the same offsets are
    handed over anew with other borders, and a late acknowledgement of the first time must not pass for one
    of the second.
    """

    def __init__(
        self, max_batches: int, on_room: Callable[[], None] = lambda: None, max_records: int = sys.maxsize
    ) -> None:
        """`limit` batches at most, 1 or more, and none once there are `records` offsets in flight.

        `on_room` is called when a full window has room again.
        """
        if max_batches < 1:
            raise ValueError(f"limit of batches in flight: must be 1 or more, is {max_batches}")
        self._max_batches = max_batches
        self._max_records = max_records
        self._on_room = on_room
        self._batches: deque[InFlightBatch] = deque()
        self._committable: int | None = None
        self._lock = Lock()

    @property
    def full(self) -> bool:
        """Whether no further batch may be opened for now."""
        claims = self._batches
        if len(claims) >= self._max_batches:
            return True
        try:
            return claims[-1].last - claims[0].first + 1 >= self._max_records
        except IndexError:  # another thread has settled the last of them
            return False

    @property
    def in_flight(self) -> int:
        """How many batches there are from the first unacknowledged one on."""
        return len(self._batches)

    @property
    def committable(self) -> int | None:
        """The offset to go on from, all before it being acknowledged; None while there is none.

        Asking changes nothing, so a commit that fails can be tried again.
        """
        return self._committable

    def open(self, first: int, last: int) -> tuple[InFlightBatch, bool]:
        """The claim for a batch that is handed over, and whether the position went back for it.

        What was handed over from `first` on is forgotten then: it comes again. A batch that begins before
        `first` stays, or its records would be passed over.
        """
        claim = InFlightBatch(self, first, last)
        with self._lock:
            back = False
            while self._batches and self._batches[-1].first >= first:
                self._batches.pop()
                back = True
            if self._batches:
                back = back or self._batches[-1].last >= first
            if self._committable is not None and self._committable > first:
                # Not committed yet, perhaps; forgetting it costs a repetition, keeping it might skip.
                self._committable = None
                back = True
            self._batches.append(claim)
        return claim, back

    def _acknowledge(self, batch: InFlightBatch) -> None:
        with self._lock:
            was_full = self.full
            batch.acknowledged = True
            while self._batches and self._batches[0].acknowledged:
                self._committable = self._batches.popleft().last + 1
            room = was_full and not self.full
        if room:
            self._on_room()
