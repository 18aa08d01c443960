"""Routing: quickest routes, and the sites that may come next."""

from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.network.config import LinkConfig, SiteConfig
from streams.network.routing import BEST_KMH, BEST_RAIL_KMH, Network, NextSite, route_links
from streams.records.times import HOUR_MS, MINUTE_MS
from tests.support.networks import make_network

IDS: Final = "abcdefg"


@st.composite
def networks(draw: st.DrawFn) -> dict[str, SiteConfig]:
    """Networks of seven sites; some links are one-route, some by rail, some long."""
    link = st.builds(
        LinkConfig,
        to=st.sampled_from(IDS),
        km=st.floats(0.1, 300),
        minutes=st.floats(0.1, 500),
        best_minutes=st.none() | st.floats(0.1, 500),
        one_way=st.booleans(),
    )
    site = st.builds(SiteConfig, kind=st.sampled_from(["road", "rail"]), links=st.lists(link, max_size=3))
    return {name: draw(site) for name in IDS}


def shares(next_sites: list[NextSite]) -> dict[str, float]:
    """The share of vehicles that come to each site."""
    return {site.site_id: round(site.share, 3) for site in next_sites}


def test_a_route_has_the_best_time_and_the_sums_of_km_and_both_times() -> None:
    route = make_network("a-b 10 6", "b-c 20 12", "a-c 100 60").route("a", "c")
    assert route is not None
    assert route.sites == ("a", "b", "c")
    assert route.km == 30
    assert route.usual_ms == pytest.approx(18 * MINUTE_MS)
    assert route.best_ms == pytest.approx(30 / BEST_KMH * HOUR_MS)
    assert route_links(route) == [("a", "b"), ("b", "c")]


def test_the_best_time_is_as_configured_or_at_top_speed_and_at_most_the_usual_time() -> None:
    def best(link: LinkConfig, kind: str = "road", end_kind: str = "road") -> float:
        ends = {"a": SiteConfig(kind=kind, links=[link]), "b": SiteConfig(kind=end_kind)}  # type: ignore[arg-type]
        network = Network(ends, include_rail=True)
        route = network.route("a", "b")
        assert route is not None
        return route.best_ms / MINUTE_MS

    assert best(LinkConfig("b", 130, 90)) == pytest.approx(60)
    assert best(LinkConfig("b", 130, 50)) == pytest.approx(50)
    assert best(LinkConfig("b", 130, 90, 80)) == pytest.approx(80)
    assert best(LinkConfig("b", BEST_RAIL_KMH, 90), "rail", "rail") == pytest.approx(60)
    assert best(LinkConfig("b", BEST_KMH, 90), "rail", "road") == pytest.approx(60)


def test_a_car_does_not_take_rail_links() -> None:
    network = {
        "a": SiteConfig(kind="rail", links=[LinkConfig("b", 100, 30), LinkConfig("road", 1, 2)]),
        "b": SiteConfig(kind="rail", links=[LinkConfig("road", 120, 70)]),
        "road": SiteConfig(),
    }
    route, rail_route = Network(network).route("a", "b"), Network(network, include_rail=True).route("a", "b")
    assert route is not None and route.sites == ("a", "road", "b")
    assert rail_route is not None and rail_route.sites == ("a", "b")
    assert shares(Network(network).next_sites("b", None, [], 2 * HOUR_MS)) == {"road": 1, "a": 1}


def test_the_quicker_of_two_links_between_the_same_sites_counts() -> None:
    route = make_network("a-b 20 12", "b-a 10 6").route("a", "b")
    assert route is not None and route.km == 10


def test_a_one_way_link_leads_in_one_direction() -> None:
    network = make_network("a>b")
    assert network.route("a", "b") is not None
    assert network.route("b", "a") is None
    assert (set(network.linked_sites("a")), set(network.linked_sites("b"))) == ({"b"}, set())


def test_an_unknown_site_has_no_route() -> None:
    network = Network({"a": SiteConfig(links=[LinkConfig("gone", 1, 1), LinkConfig("a", 1, 1)])})
    assert "a" in network and "gone" not in network
    assert network.route("a", "gone") is None and network.route("gone", "a") is None
    assert not network.linked_sites("a") and not network.linked_sites("gone")
    assert network.next_sites("a", None, [], HOUR_MS) == [] == network.next_sites("gone", None, [], HOUR_MS)


def test_vehicles_divide_evenly_among_the_links_that_lead_on() -> None:
    found = make_network("a-b", "b-c", "b-d", "b-e").next_sites("a", None, [], HOUR_MS)
    assert shares(found) == {"b": 1, "c": 0.333, "d": 0.333, "e": 0.333}
    assert found[0].site_id == "b"
    usual_ms = [site.route.usual_ms for site in found]
    assert usual_ms == sorted(usual_ms)


def test_only_sites_within_the_time_are_next_sites() -> None:
    network = make_network("a-b 10 6", "b-c 10 6")
    assert shares(network.next_sites("a", None, [], 6 * MINUTE_MS)) == {"b": 1}
    assert shares(network.next_sites("a", None, [], 12 * MINUTE_MS)) == {"b": 1, "c": 1}
    assert network.next_sites("a", None, [], 5 * MINUTE_MS) == []


def test_a_vehicle_does_not_turn_back() -> None:
    network = make_network("a-b", "b-c", "b-d")
    assert shares(network.next_sites("b", "a", [], HOUR_MS)) == {"c": 0.5, "d": 0.5}
    # Without a previous site, it may have come from anywhere.
    assert shares(network.next_sites("b", None, [], HOUR_MS)) == {"a": 0.333, "c": 0.333, "d": 0.333}
    # It was not seen at b, but came through it.
    assert shares(network.next_sites("c", "a", [], HOUR_MS)) == {}


