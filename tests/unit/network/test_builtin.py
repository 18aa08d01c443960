"""The built-in network passes all checks and has the sites and links that it claims."""

from itertools import combinations
from typing import Final

import pytest

from streams.network import validation
from streams.network.builtin import builtin_sites
from streams.network.config import Places
from streams.network.distance import km_between
from streams.network.routing import Network
from streams.records.times import HOUR_MS

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
"""The sites of the simulated traffic."""


def test_the_network_none_has_no_sites() -> None:
    assert builtin_sites("none") == {}


def test_the_network_passes_all_checks() -> None:
    found = [
        *validation.find_self_links(SITES),
        *validation.find_conflicting_links(SITES),
        *validation.find_too_short_links(SITES),
        *validation.find_too_fast_links(SITES),
        *validation.find_unreachable_sites(SITES),
        *validation.find_unlinked_targets(Places(sites=SITES)),
    ]
    assert found == []


def test_every_site_has_a_name_a_territory_and_a_position_of_its_own() -> None:
    for site in SITES.values():
        assert site.name and site.territory and site.lat is not None and site.lon is not None
    assert len({site.name for site in SITES.values()}) == len(SITES)
    near = [pair for pair in combinations(SITES, 2) if km_between(SITES[pair[0]], SITES[pair[1]]) < 0.3]
    assert near == []
    assert set(CORE.split()) <= SITES.keys()


def test_every_link_is_given_once_and_leads_to_a_site() -> None:
    pairs = [frozenset((name, link.to)) for name, site in SITES.items() for link in site.links]
    assert len(set(pairs)) == len(pairs)
    assert all(link.to in SITES for site in SITES.values() for link in site.links)


def test_links_across_the_border_are_short() -> None:
    crossings = [
        (name, link)
        for name, site in SITES.items()
        for link in site.links
        if site.kind != "rail" and {site.territory, SITES[link.to].territory} == {"FR", "BE"}
    ]
    assert len(crossings) == 24
    assert all(link.km < 20 for _, link in crossings)


@pytest.mark.parametrize(("station", "country"), STATIONS.items())
def test_stations_are_linked_by_rail_and_by_road(station: str, country: str) -> None:
    assert SITES[station].kind == "rail" and SITES[station].territory == country
    assert {SITES[linked].kind for linked in RAILS.linked_sites(station)} == {"rail", "road"}
    assert {SITES[linked].kind for linked in NETWORK.linked_sites(station)} == {"road"}


def test_the_ports_and_terminals_are_known() -> None:
    kinds = {name: site.kind for name, site in SITES.items() if site.kind in ("port", "terminal")}
    assert kinds == {
        "calais-port": "port",
        "dunkerque-port": "port",
        "zeebrugge": "port",
        "antwerpen-port": "port",
        "coquelles": "terminal",
    }


def test_a_train_from_paris_to_cologne_takes_a_realistic_time() -> None:
    route = RAILS.route("paris-nord", "koeln-hbf")
    assert route is not None
    assert "brussels-midi" in route.sites and "aachen-hbf" in route.sites
    assert 3 < route.usual_ms / HOUR_MS < 3.7


@pytest.mark.parametrize(
    ("start", "end", "via"),
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
def test_routes_cross_the_border_where_drivers_do(start: str, end: str, via: str) -> None:
    route = NETWORK.route(start, end)
    assert route is not None
    assert route.sites == (start, *via.split(), end)
    back = NETWORK.route(end, start)
    assert back is not None and back.sites == route.sites[::-1]


def test_no_route_of_a_car_goes_by_rail() -> None:
    route = NETWORK.route("paris-nord", "brussels-midi")
    assert route is not None
    assert [name for name in route.sites if SITES[name].kind == "rail"] == ["paris-nord", "brussels-midi"]
    assert 250 < route.km < 340 and route.best_ms > 2 * HOUR_MS
