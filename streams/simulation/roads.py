"""The roads of the simulation: sites of the built-in network that have cameras, and the vehicles' homes."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta, Struct

from streams.network.builtin import builtin_sites
from streams.network.config import BuiltinNetwork, SiteConfig
from streams.network.routing import Network
from streams.records.countries import Country
from streams.simulation.cameras import SimulatedCamera

NETWORK: Final[BuiltinNetwork] = "fr-be"
"""The built-in network that all traffic uses."""
DIRECTIONS: Final = ("north-east", "south-west")
"""Directions of carriageways; a carriageway's index is its index here."""


class SiteEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of `[sites]`: cameras per carriageway, and relative numbers of a country's vehicles."""

    cameras: Annotated[int, Meta(ge=1, le=2)]
    homes: dict[Country, float]


class DepartureHours(Struct, frozen=True, forbid_unknown_fields=True):
    """Relative numbers of departures in each hour of the day, UTC."""

    hours: Annotated[list[float], Meta(min_length=24, max_length=24)]


class RoadsFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The file `roads.toml`: `traffic` is the share of each country's plates."""

    traffic: dict[Country, float]
    day: DepartureHours
    sites: dict[str, SiteEntry]


class CameraSite(NamedTuple):
    """A site that has cameras; `cameras` and `homes` as in `SiteEntry`."""

    id: str
    territory: Country
    lat: float
    lon: float
    cameras: int
    homes: Mapping[Country, float]


class Roads(NamedTuple):
    """Shares of the traffic, the sites that have cameras, and the whole network."""

    traffic: Mapping[Country, float]
    day: DepartureHours
    sites: list[CameraSite]
    network: Mapping[str, SiteConfig]


@lru_cache(maxsize=1)
def builtin_roads() -> Roads:
    """Return the roads built into the package."""
    text = files("streams.simulation").joinpath("roads.toml").read_text("utf-8")
    return build_roads(msgspec.convert(tomllib.loads(text), RoadsFile), builtin_sites(NETWORK))


def build_roads(source: RoadsFile, network: Mapping[str, SiteConfig]) -> Roads:
    """Build the roads over a network.

    Raises ValueError if the network lacks a site, or its territory or position.
    """
    sites = []
    for site_id, entry in source.sites.items():
        site = network.get(site_id)
        if site is None or site.territory is None or site.lat is None or site.lon is None:
            raise ValueError(f"the network has no site {site_id} with territory, lat and lon")
        sites.append(CameraSite(site_id, site.territory, site.lat, site.lon, entry.cameras, entry.homes))
    return Roads(source.traffic, source.day, sites, network)


def build_cameras(roads: Roads) -> list[SimulatedCamera]:
    """Return all cameras by site and carriageway, one or two on each."""
    return [
        SimulatedCamera(f"{site.id}-{direction[0]}{number}", site.id, site.territory, site.lat, site.lon)
        for site in roads.sites
        for direction in DIRECTIONS
        for number in range(1, site.cameras + 1)
    ]


def next_sites(roads: Roads) -> dict[tuple[str, int], list[str]]:
    """Return the sites that the carriageways lead to, by site and index of the carriageway."""
    network = Network(roads.network)
    leads_to: dict[tuple[str, int], list[str]] = {}
    for site in roads.sites:
        for linked_id in sorted(network.linked_sites(site.id)):
            carriageway = carriageway_index(roads.network[site.id], roads.network[linked_id])
            leads_to.setdefault((site.id, carriageway), []).append(linked_id)
    return leads_to


def carriageway_index(start: SiteConfig, end: SiteConfig) -> int:
    """Return the index in DIRECTIONS of the carriageway from one site to another."""
    east, north = (end.lon or 0) - (start.lon or 0), (end.lat or 0) - (start.lat or 0)
    return int(east * 0.64 + north < 0)
