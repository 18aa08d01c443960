"""Cameras on the built-in network, and the quickest routes between them."""

from itertools import pairwise
from typing import Final

import msgspec
import numpy as np
import pytest

from streams.network.config import LinkConfig, SiteConfig
from streams.network.routing import BEST_KMH, Network
from streams.simulation.roads import (
    DIRECTIONS,
    DepartureHours,
    RoadsFile,
    SiteEntry,
    build_cameras,
    build_roads,
    builtin_roads,
    carriageway_index,
    next_sites,
)
from streams.simulation.routes import build_routes, builtin_routes
from streams.simulation.trips import MAX_KMH, MAX_PACE

ROADS: Final = builtin_roads()
ROUTES: Final = builtin_routes()
NETWORK: Final = Network(ROADS.network)
IDS: Final = [site.id for site in ROADS.sites]
COUNT: Final = len(IDS)


def passed(row: int) -> list[str]:
    """Return the sites with cameras on a route."""
    return [IDS[site] for site in ROUTES.sites[row] if site >= 0]


def test_travel_times_are_symmetric_and_the_shortest() -> None:
    np.testing.assert_allclose(ROUTES.total_minutes, ROUTES.total_minutes.T)
    through = ROUTES.total_minutes[:, :, None] + ROUTES.total_minutes[None]
    assert (ROUTES.total_minutes[:, None, :] <= through + 1e-9).all()
    assert (np.diag(ROUTES.total_km) == 0).all() and (ROUTES.total_km >= 0).all()


def test_routes_have_the_right_ends_and_travel_times() -> None:
    for row in range(0, COUNT * COUNT, 7):
        sites, minutes = passed(row), ROUTES.minutes[row]
        start, end = divmod(row, COUNT)
        assert (sites[0], sites[-1]) == (IDS[start], IDS[end])
        assert len(set(sites)) == len(sites)
        assert (np.diff(minutes[: len(sites)]) > 0).all()
        assert minutes[len(sites) - 1] == pytest.approx(ROUTES.total_minutes[start, end], rel=1e-5)


def test_lille_to_ghent_and_back_uses_both_carriageways_of_the_motorway() -> None:
    there = IDS.index("lille") * COUNT + IDS.index("gent")
    back = IDS.index("gent") * COUNT + IDS.index("lille")
    assert passed(there) == ["lille", "neuville", "rekkem", "kortrijk", "deinze", "gent"]
    assert passed(back) == passed(there)[::-1]
    assert set(ROUTES.carriageway[there, :6].tolist()) == {0}
    assert set(ROUTES.carriageway[back, :6].tolist()) == {1}
    assert ROUTES.total_km[divmod(there, COUNT)] == pytest.approx(72.5, abs=0.1)
    assert ROUTES.kmh[there, :6] == pytest.approx(105, abs=4)


def test_no_route_passes_a_railway_station() -> None:
    stations = {site_id for site_id, site in ROADS.network.items() if site.kind == "rail"}
    for row in range(COUNT * COUNT):
        assert not stations & set(passed(row)[1:-1])


def test_each_carriageway_leads_towards_the_next_site() -> None:
    leads = next_sites(ROADS)
    for row in range(0, COUNT * COUNT, 11):
        sites = passed(row)
        for step, (one, other) in enumerate(pairwise(sites)):
            # There may be sites without cameras before the next one with cameras.
            way = int(ROUTES.carriageway[row, step])
            link = other if other in NETWORK.linked_sites(one) else None
            assert leads[one, way] if link is None else link in leads[one, way]


def test_carriageways_of_a_site_lead_to_different_sites_and_to_all() -> None:
    leads = next_sites(ROADS)
    for site in ROADS.sites:
        ways = [set(leads.get((site.id, way), [])) for way in range(len(DIRECTIONS))]
        assert not ways[0] & ways[1]
        assert ways[0] | ways[1] == set(NETWORK.linked_sites(site.id))


def test_no_vehicle_is_fast_enough_to_look_like_two() -> None:
    """The fastest vehicle takes more than 88 % of the best travel time of each link."""
    for site_id, site in ROADS.network.items():
        for link in site.links:
            way = NETWORK.route(site_id, link.to)
            if way is None or way.sites != (site_id, link.to):
                continue
            took = link.minutes / MAX_PACE * 60_000
            assert took > 0.88 * way.best_ms
            assert link.km / link.minutes * 60 * MAX_PACE < MAX_KMH
    assert MAX_KMH * 0.85 < BEST_KMH


def test_camera_ids_are_unique_and_cameras_are_on_both_sides_of_the_border() -> None:
    cameras = build_cameras(ROADS)
    assert len({camera.camera_id for camera in cameras}) == len(cameras)
    assert len(cameras) == sum(site.cameras for site in ROADS.sites) * len(DIRECTIONS)
    assert {camera.country for camera in cameras} == {"FR", "BE", "LU"}


def test_all_countries_of_the_traffic_have_homes() -> None:
    for country in ROADS.traffic:
        assert sum(site.homes.get(country, 0) for site in ROADS.sites) > 0


def placed(lat: float, lon: float, *links: LinkConfig) -> SiteConfig:
    return SiteConfig(territory="FR", lat=lat, lon=lon, links=list(links))


def test_sites_without_cameras_are_not_in_routes() -> None:
    network = {
        "a": placed(50, 3, LinkConfig("b", 10, 6)),
        "b": placed(50.1, 3, LinkConfig("c", 20, 15)),
        "c": placed(50.2, 3),
    }
    stops = {"a": SiteEntry(1, {"FR": 1}), "c": SiteEntry(2, {"FR": 1})}
    roads = build_roads(RoadsFile({"FR": 1}, DepartureHours([1.0] * 24), stops), network)
    ways = build_routes(roads)
    assert ways.sites.tolist() == [[0, -1], [0, 1], [1, 0], [1, -1]]
    assert ways.minutes[1].tolist() == [0, 21]
    assert ways.total_km[0, 1] == 30
    assert ways.kmh[1].tolist() == [100, 80] and ways.kmh[2].tolist() == [80, 100]
    assert ways.carriageway[1].tolist() == [0, 0] and ways.carriageway[2].tolist() == [1, 1]
    assert carriageway_index(network["a"], network["b"]) == 0
    # The carriageway at a leads to the next site of the network, with cameras or without.
    assert next_sites(roads)["a", 0] == ["b"]


def test_missing_and_unreachable_sites_are_errors() -> None:
    ground = RoadsFile({"FR": 1}, DepartureHours([1.0] * 24), {"a": SiteEntry(1, {}), "b": SiteEntry(1, {})})
    with pytest.raises(ValueError, match="no site b with territory"):
        build_roads(ground, {"a": placed(50, 3), "b": SiteConfig()})
    apart = build_roads(ground, {"a": placed(50, 3), "b": placed(50, 4)})
    with pytest.raises(ValueError, match="cannot be reached"):
        build_routes(apart)
    # Vehicles cannot use rails.
    rail = msgspec.structs.replace(placed(50, 3, LinkConfig("b", 90, 30)), kind="rail")
    by_rail = {"a": rail, "b": msgspec.structs.replace(placed(50, 4), kind="rail")}
    with pytest.raises(ValueError, match="cannot be reached"):
        build_routes(build_roads(ground, by_rail))
