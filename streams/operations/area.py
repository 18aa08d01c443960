"""Ground: the places that belong to an operation."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from streams.network.config import Site
from streams.operations.config import Operation

Position = tuple[float, float]
"""Latitude and longitude in degrees, WGS 84."""


class Ground:
    """The sites that an operation names, and its area.

    The area's edges are straight between their ends' degrees, which is within some metres of the shortest way
    for edges of a few kilometres; a place on an edge is inside. It does not go round the date line.
    """

    def __init__(self, operation: Operation, sites: Mapping[str, Site]) -> None:
        self._named = frozenset(operation.sites)
        self._corners = [(lat, lon) for lat, lon in operation.area or ()]
        self._box = tuple((min(each), max(each)) for each in zip(*self._corners, strict=True))
        inside = (site_id for site_id, site in sites.items() if self._encloses(_position_of(site)))
        self._inside = frozenset(inside)

    @property
    def sites(self) -> list[str]:
        """The sites that are named or lie in the area, in order."""
        return sorted(self._named | self._inside)

    def holds(self, site_id: str | None, position: Position | None) -> bool:
        """Whether a place belongs: its site is named, or it lies in the area.

        Where it lies is its position; without one, that of its site.
        """
        if site_id is not None and site_id in self._named:
            return True
        return site_id in self._inside if position is None else self._encloses(position)

    def _encloses(self, position: Position | None) -> bool:
        if position is None or not self._box:
            return False
        if any(not low <= each <= high for each, (low, high) in zip(position, self._box, strict=True)):
            return False
        return encloses(self._corners, position)


def encloses(corners: Sequence[Position], position: Position) -> bool:
    """Whether a place lies in a polygon or on its edge: whether a ray from it crosses the edges an odd number
    of times (M. Shimrat, "Algorithm 112: Position of point relative to polygon", Communications of the ACM 5,
    1962, 434)."""
    lat, lon = position
    inside = False
    for (lat1, lon1), (lat2, lon2) in pairwise([*corners, corners[0]]):
        side = (lat - lat1) * (lon2 - lon1) - (lon - lon1) * (lat2 - lat1)
        within = min(lat1, lat2) <= lat <= max(lat1, lat2) and min(lon1, lon2) <= lon <= max(lon1, lon2)
        if side == 0 and within:
            return True
        if (lat1 > lat) != (lat2 > lat) and (side > 0) == (lat2 < lat1):
            inside = not inside
    return inside


def _position_of(site: Site) -> Position | None:
    return None if site.lat is None or site.lon is None else (site.lat, site.lon)
