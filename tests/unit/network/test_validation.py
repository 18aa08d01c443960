"""What is wrong with a network: each rule, broken beside kept."""

from collections.abc import Iterable

import msgspec
import pytest

from streams.network import validation
from streams.network.config import CameraConfig, LinkConfig, Places, SiteConfig
from streams.network.validation import NetworkFault
from tests.support.networks import make_sites

LILLE = SiteConfig(lat=50.635, lon=3.090)
ARRAS = SiteConfig(lat=50.275, lon=2.890)
"""42.5 km from Lille in a straight line."""


def paths(found: Iterable[NetworkFault]) -> list[str]:
    return [".".join(map(str, fault.path)) for fault in found]


def linked(one: SiteConfig, other: SiteConfig, *links: LinkConfig) -> dict[str, SiteConfig]:
    return {"a": msgspec.structs.replace(one, links=list(links)), "b": other}


def test_a_link_leads_to_another_site() -> None:
    assert paths(validation.find_self_links(make_sites("a-b", "b-b"))) == ["sites.b.links.0.to"]
    assert paths(validation.find_self_links(make_sites("a-b", "b-a"))) == []


@pytest.mark.parametrize(
    "links",
    [
        ["a-b 10 6", "a-b 10 6"],
        ["a-b 10 6", "b-a 10 6"],
        ["a>b 10 6", "b>a 12 7"],
        ["a-b 10 6", "b-c 12 7"],
    ],
)
def test_links_told_twice_alike_or_in_each_direction_are_right(links: list[str]) -> None:
    assert paths(validation.find_conflicting_links(make_sites(*links))) == []


@pytest.mark.parametrize(
    ("links", "where"),
    [
        (["a-b 10 6", "a-b 11 6"], "sites.a.links.1"),
        (["a-b 10 6", "b-a 10 7"], "sites.b.links.0"),
        (["a-b 10 6", "b>a 10 7"], "sites.b.links.0"),
    ],
)
def test_links_told_twice_otherwise_are_told_once_as_wrong(links: list[str], where: str) -> None:
    (fault,) = validation.find_conflicting_links(make_sites(*links))
    assert ".".join(map(str, fault.path)) == where
    assert "10 km, 6 min" in fault.rule and "one_way" in fault.advice


def test_a_best_time_told_twice_is_a_figure_too() -> None:
    one = {
        "a": SiteConfig(links=[LinkConfig("b", 10, 6, 5)]),
        "b": SiteConfig(links=[LinkConfig("a", 10, 6)]),
    }
    assert paths(validation.find_conflicting_links(one)) == ["sites.b.links.0"]


@pytest.mark.parametrize(("km", "wrong"), [(39.0, True), (41.0, False), (50.0, False)])
def test_a_link_is_not_shorter_than_the_straight_line_less_5_percent(km: float, wrong: bool) -> None:
    found = list(validation.find_too_short_links(linked(LILLE, ARRAS, LinkConfig("b", km, 30))))
    assert paths(found) == (["sites.a.links.0.km"] if wrong else [])
    if wrong:
        assert "from a to b is 42.5 km long" in found[0].advice and found[0].value == "39"


def test_a_link_between_places_that_are_not_known_may_be_of_any_length() -> None:
    assert paths(validation.find_too_short_links(linked(LILLE, SiteConfig(), LinkConfig("b", 0.1, 30)))) == []


@pytest.mark.parametrize(
    ("kind", "link", "key"),
    [
        ("road", LinkConfig("b", 100, 31), None),
        ("road", LinkConfig("b", 100, 29), "minutes"),
        ("rail", LinkConfig("b", 100, 19), None),
        ("rail", LinkConfig("b", 100, 18), "minutes"),
        ("road", LinkConfig("b", 100, 60, 60), None),
        ("road", LinkConfig("b", 100, 60, 61), "best_minutes"),
        ("road", LinkConfig("b", 100, 60, 24.1), None),
        ("road", LinkConfig("b", 100, 60, 23.9), "best_minutes"),
        ("rail", LinkConfig("b", 100, 60, 18.2), None),
        ("rail", LinkConfig("b", 100, 60, 18.1), "best_minutes"),
    ],
)
def test_times_give_speeds_that_there_are(kind: str, link: LinkConfig, key: str | None) -> None:
    site = SiteConfig(kind=kind)  # type: ignore[arg-type]
    assert paths(validation.find_too_fast_links(linked(site, site, link))) == (
        [f"sites.a.links.0.{key}"] if key else []
    )


