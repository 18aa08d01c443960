"""Parameters of a simulation, and its random number generators."""

from typing import Final, NamedTuple

import numpy as np

from streams.confusions.evidence import EvidenceKind
from streams.records.times import HOUR_MS, Millis
from streams.simulation.rates import Rates

PEOPLE, CAMERAS, ALERTS, READS = range(4)
"""Purposes of random numbers. Each has its own generator, so that a change of one leaves the others."""
_HOURS_PER_DAY: Final = 24.0


class Scenario(NamedTuple):
    """Parameters of a simulation. The same scenario gives the same bytes.

    `detail` is how much the recogniser reports about a read.
    """

    seed: int
    reads: int
    alerts: int
    begin_ms: Millis
    hours: float = 24.0
    rates: Rates = Rates()
    detail: EvidenceKind = "full"

    @property
    def end_ms(self) -> Millis:
        """End of the simulated time."""
        return self.begin_ms + round(self.hours * HOUR_MS)

    @property
    def days(self) -> float:
        """Duration in days, at least 1."""
        return max(1.0, self.hours / _HOURS_PER_DAY)

    def rng(self, *purpose: int) -> np.random.Generator:
        """Return the generator for a purpose; the same seed and purpose give the same numbers."""
        return np.random.default_rng([self.seed, *purpose])
