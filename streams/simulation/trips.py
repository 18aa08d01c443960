"""Tours: vehicles leave home, go somewhere and come back; each site on the way is a passage."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.records.times import HOUR_MS, MINUTE_MS
from streams.simulation.column_types import Floats, Ints
from streams.simulation.roads import Roads
from streams.simulation.routes import RouteTable

Times = NDArray[np.int64]
"""Milliseconds since the beginning of the simulated time."""

_LEAD_MS: Final = 4 * HOUR_MS
"""So long before the beginning the first tours set out, so that the road is not empty then."""
_DISTANCE_SCALE_KM: Final = 45.0
"""How far away a place is to be the goal of 1 / e as many tours as one next door, all else the same."""
_LISTED_DISTANCE_SCALE_KM: Final = 200.0
_ABROAD_FACTOR: Final = 0.2
"""Of the tours that would go to a place if there were no border, those that go when it is abroad."""
_PACE: Final = (1.0, 0.09)
"""How fast vehicles are, in parts of the usual speed of each road: mean and standard deviation."""
_PACE_HEAVY: Final = (0.8, 0.03)
_MIN_PACE, MAX_PACE = 0.55, 1.35
MAX_KMH: Final = 150.0
"""No vehicle is faster than that anywhere: usual speeds are below 111 km/h."""
_COMPANION_MS: Final = HOUR_MS // 2
"""How much earlier or later a tour sets out that goes beside another."""
_STAY_HOURS: Final = (0.25, 9.0)
"""The least and the most hours that a vehicle stays where it went; shorter ones are commoner."""


class RoundTrips(NamedTuple):
    """n tours: the vehicle, where it goes, when it sets out there and back, and its pace.

    That is how fast it is, in parts of the usual speed of each road.
    """

    vehicle: Ints
    destination: Ints
    departure_ms: Times
    return_ms: Times
    pace: Floats


class Passages(NamedTuple):
    """n passages of vehicles at sites, trip by trip; `way` is the carriageway.

    A tour has two trips, out and back: that of number 2 * tour and the next.
    """

    trip: Ints
    vehicle: Ints
    site: Ints
    carriageway: NDArray[np.uint8]
    passed_ms: Times
    kmh: Floats


def destination_shares(roads: Roads, routes: RouteTable) -> tuple[Floats, Floats]:
    """P(goal | home) for vehicles in general and for listed ones (float64, n × n each).

    The nearer the likelier, and less likely across the border; listed vehicles travel far and take no heed
    of the border, so that they pass several sites.
    """
    territory = np.array([site.territory for site in roads.sites])
    size = np.array([sum(site.homes.values()) for site in roads.sites])
    abroad = territory[:, None] != territory
    found = []
    for far, across in ((_DISTANCE_SCALE_KM, _ABROAD_FACTOR), (_LISTED_DISTANCE_SCALE_KM, 1.0)):
        parts = np.exp(-routes.total_km / far) * size * np.where(abroad, across, 1.0)
        np.fill_diagonal(parts, 0)
        found.append(parts / parts.sum(axis=1, keepdims=True))
    return found[0], found[1]


def sample_round_trips(
    rng: np.random.Generator,
    vehicle: Ints,
    home: Ints,
    listed: NDArray[np.bool_],
    heavy: NDArray[np.bool_],
    roads: Roads,
    routes: RouteTable,
    begin_ms: int,
    hours: float,
    companions: Ints | None = None,
) -> RoundTrips:
    """A tour of each of some vehicles (n each), in the hours from a beginning (ms since 1970 UTC) on.

    Where `beside` (n) is the place of another tour, and not -1, the tour sets out when that one does, less or
    more half an hour. One that would set out while the vehicle is still on another is left out, so there may
    be fewer.
    """
    count = len(vehicle)
    general, far = (np.cumsum(each, axis=1) for each in destination_shares(roads, routes))
    drawn = rng.random((count, 1))
    goal = np.where(listed, _choose_column(far[home], drawn), _choose_column(general[home], drawn))
    out = _sample_departures(rng, count, roads, begin_ms, hours)
    if companions is not None:
        rows = np.flatnonzero(companions >= 0)
        out[rows] = out[companions[rows]] + rng.integers(-_COMPANION_MS, _COMPANION_MS, len(rows))
    mean = np.where(heavy, _PACE_HEAVY[0], _PACE[0])
    spread = np.where(heavy, _PACE_HEAVY[1], _PACE[1])
    pace = np.clip(rng.normal(mean, spread), _MIN_PACE, MAX_PACE)
    least, most = _STAY_HOURS
    stay = least * (most / least) ** rng.random(count)
    drive = routes.total_minutes[home, goal] / pace * MINUTE_MS
    back = out + (drive + stay * HOUR_MS).astype(np.int64)
    end = back + drive.astype(np.int64)
    free = _is_not_overlapping(vehicle, out, end)
    return RoundTrips(vehicle[free], goal[free], out[free], back[free], pace[free])


def build_passages(round_trips: RoundTrips, home: Ints, routes: RouteTable, hours: float) -> Passages:
    """The passages of tours, `home` being that of each tour's vehicle, within the simulated hours."""
    sites = len(routes.total_km)
    # The way out and the way back of each tour, one behind the other.
    rows = np.stack(
        [home * sites + round_trips.destination, round_trips.destination * sites + home], axis=1
    ).ravel()
    begins = np.stack([round_trips.departure_ms, round_trips.return_ms], axis=1).ravel()
    pace = np.repeat(round_trips.pace, 2)
    # Most trips of a short time lie outside it; a minute more than the drive, for its rounding.
    ends = begins + (routes.total_minutes.ravel()[rows] / pace * MINUTE_MS).astype(np.int64) + MINUTE_MS
    inside = np.flatnonzero((begins < hours * HOUR_MS) & (ends >= 0))
    rows, begins, pace = rows[inside], begins[inside], pace[inside]
    site = routes.sites[rows]
    at = begins[:, None] + (routes.minutes[rows] / pace[:, None] * MINUTE_MS).astype(np.int64)
    trip, step = np.nonzero((site >= 0) & (at >= 0) & (at < hours * HOUR_MS))
    return Passages(
        inside[trip],
        np.repeat(round_trips.vehicle, 2)[inside[trip]],
        site[trip, step].astype(np.intp),
        routes.carriageway[rows[trip], step],
        at[trip, step],
        routes.kmh[rows[trip], step] * pace[trip],
    )


