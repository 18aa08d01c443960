"""Round trips: no vehicle is in two places at once or too fast, and all return home."""

from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.records.times import HOUR_MS
from streams.simulation.roads import builtin_roads
from streams.simulation.routes import builtin_routes
from streams.simulation.trips import (
    MAX_PACE,
    Passages,
    RoundTrips,
    TripPlan,
    build_passages,
    destination_shares,
    sample_round_trips,
)

ROADS: Final = builtin_roads()
ROUTES: Final = builtin_routes()
COUNT: Final = len(ROADS.sites)
BEGIN: Final = 1_779_321_600_000


def made(
    seed: int, count: int, drivers: int, hours: float, listed: float = 0.1
) -> tuple[RoundTrips, Passages, np.ndarray]:
    rng = np.random.default_rng(seed)
    home = rng.integers(0, COUNT, drivers)
    vehicle = rng.integers(0, drivers, count)
    is_listed = rng.random(count) < listed
    heavy = rng.random(count) < 0.1
    plan = TripPlan(vehicle, home[vehicle], is_listed, heavy)
    round_trips = sample_round_trips(rng, plan, ROADS, ROUTES, BEGIN, hours)
    return round_trips, build_passages(round_trips, home[round_trips.vehicle], ROUTES, hours), home


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 60), st.integers(1, 20), st.sampled_from([1.0, 7.5, 24.0, 60.0]))
def test_a_vehicle_is_in_one_place_at_a_time(seed: int, count: int, drivers: int, hours: float) -> None:
    _, seen, _ = made(seed, count, drivers, hours)
    assert ((seen.passed_ms >= 0) & (seen.passed_ms < hours * HOUR_MS)).all()
    order = np.lexsort((seen.passed_ms, seen.vehicle))
    vehicle, site, at = seen.vehicle[order], seen.site[order], seen.passed_ms[order]
    same = vehicle[1:] == vehicle[:-1]
    least = ROUTES.total_minutes[site[:-1], site[1:]] / MAX_PACE
    took = np.diff(at) / 60_000
    assert (took[same] >= least[same] - 0.001).all()


def test_a_round_trip_reaches_its_destination_and_returns_home() -> None:
    found, seen, home = made(1, 300, 300, 72)
    whole = 0
    for tour in range(len(found.vehicle)):
        sites = seen.site[seen.trip // 2 == tour]
        if (
            len(sites)
            == 2 * (ROUTES.sites[home[found.vehicle[tour]] * COUNT + found.destination[tour]] >= 0).sum()
        ):
            whole += 1
            assert sites[0] == sites[-1] == home[found.vehicle[tour]]
            assert found.destination[tour] in sites
            assert (np.diff(seen.passed_ms[seen.trip // 2 == tour]) > 0).all()
    assert whole > 200


def test_near_destinations_are_more_likely_and_listed_vehicles_travel_far() -> None:
    general, far = destination_shares(ROADS, ROUTES)
    for each in (general, far):
        np.testing.assert_allclose(each.sum(axis=1), 1)
        assert (np.diag(each) == 0).all()
    assert (far * ROUTES.total_km).sum() > 1.5 * (general * ROUTES.total_km).sum()
    territory = np.array([site.territory for site in ROADS.sites])
    abroad = territory[:, None] != territory
    assert 0.02 < general[abroad].sum() / COUNT < 0.2 < far[abroad].sum() / COUNT


@pytest.mark.parametrize("hour", [3, 7, 16])
def test_there_is_more_traffic_by_day(hour: int) -> None:
    found, *_ = made(2, 40_000, 40_000, 24)
    out = found.departure_ms[found.departure_ms >= 0]
    share = (out // HOUR_MS == hour).mean()
    assert share == pytest.approx(ROADS.day.hours[hour] / sum(ROADS.day.hours), rel=0.15)


def test_a_trip_is_one_journey_of_a_round_trip() -> None:
    found, seen, home = made(4, 300, 300, 72)
    for trip in np.unique(seen.trip):
        rows = seen.trip == trip
        tour, back = divmod(int(trip), 2)
        ends = [home[found.vehicle[tour]], found.destination[tour]]
        start, end = ends[::-1] if back else ends
        way = ROUTES.sites[start * COUNT + end]
        # In order, without the sites passed before or after the simulated time.
        sites = seen.site[rows].tolist()
        whole = way[way >= 0].tolist()
        assert sites in [whole[first : first + len(sites)] for first in range(len(whole))]


def test_a_round_trip_departs_close_to_the_one_it_accompanies() -> None:
    count = 400
    rng = np.random.default_rng(9)
    vehicle = np.arange(count)
    companions = np.where(vehicle % 2, vehicle - 1, -1)
    none = np.zeros(count, dtype=bool)
    home = rng.integers(0, COUNT, count)
    plan = TripPlan(vehicle, home, none, none, companions)
    found = sample_round_trips(rng, plan, ROADS, ROUTES, BEGIN, 24)
    assert found.vehicle.tolist() == vehicle.tolist()
    apart = np.abs(found.departure_ms[1::2] - found.departure_ms[::2])
    assert apart.max() <= HOUR_MS / 2 and apart.mean() > HOUR_MS / 8
