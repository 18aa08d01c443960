"""Ways: the quickest one by road from each site with cameras to each other."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from streams.network.config import SiteConfig
from streams.network.routing import road_links
from streams.simulation.column_types import Floats, Ints
from streams.simulation.roads import Roads, builtin_roads, carriageway_index

_MINUTES_PER_HOUR: Final = 60.0
Column = TypeVar("Column", Floats, NDArray[np.uint8])


class RouteTable(NamedTuple):
    """The quickest ways between n sites; that from site i to site j is the row i * n + j.

    `sites` (int16, n² × m): the sites passed that have cameras, both ends included, -1 behind the last;
    `minutes` (float32, n² × m): the usual time to each; `kmh` (float32, n² × m): the usual speed there;
    `direction` (uint8, n² × m): the carriageway at each; `length` and `time` (float64, n × n): the whole way
    in km and usual minutes.
    """

    sites: NDArray[np.int16]
    minutes: NDArray[np.float32]
    kmh: NDArray[np.float32]
    carriageway: NDArray[np.uint8]
    total_km: Floats
    total_minutes: Floats


class _Graph(NamedTuple):
    """The links between all m sites of a network (m × m each): usual minutes and km, infinite where there is
    none, and the carriageway on which a link begins.
    """

    minutes: Floats
    km: Floats
    carriageway: NDArray[np.uint8]


@lru_cache(maxsize=1)
def builtin_routes() -> RouteTable:
    """The ways of the shipped traffic."""
    return build_routes(builtin_roads())


def build_routes(roads: Roads) -> RouteTable:
    """The ways by usual time. Raises ValueError if one of the sites cannot be reached from another."""
    graph = _build_graph(roads.network)
    time, before = _quickest_paths(graph.minutes)
    number = {site_id: place for place, site_id in enumerate(roads.network)}
    stops = np.array([number[site.id] for site in roads.sites], dtype=np.intp)
    if not np.isfinite(time[np.ix_(stops, stops)]).all():
        raise ValueError("some sites cannot be reached from others by road")
    count = len(stops)
    start, end = np.repeat(stops, count), np.tile(stops, count)
    path = _expand_paths(before, start, end)
    there = path >= 0
    one, other = path[:, :-1], path[:, 1:]
    leg = other >= 0
    km = np.where(leg, graph.km[one, other], 0)
    kmh = km / np.where(leg, graph.minutes[one, other], 1) * _MINUTES_PER_HOUR
    direction = np.where(leg, graph.carriageway[one, other], 0)
    minutes = np.where(there, time[start[:, None], path], 0)
    # Only what has cameras is told of a way, moved to its beginning.
    place = np.full(len(number), -1, dtype=np.int16)
    place[stops] = np.arange(count)
    sites = np.where(there, place[path], -1)
    order = np.argsort(sites < 0, axis=1, kind="stable")[:, : (sites >= 0).sum(axis=1).max()]
    return RouteTable(
        np.take_along_axis(sites, order, axis=1).astype(np.int16),
        np.take_along_axis(minutes, order, axis=1).astype(np.float32),
        np.take_along_axis(_legs_to_sites(kmh, there), order, axis=1).astype(np.float32),
        np.take_along_axis(_legs_to_sites(direction, there), order, axis=1).astype(np.uint8),
        km.sum(axis=1).reshape(count, count),
        time[start, end].reshape(count, count),
    )


def _legs_to_sites(legs: Column, is_site: NDArray[np.bool_]) -> Column:
    """What holds at each site of ways, from what holds on each leg, a leg fewer than sites.

    It is that of the leg that begins at the site, at the last site that of the one that ends there.
    """
    found = np.zeros(is_site.shape, dtype=legs.dtype)
    found[:, :-1] = legs
    last, row = is_site.sum(axis=1) - 1, np.arange(len(is_site))
    found[row, last] = legs[row, np.maximum(last - 1, 0)]
    return found


def _build_graph(network: Mapping[str, SiteConfig]) -> _Graph:
    """The links of a network by road; of two between the same sites the quicker."""
    number = {site_id: place for place, site_id in enumerate(network)}
    minutes = np.full((len(number), len(number)), np.inf)
    km = minutes.copy()
    direction = np.zeros(minutes.shape, dtype=np.uint8)
    for start, end, link in road_links(network):
        at = number[start], number[end]
        if link.minutes < minutes[at]:
            minutes[at], km[at] = link.minutes, link.km
            direction[at] = carriageway_index(network[start], network[end])
    return _Graph(minutes, km, direction)


def _quickest_paths(minutes: Floats) -> tuple[Floats, Ints]:
    """The times of the quickest ways (Floyd and Warshall), and the site before the last on each."""
    count = len(minutes)
    time = minutes.copy()
    np.fill_diagonal(time, 0)
    before = np.repeat(np.arange(count)[:, None], count, axis=1)
    for middle in range(count):
        through = time[:, middle, None] + time[middle]
        quicker = through < time
        time = np.where(quicker, through, time)
        before = np.where(quicker, before[middle], before)
    return time, before


def _expand_paths(predecessors: Ints, start: Ints, end: Ints) -> Ints:
    """The sites on the ways from some sites to others (n × m), -1 behind the last."""
    back = [end]
    while (back[-1] != start).any():
        back.append(predecessors[start, back[-1]])
    chain = np.stack(back[::-1], axis=1)
    # Each row begins with its start as often as it is shorter than the longest.
    extra = (chain == start[:, None]).sum(axis=1) - 1
    place = np.arange(chain.shape[1]) + extra[:, None]
    inside = place < chain.shape[1]
    return np.where(inside, np.take_along_axis(chain, np.where(inside, place, 0), axis=1), -1)
