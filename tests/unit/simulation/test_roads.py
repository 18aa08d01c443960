"""Roads: where cameras stand in the shipped network, and the quickest ways between them."""

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
WAYS: Final = builtin_routes()
NETWORK: Final = Network(ROADS.network)
IDS: Final = [site.id for site in ROADS.sites]
COUNT: Final = len(IDS)


def passed(row: int) -> list[str]:
    """The sites with cameras on a way."""
    return [IDS[site] for site in WAYS.sites[row] if site >= 0]


def test_each_site_can_be_reached_from_each_and_as_soon_back() -> None:
    np.testing.assert_allclose(WAYS.total_minutes, WAYS.total_minutes.T)
    through = WAYS.total_minutes[:, :, None] + WAYS.total_minutes[None]
    assert (WAYS.total_minutes[:, None, :] <= through + 1e-9).all()
    assert (np.diag(WAYS.total_km) == 0).all() and (WAYS.total_km >= 0).all()


def test_ways_begin_and_end_where_they_should_and_take_as_long_as_their_links() -> None:
    for row in range(0, COUNT * COUNT, 7):
        sites, minutes = passed(row), WAYS.minutes[row]
        start, end = divmod(row, COUNT)
        assert (sites[0], sites[-1]) == (IDS[start], IDS[end])
        assert len(set(sites)) == len(sites)
        assert (np.diff(minutes[: len(sites)]) > 0).all()
        assert minutes[len(sites) - 1] == pytest.approx(WAYS.total_minutes[start, end], rel=1e-5)


def test_from_lille_to_ghent_and_back_is_by_the_motorway_on_its_two_carriageways() -> None:
    there = IDS.index("lille") * COUNT + IDS.index("gent")
    back = IDS.index("gent") * COUNT + IDS.index("lille")
    assert passed(there) == ["lille", "neuville", "rekkem", "kortrijk", "deinze", "gent"]
    assert passed(back) == passed(there)[::-1]
    assert set(WAYS.carriageway[there, :6].tolist()) == {0}
    assert set(WAYS.carriageway[back, :6].tolist()) == {1}
    assert WAYS.total_km[divmod(there, COUNT)] == pytest.approx(72.5, abs=0.1)
    assert WAYS.kmh[there, :6] == pytest.approx(105, abs=4)


def test_no_way_goes_by_rail_or_turns_a_station_into_a_junction() -> None:
    stations = {site_id for site_id, site in ROADS.network.items() if site.kind == "rail"}
    for row in range(COUNT * COUNT):
        assert not stations & set(passed(row)[1:-1])


def test_each_carriageway_leads_towards_the_next_site() -> None:
    leads = next_sites(ROADS)
    for row in range(0, COUNT * COUNT, 11):
        sites = passed(row)
        for step, (one, other) in enumerate(pairwise(sites)):
            # The next site with cameras may be behind others without.
            way = int(WAYS.carriageway[row, step])
            link = other if other in NETWORK.linked_sites(one) else None
            assert leads[one, way] if link is None else link in leads[one, way]


def test_carriageways_of_a_site_lead_to_different_sites_and_to_all() -> None:
    leads = next_sites(ROADS)
    for site in ROADS.sites:
        ways = [set(leads.get((site.id, way), [])) for way in range(len(DIRECTIONS))]
        assert not ways[0] & ways[1]
        assert ways[0] | ways[1] == set(NETWORK.linked_sites(site.id))


def test_no_vehicle_is_so_fast_that_it_must_be_two() -> None:
    """The most that a vehicle makes of a link is slower than 85 % of its best travel time."""
    for site_id, site in ROADS.network.items():
        for link in site.links:
            way = NETWORK.route(site_id, link.to)
            if way is None or way.sites != (site_id, link.to):
                continue
            took = link.minutes / MAX_PACE * 60_000
            assert took > 0.88 * way.best_ms
            assert link.km / link.minutes * 60 * MAX_PACE < MAX_KMH
    assert MAX_KMH * 0.85 < BEST_KMH


def test_cameras_have_names_of_their_own_and_stand_on_both_sides_of_the_border() -> None:
    cameras = build_cameras(ROADS)
    assert len({camera.camera_id for camera in cameras}) == len(cameras)
    assert len(cameras) == sum(site.cameras for site in ROADS.sites) * len(DIRECTIONS)
    assert {camera.country for camera in cameras} == {"FR", "BE", "LU"}


def test_there_are_homes_of_all_countries_of_the_traffic() -> None:
    for country in ROADS.traffic:
        assert sum(site.homes.get(country, 0) for site in ROADS.sites) > 0


def placed(lat: float, lon: float, *links: LinkConfig) -> SiteConfig:
    return SiteConfig(territory="FR", lat=lat, lon=lon, links=list(links))


def test_sites_without_cameras_are_passed_unseen() -> None:
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
    # What the carriageway at a leads to is the next site of the network, seen or not.
    assert next_sites(roads)["a", 0] == ["b"]


def test_a_site_that_the_network_does_not_have_or_that_no_road_leads_to() -> None:
    ground = RoadsFile({"FR": 1}, DepartureHours([1.0] * 24), {"a": SiteEntry(1, {}), "b": SiteEntry(1, {})})
    with pytest.raises(ValueError, match="no site b with territory"):
        build_roads(ground, {"a": placed(50, 3), "b": SiteConfig()})
    apart = build_roads(ground, {"a": placed(50, 3), "b": placed(50, 4)})
    with pytest.raises(ValueError, match="cannot be reached"):
        build_routes(apart)
    # Rails are no road.
    rail = msgspec.structs.replace(placed(50, 3, LinkConfig("b", 90, 30)), kind="rail")
    by_rail = {"a": rail, "b": msgspec.structs.replace(placed(50, 4), kind="rail")}
    with pytest.raises(ValueError, match="cannot be reached"):
        build_routes(build_roads(ground, by_rail))
