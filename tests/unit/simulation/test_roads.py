"""Roads: where cameras stand in the shipped network, and the quickest ways between them."""

from itertools import pairwise
from typing import Final

import msgspec
import numpy as np
import pytest

from streams.network.config import Link, Site
from streams.network.routing import BEST_KMH, Network
from streams.simulation.roads import (
    DIRECTIONS,
    Day,
    Ground,
    Stop,
    cameras_of,
    carriageway,
    roads_of,
    shipped_roads,
    towards,
)
from streams.simulation.routes import shipped_ways, ways_of
from streams.simulation.trips import FASTEST, FASTEST_KMH

ROADS: Final = shipped_roads()
WAYS: Final = shipped_ways()
NETWORK: Final = Network(ROADS.network)
IDS: Final = [site.id for site in ROADS.site]
COUNT: Final = len(IDS)


def passed(row: int) -> list[str]:
    """The sites with cameras on a way."""
    return [IDS[site] for site in WAYS.sites[row] if site >= 0]


def test_each_site_can_be_reached_from_each_and_as_soon_back() -> None:
    np.testing.assert_allclose(WAYS.time, WAYS.time.T)
    through = WAYS.time[:, :, None] + WAYS.time[None]
    assert (WAYS.time[:, None, :] <= through + 1e-9).all()
    assert (np.diag(WAYS.length) == 0).all() and (WAYS.length >= 0).all()


def test_ways_begin_and_end_where_they_should_and_take_as_long_as_their_links() -> None:
    for row in range(0, COUNT * COUNT, 7):
        sites, minutes = passed(row), WAYS.minutes[row]
        start, end = divmod(row, COUNT)
        assert (sites[0], sites[-1]) == (IDS[start], IDS[end])
        assert len(set(sites)) == len(sites)
        assert (np.diff(minutes[: len(sites)]) > 0).all()
        assert minutes[len(sites) - 1] == pytest.approx(WAYS.time[start, end], rel=1e-5)


def test_from_lille_to_ghent_and_back_is_by_the_motorway_on_its_two_carriageways() -> None:
    there = IDS.index("lille") * COUNT + IDS.index("gent")
    back = IDS.index("gent") * COUNT + IDS.index("lille")
    assert passed(there) == ["lille", "neuville", "rekkem", "kortrijk", "deinze", "gent"]
    assert passed(back) == passed(there)[::-1]
    assert set(WAYS.direction[there, :6].tolist()) == {0}
    assert set(WAYS.direction[back, :6].tolist()) == {1}
    assert WAYS.length[divmod(there, COUNT)] == pytest.approx(72.5, abs=0.1)
    assert WAYS.kmh[there, :6] == pytest.approx(105, abs=4)


def test_no_way_goes_by_rail_or_turns_a_station_into_a_junction() -> None:
    stations = {site_id for site_id, site in ROADS.network.items() if site.kind == "rail"}
    for row in range(COUNT * COUNT):
        assert not stations & set(passed(row)[1:-1])


def test_each_carriageway_leads_towards_the_next_site() -> None:
    leads = towards(ROADS)
    for row in range(0, COUNT * COUNT, 11):
        sites = passed(row)
        for step, (one, other) in enumerate(pairwise(sites)):
            # The next site with cameras may be behind others without.
            way = int(WAYS.direction[row, step])
            link = other if other in NETWORK.next_to(one) else None
            assert leads[one, way] if link is None else link in leads[one, way]


def test_carriageways_of_a_site_lead_to_different_sites_and_to_all() -> None:
    leads = towards(ROADS)
    for site in ROADS.site:
        ways = [set(leads.get((site.id, way), [])) for way in range(len(DIRECTIONS))]
        assert not ways[0] & ways[1]
        assert ways[0] | ways[1] == set(NETWORK.next_to(site.id))


def test_no_vehicle_is_so_fast_that_it_must_be_two() -> None:
    """The most that a vehicle makes of a link is slower than 85 % of its best travel time."""
    for site_id, site in ROADS.network.items():
        for link in site.links:
            way = NETWORK.way(site_id, link.to)
            if way is None or way.sites != (site_id, link.to):
                continue
            took = link.minutes / FASTEST * 60_000
            assert took > 0.88 * way.best_ms
            assert link.km / link.minutes * 60 * FASTEST < FASTEST_KMH
    assert FASTEST_KMH * 0.85 < BEST_KMH


def test_cameras_have_names_of_their_own_and_stand_on_both_sides_of_the_border() -> None:
    cameras = cameras_of(ROADS)
    assert len({camera.camera_id for camera in cameras}) == len(cameras)
    assert len(cameras) == sum(site.cameras for site in ROADS.site) * len(DIRECTIONS)
    assert {camera.country for camera in cameras} == {"FR", "BE", "LU"}


def test_there_are_homes_of_all_countries_of_the_traffic() -> None:
    for country in ROADS.traffic:
        assert sum(site.homes.get(country, 0) for site in ROADS.site) > 0


def placed(lat: float, lon: float, *links: Link) -> Site:
    return Site(territory="FR", lat=lat, lon=lon, links=list(links))


def test_sites_without_cameras_are_passed_unseen() -> None:
    network = {
        "a": placed(50, 3, Link("b", 10, 6)),
        "b": placed(50.1, 3, Link("c", 20, 15)),
        "c": placed(50.2, 3),
    }
    stops = {"a": Stop(1, {"FR": 1}), "c": Stop(2, {"FR": 1})}
    roads = roads_of(Ground({"FR": 1}, Day([1.0] * 24), stops), network)
    ways = ways_of(roads)
    assert ways.sites.tolist() == [[0, -1], [0, 1], [1, 0], [1, -1]]
    assert ways.minutes[1].tolist() == [0, 21]
    assert ways.length[0, 1] == 30
    assert ways.kmh[1].tolist() == [100, 80] and ways.kmh[2].tolist() == [80, 100]
    assert ways.direction[1].tolist() == [0, 0] and ways.direction[2].tolist() == [1, 1]
    assert carriageway(network["a"], network["b"]) == 0
    # What the carriageway at a leads to is the next site of the network, seen or not.
    assert towards(roads)["a", 0] == ["b"]


def test_a_site_that_the_network_does_not_have_or_that_no_road_leads_to() -> None:
    ground = Ground({"FR": 1}, Day([1.0] * 24), {"a": Stop(1, {}), "b": Stop(1, {})})
    with pytest.raises(ValueError, match="no site b with territory"):
        roads_of(ground, {"a": placed(50, 3), "b": Site()})
    apart = roads_of(ground, {"a": placed(50, 3), "b": placed(50, 4)})
    with pytest.raises(ValueError, match="cannot be reached"):
        ways_of(apart)
    # Rails are no road.
    rail = msgspec.structs.replace(placed(50, 3, Link("b", 90, 30)), kind="rail")
    by_rail = {"a": rail, "b": msgspec.structs.replace(placed(50, 4), kind="rail")}
    with pytest.raises(ValueError, match="cannot be reached"):
        ways_of(roads_of(ground, by_rail))
