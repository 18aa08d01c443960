"""Round trips of vehicles to a destination and home again, and the passages at sites on their routes."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.records.times import HOUR_MS, MINUTE_MS, Millis
from streams.simulation.column_types import Floats, Ints
from streams.simulation.roads import Roads
from streams.simulation.routes import RouteTable

Times = NDArray[np.int64]
"""Milliseconds since the beginning of the simulated time."""

_LEAD_MS: Final = 4 * HOUR_MS
"""The first round trips begin so long before the simulated time, so that its start has traffic."""
_DISTANCE_SCALE_KM: Final = 45.0
"""Distance at which a destination attracts 1 / e as many round trips as one next door of the same size."""
_LISTED_DISTANCE_SCALE_KM: Final = 200.0
_ABROAD_FACTOR: Final = 0.2
"""Factor by which a border reduces the round trips to a destination."""
_PACE: Final = (1.0, 0.09)
"""Speed of vehicles relative to the usual speed of each road: mean and standard deviation."""
_PACE_HEAVY: Final = (0.8, 0.03)
_MIN_PACE, MAX_PACE = 0.55, 1.35
MAX_KMH: Final = 150.0
"""Upper bound of all speeds: usual speeds are below 111 km/h."""
_COMPANION_MS: Final = HOUR_MS // 2
"""Maximum difference between the departures of a round trip and of the one that it accompanies."""
_STAY_HOURS: Final = (0.25, 9.0)
"""Minimum and maximum stay at the destination; shorter stays are more common."""


class TripPlan(NamedTuple):
    """n round trips to be sampled, each by its vehicle.

    `home` (index of a site), `listed` and `heavy` are those of the vehicle. `companions` is the index of the
    round trip that each one accompanies, -1 for none.
    """

    vehicle: Ints
    home: Ints
    listed: NDArray[np.bool_]
    heavy: NDArray[np.bool_]
    companions: Ints | None = None


class RoundTrips(NamedTuple):
    """n round trips; `pace` is the vehicle's speed relative to the usual speed of each road."""

    vehicle: Ints
    destination: Ints
    departure_ms: Times
    return_ms: Times
    pace: Floats


class Passages(NamedTuple):
    """n passages of vehicles at sites, trip by trip.

    Round trip i has two trips: outward 2 * i, and return 2 * i + 1.
    """

    trip: Ints
    vehicle: Ints
    site: Ints
    carriageway: NDArray[np.uint8]
    passed_ms: Times
    kmh: Floats


def destination_shares(roads: Roads, routes: RouteTable) -> tuple[Floats, Floats]:
    """Return P(destination | home) for vehicles in general and for listed ones (float64, n × n each).

    It falls with the distance and across the border. Listed vehicles travel far, across the border as well,
    so that they pass several sites.
    """
    territory = np.array([site.territory for site in roads.sites])
    size = np.array([sum(site.homes.values()) for site in roads.sites])
    abroad = territory[:, None] != territory
    tables = []
    for scale_km, abroad_factor in ((_DISTANCE_SCALE_KM, _ABROAD_FACTOR), (_LISTED_DISTANCE_SCALE_KM, 1.0)):
        weights = np.exp(-routes.total_km / scale_km) * size * np.where(abroad, abroad_factor, 1.0)
        np.fill_diagonal(weights, 0)
        tables.append(weights / weights.sum(axis=1, keepdims=True))
    return tables[0], tables[1]


