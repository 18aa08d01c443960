"""Checks of the road network: sites, their links and the cameras at them."""

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
    list_entries,
    section_entries,
)
from streams.settings.validation import SettingFinding


class _NetworkValues(NamedTuple):
    """The network as far as it is valid; `is_complete` if all configured sites are."""

    places: Places
    configured_sites: Mapping[str, SiteConfig]
    is_complete: bool


def _check_references(values: TomlValues) -> Iterator[SettingFinding]:
    for name, camera in section_entries(values, "cameras"):
        path = ("cameras", name)
        yield from check_reference(values, "sites", camera.get("site"), (*path, "site"))
        for index, target in list_entries(camera, "towards"):
            yield from check_reference(values, "sites", target, (*path, "towards", index))
        for index, entry in list_entries(camera, "earlier"):
            if isinstance(entry, dict):
                site_path = (*path, "earlier", index, "site")
                yield from check_reference(values, "sites", entry.get("site"), site_path)


def _check_links(values: TomlValues) -> Iterator[SettingFinding]:
    for name, site in section_entries(values, "sites"):
        for index, link in list_entries(site, "links"):
            if isinstance(link, dict):
                path = ("sites", name, "links", index, "to")
                yield from check_reference(values, "sites", link.get("to"), path)
    network = _parse_network(values)
    yield from _to_findings(network, validation.find_self_links(network.places.sites))
    yield from _to_findings(network, validation.find_conflicting_links(network.places.sites))


def _check_figures(values: TomlValues) -> Iterator[SettingFinding]:
    network = _parse_network(values)
    yield from _to_findings(network, validation.find_too_short_links(network.places.sites))
    yield from _to_findings(network, validation.find_too_fast_links(network.places.sites))


def _check_reachability(values: TomlValues) -> Iterator[SettingFinding]:
    network = _parse_network(values)
    # It is unknown which sites an invalid link would have linked.
    if network.is_complete:
        yield from _to_findings(network, validation.find_unreachable_sites(network.places.sites))


def _check_towards(values: TomlValues) -> Iterator[SettingFinding]:
    network = _parse_network(values)
    if network.is_complete:
        yield from _to_findings(network, validation.find_unlinked_targets(network.places))


def _parse_network(values: TomlValues) -> _NetworkValues:
    configured = {name: _parse_site(site) for name, site in section_entries(values, "sites")}
    sites = {
        **enabled_builtin_sites(values),
        **{name: site or SiteConfig() for name, site in configured.items()},
    }
    is_complete = all(
        site is not None and all(link.to in sites for link in site.links) for site in configured.values()
    )
    cameras = {name: _parse_camera(camera) for name, camera in section_entries(values, "cameras")}
    valid = {name: site for name, site in configured.items() if site is not None}
    return _NetworkValues(Places(cameras, sites), valid, is_complete)


def _parse_site(table: TomlValues) -> SiteConfig | None:
    """Return a site, or None for an invalid one, which has a finding of its own."""
    try:
        return msgspec.convert(table, SiteConfig)
    except msgspec.ValidationError:
        return None


def _parse_camera(table: TomlValues) -> CameraConfig:
    """Return the site and direction of a camera, as far as they are valid."""
    site, towards = table.get("site"), table.get("towards", [])
    if find_faults(list[Identifier], towards) or (site is not None and find_faults(Identifier, site)):
        return CameraConfig()
    return CameraConfig(site=msgspec.convert(site, str | None), towards=msgspec.convert(towards, list[str]))


def _to_findings(network: _NetworkValues, faults: Iterator[NetworkFault]) -> Iterator[SettingFinding]:
    for fault in faults:
        section, name, *keys = fault.path
        if section != "sites" or name in network.configured_sites:
            yield SettingFinding(*fault)
            continue
        # A built-in site has no line in the file: the fault is reported at the configured one that causes it.
        subject, path = f"the built-in site {name}", ("network", "shipped")
        if keys:
            link = network.places.sites[str(name)].links[int(keys[1])]
            subject = f"the built-in link from {name} to {link.to}"
            path = ("sites", link.to) if link.to in network.configured_sites else path
        if len(keys) > 2:
            subject = f"`{keys[-1]}` of {subject}"
        yield SettingFinding(path, f"{subject} {fault.rule}", fault.value, fault.advice)


NETWORK: Final = (
    Check(
        "The `site`, the `towards` and the `earlier` of a camera must be ids in `[sites.<id>]` or of "
        "built-in sites.",
        _check_references,
    ),
    Check(
        "The `links` of a site must lead to other sites in `[sites.<id>]` or built-in ones. A link that is "
        "given twice must have the same figures.",
        _check_links,
    ),
    Check(
        "The `km` of a link must be at least the straight line between its ends, less 5 %. Its usual speed "
        "must be at most 200 km/h on a road and 320 km/h on rails, its best speed 250 and 330 km/h; "
        "`best_minutes` must be at most `minutes`.",
        _check_figures,
    ),
    Check(
        "If any links are configured, each site must be reachable from every other one by road.",
        _check_reachability,
    ),
    Check("A link must lead from the `site` of a camera to each site in its `towards`.", _check_towards),
)
