"""Routing over the road network: quickest routes between sites, and the sites that may come next."""

import heapq
from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise
from typing import Final, NamedTuple

from streams.network.config import LinkConfig, SiteConfig
from streams.records.times import MINUTE_MS

BEST_KMH: Final = 130.0
"""Mean speed of the best travel time on a road where none is set: the limit of French motorways (Code de
la route, art. R413-2)."""
BEST_RAIL_KMH: Final = 300.0
"""The same on rails: the highest speed of the lines between Paris, Brussels and Cologne."""
_MIN_SHARE: Final = 0.1


class Route(NamedTuple):
    """The quickest route between two sites.

    `sites` are all sites on it, both ends included; `km` is its length, `best_ms` its best travel time and
    `usual_ms` its usual one.
    """

    sites: tuple[str, ...]
    km: float
    best_ms: float
    usual_ms: float


class NextSite(NamedTuple):
    """A site that a vehicle may come to next, and the route there from its present site.

    `share` is the share of vehicles that come there, 0 to 1, if they divide evenly at each site.
    """

    route: Route
    share: float

    @property
    def site_id(self) -> str:
        """The site."""
        return self.route.sites[-1]


class DirectedLink(NamedTuple):
    """A link in one of the directions in which it leads."""

    start: str
    end: str
    config: LinkConfig


def is_rail_link(sites: Mapping[str, SiteConfig], site_id: str, link: LinkConfig) -> bool:
    """True if a link leads from one station to another, so that no car can take it."""
    return sites[site_id].kind == sites[link.to].kind == "rail"


def link_directions(site_id: str, link: LinkConfig) -> tuple[tuple[str, str], ...]:
    """Return start and end of a link, for each direction in which it leads."""
    forward = (site_id, link.to)
    return (forward,) if link.one_way else (forward, (link.to, site_id))


def road_links(sites: Mapping[str, SiteConfig]) -> Iterator[DirectedLink]:
    """Yield the links that a car can take, each direction by itself, in the order of the sites.

    Links between stations, to unknown sites and back to their own site are left out.
    """
    return _directed_links(sites, by_rail=False)


