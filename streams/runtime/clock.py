"""What time it is, for a worker."""

from collections.abc import Callable
from time import time_ns

Clock = Callable[[int], int]
"""Gives now, in ms since 1970 UTC, and is told the latest time that the records in hand speak of.

Real ones look at the clock of the machine; a run over events of the past goes by what the records say.
"""


def wall(_told: int) -> int:
    """The machine's clock."""
    return time_ns() // 1_000_000


def from_records(told: int) -> int:
    """The time the records speak of, as in a replay."""
    return told
