"""Checks of the network: configured sites over built-in ones, and every rule with its line."""

import pytest

from streams.network.builtin import builtin_sites
from streams.network.config import LinkConfig
from streams.settings.load import SettingsError, parse_settings
from streams.settings.reference import format_settings

BUILTIN = '[network]\nshipped = "fr-be"\n'


def faults(text: str) -> list[str]:
    """Return the messages of the faults of an invalid text."""
    with pytest.raises(SettingsError) as caught:
        parse_settings(text, "x")
    return str(caught.value).splitlines()


def test_builtin_sites_are_added_only_if_configured() -> None:
    assert parse_settings("", "x").places.sites == {}
    settings = parse_settings(BUILTIN, "x")
    assert settings.places.sites == builtin_sites("fr-be")
    assert settings.sites == {}
    (line,) = faults('[network]\nshipped = "fr"\n')
    assert line == 'x:2: network.shipped: must be one of none, fr-be, got "fr"'


def test_a_configured_site_replaces_the_builtin_one_as_a_whole() -> None:
    settings = parse_settings(f'{BUILTIN}[sites.rekkem]\nname = "Ours"\n', "x")
    own = settings.places.sites["rekkem"]
    assert (own.name, own.road, own.territory, own.links) == ("Ours", None, None, [])
    assert settings.places.sites["neuville"].links == [
        LinkConfig("rekkem", 1.8, 1.0),
        *_rest("neuville", "rekkem"),
    ]


def _rest(site: str, without: str) -> list[LinkConfig]:
    return [link for link in builtin_sites("fr-be")[site].links if link.to != without]


def test_a_configured_site_may_link_to_builtin_ones() -> None:
    text = f'{BUILTIN}[sites.mine]\nlinks = [{{ to = "lille", km = 3, minutes = 4 }}]\n'
    assert parse_settings(text, "x").places.sites["mine"].links[0].to == "lille"


def test_shown_settings_do_not_include_the_builtin_sites() -> None:
    settings = parse_settings(f'{BUILTIN}[cameras.c]\nsite = "lille"\ntowards = ["neuville"]\n', "x")
    text = format_settings(settings)
    assert "[sites.lille]" not in text
    assert parse_settings(text, "shown") == settings


def test_unknown_sites_of_cameras_and_links_have_suggestions() -> None:
    text = '[cameras.c]\nsite = "lile"\ntowards = ["neuvile"]\n'
    text += '[sites.m]\nlinks = [{ to = "rekem", km = 9, minutes = 9 }]\n'
    assert faults(BUILTIN + text) == [
        'x:4: cameras.c.site: must be an id in [sites], got "lile"; did you mean lille?',
        'x:5: cameras.c.towards[0]: must be an id in [sites], got "neuvile"; did you mean neuville?',
        'x:7: sites.m.links[0].to: must be an id in [sites], got "rekem"; did you mean rekkem?',
    ]
    assert faults('[cameras.c]\nsite = "lille"\n') == [
        'x:2: cameras.c.site: must be an id in [sites], got "lille"; add [sites.lille]'
    ]


def test_each_fault_of_the_network_has_its_line() -> None:
    assert faults(
        """[sites.a]
lat = 50.635
lon = 3.090
links = [
    { to = "a", km = 1, minutes = 1 },
    { to = "b", km = 30, minutes = 20 },
    { to = "c", km = 20, minutes = 5, best_minutes = 6 },
    { to = "d", km = 10, minutes = 9, best_minutes = 2, one_way = true },
]
[sites.b]
lat = 50.275
lon = 2.890
links = [{ to = "a", km = 50, minutes = 20 }]
[sites.c]
[sites.d]
[cameras.k]
site = "b"
towards = ["a", "c"]
"""
    ) == [
        "x:5: sites.a.links[0].to: must be another site, got a; name the next site, or remove the link",
        "x:6: sites.a.links[1].km: must be at least 40.3, got 30; the straight line from a to b is 42.5 "
        "km long; correct the km, or `lat` and `lon` of the two sites",
        "x:7: sites.a.links[2].best_minutes: must be at most `minutes` (5), the usual time, got 6; correct "
        "the minutes or the km",
        "x:7: sites.a.links[2].minutes: must give a usual speed of at most 200 km/h on a road, got 5 (240 "
        "km/h); correct the minutes or the km",
        "x:8: sites.a.links[3].best_minutes: must give a best speed of at most 250 km/h on a road, got 2 "
        "(300 km/h); correct the minutes or the km",
        "x:13: sites.b.links[0]: must have the figures of links[1] of site a, the same link (30 km, 20 min), "
        "got 50 km, 20 min; give a link once, at one of its ends, or each direction with `one_way = true`",
        "x:15: sites.d: must lead back to the rest of the network; a vehicle that comes there cannot go on; "
        "add a link that leads on, or remove `one_way` from one",
        "x:18: cameras.k.towards[1]: must be a site to which a link leads from b, got c; links lead to a",
    ]


def test_a_site_apart_from_the_network_is_a_fault_unless_there_are_no_links() -> None:
    parse_settings("[sites.a]\n[sites.b]\n", "x")
    assert faults(f"{BUILTIN}[sites.a]\nlat = 50.63\nlon = 3.09\n") == [
        "x:3: sites.a: must be linked with the rest of the network by road; add a link; the nearest site of "
        "the network is lille"
    ]


def test_a_builtin_link_made_implausible_is_reported_at_the_configured_site() -> None:
    (line,) = faults(f"{BUILTIN}[sites.zeebrugge]\nlat = 48\nlon = 3\n")
    assert line == (
        "x:3: sites.zeebrugge: `km` of the built-in link from brugge to zeebrugge must be at least 334.1, "
        "got 21.8; the straight line from brugge to zeebrugge is 351.7 km long; correct the km, or `lat` and "
        "`lon` of the two sites"
    )


def test_builtin_sites_cut_off_by_configured_ones_are_reported() -> None:
    # The links of a replaced built-in site are gone; the one from dunkerque to steenvoorde remains.
    text = f"{BUILTIN}[sites.steenvoorde]\n[sites.poperinge]\n"
    messages = faults(text)
    assert [line.split(" must be linked")[0] for line in messages] == [
        "x:2: network.shipped: the built-in site callicanes",
        "x:4: sites.poperinge:",
    ]


def test_an_invalid_link_does_not_make_sites_unreachable() -> None:
    text = '[sites.a]\nlinks = [{ to = "b", km = "far", minutes = 5 }]\n[sites.b]\n[sites.c]\n'
    text += 'links = [{ to = "b", km = 3, minutes = 5 }]\n[cameras.k]\nsite = "a"\ntowards = ["b"]\n'
    assert faults(text) == ['x:2: sites.a.links[0].km: must be a number above 0 and at most 2000, got "far"']


def test_a_camera_with_a_vendor_may_stand_at_a_builtin_site() -> None:
    camera = '[cameras.c]\nsite = "lille"\nmaker = "frigate"\n'
    retained = "[topics.reads_hours]\nFR = 24\nBE = 24\n"
    parse_settings(BUILTIN + retained + camera, "x")
    messages = faults(BUILTIN + "[topics.reads_hours]\nBE = 24\n" + camera)
    assert any(
        line.startswith("x:6: cameras.c.site: must be a site in a country in `reads_hours`")
        for line in messages
    )
