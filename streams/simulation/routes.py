"""The quickest routes by road between all sites with cameras."""

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
    """The quickest routes between n sites; row i * n + j is the route from site i to site j.

    `sites` (int16, n² × m): sites with cameras on the route, both ends included, padded with -1;
    `minutes` (float32, n² × m): usual travel time to each; `kmh` (float32, n² × m): usual speed there;
    `carriageway` (uint8, n² × m): the carriageway at each; `total_km` and `total_minutes` (float64, n × n):
    length and usual travel time of the whole route.
    """

    sites: NDArray[np.int16]
    minutes: NDArray[np.float32]
    kmh: NDArray[np.float32]
    carriageway: NDArray[np.uint8]
    total_km: Floats
    total_minutes: Floats


class _Graph(NamedTuple):
    """The links between all m sites of a network (m × m each).

    Usual minutes and km, infinite where there is no link, and the carriageway on which a link begins.
    """

    minutes: Floats
    km: Floats
    carriageway: NDArray[np.uint8]


@lru_cache(maxsize=1)
def builtin_routes() -> RouteTable:
    """Return the routes over the built-in roads."""
    return build_routes(builtin_roads())


def build_routes(roads: Roads) -> RouteTable:
    """Build the routes with the shortest usual time.

    Raises ValueError if one of the sites cannot be reached from another.
    """
    graph = _build_graph(roads.network)
    time, predecessors = _quickest_paths(graph.minutes)
    node_index = {site_id: index for index, site_id in enumerate(roads.network)}
    camera_nodes = np.array([node_index[site.id] for site in roads.sites], dtype=np.intp)
    if not np.isfinite(time[np.ix_(camera_nodes, camera_nodes)]).all():
        raise ValueError("some sites cannot be reached from others by road")
    count = len(camera_nodes)
    start, end = np.repeat(camera_nodes, count), np.tile(camera_nodes, count)
    path = _expand_paths(predecessors, start, end)
    is_site = path >= 0
    leg_start, leg_end = path[:, :-1], path[:, 1:]
    is_leg = leg_end >= 0
    km = np.where(is_leg, graph.km[leg_start, leg_end], 0)
    kmh = km / np.where(is_leg, graph.minutes[leg_start, leg_end], 1) * _MINUTES_PER_HOUR
    carriageway = np.where(is_leg, graph.carriageway[leg_start, leg_end], 0)
    minutes = np.where(is_site, time[start[:, None], path], 0)
    # Keep only the sites with cameras, and close the gaps.
    site_index = np.full(len(node_index), -1, dtype=np.int16)
    site_index[camera_nodes] = np.arange(count)
    sites = np.where(is_site, site_index[path], -1)
    order = np.argsort(sites < 0, axis=1, kind="stable")[:, : (sites >= 0).sum(axis=1).max()]
    return RouteTable(
        np.take_along_axis(sites, order, axis=1).astype(np.int16),
        np.take_along_axis(minutes, order, axis=1).astype(np.float32),
        np.take_along_axis(_legs_to_sites(kmh, is_site), order, axis=1).astype(np.float32),
        np.take_along_axis(_legs_to_sites(carriageway, is_site), order, axis=1).astype(np.uint8),
        km.sum(axis=1).reshape(count, count),
        time[start, end].reshape(count, count),
    )


def _legs_to_sites(legs: Column, is_site: NDArray[np.bool_]) -> Column:
    """Return the value at each site of a route, from the values of its legs (one fewer than sites).

    It is that of the leg that begins at the site; at the last site, that of the leg that ends there.
    """
    values = np.zeros(is_site.shape, dtype=legs.dtype)
    values[:, :-1] = legs
    last, row = is_site.sum(axis=1) - 1, np.arange(len(is_site))
    values[row, last] = legs[row, np.maximum(last - 1, 0)]
    return values


def _build_graph(network: Mapping[str, SiteConfig]) -> _Graph:
    """Build the graph of the links by road; of two links between the same sites the quicker counts."""
    node_index = {site_id: index for index, site_id in enumerate(network)}
    minutes = np.full((len(node_index), len(node_index)), np.inf)
    km = minutes.copy()
    carriageway = np.zeros(minutes.shape, dtype=np.uint8)
    for start, end, link in road_links(network):
        cell = node_index[start], node_index[end]
        if link.minutes < minutes[cell]:
            minutes[cell], km[cell] = link.minutes, link.km
            carriageway[cell] = carriageway_index(network[start], network[end])
    return _Graph(minutes, km, carriageway)


def _quickest_paths(minutes: Floats) -> tuple[Floats, Ints]:
    """Return the times of the quickest paths (Floyd-Warshall), and the last node but one of each."""
    count = len(minutes)
    time = minutes.copy()
    np.fill_diagonal(time, 0)
    predecessors = np.repeat(np.arange(count)[:, None], count, axis=1)
    for middle in range(count):
        through = time[:, middle, None] + time[middle]
        quicker = through < time
        time = np.where(quicker, through, time)
        predecessors = np.where(quicker, predecessors[middle], predecessors)
    return time, predecessors


def _expand_paths(predecessors: Ints, start: Ints, end: Ints) -> Ints:
    """Return the nodes on the paths from n nodes to n others (n × m), padded with -1."""
    backwards = [end]
    while (backwards[-1] != start).any():
        backwards.append(predecessors[start, backwards[-1]])
    paths = np.stack(backwards[::-1], axis=1)
    # The start of a shorter path is repeated at its beginning; skip the repetitions.
    repeated = (paths == start[:, None]).sum(axis=1) - 1
    column = np.arange(paths.shape[1]) + repeated[:, None]
    inside = column < paths.shape[1]
    return np.where(inside, np.take_along_axis(paths, np.where(inside, column, 0), axis=1), -1)
