"""Roads: sites of cameras, the links between them, and the shortest way from each site to each other."""

import tomllib
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Annotated, Final, NamedTuple

import msgspec
import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from streams.records.countries import Country
from streams.simulate.network import Camera, km_between

Ints = NDArray[np.intp]
Floats = NDArray[np.float64]
DIRECTIONS: Final = ("north-east", "south-west")
"""Which way a carriageway leads; its number is its place here."""


class Site(Struct, frozen=True, forbid_unknown_fields=True):
    """A row `[[site]]`; `cameras` are those on each carriageway, `homes` parts of a country's vehicles."""

    id: str
    name: str
    road: str
    territory: Country
    lat: float
    lon: float
    cameras: Annotated[int, Meta(ge=1, le=2)]
    homes: dict[Country, float]


class Road(Struct, frozen=True, forbid_unknown_fields=True):
    """A row `[[road]]`: sites that follow one another."""

    name: str
    sites: list[str]


class Day(Struct, frozen=True, forbid_unknown_fields=True):
    """When tours begin: parts for each hour of the day, UTC."""

    hours: Annotated[list[float], Meta(min_length=24, max_length=24)]


class Roads(Struct, frozen=True, forbid_unknown_fields=True):
    """The network, and the traffic on it: `traffic` is the share of each country's plates."""

    detour: Annotated[float, Meta(ge=1)]
    traffic: dict[Country, float]
    day: Day
    site: list[Site]
    road: list[Road]


class Ways(NamedTuple):
    """The shortest ways between n sites; that from site i to site j is the row i * n + j.

    `sites` (intp, n² × m): the sites passed, both ends included, -1 behind the last; `km` (float64, n² × m):
    the way to each; `direction` (intp, n² × m): the carriageway at each; `length` (float64, n × n): the whole
    way in km, infinite where there is none.
    """

    sites: Ints
    km: Floats
    direction: Ints
    length: Floats


@lru_cache(maxsize=1)
def shipped_roads() -> Roads:
    """The network shipped with the package."""
    text = files("streams.simulate.world").joinpath("roads.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Roads)


def cameras_of(roads: Roads) -> list[Camera]:
    """All cameras: site by site, carriageway by carriageway, one or two on each."""
    return [
        Camera(f"{site.id}-{DIRECTIONS[way][0]}{number}", site.id, site.territory, site.lat, site.lon)
        for site in roads.site
        for way in range(len(DIRECTIONS))
        for number in range(1, site.cameras + 1)
    ]


def ways_of(roads: Roads) -> Ways:
    """The ways of a network. Raises ValueError for a road with a site that is none."""
    length, before = _shortest(roads)
    count = len(roads.site)
    paths = [
        _path(before, start, end) if np.isfinite(length[start, end]) else [start]
        for start in range(count)
        for end in range(count)
    ]
    most = max(map(len, paths))
    sites = np.full((count * count, most), -1, dtype=np.intp)
    km = np.zeros((count * count, most))
    direction = np.zeros((count * count, most), dtype=np.intp)
    for row, path in enumerate(paths):
        sites[row, : len(path)] = path
        km[row, : len(path)] = length[path[0], path]
        direction[row, : len(path)] = _directions(roads, path)
    return Ways(sites, km, direction, length)


def _shortest(roads: Roads) -> tuple[Floats, Ints]:
    """The lengths of the shortest ways (Floyd and Warshall), and the site before the last on each."""
    number = {site.id: place for place, site in enumerate(roads.site)}
    count = len(number)
    length = np.full((count, count), np.inf)
    np.fill_diagonal(length, 0)
    before = np.repeat(np.arange(count)[:, None], count, axis=1)
    for road in roads.road:
        unknown = [site for site in road.sites if site not in number]
        if unknown:
            raise ValueError(f"road {road.name}: no site {', '.join(unknown)}")
        for one, other in pairwise(number[site] for site in road.sites):
            km = km_between(roads.site[one], roads.site[other]) * roads.detour
            length[one, other] = length[other, one] = km
    for middle in range(count):
        through = length[:, middle, None] + length[middle]
        shorter = through < length
        length = np.where(shorter, through, length)
        before = np.where(shorter, before[middle], before)
    return length, before


def _path(before: Ints, start: int, end: int) -> list[int]:
    path = [end]
    while path[-1] != start:
        path.append(int(before[start, path[-1]]))
    return path[::-1]


def _directions(roads: Roads, path: Sequence[int]) -> list[int]:
    """The carriageway at each site of a way: towards the next site, at the last from the one before."""
    legs = [_towards(roads.site[one], roads.site[other]) for one, other in pairwise(path)]
    return [*legs, legs[-1] if legs else 0]


def _towards(one: Site, other: Site) -> int:
    return int((other.lon - one.lon) * 0.64 + other.lat - one.lat < 0)