def test_the_heading_seen_by_the_camera_counts_for_more_than_the_previous_site() -> None:
    network = make_network("a-b", "b-c", "b-d")
    assert shares(network.next_sites("b", "a", ["c"], HOUR_MS)) == {"c": 1}
    # The vehicle turned, and the camera saw that.
    assert shares(network.next_sites("b", "a", ["a"], HOUR_MS)) == {"a": 1}
    assert shares(network.next_sites("b", None, ["c", "d"], HOUR_MS)) == {"c": 0.5, "d": 0.5}
    # A name to which no link leads is ignored.
    assert shares(network.next_sites("b", "a", ["gone"], HOUR_MS)) == {"c": 0.5, "d": 0.5}


def test_there_is_no_next_site_at_a_dead_end() -> None:
    network = make_network("a-b")
    assert network.next_sites("b", "a", [], HOUR_MS) == []
    assert shares(make_network("a>b").next_sites("b", None, [], HOUR_MS)) == {}


def test_a_one_way_link_is_not_taken_against_its_direction() -> None:
    assert shares(make_network("a-b", "c>b", "b-d").next_sites("a", None, [], HOUR_MS)) == {"b": 1, "d": 1}


def test_a_search_around_a_loop_ends_and_its_shares_add_up() -> None:
    # A vehicle comes to d on either side of the ring.
    network = make_network("a-b 10 6", "b-d 10 6", "a-c 10 6", "c-d 30 18")
    found = {site.site_id: site for site in network.next_sites("a", None, [], HOUR_MS)}
    assert found["d"].share == pytest.approx(1)
    assert found["d"].route.sites == ("a", "b", "d")
    assert "a" not in found


def test_a_ring_without_an_exit_is_searched_once() -> None:
    assert shares(make_network("a-b", "b-c", "c-a").next_sites("a", "b", [], HOUR_MS)) == {"b": 1, "c": 1}


def test_a_long_link_such_as_a_ferry_counts_only_if_time_allows() -> None:
    network = make_network("a-port", "port-other 45 90", best_minutes=6)
    assert shares(network.next_sites("a", None, [], HOUR_MS)) == {"port": 1}
    assert shares(network.next_sites("a", None, [], 2 * HOUR_MS)) == {"port": 1, "other": 1}


def test_sites_with_a_small_share_are_left_out() -> None:
    fan = [f"h-x{index}" for index in range(25)]
    assert shares(make_network("a-h", *fan).next_sites("a", None, [], HOUR_MS)) == {"h": 1}


@given(networks(), st.lists(st.sampled_from(IDS), min_size=2, max_size=6))
def test_no_path_is_quicker_than_the_route(sites: dict[str, SiteConfig], path: list[str]) -> None:
    network = Network(sites, include_rail=True)
    legs = [network.route(start, end) for start, end in pairwise(path)]
    if all(legs):
        route = network.route(path[0], path[-1])
        assert route is not None
        assert route.best_ms <= sum(leg.best_ms for leg in legs if leg) * (1 + 1e-9)


@given(networks())
def test_a_route_is_the_sum_of_its_links_and_its_best_time_at_most_the_usual_one(
    sites: dict[str, SiteConfig],
) -> None:
    network = Network(sites)
    for start in IDS:
        for end in IDS:
            route = network.route(start, end)
            if route is None:
                continue
            assert (route.sites[0], route.sites[-1]) == (start, end)
            assert len(set(route.sites)) == len(route.sites)
            assert route.best_ms <= route.usual_ms * (1 + 1e-9)
            steps = [network.route(*pair) for pair in route_links(route)]
            assert sum(step.best_ms for step in steps if step) == pytest.approx(route.best_ms)
            assert all(pair[1] in network.linked_sites(pair[0]) for pair in route_links(route))


@given(networks(), st.sampled_from([None, *IDS]), st.lists(st.sampled_from(IDS), max_size=2))
def test_shares_are_at_most_1_and_the_present_site_is_no_next_site(
    sites: dict[str, SiteConfig], previous: str | None, towards: list[str]
) -> None:
    network = Network(sites)
    found = network.next_sites("a", previous, towards, HOUR_MS)
    assert all(0 < site.share <= 1 + 1e-9 for site in found)
    assert all(site.route.sites[0] == "a" and site.route.usual_ms <= HOUR_MS for site in found)
    ids = [site.site_id for site in found]
    assert len(set(ids)) == len(ids) and "a" not in ids
    adjacent = [site for site in found if len(site.route.sites) == 2]
    assert all(site.site_id in network.linked_sites("a") for site in adjacent)
    # A second query, answered from the cache, has the same result.
    assert network.next_sites("a", previous, towards, HOUR_MS) == found


@given(st.integers(1, 6), st.integers(1, 4))
def test_shares_of_all_sites_at_one_depth_of_a_tree_add_up_to_1(width: int, depth: int) -> None:
    """Each vehicle passes exactly one site at each depth."""
    links, level = [], ["r"]
    for _ in range(depth):
        links += [f"{site}-{site}{index}" for site in level for index in range(width)]
        level = [f"{site}{index}" for site in level for index in range(width)]
        if len(level) > 20:
            break
    network = make_network(*links)
    found = network.next_sites("r", None, [], 10 * HOUR_MS)
    for length in range(2, depth + 2):
        level_shares = [site.share for site in found if len(site.route.sites) == length]
        # Sites with a small share are left out.
        assert sum(level_shares) <= 1 + 1e-9
        if width ** (length - 1) <= 20 and level_shares:
            assert sum(level_shares) == pytest.approx(1)
