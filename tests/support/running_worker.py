"""Workers that run in the test's process, and a wait for conditions."""

import asyncio
import logging
import threading
from contextlib import suppress
from typing import Any

from streams.lookback.supervisor import LookbackSupervisor
from streams.worker.worker import Worker
from tests.support.waiting import HANG_LIMIT_S


def failure_line(output: str) -> str:
    """Return the one line with the reason for which a worker ended."""
    (line,) = [line for line in output.splitlines() if line.startswith("anpr worker: ")]
    return line


class _MessageHandler(logging.Handler):
    """Collects what is logged."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__()
        self._messages = messages

    def emit(self, record: logging.LogRecord) -> None:
        self._messages.append(record.getMessage())


class RunningWorker:
    """A worker in a thread and an event loop of its own."""

    def __init__(
        self, worker: Worker, lookback: LookbackSupervisor | None = None, member: str | None = None
    ) -> None:
        self.worker = worker
        self.lookback = lookback
        self.messages: list[str] = []
        """The lines logged while it ran, by all workers of the process."""
        self.has_ended = True
        """True if it has ended or was never started."""
        self._member = member
        self._handler = _MessageHandler(self.messages)
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def start(self) -> None:
        """Start it and wait until it is ready. Raises WorkerError."""
        logger = logging.getLogger("streams")
        logger.setLevel(logging.INFO)
        logger.addHandler(self._handler)
        self.run(self.worker.start(self._member))
        self.has_ended = False

    def stop(self) -> bool:
        """Stop it in order; return True if that was done in time."""
        in_time = bool(self.run(self.worker.stop()))
        self.has_ended = True
        logging.getLogger("streams").removeHandler(self._handler)
        return in_time

    def wait_failure(self) -> str:
        """Wait for its fatal error, stop it, and return the error's message."""
        error = self.run(self.worker.fatal_error())
        self.stop()
        return str(error)

    def start_and_cancel(self, after_s: float) -> None:
        """Begin to start it, and cancel that after some seconds."""

        async def start_and_cancel() -> None:
            with suppress(TimeoutError):
                async with asyncio.timeout(after_s):
                    await self.worker.start(self._member)
                await self.worker.stop()

        self.run(start_and_cancel())

    def close(self) -> None:
        """Stop it, if a test has not, and its thread."""
        if not self.has_ended:
            with suppress(Exception):
                self.stop()
        logging.getLogger("streams").removeHandler(self._handler)
        self._loop.call_soon_threadsafe(self._loop.stop)

    def run(self, coroutine: Any) -> Any:
        """Run a coroutine in its loop, and return the result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(HANG_LIMIT_S)

    @property
    def partitions(self) -> set[int]:
        """The partitions of the matches that are assigned to it."""
        return set(dict(self.worker.correlate_agent.partitions))
