"""What stops the demo: an error, or a signal."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from time import monotonic, sleep
from types import FrameType
from typing import Any, Final

from streams.runtime.errors import OperatorError


class DemoError(OperatorError):
    """The demo cannot go on."""


class NotStartedError(Exception):
    """The demo was stopped before the traffic started."""


class StopSignal:
    """True once the demo was stopped by Ctrl-C, SIGTERM or a closed terminal.

    A signal only sets it, so that nothing is left half started; `interruptible` is for work of minutes.
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
        """Wait for some seconds or a signal; return True after a signal."""
        return self._event.wait(seconds)

    def raise_if_set(self) -> None:
        """Raise NotStartedError after a signal."""
        if self:
            raise NotStartedError

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Let a signal raise NotStartedError at once inside the block."""
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
    """Wait until a condition holds; return False after the time or a signal."""
    end, before = monotonic() + within_s, stop_signal.signal_count
    while not condition():
        if monotonic() > end or stop_signal.signal_count > before:
            return False
        sleep(0.05)
    return True
