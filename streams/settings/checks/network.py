"""The road network: what `[sites.<id>]`, their links and the cameras at them ask of one another."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from streams.network import validation
from streams.network.config import CameraConfig, Places, SiteConfig
from streams.network.validation import NetworkFault
from streams.records.faults import find_faults
from streams.records.types import Identifier
from streams.settings.checks.check import (
    Check,
    TomlValues,
    check_reference,
    enabled_builtin_sites,
    section_entries,
)
from streams.settings.validation import SettingFinding


class _NetworkValues(NamedTuple):
    """The places that the values give, as far as they can be read; `whole` says whether all sites could."""

    places: Places
    own_sites: Mapping[str, SiteConfig]
    complete: bool


def _check_references(values: TomlValues) -> Iterator[SettingFinding]:
    for name, camera in section_entries(values, "cameras"):
        yield from check_reference(values, "sites", camera.get("site"), ("cameras", name, "site"))
        towards = camera.get("towards")
        for index, to in enumerate(towards if isinstance(towards, list) else ()):
            yield from check_reference(values, "sites", to, ("cameras", name, "towards", index))
        earlier = camera.get("earlier")
        for index, each in enumerate(earlier if isinstance(earlier, list) else ()):
            if isinstance(each, dict):
                yield from check_reference(
                    values, "sites", each.get("site"), ("cameras", name, "earlier", index, "site")
                )


def _check_links(values: TomlValues) -> Iterator[SettingFinding]:
    for name, site in section_entries(values, "sites"):
        links = site.get("links")
        for index, link in enumerate(links if isinstance(links, list) else ()):
            if isinstance(link, dict):
                yield from check_reference(
                    values, "sites", link.get("to"), ("sites", name, "links", index, "to")
                )
    given = _parse_network(values)
    yield from _to_findings(given, validation.find_self_links(given.places.sites))
    yield from _to_findings(given, validation.find_conflicting_links(given.places.sites))


def _check_figures(values: TomlValues) -> Iterator[SettingFinding]:
    given = _parse_network(values)
    yield from _to_findings(given, validation.find_too_short_links(given.places.sites))
    yield from _to_findings(given, validation.find_too_fast_links(given.places.sites))


def _check_reachability(values: TomlValues) -> Iterator[SettingFinding]:
    given = _parse_network(values)
    # What a link that cannot be read would have linked is not known.
    if given.complete:
        yield from _to_findings(given, validation.find_unreachable_sites(given.places.sites))


def _check_towards(values: TomlValues) -> Iterator[SettingFinding]:
    given = _parse_network(values)
    if given.complete:
        yield from _to_findings(given, validation.find_unlinked_targets(given.places))


def _parse_network(values: TomlValues) -> _NetworkValues:
    own = {name: _parse_site(site) for name, site in section_entries(values, "sites")}
    sites = {**enabled_builtin_sites(values), **{name: site or SiteConfig() for name, site in own.items()}}
    whole = all(site and all(link.to in sites for link in site.links) for site in own.values())
    cameras = {name: _parse_camera(camera) for name, camera in section_entries(values, "cameras")}
    read = {name: site for name, site in own.items() if site}
    return _NetworkValues(Places(cameras, sites), read, whole)


def _parse_site(table: TomlValues) -> SiteConfig | None:
    """A site, or None for one with a fault of its own."""
    try:
        return msgspec.convert(table, SiteConfig)
    except msgspec.ValidationError:
        return None


def _parse_camera(table: TomlValues) -> CameraConfig:
    """Where a camera stands and looks, as far as it can be read."""
    site, towards = table.get("site"), table.get("towards", [])
    if find_faults(list[Identifier], towards) or (site is not None and find_faults(Identifier, site)):
        return CameraConfig()
    return CameraConfig(site=msgspec.convert(site, str | None), towards=msgspec.convert(towards, list[str]))


def _to_findings(network: _NetworkValues, faults: Iterator[NetworkFault]) -> Iterator[SettingFinding]:
    for fault in faults:
        section, name, *keys = fault.path
        if section != "sites" or name in network.own_sites:
            yield SettingFinding(*fault)
            continue
        # A shipped site has no line in the file: what an own one makes of it is told there.
        of = f"of the shipped site {name}: "
        path: tuple[str | int, ...] = ("network", "shipped")
        if keys:
            link = network.places.sites[str(name)].links[int(keys[1])]
            of = f"of the shipped link from {name} to {link.to}: "
            path = ("sites", link.to) if link.to in network.own_sites else path
        where = f"`{keys[-1]}` " if len(keys) > 2 else ""
        yield SettingFinding(path, f"{of}{where}{fault.rule}", fault.value, fault.advice)


NETWORK: Final = (
    Check(
        "The `site`, the `towards` and the `earlier` of a camera name sites in `[sites.<id>]` or shipped "
        "ones.",
        _check_references,
    ),
    Check(
        "The `links` of a site lead to other sites in `[sites.<id>]` or shipped ones. One that is told twice "
        "has the same figures.",
        _check_links,
    ),
    Check(
        "The `km` of a link are no fewer than the crow flies between its ends, less 5 %. Its usual speed is "
        "at most 200 km/h on a road and 320 between stations, its best one 250 and 330; `best_minutes` is at "
        "most `minutes`.",
        _check_figures,
    ),
    Check(
        "Once any links are set, each site can be reached from each other one by road.", _check_reachability
    ),
    Check("A link leads from a camera's `site` to each site in its `towards`.", _check_towards),
)
