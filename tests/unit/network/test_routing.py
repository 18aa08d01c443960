"""Network: the quickest way, and where a vehicle may come to next."""

from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.network.config import LinkConfig, SiteConfig
from streams.network.routing import BEST_KMH, BEST_RAIL_KMH, Network, NextSite, route_links
from tests.support.networks import make_network

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
IDS: Final = "abcdefg"


@st.composite
def networks(draw: st.DrawFn) -> dict[str, SiteConfig]:
    """Any network of up to seven sites, some of its links one-way, some on rails, some long."""
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


def reached(found: list[NextSite]) -> dict[str, float]:
    return {ahead.site_id: round(ahead.share, 3) for ahead in found}


def test_a_way_goes_by_the_best_time_and_tells_km_and_both_times() -> None:
    way = make_network("a-b 10 6", "b-c 20 12", "a-c 100 60").route("a", "c")
    assert way is not None
    assert way.sites == ("a", "b", "c")
    assert way.km == 30
    assert way.usual_ms == pytest.approx(18 * MINUTE)
    assert way.best_ms == pytest.approx(30 / BEST_KMH * HOUR)
    assert route_links(way) == [("a", "b"), ("b", "c")]


def test_best_time_is_the_one_set_or_that_of_the_fastest_and_never_above_the_usual_one() -> None:
    def best(link: LinkConfig, kind: str = "road", other: str = "road") -> float:
        ends = {"a": SiteConfig(kind=kind, links=[link]), "b": SiteConfig(kind=other)}  # type: ignore[arg-type]
        made = Network(ends, include_rail=True)
        way = made.route("a", "b")
        assert way is not None
        return way.best_ms / MINUTE

    assert best(LinkConfig("b", 130, 90)) == pytest.approx(60)
    assert best(LinkConfig("b", 130, 50)) == pytest.approx(50)
    assert best(LinkConfig("b", 130, 90, 80)) == pytest.approx(80)
    assert best(LinkConfig("b", BEST_RAIL_KMH, 90), "rail", "rail") == pytest.approx(60)
    assert best(LinkConfig("b", BEST_KMH, 90), "rail", "road") == pytest.approx(60)


def test_no_car_goes_by_train() -> None:
    made = {
        "a": SiteConfig(kind="rail", links=[LinkConfig("b", 100, 30), LinkConfig("road", 1, 2)]),
        "b": SiteConfig(kind="rail", links=[LinkConfig("road", 120, 70)]),
        "road": SiteConfig(),
    }
    way, by_rail = Network(made).route("a", "b"), Network(made, include_rail=True).route("a", "b")
    assert way is not None and way.sites == ("a", "road", "b")
    assert by_rail is not None and by_rail.sites == ("a", "b")
    assert reached(Network(made).next_sites("b", None, [], 2 * HOUR)) == {"road": 1, "a": 1}


def test_of_two_links_between_the_same_sites_the_quicker_counts() -> None:
    way = make_network("a-b 20 12", "b-a 10 6").route("a", "b")
    assert way is not None and way.km == 10


def test_a_one_way_link_leads_only_there() -> None:
    made = make_network("a>b")
    assert made.route("a", "b") is not None
    assert made.route("b", "a") is None
    assert (set(made.linked_sites("a")), set(made.linked_sites("b"))) == ({"b"}, set())


def test_what_is_not_known_has_no_way() -> None:
    made = Network({"a": SiteConfig(links=[LinkConfig("gone", 1, 1), LinkConfig("a", 1, 1)])})
    assert "a" in made and "gone" not in made
    assert made.route("a", "gone") is None and made.route("gone", "a") is None
    assert not made.linked_sites("a") and not made.linked_sites("gone")
    assert made.next_sites("a", None, [], HOUR) == [] == made.next_sites("gone", None, [], HOUR)


def test_ahead_parts_evenly_where_several_links_lead_on() -> None:
    found = make_network("a-b", "b-c", "b-d", "b-e").next_sites("a", None, [], HOUR)
    assert reached(found) == {"b": 1, "c": 0.333, "d": 0.333, "e": 0.333}
    assert found[0].site_id == "b"
    usual = [ahead.route.usual_ms for ahead in found]
    assert usual == sorted(usual)


def test_nothing_is_ahead_but_what_is_within_the_time() -> None:
    made = make_network("a-b 10 6", "b-c 10 6")
    assert reached(made.next_sites("a", None, [], 6 * MINUTE)) == {"b": 1}
    assert reached(made.next_sites("a", None, [], 12 * MINUTE)) == {"b": 1, "c": 1}
    assert made.next_sites("a", None, [], 5 * MINUTE) == []


def test_a_vehicle_does_not_turn_back() -> None:
    made = make_network("a-b", "b-c", "b-d")
    assert reached(made.next_sites("b", "a", [], HOUR)) == {"c": 0.5, "d": 0.5}
    # Without a site before, it may have come from any.
    assert reached(made.next_sites("b", None, [], HOUR)) == {"a": 0.333, "c": 0.333, "d": 0.333}
    # It was not seen at b, but came over it.
    assert reached(made.next_sites("c", "a", [], HOUR)) == {}


