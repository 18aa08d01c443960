"""The shipped network: it passes all checks, and has what it says it has."""

from itertools import combinations
from typing import Final

import pytest

from streams.network import validation
from streams.network.builtin import builtin_sites
from streams.network.config import Places
from streams.network.distance import km_between
from streams.network.routing import Network

SITES: Final = builtin_sites("fr-be")
NETWORK: Final = Network(SITES)
RAILS: Final = Network(SITES, include_rail=True)
STATIONS: Final = {
    "paris-nord": "FR",
    "lille-europe": "FR",
    "lille-flandres": "FR",
    "brussels-midi": "BE",
    "liege-guillemins": "BE",
    "antwerpen-centraal": "BE",
    "rotterdam-centraal": "NL",
    "amsterdam-centraal": "NL",
    "aachen-hbf": "DE",
    "koeln-hbf": "DE",
}
CORE: Final = """
calais dunkerque ghyvelde adinkerke jabbeke brugge gent aalst antwerpen deinze kortrijk rekkem neuville lille
bailleul arras peronne camphin lamain tournai halle cambrai valenciennes saint-aybert hensies mons nivelles
brussels maubeuge charleroi namur
"""
"""Those of the first simulated traffic."""


def test_none_is_shipped_if_none_is_asked_for() -> None:
    assert builtin_sites("none") == {}


def test_it_passes_all_checks() -> None:
    found = [
        *validation.find_self_links(SITES),
        *validation.find_conflicting_links(SITES),
        *validation.find_too_short_links(SITES),
        *validation.find_too_fast_links(SITES),
        *validation.find_unreachable_sites(SITES),
        *validation.find_unlinked_targets(Places(sites=SITES)),
    ]
    assert found == []


def test_every_site_has_a_name_a_territory_and_a_place_of_its_own() -> None:
    for site in SITES.values():
        assert site.name and site.territory and site.lat is not None and site.lon is not None
    assert len({site.name for site in SITES.values()}) == len(SITES)
    near = [pair for pair in combinations(SITES, 2) if km_between(SITES[pair[0]], SITES[pair[1]]) < 0.3]
    assert near == []
    assert set(CORE.split()) <= SITES.keys()


def test_every_link_is_told_once_and_leads_to_a_site() -> None:
    told = [frozenset((name, link.to)) for name, site in SITES.items() for link in site.links]
    assert len(set(told)) == len(told)
    assert all(link.to in SITES for site in SITES.values() for link in site.links)


def test_each_pair_of_the_border_that_is_linked_is_near() -> None:
    crossings = [
        (name, link)
        for name, site in SITES.items()
        for link in site.links
        if site.kind != "rail" and {site.territory, SITES[link.to].territory} == {"FR", "BE"}
    ]
    assert len(crossings) == 24
    assert all(link.km < 20 for _, link in crossings)


@pytest.mark.parametrize(("station", "country"), STATIONS.items())
def test_stations_are_linked_by_rail_and_with_a_road(station: str, country: str) -> None:
    assert SITES[station].kind == "rail" and SITES[station].territory == country
    assert {SITES[other].kind for other in RAILS.linked_sites(station)} == {"rail", "road"}
    assert {SITES[other].kind for other in NETWORK.linked_sites(station)} == {"road"}


def test_ports_and_terminals_are_there() -> None:
    kinds = {name: site.kind for name, site in SITES.items() if site.kind in ("port", "terminal")}
    assert kinds == {
        "calais-port": "port",
        "dunkerque-port": "port",
        "zeebrugge": "port",
        "antwerpen-port": "port",
        "coquelles": "terminal",
    }


def test_a_train_from_paris_to_cologne_takes_about_as_long_as_it_does() -> None:
    way = RAILS.route("paris-nord", "koeln-hbf")
    assert way is not None
    assert "brussels-midi" in way.sites and "aachen-hbf" in way.sites
    assert 3 < way.usual_ms / 3_600_000 < 3.7


@pytest.mark.parametrize(
    ("one", "other", "over"),
    [
        ("lille", "gent", "neuville rekkem kortrijk deinze"),
        ("lille", "brussels", "camphin lamain tournai ath halle"),
        ("paris", "mons", "roissy senlis peronne cambrai valenciennes saint-aybert hensies"),
        ("dunkerque", "brugge", "ghyvelde adinkerke veurne jabbeke"),
        ("charleville", "charleroi", "rocroi gue-d-hossus bruly couvin philippeville"),
        ("sedan", "libramont", "la-chapelle bouillon"),
        ("longwy", "arlon", "mont-saint-martin aubange"),
    ],
)
def test_ways_cross_the_border_where_drivers_do(one: str, other: str, over: str) -> None:
    way = NETWORK.route(one, other)
    assert way is not None
    assert way.sites == (one, *over.split(), other)
    back = NETWORK.route(other, one)
    assert back is not None and back.sites == way.sites[::-1]


def test_no_way_of_a_car_goes_by_rail() -> None:
    way = NETWORK.route("paris-nord", "brussels-midi")
    assert way is not None
    assert [name for name in way.sites if SITES[name].kind == "rail"] == ["paris-nord", "brussels-midi"]
    assert 250 < way.km < 340 and way.best_ms > 2 * 3_600_000