def _choose_column(bounds: Floats, uniform: Floats) -> Ints:
    found: Ints = (bounds < uniform).sum(axis=1)
    last: Ints = np.minimum(found, bounds.shape[1] - 1)
    return last


def _sample_departures(
    rng: np.random.Generator, count: int, roads: Roads, begin_ms: int, hours: float
) -> Times:
    """When tours begin: as the hours of the day have it, at any time within an hour."""
    first = -_LEAD_MS
    slots = int(np.ceil((hours * HOUR_MS - first) / HOUR_MS))
    starts = first + np.arange(slots) * HOUR_MS
    hour = (begin_ms + starts) // HOUR_MS % 24
    parts = np.array(roads.day.hours)[hour]
    drawn = rng.choice(slots, count, p=parts / parts.sum())
    found: Times = starts[drawn] + rng.integers(0, HOUR_MS, count)
    return found


def _is_not_overlapping(vehicle: Ints, departure_ms: Times, end_ms: Times) -> NDArray[np.bool_]:
    """Which tours set out after all tours of the vehicle that set out before have ended."""
    order = np.lexsort((departure_ms, vehicle))
    # Each vehicle on a stretch of time of its own, so that one running maximum does for all.
    apart = vehicle[order].astype(np.int64) * (
        int(end_ms.max(initial=0)) - int(departure_ms.min(initial=0)) + 1
    )
    ends = np.maximum.accumulate(end_ms[order] + apart)
    free = np.ones(len(vehicle), dtype=bool)
    free[order[1:]] = (departure_ms[order] + apart)[1:] > ends[:-1]
    return free
