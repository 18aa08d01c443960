"""Great-circle distances."""

from math import asin, cos, inf, radians, sin, sqrt
from typing import Final, Protocol

_EARTH_RADIUS_KM: Final = 6371.0


class HasPosition(Protocol):
    """Something with a latitude and longitude in degrees, WGS 84; None where not known."""

    @property
    def lat(self) -> float | None: ...
    @property
    def lon(self) -> float | None: ...


def km_between(first: HasPosition, second: HasPosition) -> float:
    """Return the great-circle distance in km (haversine formula); infinity if a position is not known."""
    if first.lat is None or first.lon is None or second.lat is None or second.lon is None:
        return inf
    lat, lon = radians(second.lat - first.lat), radians(second.lon - first.lon)
    half = sin(lat / 2) ** 2 + cos(radians(first.lat)) * cos(radians(second.lat)) * sin(lon / 2) ** 2
    return 2 * _EARTH_RADIUS_KM * asin(min(1.0, sqrt(half)))
