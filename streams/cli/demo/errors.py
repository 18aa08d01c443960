"""What ends the demo before its time: trouble, or being told to end."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from time import monotonic, sleep
from types import FrameType
from typing import Any, Final

from streams.runtime.errors import OperatorError


class DemoError(OperatorError):
    """Why the demo cannot go on; the message says what to do."""


class NotStartedError(Exception):
    """It was told to end before it had begun."""


class StopSignal:
    """Whether the demo was told to end, by Ctrl-C, SIGTERM or a terminal that is gone.

    A signal only sets it, so that nothing is left half started; `at_once` is for what takes minutes.
    """

    _SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self._event = Event()
        self._interruptible = False
        self._previous_handlers: list[Any] = []
        self.signal_count = 0

    def __enter__(self) -> "StopSignal":
        self._previous_handlers = [signal.signal(number, self._handle_signal) for number in self._SIGNALS]
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in zip(self._SIGNALS, self._previous_handlers, strict=True):
            signal.signal(number, handler)

    def __bool__(self) -> bool:
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Waits so long, or until it is told; whether it is."""
        return self._event.wait(seconds)

    def raise_if_set(self) -> None:
        """Raises NotBegunError if it is told."""
        if self:
            raise NotStartedError

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """In it a signal raises NotBegunError where the program stands."""
        self.raise_if_set()
        self._interruptible = True
        try:
            yield
        finally:
            self._interruptible = False

    def _handle_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.signal_count += 1
        self._event.set()
        if self._interruptible:
            raise NotStartedError


def wait_until(condition: Callable[[], bool], stop_signal: StopSignal, within_s: float) -> bool:
    """Waits until something holds; whether it does in time and without being told to end meanwhile."""
    end, before = monotonic() + within_s, stop_signal.signal_count
    while not condition():
        if monotonic() > end or stop_signal.signal_count > before:
            return False
        sleep(0.05)
    return True
