"""Network: the quickest way between sites, and where a vehicle may come to next."""

import heapq
from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Final, NamedTuple

from streams.network.config import Link, Site
from streams.records.times import MINUTE_MS

BEST_KMH: Final = 130.0
"""The mean speed of the best travel time on a road where none is set: the limit of French motorways (Code de
la route, art. R413-2)."""
BEST_RAIL_KMH: Final = 300.0
"""Likewise on rails: the highest speed of the lines between Paris, Brussels and Cologne."""
_LEAST_SHARE: Final = 0.1


class Way(NamedTuple):
    """The quickest way between two sites: `sites` are those on it, both ends included.

    `best_ms` is the best travel time, `usual_ms` the usual one and `km` the length of this way.
    """

    sites: tuple[str, ...]
    km: float
    best_ms: float
    usual_ms: float


class Ahead(NamedTuple):
    """A site that a vehicle may come to, by the way there from where it is now.

    `share` is the share, 0 to 1, of vehicles that come there, if at each site they part evenly.
    """

    way: Way
    share: float

    @property
    def site_id(self) -> str:
        """The site."""
        return self.way.sites[-1]


class Network:
    """The sites and the links between them. Links to sites that are not known are left out.

    So are those between two stations, unless `rails` asks for them: no car goes by train, and its best time
    and the sites ahead of it are those of the road.
    """

    def __init__(self, sites: Mapping[str, Site], *, rails: bool = False) -> None:
        self._links: dict[str, dict[str, Way]] = {site_id: {} for site_id in sites}
        for site_id, site in sites.items():
            for link in site.links:
                if link.to in sites and link.to != site_id:
                    by_rail = site.kind == sites[link.to].kind == "rail"
                    if rails or not by_rail:
                        self._add(site_id, link, BEST_RAIL_KMH if by_rail else BEST_KMH)
        self._from: dict[str, dict[str, Way]] = {}
        self._ahead: dict[tuple[str, str | None, tuple[str, ...], float], list[Ahead]] = {}

    def __contains__(self, site_id: object) -> bool:
        return site_id in self._links

    def next_to(self, site_id: str) -> Collection[str]:
        """The sites to which a link leads from a site."""
        return self._links.get(site_id, {}).keys()

    def way(self, one: str, other: str) -> Way | None:
        """The way with the best travel time from one site to another, if there is any."""
        ways = self._from.get(one)
        if ways is None:
            ways = self._from[one] = self._ways_from(one)
        return ways.get(other)

    def ahead(
        self, site_id: str, before: str | None, towards: Collection[str], within_ms: float
    ) -> list[Ahead]:
        """The sites that a vehicle may come to from a site, within a usual travel time, nearest first.

        `before` is the site it was at before, `towards` the sites to which the camera that saw it says it
        goes. It does not turn back: if nothing leads on, nothing is ahead. Where both leave several ways, it
        takes each alike.
        """
        key = site_id, before, tuple(sorted(towards)), within_ms
        if key not in self._ahead:
            self._ahead[key] = self._look_ahead(site_id, before, key[2], within_ms)
        return self._ahead[key]

    def _add(self, site_id: str, link: Link, best_kmh: float) -> None:
        usual = link.minutes * MINUTE_MS
        best = link.km / best_kmh * 60 * MINUTE_MS
        best = min(usual, best if link.best_minutes is None else link.best_minutes * MINUTE_MS)
        for one, other in ((site_id, link.to), (link.to, site_id))[: 1 if link.one_way else 2]:
            new = Way((one, other), link.km, best, usual)
            known = self._links[one].get(other)
            if known is None or new.best_ms < known.best_ms:
                self._links[one][other] = new

    def _ways_from(self, start: str) -> dict[str, Way]:
        """Dijkstra's shortest paths by best travel time."""
        found: dict[str, Way] = {}
        edge: list[tuple[float, tuple[str, ...], Way]] = []
        if start in self._links:
            edge.append((0.0, (start,), Way((start,), 0.0, 0.0, 0.0)))
        while edge:
            _, _, way = heapq.heappop(edge)
            here = way.sites[-1]
            if here in found:
                continue
            found[here] = way
            for step in self._links[here].values():
                if step.sites[-1] not in found:
                    longer = _joined(way, step)
                    heapq.heappush(edge, (longer.best_ms, longer.sites, longer))
        return found

    def _look_ahead(
        self, site_id: str, before: str | None, towards: Collection[str], within_ms: float
    ) -> list[Ahead]:
        came_over = self._came_over(site_id, before)
        found: dict[str, Ahead] = {}
        edge = [Ahead(Way((site_id,), 0.0, 0.0, 0.0), 1.0)]
        while edge:
            here = edge.pop()
            for step in self._exits(here.way, came_over, towards):
                way = _joined(here.way, step.way)
                share = here.share * step.share
                if way.usual_ms > within_ms or share < _LEAST_SHARE:
                    continue
                ahead = Ahead(way, share)
                edge.append(ahead)
                known = found.get(ahead.site_id)
                if known is not None:
                    # Of several ways there the quickest tells the time; the shares add up.
                    way = min(known.way, way, key=lambda each: (each.best_ms, each.sites))
                    ahead = Ahead(way, known.share + share)
                found[ahead.site_id] = ahead
        return sorted(found.values(), key=lambda each: (each.way.usual_ms, each.way.sites))

    def _came_over(self, site_id: str, before: str | None) -> str | None:
        """The site next to this one over which the vehicle came here, for it was at another before."""
        way = self.way(before, site_id) if before is not None else None
        return way.sites[-2] if way is not None and len(way.sites) > 1 else None

    def _exits(self, way: Way, came_over: str | None, towards: Collection[str]) -> list[Ahead]:
        links = self._links.get(way.sites[-1], {})
        back = way.sites[-2] if len(way.sites) > 1 else came_over
        exits = {to: step for to, step in links.items() if to != back and to not in way.sites}
        if len(way.sites) == 1:
            told = {to: step for to, step in links.items() if to in towards}
            # What the camera saw goes before where it came from: it may have turned.
            exits = told or exits
        return [Ahead(step, 1 / len(exits)) for _, step in sorted(exits.items())]


def _joined(way: Way, step: Way) -> Way:
    return Way(
        (*way.sites, *step.sites[1:]),
        way.km + step.km,
        way.best_ms + step.best_ms,
        way.usual_ms + step.usual_ms,
    )


def links_of(way: Way) -> list[tuple[str, str]]:
    """The pairs of sites that follow one another on a way."""
    return list(pairwise(way.sites))
