"""Roads: where in the shipped network cameras stand, and who lives there."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta, Struct

from streams.network.builtin import builtin_sites
from streams.network.config import BuiltinNetwork
from streams.network.config import SiteConfig as Placed
from streams.network.routing import Network
from streams.records.countries import Country
from streams.simulation.cameras import SimulatedCamera

NETWORK: Final[BuiltinNetwork] = "fr-be"
"""The shipped network on which all traffic goes."""
DIRECTIONS: Final = ("north-east", "south-west")
"""Which way a carriageway leads; its number is its place here."""


class SiteEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """A row of `[sites]`: `cameras` are those on each carriageway, `homes` parts of a country's vehicles."""

    cameras: Annotated[int, Meta(ge=1, le=2)]
    homes: dict[Country, float]


class DepartureHours(Struct, frozen=True, forbid_unknown_fields=True):
    """When tours begin: parts for each hour of the day, UTC."""

    hours: Annotated[list[float], Meta(min_length=24, max_length=24)]


class RoadsFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The file: `traffic` is the share of each country's plates."""

    traffic: dict[Country, float]
    day: DepartureHours
    sites: dict[str, SiteEntry]


class CameraSite(NamedTuple):
    """A site that has cameras: `cameras` on each carriageway, `homes` parts of a country's vehicles."""

    id: str
    territory: Country
    lat: float
    lon: float
    cameras: int
    homes: Mapping[Country, float]


class Roads(NamedTuple):
    """The traffic, the sites that have cameras, and the whole network of which they are some."""

    traffic: Mapping[Country, float]
    day: DepartureHours
    sites: list[CameraSite]
    network: Mapping[str, Placed]


@lru_cache(maxsize=1)
def builtin_roads() -> Roads:
    """The traffic shipped with the package. Raises ValueError for sites that the network does not have."""
    text = files("streams.simulation").joinpath("roads.toml").read_text("utf-8")
    return build_roads(msgspec.convert(tomllib.loads(text), RoadsFile), builtin_sites(NETWORK))


def build_roads(source: RoadsFile, network: Mapping[str, Placed]) -> Roads:
    """The traffic over a network. Raises ValueError for sites of which that does not know all."""
    found = []
    for site_id, stop in source.sites.items():
        placed = network.get(site_id)
        if placed is None or placed.territory is None or placed.lat is None or placed.lon is None:
            raise ValueError(f"the network has no site {site_id} with territory, lat and lon")
        found.append(CameraSite(site_id, placed.territory, placed.lat, placed.lon, stop.cameras, stop.homes))
    return Roads(source.traffic, source.day, found, network)


def build_cameras(roads: Roads) -> list[SimulatedCamera]:
    """All cameras: site by site, carriageway by carriageway, one or two on each."""
    return [
        SimulatedCamera(
            f"{site.id}-{DIRECTIONS[way][0]}{number}", site.id, site.territory, site.lat, site.lon
        )
        for site in roads.sites
        for way in range(len(DIRECTIONS))
        for number in range(1, site.cameras + 1)
    ]


def next_sites(roads: Roads) -> dict[tuple[str, int], list[str]]:
    """The sites to which the carriageways of each site lead, by site and the carriageway's place."""
    network = Network(roads.network)
    found: dict[tuple[str, int], list[str]] = {}
    for site in roads.sites:
        for other in sorted(network.linked_sites(site.id)):
            way = carriageway_index(roads.network[site.id], roads.network[other])
            found.setdefault((site.id, way), []).append(other)
    return found


def carriageway_index(start: Placed, end: Placed) -> int:
    """The place in DIRECTIONS of the way from one site to another."""
    east, north = (end.lon or 0) - (start.lon or 0), (end.lat or 0) - (start.lat or 0)
    return int(east * 0.64 + north < 0)
