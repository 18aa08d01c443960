"""Wall-clock time for applications; the domain is given times and never reads a clock."""

from collections.abc import Callable
from time import time_ns

from streams.records.times import Millis

Clock = Callable[[Millis], Millis]
"""Return the present time, given the greatest time of the records at hand.

A real clock ignores the argument; a run over past events returns it.
"""


def now_ms() -> Millis:
    """Return the machine's time."""
    return time_ns() // 1_000_000


def wall_clock(_watermark: Millis) -> Millis:
    """Return the machine's time, whatever the records say."""
    return now_ms()


def event_clock(watermark: Millis) -> Millis:
    """Return the time of the records, as in a replay."""
    return watermark
