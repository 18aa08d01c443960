"""How far apart two places are."""

from math import asin, cos, inf, radians, sin, sqrt
from typing import Final, Protocol

_EARTH_KM: Final = 6371.0088
"""The mean radius of the earth (IUGG)."""


class HasPosition(Protocol):
    """What is somewhere: in degrees, WGS 84, if known."""

    @property
    def lat(self) -> float | None: ...
    @property
    def lon(self) -> float | None: ...


def km_between(first: HasPosition, second: HasPosition) -> float:
    """The way between two places in km, as the crow flies (haversine); infinite if it is not known."""
    if first.lat is None or first.lon is None or second.lat is None or second.lon is None:
        return inf
    south, north = radians(first.lat), radians(second.lat)
    half = sin((north - south) / 2) ** 2
    half += cos(south) * cos(north) * sin(radians(second.lon - first.lon) / 2) ** 2
    return 2 * _EARTH_KM * asin(min(1.0, sqrt(half)))
