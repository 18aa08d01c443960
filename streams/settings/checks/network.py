"""The road network: what `[sites.<id>]`, their links and the cameras at them ask of one another."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from streams.network import validation
from streams.network.config import Camera, Places, Site
from streams.network.validation import NetworkFault
from streams.records.faults import faults_of
from streams.records.types import Identifier
from streams.settings.checks.check import Check, Values, named, shipped, tables
from streams.settings.validation import Finding


class _Given(NamedTuple):
    """The places that the values give, as far as they can be read; `whole` says whether all sites could."""

    places: Places
    own: Mapping[str, Site]
    whole: bool


def _names(values: Values) -> Iterator[Finding]:
    for name, camera in tables(values, "cameras"):
        yield from named(values, "sites", camera.get("site"), ("cameras", name, "site"))
        towards = camera.get("towards")
        for index, to in enumerate(towards if isinstance(towards, list) else ()):
            yield from named(values, "sites", to, ("cameras", name, "towards", index))
        earlier = camera.get("earlier")
        for index, each in enumerate(earlier if isinstance(earlier, list) else ()):
            if isinstance(each, dict):
                yield from named(
                    values, "sites", each.get("site"), ("cameras", name, "earlier", index, "site")
                )


def _linked(values: Values) -> Iterator[Finding]:
    for name, site in tables(values, "sites"):
        links = site.get("links")
        for index, link in enumerate(links if isinstance(links, list) else ()):
            if isinstance(link, dict):
                yield from named(values, "sites", link.get("to"), ("sites", name, "links", index, "to"))
    given = _given(values)
    yield from _found(given, validation.linked_with_itself(given.places.sites))
    yield from _found(given, validation.told_twice(given.places.sites))


def _possible(values: Values) -> Iterator[Finding]:
    given = _given(values)
    yield from _found(given, validation.too_short(given.places.sites))
    yield from _found(given, validation.too_fast(given.places.sites))


def _reach(values: Values) -> Iterator[Finding]:
    given = _given(values)
    # What a link that cannot be read would have linked is not known.
    if given.whole:
        yield from _found(given, validation.out_of_reach(given.places.sites))


def _towards(values: Values) -> Iterator[Finding]:
    given = _given(values)
    if given.whole:
        yield from _found(given, validation.unlinked(given.places))


def _given(values: Values) -> _Given:
    own = {name: _site(site) for name, site in tables(values, "sites")}
    sites = {**shipped(values), **{name: site or Site() for name, site in own.items()}}
    whole = all(site and all(link.to in sites for link in site.links) for site in own.values())
    cameras = {name: _camera(camera) for name, camera in tables(values, "cameras")}
    read = {name: site for name, site in own.items() if site}
    return _Given(Places(cameras, sites), read, whole)


def _site(table: Values) -> Site | None:
    """A site, or None for one with a fault of its own."""
    try:
        return msgspec.convert(table, Site)
    except msgspec.ValidationError:
        return None


def _camera(table: Values) -> Camera:
    """Where a camera stands and looks, as far as it can be read."""
    site, towards = table.get("site"), table.get("towards", [])
    if faults_of(list[Identifier], towards) or (site is not None and faults_of(Identifier, site)):
        return Camera()
    return Camera(site=msgspec.convert(site, str | None), towards=msgspec.convert(towards, list[str]))


def _found(given: _Given, faults: Iterator[NetworkFault]) -> Iterator[Finding]:
    for fault in faults:
        section, name, *keys = fault.path
        if section != "sites" or name in given.own:
            yield Finding(*fault)
            continue
        # A shipped site has no line in the file: what an own one makes of it is told there.
        of = f"of the shipped site {name}: "
        path: tuple[str | int, ...] = ("network", "shipped")
        if keys:
            link = given.places.sites[str(name)].links[int(keys[1])]
            of = f"of the shipped link from {name} to {link.to}: "
            path = ("sites", link.to) if link.to in given.own else path
        where = f"`{keys[-1]}` " if len(keys) > 2 else ""
        yield Finding(path, f"{of}{where}{fault.rule}", fault.value, fault.advice)


NETWORK: Final = (
    Check(
        "The `site`, the `towards` and the `earlier` of a camera name sites in `[sites.<id>]` or shipped "
        "ones.",
        _names,
    ),
    Check(
        "The `links` of a site lead to other sites in `[sites.<id>]` or shipped ones. One that is told twice "
        "has the same figures.",
        _linked,
    ),
    Check(
        "The `km` of a link are no fewer than the crow flies between its ends, less 5 %. Its usual speed is "
        "at most 200 km/h on a road and 320 between stations, its best one 250 and 330; `best_minutes` is at "
        "most `minutes`.",
        _possible,
    ),
    Check("Once any links are set, each site can be reached from each other one by road.", _reach),
    Check("A link leads from a camera's `site` to each site in its `towards`.", _towards),
)
