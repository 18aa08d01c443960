"""Captures: the cameras that read a passage, the times of their clocks, and when the reads arrive."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.records.times import HOUR_MS, MINUTE_MS
from streams.simulation.column_types import Ints
from streams.simulation.rates import Rates
from streams.simulation.roads import DIRECTIONS, Roads
from streams.simulation.trips import Passages, Times

OUTAGE_MS: Final = 15 * MINUTE_MS
"""Minimum duration for which a camera's link is down; an outage lasts a multiple of it."""
_SECOND_CAMERA_DELAY_MS: Final = (100, 900)
"""Delay (from, to) after which the second camera of a carriageway reads a vehicle."""
_DELIVERY_DELAY_MS: Final = (80, 600)
_CATCH_UP_FACTOR: Final = 40
"""A camera sends its stored reads so many times faster than it read them."""
_CLOCK_DEVIATION_MS: Final = 150.0
"""Standard deviation of synchronised clocks."""


class Captures(NamedTuple):
    """n captures, without the text read, in the order of passages.

    `passage` and `camera` are indices. `passed_ms` is the true time, `captured_ms` that of the camera's
    clock, `arrived_ms` that of the record's arrival. `late` marks the reads that were stored while the
    camera's link was down.
    """

    passage: Ints
    camera: NDArray[np.int32]
    passed_ms: Times
    captured_ms: Times
    arrived_ms: Times
    late: NDArray[np.bool_]

    def select(self, rows: Ints) -> "Captures":
        """Return the captures in some rows."""
        return Captures(
            self.passage[rows],
            self.camera[rows],
            self.passed_ms[rows],
            self.captured_ms[rows],
            self.arrived_ms[rows],
            self.late[rows],
        )


def sample_clock_offsets(rng: np.random.Generator, camera_count: int, rates: Rates) -> Times:
    """Sample the offset of each camera's clock in ms (int64), positive if it is ahead."""
    synchronised = rng.normal(0, _CLOCK_DEVIATION_MS, camera_count)
    max_error = rates.clock_error_s * 1000
    wrong = rng.uniform(max_error / 4, max_error, camera_count) * rng.choice([-1, 1], camera_count)
    return np.where(rng.random(camera_count) < rates.clock_wrong, wrong, synchronised).astype(np.int64)


def sample_captures(
    rng: np.random.Generator,
    passages: Passages,
    roads: Roads,
    clock_offsets: Times,
    rates: Rates,
    hours: float,
) -> Captures:
    """Sample the captures of passages; `clock_offsets` as returned by `sample_clock_offsets`."""
    cameras = np.array([site.cameras for site in roads.sites])
    first_camera = np.cumsum(cameras * len(DIRECTIONS)) - cameras * len(DIRECTIONS)
    count = len(passages.site)
    is_read = np.stack([np.ones(count, dtype=bool), cameras[passages.site] == 2], axis=1)
    is_read &= rng.random((count, 2)) >= rates.missed
    passage, position = np.nonzero(is_read)
    site, carriageway = passages.site[passage], passages.carriageway[passage]
    camera = (first_camera[site] + carriageway * cameras[site] + position).astype(np.int32)
    delay = position * rng.integers(*_SECOND_CAMERA_DELAY_MS, len(passage))
    passed_ms = passages.passed_ms[passage] + delay
    arrived_ms, late = _sample_arrivals(rng, passed_ms, camera, len(clock_offsets), rates, hours)
    return Captures(passage, camera, passed_ms, passed_ms + clock_offsets[camera], arrived_ms, late)


def _sample_arrivals(
    rng: np.random.Generator,
    passed_ms: Times,
    camera: NDArray[np.int32],
    camera_count: int,
    rates: Rates,
    hours: float,
) -> tuple[Times, NDArray[np.bool_]]:
    """Sample the times of arrival, and which reads were stored during an outage."""
    direct_ms = passed_ms + rng.integers(*_DELIVERY_DELAY_MS, len(passed_ms))
    slots = int(np.ceil(hours * HOUR_MS / OUTAGE_MS)) + 1
    down = rng.random((camera_count, slots)) < rates.late
    down[:, -1] = False
    # Begin and end of the outage that each slot belongs to, in slots.
    up = np.where(down, slots, np.arange(slots))
    ends = np.minimum.accumulate(up[:, ::-1], axis=1)[:, ::-1]
    begins = np.maximum.accumulate(np.where(down, -1, np.arange(slots)), axis=1) + 1
    slot = passed_ms // OUTAGE_MS
    late = down[camera, slot]
    begin_ms, end_ms = begins[camera, slot] * OUTAGE_MS, ends[camera, slot] * OUTAGE_MS
    late_ms = end_ms + (direct_ms - begin_ms) // _CATCH_UP_FACTOR
    return np.where(late, late_ms, direct_ms), late
