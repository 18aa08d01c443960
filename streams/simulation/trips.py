"""Tours: vehicles leave home, go somewhere and come back; each site on the way is a passage."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.records.times import HOUR_MS, MINUTE_MS
from streams.simulation.column_types import Floats, Ints
from streams.simulation.roads import Roads
from streams.simulation.routes import Ways

Times = NDArray[np.int64]
"""Milliseconds since the beginning of the simulated time."""

_BEFORE_MS: Final = 4 * HOUR_MS
"""So long before the beginning the first tours set out, so that the road is not empty then."""
_FAR_KM: Final = 45.0
"""How far away a place is to be the goal of 1 / e as many tours as one next door, all else the same."""
_FAR_LISTED_KM: Final = 200.0
_ABROAD: Final = 0.2
"""Of the tours that would go to a place if there were no border, those that go when it is abroad."""
_PACE: Final = (1.0, 0.09)
"""How fast vehicles are, in parts of the usual speed of each road: mean and standard deviation."""
_PACE_HEAVY: Final = (0.8, 0.03)
_SLOWEST, FASTEST = 0.55, 1.35
FASTEST_KMH: Final = 150.0
"""No vehicle is faster than that anywhere: usual speeds are below 111 km/h."""
_BESIDE_MS: Final = HOUR_MS // 2
"""How much earlier or later a tour sets out that goes beside another."""
_STAY_H: Final = (0.25, 9.0)
"""The least and the most hours that a vehicle stays where it went; shorter ones are commoner."""


class Tours(NamedTuple):
    """n tours: the vehicle, where it goes, when it sets out there and back, and its pace.

    That is how fast it is, in parts of the usual speed of each road.
    """

    vehicle: Ints
    goal: Ints
    out: Times
    back: Times
    pace: Floats


class Passages(NamedTuple):
    """n passages of vehicles at sites, trip by trip; `way` is the carriageway.

    A tour has two trips, out and back: that of number 2 * tour and the next.
    """

    trip: Ints
    vehicle: Ints
    site: Ints
    way: NDArray[np.uint8]
    at: Times
    kmh: Floats


def goals(roads: Roads, ways: Ways) -> tuple[Floats, Floats]:
    """P(goal | home) for vehicles in general and for listed ones (float64, n × n each).

    The nearer the likelier, and less likely across the border; listed vehicles travel far and take no heed
    of the border, so that they pass several sites.
    """
    territory = np.array([site.territory for site in roads.site])
    size = np.array([sum(site.homes.values()) for site in roads.site])
    abroad = territory[:, None] != territory
    found = []
    for far, across in ((_FAR_KM, _ABROAD), (_FAR_LISTED_KM, 1.0)):
        parts = np.exp(-ways.length / far) * size * np.where(abroad, across, 1.0)
        np.fill_diagonal(parts, 0)
        found.append(parts / parts.sum(axis=1, keepdims=True))
    return found[0], found[1]


def tours(
    rng: np.random.Generator,
    vehicle: Ints,
    home: Ints,
    listed: NDArray[np.bool_],
    heavy: NDArray[np.bool_],
    roads: Roads,
    ways: Ways,
    begin_ms: int,
    hours: float,
    beside: Ints | None = None,
) -> Tours:
    """A tour of each of some vehicles (n each), in the hours from a beginning (ms since 1970 UTC) on.

    Where `beside` (n) is the place of another tour, and not -1, the tour sets out when that one does, less or
    more half an hour. One that would set out while the vehicle is still on another is left out, so there may
    be fewer.
    """
    count = len(vehicle)
    general, far = (np.cumsum(each, axis=1) for each in goals(roads, ways))
    drawn = rng.random((count, 1))
    goal = np.where(listed, _chosen(far[home], drawn), _chosen(general[home], drawn))
    out = _set_out(rng, count, roads, begin_ms, hours)
    if beside is not None:
        rows = np.flatnonzero(beside >= 0)
        out[rows] = out[beside[rows]] + rng.integers(-_BESIDE_MS, _BESIDE_MS, len(rows))
    mean = np.where(heavy, _PACE_HEAVY[0], _PACE[0])
    spread = np.where(heavy, _PACE_HEAVY[1], _PACE[1])
    pace = np.clip(rng.normal(mean, spread), _SLOWEST, FASTEST)
    least, most = _STAY_H
    stay = least * (most / least) ** rng.random(count)
    drive = ways.time[home, goal] / pace * MINUTE_MS
    back = out + (drive + stay * HOUR_MS).astype(np.int64)
    end = back + drive.astype(np.int64)
    free = _free(vehicle, out, end)
    return Tours(vehicle[free], goal[free], out[free], back[free], pace[free])


def passages(made: Tours, home: Ints, ways: Ways, hours: float) -> Passages:
    """The passages of tours, `home` being that of each tour's vehicle, within the simulated hours."""
    sites = len(ways.length)
    # The way out and the way back of each tour, one behind the other.
    rows = np.stack([home * sites + made.goal, made.goal * sites + home], axis=1).ravel()
    begins = np.stack([made.out, made.back], axis=1).ravel()
    pace = np.repeat(made.pace, 2)
    site = ways.sites[rows]
    at = begins[:, None] + (ways.minutes[rows] / pace[:, None] * MINUTE_MS).astype(np.int64)
    trip, step = np.nonzero((site >= 0) & (at >= 0) & (at < hours * HOUR_MS))
    return Passages(
        trip,
        np.repeat(made.vehicle, 2)[trip],
        site[trip, step].astype(np.intp),
        ways.direction[rows[trip], step],
        at[trip, step],
        ways.kmh[rows[trip], step] * pace[trip],
    )


def _chosen(bounds: Floats, drawn: Floats) -> Ints:
    found: Ints = (bounds < drawn).sum(axis=1)
    last: Ints = np.minimum(found, bounds.shape[1] - 1)
    return last


def _set_out(rng: np.random.Generator, count: int, roads: Roads, begin_ms: int, hours: float) -> Times:
    """When tours begin: as the hours of the day have it, at any time within an hour."""
    first = -_BEFORE_MS
    slots = int(np.ceil((hours * HOUR_MS - first) / HOUR_MS))
    starts = first + np.arange(slots) * HOUR_MS
    hour = (begin_ms + starts) // HOUR_MS % 24
    parts = np.array(roads.day.hours)[hour]
    drawn = rng.choice(slots, count, p=parts / parts.sum())
    found: Times = starts[drawn] + rng.integers(0, HOUR_MS, count)
    return found


def _free(vehicle: Ints, out: Times, end: Times) -> NDArray[np.bool_]:
    """Which tours set out after all tours of the vehicle that set out before have ended."""
    order = np.lexsort((out, vehicle))
    # Each vehicle on a stretch of time of its own, so that one running maximum does for all.
    apart = vehicle[order].astype(np.int64) * (int(end.max(initial=0)) - int(out.min(initial=0)) + 1)
    ends = np.maximum.accumulate(end[order] + apart)
    free = np.ones(len(vehicle), dtype=bool)
    free[order[1:]] = (out[order] + apart)[1:] > ends[:-1]
    return free
