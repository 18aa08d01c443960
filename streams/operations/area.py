"""Ground: the places that belong to an operation."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from streams.network.config import SiteConfig
from streams.operations.config import OperationConfig

LatLon = tuple[float, float]
"""Latitude and longitude in degrees, WGS 84."""


class OperationArea:
    """The sites that an operation names, and its area.

    The area's edges are straight between their ends' degrees, which is within some metres of the shortest way
    for edges of a few kilometres; a place on an edge is inside. It does not go round the date line.
    """

    def __init__(self, operation: OperationConfig, sites: Mapping[str, SiteConfig]) -> None:
        self._named_sites = frozenset(operation.sites)
        self._corners = [(lat, lon) for lat, lon in operation.area or ()]
        self._bounding_box = tuple((min(each), max(each)) for each in zip(*self._corners, strict=True))
        inside = (site_id for site_id, site in sites.items() if self._area_contains(_site_position(site)))
        self._sites_inside = frozenset(inside)

    @property
    def sites(self) -> list[str]:
        """The sites that are named or lie in the area, in order."""
        return sorted(self._named_sites | self._sites_inside)

    def contains(self, site_id: str | None, position: LatLon | None) -> bool:
        """Whether a place belongs: its site is named, or it lies in the area.

        Where it lies is its position; without one, that of its site.
        """
        if site_id is not None and site_id in self._named_sites:
            return True
        return site_id in self._sites_inside if position is None else self._area_contains(position)

    def _area_contains(self, position: LatLon | None) -> bool:
        if position is None or not self._bounding_box:
            return False
        if any(
            not low <= each <= high for each, (low, high) in zip(position, self._bounding_box, strict=True)
        ):
            return False
        return polygon_contains(self._corners, position)


def polygon_contains(corners: Sequence[LatLon], position: LatLon) -> bool:
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


def _site_position(site: SiteConfig) -> LatLon | None:
    return None if site.lat is None or site.lon is None else (site.lat, site.lon)
