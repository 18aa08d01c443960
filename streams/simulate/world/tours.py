"""Tours: vehicles leave home, go somewhere and come back; each site on the way is a passage."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.simulate.world.roads import Floats, Ints, Roads, Ways

Times = NDArray[np.int64]
"""Milliseconds since the beginning of the simulated time."""

HOUR_MS: Final = 3_600_000
_BEFORE_MS: Final = 4 * HOUR_MS
"""So long before the beginning the first tours set out, so that the road is not empty then."""
_FAR_KM: Final = 45.0
"""How far away a place is to be the goal of 1 / e as many tours as one next door, all else the same."""
_FAR_LISTED_KM: Final = 200.0
_ABROAD: Final = 0.2
"""Of the tours that would go to a place if there were no border, those that go when it is abroad."""
_KMH: Final = (112.0, 10.0)
_KMH_HEAVY: Final = (86.0, 3.0)
_SLOWEST_KMH, FASTEST_KMH = 60.0, 150.0
_STAY_H: Final = (0.25, 9.0)
"""The least and the most hours that a vehicle stays where it went; shorter ones are commoner."""


class Tours(NamedTuple):
    """n tours: the vehicle, where it goes, when it sets out there and back, its speed in km/h."""

    vehicle: Ints
    goal: Ints
    out: Times
    back: Times
    kmh: Floats


class Passages(NamedTuple):
    """n passages of vehicles at sites, tour by tour; `tour` is its place, `way` the carriageway."""

    tour: Ints
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
) -> Tours:
    """A tour of each of some vehicles (n each), in the hours from a beginning (ms since 1970 UTC) on.

    One that would set out while the vehicle is still on another is left out, so there may be fewer.
    """
    count = len(vehicle)
    general, far = (np.cumsum(each, axis=1) for each in goals(roads, ways))
    drawn = rng.random((count, 1))
    goal = np.where(listed, _chosen(far[home], drawn), _chosen(general[home], drawn))
    out = _set_out(rng, count, roads, begin_ms, hours)
    mean = np.where(heavy, _KMH_HEAVY[0], _KMH[0])
    spread = np.where(heavy, _KMH_HEAVY[1], _KMH[1])
    kmh = np.clip(rng.normal(mean, spread), _SLOWEST_KMH, FASTEST_KMH)
    least, most = _STAY_H
    stay = least * (most / least) ** rng.random(count)
    drive = ways.length[home, goal] / kmh
    back = out + ((drive + stay) * HOUR_MS).astype(np.int64)
    end = back + (drive * HOUR_MS).astype(np.int64)
    free = _free(vehicle, out, end)
    return Tours(vehicle[free], goal[free], out[free], back[free], kmh[free])


def passages(made: Tours, home: Ints, ways: Ways, hours: float) -> Passages:
    """The passages of tours, `home` being that of each tour's vehicle, within the simulated hours."""
    count, sites = len(made.vehicle), len(ways.length)
    # The way out and the way back of each tour, one behind the other.
    rows = np.stack([home * sites + made.goal, made.goal * sites + home], axis=1).ravel()
    begins = np.stack([made.out, made.back], axis=1).ravel()
    tour = np.repeat(np.arange(count), 2)
    site = ways.sites[rows]
    at = begins[:, None] + (ways.km[rows] / made.kmh[tour, None] * HOUR_MS).astype(np.int64)
    leg, step = np.nonzero((site >= 0) & (at >= 0) & (at < hours * HOUR_MS))
    tour = tour[leg]
    return Passages(
        tour,
        made.vehicle[tour],
        site[leg, step],
        ways.direction[rows[leg], step].astype(np.uint8),
        at[leg, step],
        made.kmh[tour],
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
