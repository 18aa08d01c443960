"""Workers of tests: in this process, and what is waited for."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic, sleep
from typing import Any, Final

from streams.worker.worker import Worker as Work

TIMEOUT_S: Final = 30.0


def wait_until(condition: Callable[[], bool], description: str, within_s: float = TIMEOUT_S) -> None:
    """Waits until something holds; fails after a while."""
    end = monotonic() + within_s
    while not condition():
        assert monotonic() < end, f"not within {within_s:.0f} s: {description}"
        sleep(0.01)


def failure_line(output: str) -> str:
    """The one line that says why a worker ended."""
    (line,) = [line for line in output.splitlines() if line.startswith("anpr worker: ")]
    return line


class RunningWorker:
    """A worker in a thread and an event loop of its own."""

    def __init__(self, worker: Work, messages: list[str]) -> None:
        self.worker = worker
        self.messages = messages
        """What it said to the operator."""
        self.has_ended = True
        """Whether it has ended, or was never started."""
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def start(self) -> None:
        """Starts it and waits until it is ready. Raises WorkerError."""
        self.run(self.worker.start())
        self.has_ended = False

    def stop(self) -> bool:
        """Ends it in order; whether that was done in time."""
        in_time = bool(self.run(self.worker.stop()))
        self.has_ended = True
        return in_time

    def wait_failure(self) -> str:
        """What it cannot go on for, waited for; then it is ended."""
        found = self.run(self.worker.fatal_error())
        self.stop()
        return str(found)

    def start_and_cancel(self, after_s: float) -> None:
        """Begins to start it, and cancels that after some seconds."""

        async def cancelled() -> None:
            with suppress(TimeoutError):
                async with asyncio.timeout(after_s):
                    await self.worker.start()
                await self.worker.stop()

        self.run(cancelled())

    def close(self) -> None:
        """Ends it if a test has not, and its thread."""
        if not self.has_ended:
            with suppress(Exception):
                self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)

    def run(self, coroutine: Any) -> Any:
        """Runs something in its loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(TIMEOUT_S)

    @property
    def partitions(self) -> set[int]:
        """The partitions of the matches that it has."""
        return set(dict(self.worker.correlate_agent.partitions))
