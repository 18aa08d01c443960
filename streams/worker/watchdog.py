"""The watchdog: notices that records wait and nothing moves.

Faust and aiokafka are known to hang after a rebalance without an error. The command then ends the process,
and a supervisor starts it again; nothing is lost, because what is not acknowledged is not committed.
"""

import asyncio
from collections.abc import Callable, Mapping
from threading import Event, Thread
from time import monotonic
from typing import NamedTuple


class Progress(NamedTuple):
    """The progress of one thing: `position` changes with all that is done; `pending` if there is more."""

    position: object
    pending: bool


class StallDetector:
    """Finds what has pending work and has not moved for a time. It reads no clock."""

    def __init__(self, stalled_after_s: float) -> None:
        self._stalled_after_s = stalled_after_s
        self._last_moves: dict[str, tuple[object, float]] = {}

    def find_stalled(self, progress: Mapping[str, Progress], now_s: float) -> list[str]:
        """Record the progress at a time; return the names of what has not moved for too long."""
        stalled = []
        for name, (position, pending) in progress.items():
            last = self._last_moves.get(name)
            if last is None or last[0] != position or not pending:
                self._last_moves[name] = (position, now_s)
            elif now_s - last[1] >= self._stalled_after_s:
                stalled.append(name)
        for name in self._last_moves.keys() - progress.keys():
            del self._last_moves[name]
        return stalled


class Watchdog:
    """Checks the progress from a thread of its own, so that it also notices a blocked event loop.

    `progress` is called in the event loop, in which the watchdog must be created. `on_stall` is called in the
    thread, once, with the names of what has stalled.
    """

    def __init__(
        self,
        progress: Callable[[], Mapping[str, Progress]],
        stalled_after_s: float,
        on_stall: Callable[[str], None],
        clock: Callable[[], float] = monotonic,
        interval_s: float = 1.0,
    ) -> None:
        self._progress = progress
        self._detector = StallDetector(stalled_after_s)
        self._on_stall = on_stall
        self._clock = clock
        self._interval_s = interval_s
        self._loop = asyncio.get_running_loop()
        self._stopped = Event()
        self._heartbeat = 0
        self._latest_progress: Mapping[str, Progress] = {}
        self._thread = Thread(target=self._run, name="watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop checking."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(self._interval_s):
            # The event loop always has work: to update the progress.
            progress = {**self._latest_progress, "the event loop": Progress(self._heartbeat, True)}
            stalled = self._detector.find_stalled(progress, self._clock())
            if stalled:
                self._on_stall(", ".join(stalled))
                return
            self._loop.call_soon_threadsafe(self._update_progress)

    def _update_progress(self) -> None:
        self._heartbeat += 1
        self._latest_progress = self._progress()
