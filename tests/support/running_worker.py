"""Workers of tests: in this process, and what is waited for."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic, sleep
from typing import Any, Final

from streams.worker.worker import Worker as Work

WITHIN_S: Final = 30.0


def until(holds: Callable[[], bool], what: str, within_s: float = WITHIN_S) -> None:
    """Waits until something holds; fails after a while."""
    end = monotonic() + within_s
    while not holds():
        assert monotonic() < end, f"not within {within_s:.0f} s: {what}"
        sleep(0.01)


def line_of(said: str) -> str:
    """The one line that says why a worker ended."""
    (line,) = [line for line in said.splitlines() if line.startswith("anpr worker: ")]
    return line


class Running:
    """A worker in a thread and an event loop of its own."""

    def __init__(self, work: Work, said: list[str]) -> None:
        self.work = work
        self.said = said
        """What it said to the operator."""
        self.over = True
        """Whether it has ended, or was never started."""
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def start(self) -> None:
        """Starts it and waits until it is ready. Raises WorkerError."""
        self.call(self.work.start())
        self.over = False

    def end(self) -> bool:
        """Ends it in order; whether that was done in time."""
        in_time = bool(self.call(self.work.end()))
        self.over = True
        return in_time

    def trouble(self) -> str:
        """What it cannot go on for, waited for; then it is ended."""
        found = self.call(self.work.trouble())
        self.end()
        return str(found)

    def start_and_cancel(self, after_s: float) -> None:
        """Begins to start it, and cancels that after some seconds."""

        async def cancelled() -> None:
            with suppress(TimeoutError):
                async with asyncio.timeout(after_s):
                    await self.work.start()
                await self.work.end()

        self.call(cancelled())

    def close(self) -> None:
        """Ends it if a test has not, and its thread."""
        if not self.over:
            with suppress(Exception):
                self.end()
        self._loop.call_soon_threadsafe(self._loop.stop)

    def call(self, coroutine: Any) -> Any:
        """Runs something in its loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(WITHIN_S)

    @property
    def partitions(self) -> set[int]:
        """The partitions of the matches that it has."""
        return set(dict(self.work.correlating.partitions))
