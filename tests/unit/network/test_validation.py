"""What is wrong with a network: each rule, broken beside kept."""

from collections.abc import Iterable

import msgspec
import pytest

from streams.network import validation
from streams.network.config import Camera, Link, Places, Site
from streams.network.validation import NetworkFault
from tests.support.networks import sites

LILLE = Site(lat=50.635, lon=3.090)
ARRAS = Site(lat=50.275, lon=2.890)
"""42.5 km from Lille as the crow flies."""


def paths(found: Iterable[NetworkFault]) -> list[str]:
    return [".".join(map(str, fault.path)) for fault in found]


def linked(one: Site, other: Site, *links: Link) -> dict[str, Site]:
    return {"a": msgspec.structs.replace(one, links=list(links)), "b": other}


def test_a_link_leads_to_another_site() -> None:
    assert paths(validation.linked_with_itself(sites("a-b", "b-b"))) == ["sites.b.links.0.to"]
    assert paths(validation.linked_with_itself(sites("a-b", "b-a"))) == []


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
    assert paths(validation.told_twice(sites(*links))) == []


@pytest.mark.parametrize(
    ("links", "where"),
    [
        (["a-b 10 6", "a-b 11 6"], "sites.a.links.1"),
        (["a-b 10 6", "b-a 10 7"], "sites.b.links.0"),
        (["a-b 10 6", "b>a 10 7"], "sites.b.links.0"),
    ],
)
def test_links_told_twice_otherwise_are_told_once_as_wrong(links: list[str], where: str) -> None:
    (fault,) = validation.told_twice(sites(*links))
    assert ".".join(map(str, fault.path)) == where
    assert "10 km, 6 min" in fault.rule and "one_way" in fault.advice


def test_a_best_time_told_twice_is_a_figure_too() -> None:
    one = {"a": Site(links=[Link("b", 10, 6, 5)]), "b": Site(links=[Link("a", 10, 6)])}
    assert paths(validation.told_twice(one)) == ["sites.b.links.0"]


@pytest.mark.parametrize(("km", "wrong"), [(39.0, True), (41.0, False), (50.0, False)])
def test_a_link_is_not_shorter_than_the_crow_flies_less_5_percent(km: float, wrong: bool) -> None:
    found = list(validation.too_short(linked(LILLE, ARRAS, Link("b", km, 30))))
    assert paths(found) == (["sites.a.links.0.km"] if wrong else [])
    if wrong:
        assert "from a to b the crow flies 42.5 km" in found[0].rule and found[0].value == "39"


def test_a_link_between_places_that_are_not_known_may_be_of_any_length() -> None:
    assert paths(validation.too_short(linked(LILLE, Site(), Link("b", 0.1, 30)))) == []


@pytest.mark.parametrize(
    ("kind", "link", "key"),
    [
        ("road", Link("b", 100, 31), None),
        ("road", Link("b", 100, 29), "minutes"),
        ("rail", Link("b", 100, 19), None),
        ("rail", Link("b", 100, 18), "minutes"),
        ("road", Link("b", 100, 60, 60), None),
        ("road", Link("b", 100, 60, 61), "best_minutes"),
        ("road", Link("b", 100, 60, 24.1), None),
        ("road", Link("b", 100, 60, 23.9), "best_minutes"),
        ("rail", Link("b", 100, 60, 18.2), None),
        ("rail", Link("b", 100, 60, 18.1), "best_minutes"),
    ],
)
def test_times_give_speeds_that_there_are(kind: str, link: Link, key: str | None) -> None:
    site = Site(kind=kind)  # type: ignore[arg-type]
    assert paths(validation.too_fast(linked(site, site, link))) == ([f"sites.a.links.0.{key}"] if key else [])


def test_a_station_and_a_road_are_linked_by_road() -> None:
    assert paths(validation.too_fast(linked(Site(kind="rail"), Site(), Link("b", 100, 25)))) == [
        "sites.a.links.0.minutes"
    ]


def test_each_site_is_reached_from_each_or_there_is_no_network() -> None:
    assert paths(validation.out_of_reach(sites("a-b", "b-c"))) == []
    assert paths(validation.out_of_reach(sites("a>b", "b>c", "c>a"))) == []
    assert paths(validation.out_of_reach({"a": Site(), "b": Site()})) == []


def test_sites_apart_from_the_rest_are_told_with_the_nearest_that_is_not() -> None:
    made = {**sites("a-b", "b-c"), "d": LILLE, "e": Site()}
    made["c"] = msgspec.structs.replace(made["c"], lat=50.6, lon=3.0)
    one, other = validation.out_of_reach(made)
    assert (one.path, other.path) == (("sites", "d"), ("sites", "e"))
    assert one.advice == "add a link; the nearest site of it is c"
    assert other.advice == "add a link"
    assert paths(validation.out_of_reach(sites("a-b", "b-c", "x-y"))) == ["sites.x", "sites.y"]


def test_a_station_is_reached_by_road() -> None:
    station = Site(kind="rail")
    by_rail = Site(kind="rail", links=[Link("s", 10, 6)])
    made = {**sites("a-b"), "s": station, "t": by_rail}
    assert paths(validation.out_of_reach(made)) == ["sites.s", "sites.t"]
    made["b"] = Site(links=[Link("s", 1, 2), Link("t", 1, 2)])
    assert paths(validation.out_of_reach(made)) == []
    # Stations alone are no network of roads.
    assert paths(validation.out_of_reach({"s": station, "t": by_rail})) == []


def test_a_one_way_dead_end_and_one_that_only_leads_away_are_told() -> None:
    (end,) = validation.out_of_reach(sites("a-b", "b>c"))
    assert end.path == ("sites", "c") and "could go nowhere" in end.rule
    (start,) = validation.out_of_reach(sites("a-b", "c>b"))
    assert start.path == ("sites", "c") and "only lead away" in start.rule


def test_a_camera_looks_towards_sites_that_are_linked_with_its_own() -> None:
    made = sites("a-b", "b>c", "c-d")

    def found(camera: Camera) -> list[NetworkFault]:
        return list(validation.unlinked(Places({"k": camera}, made)))

    assert found(Camera(site="b", towards=["a", "c"])) == []
    (far,) = found(Camera(site="b", towards=["a", "d"]))
    assert far.path == ("cameras", "k", "towards", 1) and far.advice == "links lead to a, c"
    (back,) = found(Camera(site="c", towards=["b"]))
    assert back.value == "b" and back.advice == "links lead to d"
    (nowhere,) = found(Camera(towards=["a"]))
    assert "goes with a `site`" in nowhere.rule
    # A name that is none is told by the settings, with what it may have been.
    assert found(Camera(site="b", towards=["gone"])) == found(Camera(site="gone", towards=["a"])) == []
