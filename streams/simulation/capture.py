"""Delivery: which cameras read a passage, what their clocks say, and when the reads arrive."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.records.times import HOUR_MS
from streams.simulation.column_types import Ints
from streams.simulation.rates import Rates
from streams.simulation.roads import DIRECTIONS, Roads
from streams.simulation.trips import Passages, Times

OUTAGE_MS: Final = 15 * 60_000
"""How long a camera's link is down at the least; it is down in whole stretches of so long."""
_AGAIN_MS: Final = (100, 900)
"""How much later the second camera of a carriageway reads a vehicle."""
_ON_THE_WAY_MS: Final = (80, 600)
_SENT_LATER: Final = 40
"""How many times as fast as it read a camera sends what it kept."""
_GOOD_CLOCK_MS: Final = 150.0
"""The standard deviation of clocks that are set by the network."""


class Captures(NamedTuple):
    """n reads, whatever their text will be, passage by passage.

    `passage` and `camera` are places; `at` is when it was, `captured` what the camera's clock said, `arrived`
    when its record came (ms); `late`: it was kept while the camera's link was down.
    """

    passage: Ints
    camera: NDArray[np.int32]
    at: Times
    captured: Times
    arrived: Times
    late: NDArray[np.bool_]

    def take(self, rows: Ints) -> "Captures":
        """Some of them."""
        return Captures(
            self.passage[rows],
            self.camera[rows],
            self.at[rows],
            self.captured[rows],
            self.arrived[rows],
            self.late[rows],
        )


def clocks(rng: np.random.Generator, cameras: int, rates: Rates) -> Times:
    """How far ahead the clock of each camera is, in ms (int64); negative for one that is behind."""
    good = rng.normal(0, _GOOD_CLOCK_MS, cameras)
    most = rates.clock_error_s * 1000
    bad = rng.uniform(most / 4, most, cameras) * rng.choice([-1, 1], cameras)
    return np.where(rng.random(cameras) < rates.clock_wrong, bad, good).astype(np.int64)


def captures(
    rng: np.random.Generator, seen: Passages, roads: Roads, ahead: Times, rates: Rates, hours: float
) -> Captures:
    """The reads of passages; `ahead` is what `clocks` gave."""
    each = np.array([site.cameras for site in roads.site])
    first = np.cumsum(each * len(DIRECTIONS)) - each * len(DIRECTIONS)
    count = len(seen.site)
    there = np.stack([np.ones(count, dtype=bool), each[seen.site] == 2], axis=1)
    there &= rng.random((count, 2)) >= rates.missed
    passage, which = np.nonzero(there)
    site, way = seen.site[passage], seen.way[passage]
    camera = (first[site] + way * each[site] + which).astype(np.int32)
    at = seen.at[passage] + which * rng.integers(*_AGAIN_MS, len(passage))
    arrived, late = _arrived(rng, at, camera, len(ahead), rates, hours)
    return Captures(passage, camera, at, at + ahead[camera], arrived, late)


def _arrived(
    rng: np.random.Generator,
    at: Times,
    camera: NDArray[np.int32],
    cameras: int,
    rates: Rates,
    hours: float,
) -> tuple[Times, NDArray[np.bool_]]:
    """When reads arrive, and which were kept."""
    sent = at + rng.integers(*_ON_THE_WAY_MS, len(at))
    slots = int(np.ceil(hours * HOUR_MS / OUTAGE_MS)) + 1
    down = rng.random((cameras, slots)) < rates.late
    down[:, -1] = False
    # Where each outage begins and ends, in slots: the next one that is up, and the last one that was.
    up = np.where(down, slots, np.arange(slots))
    ends = np.minimum.accumulate(up[:, ::-1], axis=1)[:, ::-1]
    begins = np.maximum.accumulate(np.where(down, -1, np.arange(slots)), axis=1) + 1
    slot = at // OUTAGE_MS
    late = down[camera, slot]
    begin, end = begins[camera, slot] * OUTAGE_MS, ends[camera, slot] * OUTAGE_MS
    kept = end + (sent - begin) // _SENT_LATER
    return np.where(late, kept, sent), late