def sample_round_trips(
    rng: np.random.Generator,
    plan: TripPlan,
    roads: Roads,
    routes: RouteTable,
    begin_ms: Millis,
    hours: float,
) -> RoundTrips:
    """Sample round trips during the hours from `begin_ms` on.

    One that accompanies another departs up to half an hour before or after it. One that would depart before
    the vehicle is back from an earlier one is dropped, so there may be fewer than planned.
    """
    count = len(plan.vehicle)
    general, far = (np.cumsum(shares, axis=1) for shares in destination_shares(roads, routes))
    uniform = rng.random((count, 1))
    destination = np.where(
        plan.listed, _choose_column(far[plan.home], uniform), _choose_column(general[plan.home], uniform)
    )
    departure_ms = _sample_departures(rng, count, roads, begin_ms, hours)
    if plan.companions is not None:
        rows = np.flatnonzero(plan.companions >= 0)
        shift_ms = rng.integers(-_COMPANION_MS, _COMPANION_MS, len(rows))
        departure_ms[rows] = departure_ms[plan.companions[rows]] + shift_ms
    mean = np.where(plan.heavy, _PACE_HEAVY[0], _PACE[0])
    deviation = np.where(plan.heavy, _PACE_HEAVY[1], _PACE[1])
    pace = np.clip(rng.normal(mean, deviation), _MIN_PACE, MAX_PACE)
    min_stay, max_stay = _STAY_HOURS
    stay_hours = min_stay * (max_stay / min_stay) ** rng.random(count)
    drive_ms = routes.total_minutes[plan.home, destination] / pace * MINUTE_MS
    return_ms = departure_ms + (drive_ms + stay_hours * HOUR_MS).astype(np.int64)
    end_ms = return_ms + drive_ms.astype(np.int64)
    keep = _is_not_overlapping(plan.vehicle, departure_ms, end_ms)
    return RoundTrips(plan.vehicle[keep], destination[keep], departure_ms[keep], return_ms[keep], pace[keep])


def build_passages(round_trips: RoundTrips, home: Ints, routes: RouteTable, hours: float) -> Passages:
    """Return the passages of round trips within the simulated hours; `home` is that of each one's vehicle."""
    sites = len(routes.total_km)
    # The outward and the return journey of each round trip, one after the other.
    rows = np.stack(
        [home * sites + round_trips.destination, round_trips.destination * sites + home], axis=1
    ).ravel()
    begin_ms = np.stack([round_trips.departure_ms, round_trips.return_ms], axis=1).ravel()
    pace = np.repeat(round_trips.pace, 2)
    # If the simulated time is short, most trips lie outside it. The extra minute covers rounding.
    drive_ms = (routes.total_minutes.ravel()[rows] / pace * MINUTE_MS).astype(np.int64)
    inside = np.flatnonzero((begin_ms < hours * HOUR_MS) & (begin_ms + drive_ms + MINUTE_MS >= 0))
    rows, begin_ms, pace = rows[inside], begin_ms[inside], pace[inside]
    site = routes.sites[rows]
    passed_ms = begin_ms[:, None] + (routes.minutes[rows] / pace[:, None] * MINUTE_MS).astype(np.int64)
    trip, step = np.nonzero((site >= 0) & (passed_ms >= 0) & (passed_ms < hours * HOUR_MS))
    return Passages(
        inside[trip],
        np.repeat(round_trips.vehicle, 2)[inside[trip]],
        site[trip, step].astype(np.intp),
        routes.carriageway[rows[trip], step],
        passed_ms[trip, step],
        routes.kmh[rows[trip], step] * pace[trip],
    )


def _choose_column(bounds: Floats, uniform: Floats) -> Ints:
    """Choose a column in each row of cumulative shares, given uniform numbers from 0 to 1."""
    columns: Ints = np.minimum((bounds < uniform).sum(axis=1), bounds.shape[1] - 1)
    return columns


def _sample_departures(
    rng: np.random.Generator, count: int, roads: Roads, begin_ms: Millis, hours: float
) -> Times:
    """Sample departures by the shares of the hours of the day, uniform within an hour."""
    slots = int(np.ceil((hours * HOUR_MS + _LEAD_MS) / HOUR_MS))
    start_ms = np.arange(slots) * HOUR_MS - _LEAD_MS
    hour = (begin_ms + start_ms) // HOUR_MS % 24
    weights = np.array(roads.day.hours)[hour]
    slot = rng.choice(slots, count, p=weights / weights.sum())
    departure_ms: Times = start_ms[slot] + rng.integers(0, HOUR_MS, count)
    return departure_ms


def _is_not_overlapping(vehicle: Ints, departure_ms: Times, end_ms: Times) -> NDArray[np.bool_]:
    """Return a mask of the round trips that begin after all earlier ones of their vehicle have ended."""
    order = np.lexsort((departure_ms, vehicle))
    # Each vehicle is moved to a time range of its own, so that one running maximum serves all.
    shift = vehicle[order].astype(np.int64) * (
        int(end_ms.max(initial=0)) - int(departure_ms.min(initial=0)) + 1
    )
    last_end = np.maximum.accumulate(end_ms[order] + shift)
    keep = np.ones(len(vehicle), dtype=bool)
    keep[order[1:]] = (departure_ms[order] + shift)[1:] > last_end[:-1]
    return keep
