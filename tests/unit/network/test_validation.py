"""Each rule of a network, broken and kept."""

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


def paths(faults: Iterable[NetworkFault]) -> list[str]:
    """The places of faults in the settings."""
    return [".".join(map(str, fault.path)) for fault in faults]


def linked(start: SiteConfig, end: SiteConfig, *links: LinkConfig) -> dict[str, SiteConfig]:
    """Two sites, `a` with some links and `b`."""
    return {"a": msgspec.structs.replace(start, links=list(links)), "b": end}


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
def test_a_link_may_be_repeated_with_the_same_figures_or_given_for_each_direction(links: list[str]) -> None:
    assert paths(validation.find_conflicting_links(make_sites(*links))) == []


@pytest.mark.parametrize(
    ("links", "where"),
    [
        (["a-b 10 6", "a-b 11 6"], "sites.a.links.1"),
        (["a-b 10 6", "b-a 10 7"], "sites.b.links.0"),
        (["a-b 10 6", "b>a 10 7"], "sites.b.links.0"),
    ],
)
def test_a_link_repeated_with_other_figures_is_one_fault(links: list[str], where: str) -> None:
    (fault,) = validation.find_conflicting_links(make_sites(*links))
    assert ".".join(map(str, fault.path)) == where
    assert "10 km, 6 min" in fault.rule and "one_way" in fault.advice


def test_a_different_best_time_is_a_conflict_too() -> None:
    sites = {
        "a": SiteConfig(links=[LinkConfig("b", 10, 6, 5)]),
        "b": SiteConfig(links=[LinkConfig("a", 10, 6)]),
    }
    assert paths(validation.find_conflicting_links(sites)) == ["sites.b.links.0"]


@pytest.mark.parametrize(("km", "wrong"), [(39.0, True), (41.0, False), (50.0, False)])
def test_a_link_is_not_shorter_than_the_straight_line_less_5_percent(km: float, wrong: bool) -> None:
    found = list(validation.find_too_short_links(linked(LILLE, ARRAS, LinkConfig("b", km, 30))))
    assert paths(found) == (["sites.a.links.0.km"] if wrong else [])
    if wrong:
        assert "from a to b is 42.5 km long" in found[0].advice and found[0].value == "39"


def test_a_link_between_unknown_positions_may_have_any_length() -> None:
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
def test_times_must_give_plausible_speeds(kind: str, link: LinkConfig, key: str | None) -> None:
    site = SiteConfig(kind=kind)  # type: ignore[arg-type]
    assert paths(validation.find_too_fast_links(linked(site, site, link))) == (
        [f"sites.a.links.0.{key}"] if key else []
    )


def test_a_link_between_a_station_and_a_road_is_a_road_link() -> None:
    assert paths(
        validation.find_too_fast_links(
            linked(SiteConfig(kind="rail"), SiteConfig(), LinkConfig("b", 100, 25))
        )
    ) == ["sites.a.links.0.minutes"]


def test_every_site_of_a_network_is_reachable_from_every_other() -> None:
    assert paths(validation.find_unreachable_sites(make_sites("a-b", "b-c"))) == []
    assert paths(validation.find_unreachable_sites(make_sites("a>b", "b>c", "c>a"))) == []
    assert paths(validation.find_unreachable_sites({"a": SiteConfig(), "b": SiteConfig()})) == []


def test_the_fault_of_an_unlinked_site_names_the_nearest_site() -> None:
    sites = {**make_sites("a-b", "b-c"), "d": LILLE, "e": SiteConfig()}
    sites["c"] = msgspec.structs.replace(sites["c"], lat=50.6, lon=3.0)
    placed, unplaced = validation.find_unreachable_sites(sites)
    assert (placed.path, unplaced.path) == (("sites", "d"), ("sites", "e"))
    assert placed.advice == "add a link; the nearest site of the network is c"
    assert unplaced.advice == "add a link"
    assert paths(validation.find_unreachable_sites(make_sites("a-b", "b-c", "x-y"))) == ["sites.x", "sites.y"]


def test_a_station_must_be_reachable_by_road() -> None:
    station = SiteConfig(kind="rail")
    rail_site = SiteConfig(kind="rail", links=[LinkConfig("s", 10, 6)])
    sites = {**make_sites("a-b"), "s": station, "t": rail_site}
    assert paths(validation.find_unreachable_sites(sites)) == ["sites.s", "sites.t"]
    sites["b"] = SiteConfig(links=[LinkConfig("s", 1, 2), LinkConfig("t", 1, 2)])
    assert paths(validation.find_unreachable_sites(sites)) == []
    # Stations alone are not a road network.
    assert paths(validation.find_unreachable_sites({"s": station, "t": rail_site})) == []


def test_a_one_way_dead_end_and_a_site_that_only_leads_away_are_faults() -> None:
    (end,) = validation.find_unreachable_sites(make_sites("a-b", "b>c"))
    assert end.path == ("sites", "c") and "cannot go on" in end.rule
    (start,) = validation.find_unreachable_sites(make_sites("a-b", "c>b"))
    assert start.path == ("sites", "c") and "only lead away" in start.rule


def test_the_towards_of_a_camera_must_be_linked_with_its_site() -> None:
    sites = make_sites("a-b", "b>c", "c-d")

    def found(camera: CameraConfig) -> list[NetworkFault]:
        return list(validation.find_unlinked_targets(Places({"k": camera}, sites)))

    assert found(CameraConfig(site="b", towards=["a", "c"])) == []
    (far,) = found(CameraConfig(site="b", towards=["a", "d"]))
    assert far.path == ("cameras", "k", "towards", 1) and far.advice == "links lead to a, c"
    (back,) = found(CameraConfig(site="c", towards=["b"]))
    assert back.value == "b" and back.advice == "links lead to d"
    (nowhere,) = found(CameraConfig(towards=["a"]))
    assert "`site`, which is missing" in nowhere.rule
    # An unknown name is a fault of another check of the settings.
    assert (
        found(CameraConfig(site="b", towards=["gone"]))
        == found(CameraConfig(site="gone", towards=["a"]))
        == []
    )
