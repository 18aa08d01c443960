"""What is to be made, and how chance is asked for it."""

from typing import Final, NamedTuple

import numpy as np

from streams.confusions.evidence import EvidenceKind
from streams.records.times import HOUR_MS
from streams.simulation.rates import Rates

PEOPLE, CAMERAS, ALERTS, READS = range(4)
"""What chance is asked for; each has numbers of its own, so that a change of one leaves the others."""
_HOURS_PER_DAY: Final = 24.0


class Scenario(NamedTuple):
    """What is to be made. The same scenario gives the same bytes.

    `begin_ms` is in ms since 1970 UTC; `told` is how much the recogniser tells of a read.
    """

    seed: int
    reads: int
    alerts: int
    begin_ms: int
    hours: float = 24.0
    rates: Rates = Rates()
    detail: EvidenceKind = "full"

    @property
    def end_ms(self) -> int:
        """When it ends, ms since 1970 UTC."""
        return self.begin_ms + round(self.hours * HOUR_MS)

    @property
    def days(self) -> float:
        """How many days it lasts, 1 at the least."""
        return max(1.0, self.hours / _HOURS_PER_DAY)

    def rng(self, *purpose: int) -> np.random.Generator:
        """Random numbers for some purpose; the same for the same seed and purpose."""
        return np.random.default_rng([self.seed, *purpose])