class Network:
    """The sites and the links between them; links to unknown sites are left out.

    Links between two stations are left out too, unless `include_rail` asks for them: best times and next
    sites of cars are those of the road.
    """

    def __init__(self, sites: Mapping[str, SiteConfig], *, include_rail: bool = False) -> None:
        self._links: dict[str, dict[str, Route]] = {site_id: {} for site_id in sites}
        for link in road_links(sites):
            self._add_link(link, BEST_KMH)
        if include_rail:
            for link in _directed_links(sites, by_rail=True):
                self._add_link(link, BEST_RAIL_KMH)
        self._routes: dict[str, dict[str, Route]] = {}
        self._next_sites: dict[tuple[str, str | None, tuple[str, ...], float], list[NextSite]] = {}

    def __contains__(self, site_id: object) -> bool:
        return site_id in self._links

    def linked_sites(self, site_id: str) -> Collection[str]:
        """Return the sites to which a link leads from a site."""
        return self._links.get(site_id, {}).keys()

    def route(self, origin: str, destination: str) -> Route | None:
        """Return the route with the best travel time from one site to another, if there is any."""
        routes = self._routes.get(origin)
        if routes is None:
            routes = self._routes[origin] = self._routes_from(origin)
        return routes.get(destination)

    def next_sites(
        self, site_id: str, previous: str | None, towards: Collection[str], within_ms: float
    ) -> list[NextSite]:
        """Return the sites to which a vehicle may come from a site, nearest first.

        Only sites within a usual travel time of `within_ms` count. `previous` is the site at which the
        vehicle was before, `towards` the sites for which it is headed according to the camera that saw it.
        It does not turn back: at the end of a road there is no next site. Where several links remain, it
        takes each with the same chance.
        """
        key = site_id, previous, tuple(sorted(towards)), within_ms
        if key not in self._next_sites:
            self._next_sites[key] = self._find_next_sites(site_id, previous, key[2], within_ms)
        return self._next_sites[key]

    def _add_link(self, link: DirectedLink, best_kmh: float) -> None:
        config = link.config
        usual_ms = config.minutes * MINUTE_MS
        best_ms = config.km / best_kmh * 60 * MINUTE_MS
        best_ms = min(usual_ms, best_ms if config.best_minutes is None else config.best_minutes * MINUTE_MS)
        current = self._links[link.start].get(link.end)
        if current is None or best_ms < current.best_ms:
            self._links[link.start][link.end] = Route((link.start, link.end), config.km, best_ms, usual_ms)

    def _routes_from(self, start: str) -> dict[str, Route]:
        """Return the routes to all sites that can be reached, by best travel time (Dijkstra's algorithm)."""
        routes: dict[str, Route] = {}
        frontier: list[tuple[float, tuple[str, ...], Route]] = []
        if start in self._links:
            frontier.append((0.0, (start,), Route((start,), 0.0, 0.0, 0.0)))
        while frontier:
            _, _, route = heapq.heappop(frontier)
            site_id = route.sites[-1]
            if site_id in routes:
                continue
            routes[site_id] = route
            for step in self._links[site_id].values():
                if step.sites[-1] not in routes:
                    longer = _join_routes(route, step)
                    heapq.heappush(frontier, (longer.best_ms, longer.sites, longer))
        return routes

    def _find_next_sites(
        self, site_id: str, previous: str | None, towards: Collection[str], within_ms: float
    ) -> list[NextSite]:
        entered_from = self._entered_from(site_id, previous)
        next_sites: dict[str, NextSite] = {}
        frontier = [NextSite(Route((site_id,), 0.0, 0.0, 0.0), 1.0)]
        while frontier:
            reached = frontier.pop()
            for step in self._exits(reached.route, entered_from, towards):
                route = _join_routes(reached.route, step.route)
                share = reached.share * step.share
                if route.usual_ms > within_ms or share < _MIN_SHARE:
                    continue
                candidate = NextSite(route, share)
                frontier.append(candidate)
                current = next_sites.get(candidate.site_id)
                if current is not None:
                    # Of several routes there the quickest gives the time; the shares add up.
                    quickest = min(current.route, route, key=lambda option: (option.best_ms, option.sites))
                    candidate = NextSite(quickest, current.share + share)
                next_sites[candidate.site_id] = candidate
        return sorted(next_sites.values(), key=lambda site: (site.route.usual_ms, site.route.sites))

    def _entered_from(self, site_id: str, previous: str | None) -> str | None:
        """Return the adjacent site from which the vehicle came, given the site where it was before."""
        route = self.route(previous, site_id) if previous is not None else None
        return route.sites[-2] if route is not None and len(route.sites) > 1 else None

    def _exits(self, route: Route, entered_from: str | None, towards: Collection[str]) -> list[NextSite]:
        links = self._links.get(route.sites[-1], {})
        back = route.sites[-2] if len(route.sites) > 1 else entered_from
        exits = {end: step for end, step in links.items() if end != back and end not in route.sites}
        if len(route.sites) == 1:
            # What the camera saw counts for more than where the vehicle came from: it may have turned.
            exits = {end: step for end, step in links.items() if end in towards} or exits
        return [NextSite(step, 1 / len(exits)) for _, step in sorted(exits.items())]


def route_links(route: Route) -> list[tuple[str, str]]:
    """Return the pairs of sites that follow each other on a route."""
    return list(pairwise(route.sites))


def _directed_links(sites: Mapping[str, SiteConfig], *, by_rail: bool) -> Iterator[DirectedLink]:
    for site_id, site in sites.items():
        for link in site.links:
            if link.to in sites and link.to != site_id and is_rail_link(sites, site_id, link) == by_rail:
                for start, end in link_directions(site_id, link):
                    yield DirectedLink(start, end, link)


def _join_routes(route: Route, step: Route) -> Route:
    return Route(
        (*route.sites, *step.sites[1:]),
        route.km + step.km,
        route.best_ms + step.best_ms,
        route.usual_ms + step.usual_ms,
    )
