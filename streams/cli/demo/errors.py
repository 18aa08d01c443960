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


class NotBegunError(Exception):
    """It was told to end before it had begun."""


class Told:
    """Whether the demo was told to end, by Ctrl-C, SIGTERM or a terminal that is gone.

    A signal only sets it, so that nothing is left half started; `at_once` is for what takes minutes.
    """

    _SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self._event = Event()
        self._at_once = False
        self._before: list[Any] = []
        self.times = 0

    def __enter__(self) -> "Told":
        self._before = [signal.signal(number, self._take) for number in self._SIGNALS]
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in zip(self._SIGNALS, self._before, strict=True):
            signal.signal(number, handler)

    def __bool__(self) -> bool:
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Waits so long, or until it is told; whether it is."""
        return self._event.wait(seconds)

    def check(self) -> None:
        """Raises NotBegunError if it is told."""
        if self:
            raise NotBegunError

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """In it a signal raises NotBegunError where the program stands."""
        self.check()
        self._at_once = True
        try:
            yield
        finally:
            self._at_once = False

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        self.times += 1
        self._event.set()
        if self._at_once:
            raise NotBegunError


def until(holds: Callable[[], bool], told: Told, within_s: float) -> bool:
    """Waits until something holds; whether it does in time and without being told to end meanwhile."""
    end, before = monotonic() + within_s, told.times
    while not holds():
        if monotonic() > end or told.times > before:
            return False
        sleep(0.05)
    return True
