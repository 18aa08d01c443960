"""Network: the quickest way between sites, and where a vehicle may come to next."""

import heapq
from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Final, NamedTuple

from streams.network.config import LinkConfig, SiteConfig
from streams.records.times import MINUTE_MS

BEST_KMH: Final = 130.0
"""The mean speed of the best travel time on a road where none is set: the limit of French motorways (Code de
la route, art. R413-2)."""
BEST_RAIL_KMH: Final = 300.0
"""Likewise on rails: the highest speed of the lines between Paris, Brussels and Cologne."""
_MIN_SHARE: Final = 0.1


class Route(NamedTuple):
    """The quickest way between two sites: `sites` are those on it, both ends included.

    `best_ms` is the best travel time, `usual_ms` the usual one and `km` the length of this way.
    """

    sites: tuple[str, ...]
    km: float
    best_ms: float
    usual_ms: float


class NextSite(NamedTuple):
    """A site that a vehicle may come to, by the way there from where it is now.

    `share` is the share, 0 to 1, of vehicles that come there, if at each site they part evenly.
    """

    route: Route
    share: float

    @property
    def site_id(self) -> str:
        """The site."""
        return self.route.sites[-1]


class Network:
    """The sites and the links between them. Links to sites that are not known are left out.

    So are those between two stations, unless `rails` asks for them: no car goes by train, and its best time
    and the sites ahead of it are those of the road.
    """

    def __init__(self, sites: Mapping[str, SiteConfig], *, include_rail: bool = False) -> None:
        self._links: dict[str, dict[str, Route]] = {site_id: {} for site_id in sites}
        for site_id, site in sites.items():
            for link in site.links:
                if link.to in sites and link.to != site_id:
                    by_rail = site.kind == sites[link.to].kind == "rail"
                    if include_rail or not by_rail:
                        self._add_link(site_id, link, BEST_RAIL_KMH if by_rail else BEST_KMH)
        self._routes: dict[str, dict[str, Route]] = {}
        self._next_sites: dict[tuple[str, str | None, tuple[str, ...], float], list[NextSite]] = {}

    def __contains__(self, site_id: object) -> bool:
        return site_id in self._links

    def linked_sites(self, site_id: str) -> Collection[str]:
        """The sites to which a link leads from a site."""
        return self._links.get(site_id, {}).keys()

    def route(self, origin: str, destination: str) -> Route | None:
        """The way with the best travel time from one site to another, if there is any."""
        ways = self._routes.get(origin)
        if ways is None:
            ways = self._routes[origin] = self._routes_from(origin)
        return ways.get(destination)

    def next_sites(
        self, site_id: str, previous: str | None, towards: Collection[str], within_ms: float
    ) -> list[NextSite]:
        """The sites that a vehicle may come to from a site, within a usual travel time, nearest first.

        `before` is the site it was at before, `towards` the sites to which the camera that saw it says it
        goes. It does not turn back: if nothing leads on, nothing is ahead. Where both leave several ways, it
        takes each alike.
        """
        key = site_id, previous, tuple(sorted(towards)), within_ms
        if key not in self._next_sites:
            self._next_sites[key] = self._find_next_sites(site_id, previous, key[2], within_ms)
        return self._next_sites[key]

    def _add_link(self, site_id: str, link: LinkConfig, best_kmh: float) -> None:
        usual = link.minutes * MINUTE_MS
        best = link.km / best_kmh * 60 * MINUTE_MS
        best = min(usual, best if link.best_minutes is None else link.best_minutes * MINUTE_MS)
        for one, other in ((site_id, link.to), (link.to, site_id))[: 1 if link.one_way else 2]:
            new = Route((one, other), link.km, best, usual)
            known = self._links[one].get(other)
            if known is None or new.best_ms < known.best_ms:
                self._links[one][other] = new

    def _routes_from(self, start: str) -> dict[str, Route]:
        """Dijkstra's shortest paths by best travel time."""
        found: dict[str, Route] = {}
        edge: list[tuple[float, tuple[str, ...], Route]] = []
        if start in self._links:
            edge.append((0.0, (start,), Route((start,), 0.0, 0.0, 0.0)))
        while edge:
            _, _, way = heapq.heappop(edge)
            here = way.sites[-1]
            if here in found:
                continue
            found[here] = way
            for step in self._links[here].values():
                if step.sites[-1] not in found:
                    longer = _join_routes(way, step)
                    heapq.heappush(edge, (longer.best_ms, longer.sites, longer))
        return found

    def _find_next_sites(
        self, site_id: str, previous: str | None, towards: Collection[str], within_ms: float
    ) -> list[NextSite]:
        came_over = self._entered_from(site_id, previous)
        found: dict[str, NextSite] = {}
        edge = [NextSite(Route((site_id,), 0.0, 0.0, 0.0), 1.0)]
        while edge:
            here = edge.pop()
            for step in self._exits(here.route, came_over, towards):
                way = _join_routes(here.route, step.route)
                share = here.share * step.share
                if way.usual_ms > within_ms or share < _MIN_SHARE:
                    continue
                ahead = NextSite(way, share)
                edge.append(ahead)
                known = found.get(ahead.site_id)
                if known is not None:
                    # Of several ways there the quickest tells the time; the shares add up.
                    way = min(known.route, way, key=lambda each: (each.best_ms, each.sites))
                    ahead = NextSite(way, known.share + share)
                found[ahead.site_id] = ahead
        return sorted(found.values(), key=lambda each: (each.route.usual_ms, each.route.sites))

    def _entered_from(self, site_id: str, previous: str | None) -> str | None:
        """The site next to this one over which the vehicle came here, for it was at another before."""
        way = self.route(previous, site_id) if previous is not None else None
        return way.sites[-2] if way is not None and len(way.sites) > 1 else None

    def _exits(self, route: Route, entered_from: str | None, towards: Collection[str]) -> list[NextSite]:
        links = self._links.get(route.sites[-1], {})
        back = route.sites[-2] if len(route.sites) > 1 else entered_from
        exits = {to: step for to, step in links.items() if to != back and to not in route.sites}
        if len(route.sites) == 1:
            told = {to: step for to, step in links.items() if to in towards}
            # What the camera saw goes before where it came from: it may have turned.
            exits = told or exits
        return [NextSite(step, 1 / len(exits)) for _, step in sorted(exits.items())]


def _join_routes(route: Route, step: Route) -> Route:
    return Route(
        (*route.sites, *step.sites[1:]),
        route.km + step.km,
        route.best_ms + step.best_ms,
        route.usual_ms + step.usual_ms,
    )


def route_links(route: Route) -> list[tuple[str, str]]:
    """The pairs of sites that follow one another on a way."""
    return list(pairwise(route.sites))
