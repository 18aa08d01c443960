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
_SECOND_CAMERA_DELAY_MS: Final = (100, 900)
"""How much later the second camera of a carriageway reads a vehicle."""
_DELIVERY_DELAY_MS: Final = (80, 600)
_CATCH_UP_FACTOR: Final = 40
"""How many times as fast as it read a camera sends what it kept."""
_CLOCK_DEVIATION_MS: Final = 150.0
"""The standard deviation of clocks that are set by the network."""


class Captures(NamedTuple):
    """n reads, whatever their text will be, passage by passage.

    `passage` and `camera` are places; `at` is when it was, `captured` what the camera's clock said, `arrived`
    when its record came (ms); `late`: it was kept while the camera's link was down.
    """

    passage: Ints
    camera: NDArray[np.int32]
    passed_ms: Times
    captured_ms: Times
    arrived_ms: Times
    late: NDArray[np.bool_]

    def select(self, rows: Ints) -> "Captures":
        """Some of them."""
        return Captures(
            self.passage[rows],
            self.camera[rows],
            self.passed_ms[rows],
            self.captured_ms[rows],
            self.arrived_ms[rows],
            self.late[rows],
        )


def sample_clock_offsets(rng: np.random.Generator, camera_count: int, rates: Rates) -> Times:
    """How far ahead the clock of each camera is, in ms (int64); negative for one that is behind."""
    good = rng.normal(0, _CLOCK_DEVIATION_MS, camera_count)
    most = rates.clock_error_s * 1000
    bad = rng.uniform(most / 4, most, camera_count) * rng.choice([-1, 1], camera_count)
    return np.where(rng.random(camera_count) < rates.clock_wrong, bad, good).astype(np.int64)


def sample_captures(
    rng: np.random.Generator,
    passages: Passages,
    roads: Roads,
    clock_offsets: Times,
    rates: Rates,
    hours: float,
) -> Captures:
    """The reads of passages; `ahead` is what `clocks` gave."""
    each = np.array([site.cameras for site in roads.sites])
    first = np.cumsum(each * len(DIRECTIONS)) - each * len(DIRECTIONS)
    count = len(passages.site)
    there = np.stack([np.ones(count, dtype=bool), each[passages.site] == 2], axis=1)
    there &= rng.random((count, 2)) >= rates.missed
    passage, which = np.nonzero(there)
    site, way = passages.site[passage], passages.carriageway[passage]
    camera = (first[site] + way * each[site] + which).astype(np.int32)
    at = passages.passed_ms[passage] + which * rng.integers(*_SECOND_CAMERA_DELAY_MS, len(passage))
    arrived, late = _sample_arrivals(rng, at, camera, len(clock_offsets), rates, hours)
    return Captures(passage, camera, at, at + clock_offsets[camera], arrived, late)


def _sample_arrivals(
    rng: np.random.Generator,
    passed_ms: Times,
    camera: NDArray[np.int32],
    camera_count: int,
    rates: Rates,
    hours: float,
) -> tuple[Times, NDArray[np.bool_]]:
    """When reads arrive, and which were kept."""
    sent = passed_ms + rng.integers(*_DELIVERY_DELAY_MS, len(passed_ms))
    slots = int(np.ceil(hours * HOUR_MS / OUTAGE_MS)) + 1
    down = rng.random((camera_count, slots)) < rates.late
    down[:, -1] = False
    # Where each outage begins and ends, in slots: the next one that is up, and the last one that was.
    up = np.where(down, slots, np.arange(slots))
    ends = np.minimum.accumulate(up[:, ::-1], axis=1)[:, ::-1]
    begins = np.maximum.accumulate(np.where(down, -1, np.arange(slots)), axis=1) + 1
    slot = passed_ms // OUTAGE_MS
    late = down[camera, slot]
    begin, end = begins[camera, slot] * OUTAGE_MS, ends[camera, slot] * OUTAGE_MS
    kept = end + (sent - begin) // _CATCH_UP_FACTOR
    return np.where(late, kept, sent), late
