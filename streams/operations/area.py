"""Area of an operation: the sites and positions that belong to it."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from streams.network.config import SiteConfig
from streams.operations.config import OperationConfig

LatLon = tuple[float, float]
"""Latitude and longitude in degrees, WGS 84."""


class OperationArea:
    """The sites that an operation names, and the polygon of its area.

    The edges are straight lines in degrees, which for a few kilometres is within some metres of the shortest
    line; a position on an edge is inside. The polygon must not cross the date line.
    """

    def __init__(self, operation: OperationConfig, sites: Mapping[str, SiteConfig]) -> None:
        self._named_sites = frozenset(operation.sites)
        self._corners = [(lat, lon) for lat, lon in operation.area or ()]
        self._bounding_box = tuple(
            (min(degrees), max(degrees)) for degrees in zip(*self._corners, strict=True)
        )
        self._sites_inside = frozenset(
            site_id for site_id, site in sites.items() if self._area_contains(_site_position(site))
        )

    @property
    def sites(self) -> list[str]:
        """The sites that are named or in the polygon, sorted."""
        return sorted(self._named_sites | self._sites_inside)

    def contains(self, site_id: str | None, position: LatLon | None) -> bool:
        """True if the site is named, or the position is in the polygon.

        Without a position, that of the site counts.
        """
        if site_id is not None and site_id in self._named_sites:
            return True
        return site_id in self._sites_inside if position is None else self._area_contains(position)

    def _area_contains(self, position: LatLon | None) -> bool:
        if position is None or not self._bounding_box:
            return False
        for degrees, (low, high) in zip(position, self._bounding_box, strict=True):
            if not low <= degrees <= high:
                return False
        return polygon_contains(self._corners, position)


def polygon_contains(corners: Sequence[LatLon], position: LatLon) -> bool:
    """True if a position is in a polygon or on its edge.

    A ray from an inner point crosses the edges an odd number of times (M. Shimrat, "Algorithm 112: Position
    of point relative to polygon", Communications of the ACM 5, 1962, 434).
    """
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