def test_what_the_camera_saw_goes_before_where_the_vehicle_came_from() -> None:
    made = make_network("a-b", "b-c", "b-d")
    assert reached(made.next_sites("b", "a", ["c"], HOUR)) == {"c": 1}
    # It turned, and the camera saw it.
    assert reached(made.next_sites("b", "a", ["a"], HOUR)) == {"a": 1}
    assert reached(made.next_sites("b", None, ["c", "d"], HOUR)) == {"c": 0.5, "d": 0.5}
    # A name to which no link leads says nothing.
    assert reached(made.next_sites("b", "a", ["gone"], HOUR)) == {"c": 0.5, "d": 0.5}


def test_nothing_is_ahead_at_a_dead_end() -> None:
    made = make_network("a-b")
    assert made.next_sites("b", "a", [], HOUR) == []
    assert reached(make_network("a>b").next_sites("b", None, [], HOUR)) == {}


def test_a_one_way_link_is_not_taken_the_wrong_way() -> None:
    assert reached(make_network("a-b", "c>b", "b-d").next_sites("a", None, [], HOUR)) == {"b": 1, "d": 1}


def test_a_loop_ends_and_its_shares_add_up() -> None:
    # A vehicle comes to d by either side of the ring.
    made = make_network("a-b 10 6", "b-d 10 6", "a-c 10 6", "c-d 30 18")
    found = {ahead.site_id: ahead for ahead in made.next_sites("a", None, [], HOUR)}
    assert found["d"].share == pytest.approx(1)
    assert found["d"].route.sites == ("a", "b", "d")
    assert "a" not in found


def test_a_ring_without_an_exit_is_gone_round_once() -> None:
    assert reached(make_network("a-b", "b-c", "c-a").next_sites("a", "b", [], HOUR)) == {"b": 1, "c": 1}


def test_a_long_link_such_as_a_ferry_is_ahead_only_if_time_allows() -> None:
    made = make_network("a-port", "port-other 45 90", best_minutes=6)
    assert reached(made.next_sites("a", None, [], HOUR)) == {"port": 1}
    assert reached(made.next_sites("a", None, [], 2 * HOUR)) == {"port": 1, "other": 1}


def test_few_come_where_there_are_many_turns_and_they_are_left_out() -> None:
    fan = [f"h-x{number}" for number in range(25)]
    assert reached(make_network("a-h", *fan).next_sites("a", None, [], HOUR)) == {"h": 1}


@given(networks(), st.lists(st.sampled_from(IDS), min_size=2, max_size=6))
def test_no_path_is_quicker_than_the_way(made: dict[str, SiteConfig], path: list[str]) -> None:
    net = Network(made, include_rail=True)
    legs = [net.route(one, other) for one, other in pairwise(path)]
    if all(legs):
        way = net.route(path[0], path[-1])
        assert way is not None
        assert way.best_ms <= sum(leg.best_ms for leg in legs if leg) * (1 + 1e-9)


@given(networks())
def test_a_way_is_the_sum_of_its_links_and_its_best_time_is_none_above_the_usual(
    made: dict[str, SiteConfig],
) -> None:
    net = Network(made)
    for one in IDS:
        for other in IDS:
            way = net.route(one, other)
            if way is None:
                continue
            assert (way.sites[0], way.sites[-1]) == (one, other)
            assert len(set(way.sites)) == len(way.sites)
            assert way.best_ms <= way.usual_ms * (1 + 1e-9)
            steps = [net.route(*pair) for pair in route_links(way)]
            assert sum(step.best_ms for step in steps if step) == pytest.approx(way.best_ms)
            assert all(pair[1] in net.linked_sites(pair[0]) for pair in route_links(way))


@given(networks(), st.sampled_from([None, *IDS]), st.lists(st.sampled_from(IDS), max_size=2))
def test_shares_ahead_are_none_above_1_and_no_site_is_where_the_vehicle_is(
    made: dict[str, SiteConfig], before: str | None, towards: list[str]
) -> None:
    net = Network(made)
    found = net.next_sites("a", before, towards, HOUR)
    assert all(0 < ahead.share <= 1 + 1e-9 for ahead in found)
    assert all(ahead.route.sites[0] == "a" and ahead.route.usual_ms <= HOUR for ahead in found)
    ids = [ahead.site_id for ahead in found]
    assert len(set(ids)) == len(ids) and "a" not in ids
    # Those next to it are a frontier that no vehicle passes twice.
    first = [ahead for ahead in net.next_sites("a", before, towards, HOUR) if len(ahead.route.sites) == 2]
    direct = net.linked_sites("a")
    assert all(ahead.site_id in direct for ahead in first)
    # The same is asked again and answered alike.
    assert net.next_sites("a", before, towards, HOUR) == found


@given(st.integers(1, 6), st.integers(1, 4))
def test_shares_of_sites_as_many_links_away_in_a_tree_add_up_to_1(width: int, depth: int) -> None:
    """In a tree all sites at one depth are a frontier: each vehicle passes one of them."""
    links, level = [], ["r"]
    for _ in range(depth):
        links += [f"{site}-{site}{number}" for site in level for number in range(width)]
        level = [f"{site}{number}" for site in level for number in range(width)]
        if len(level) > 20:
            break
    made = make_network(*links)
    found = made.next_sites("r", None, [], 10 * HOUR)
    for length in range(2, depth + 2):
        shares = [ahead.share for ahead in found if len(ahead.route.sites) == length]
        # Sites to which less than a twentieth comes are left out.
        assert sum(shares) <= 1 + 1e-9
        if width ** (length - 1) <= 20 and shares:
            assert sum(shares) == pytest.approx(1)
