"""The watchdog: ends a worker in which records wait and nothing moves, after showing what it hung on.

Faust and aiokafka are known to stand still after a rebalance without an error. A supervisor starts the worker
again; nothing is lost, for what was not confirmed was not committed.
"""

import asyncio
import faulthandler
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Event, Thread, Timer
from time import monotonic
from typing import Any, Final, NamedTuple, NoReturn

EXIT_STALLED: Final = 3
"""The exit code: neither done nor wrong use, and starting again helps."""
_REPORT_TIMEOUT_S: Final = 3.0


class Progress(NamedTuple):
    """How far a partition is: `moved` changes with whatever is done; `waiting` says whether there is more."""

    position: object
    pending: bool


class StallDetector:
    """Which of several things that wait have not moved for a time in seconds. Knows no clock."""

    def __init__(self, after_s: float) -> None:
        self._after_s = after_s
        self._last_moved: dict[str, tuple[object, float]] = {}

    def find_stalled(self, progress: Mapping[str, Progress], now_s: float) -> list[str]:
        """Takes how far each is at a time; returns the names of those that stand still too long."""
        stalled = []
        for name, (moved, waiting) in progress.items():
            known = self._last_moved.get(name)
            if known is None or known[0] != moved or not waiting:
                self._last_moved[name] = (moved, now_s)
            elif now_s - known[1] >= self._after_s:
                stalled.append(name)
        for name in self._last_moved.keys() - progress.keys():
            del self._last_moved[name]
        return stalled


class Watchdog:
    """Asks from a thread of its own, so that a blocked event loop does not go unseen.

    `progress` is asked in the event loop; `end` ends the process. `every_s` is the time between two looks.
    """

    def __init__(
        self,
        progress: Callable[[], Mapping[str, Progress]],
        after_s: float,
        on_stall: Callable[[str], None],
        clock: Callable[[], float] = monotonic,
        interval_s: float = 1.0,
    ) -> None:
        self._progress = progress
        self._detector = StallDetector(after_s)
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
        """Ends it."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(self._interval_s):
            # The loop itself always has something to do: to answer.
            told = {**self._latest_progress, "the event loop": Progress(self._heartbeat, True)}
            stalled = self._detector.find_stalled(told, self._clock())
            if stalled:
                self._on_stall(", ".join(stalled))
                return
            self._loop.call_soon_threadsafe(self._update_progress)

    def _update_progress(self) -> None:
        self._heartbeat += 1
        self._latest_progress = self._progress()


def exit_stalled(say: Callable[[str], None], text: str, loop: asyncio.AbstractEventLoop) -> NoReturn:
    """Ends the process, having said why and where every thread and task stands. Stacks hold no values."""
    # Whoever reads stderr may be what hangs.
    last = Timer(_REPORT_TIMEOUT_S, os._exit, (EXIT_STALLED,))
    last.daemon = True
    last.start()
    say(text)
    faulthandler.dump_traceback(file=sys.stderr, all_threads=True)
    with suppress(RuntimeError):  # tasks came and went while they were counted
        for task in asyncio.all_tasks(loop):
            print(_format_stack(task), file=sys.stderr)
    sys.stderr.flush()
    os._exit(EXIT_STALLED)


def _format_stack(task: asyncio.Task[Any]) -> str:
    """Where a task waits. Not as asyncio prints it, which shows what was waited for: it may be a record."""
    where = [f"{each.f_code.co_filename}:{each.f_lineno} {each.f_code.co_name}" for each in task.get_stack()]
    what = getattr(task.get_coro(), "__qualname__", "a task")
    return f"Task {what}: {'; '.join(where) or 'done or not begun'}"