def test_a_station_and_a_road_are_linked_by_road() -> None:
    assert paths(
        validation.find_too_fast_links(
            linked(SiteConfig(kind="rail"), SiteConfig(), LinkConfig("b", 100, 25))
        )
    ) == ["sites.a.links.0.minutes"]


def test_each_site_is_reached_from_each_or_there_is_no_network() -> None:
    assert paths(validation.find_unreachable_sites(make_sites("a-b", "b-c"))) == []
    assert paths(validation.find_unreachable_sites(make_sites("a>b", "b>c", "c>a"))) == []
    assert paths(validation.find_unreachable_sites({"a": SiteConfig(), "b": SiteConfig()})) == []


def test_sites_apart_from_the_rest_are_told_with_the_nearest_that_is_not() -> None:
    made = {**make_sites("a-b", "b-c"), "d": LILLE, "e": SiteConfig()}
    made["c"] = msgspec.structs.replace(made["c"], lat=50.6, lon=3.0)
    one, other = validation.find_unreachable_sites(made)
    assert (one.path, other.path) == (("sites", "d"), ("sites", "e"))
    assert one.advice == "add a link; the nearest site of the network is c"
    assert other.advice == "add a link"
    assert paths(validation.find_unreachable_sites(make_sites("a-b", "b-c", "x-y"))) == ["sites.x", "sites.y"]


def test_a_station_is_reached_by_road() -> None:
    station = SiteConfig(kind="rail")
    by_rail = SiteConfig(kind="rail", links=[LinkConfig("s", 10, 6)])
    made = {**make_sites("a-b"), "s": station, "t": by_rail}
    assert paths(validation.find_unreachable_sites(made)) == ["sites.s", "sites.t"]
    made["b"] = SiteConfig(links=[LinkConfig("s", 1, 2), LinkConfig("t", 1, 2)])
    assert paths(validation.find_unreachable_sites(made)) == []
    # Stations alone are no network of roads.
    assert paths(validation.find_unreachable_sites({"s": station, "t": by_rail})) == []


def test_a_one_way_dead_end_and_one_that_only_leads_away_are_told() -> None:
    (end,) = validation.find_unreachable_sites(make_sites("a-b", "b>c"))
    assert end.path == ("sites", "c") and "cannot go on" in end.rule
    (start,) = validation.find_unreachable_sites(make_sites("a-b", "c>b"))
    assert start.path == ("sites", "c") and "only lead away" in start.rule


def test_a_camera_looks_towards_sites_that_are_linked_with_its_own() -> None:
    made = make_sites("a-b", "b>c", "c-d")

    def found(camera: CameraConfig) -> list[NetworkFault]:
        return list(validation.find_unlinked_targets(Places({"k": camera}, made)))

    assert found(CameraConfig(site="b", towards=["a", "c"])) == []
    (far,) = found(CameraConfig(site="b", towards=["a", "d"]))
    assert far.path == ("cameras", "k", "towards", 1) and far.advice == "links lead to a, c"
    (back,) = found(CameraConfig(site="c", towards=["b"]))
    assert back.value == "b" and back.advice == "links lead to d"
    (nowhere,) = found(CameraConfig(towards=["a"]))
    assert "`site`, which is missing" in nowhere.rule
    # A name that is none is told by the settings, with what it may have been.
    assert (
        found(CameraConfig(site="b", towards=["gone"]))
        == found(CameraConfig(site="gone", towards=["a"]))
        == []
    )
