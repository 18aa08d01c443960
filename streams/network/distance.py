"""How far apart two places are."""

from math import asin, cos, inf, radians, sin, sqrt
from typing import Final, Protocol

_EARTH_KM: Final = 6371.0088
"""The mean radius of the earth (IUGG)."""


class Placed(Protocol):
    """What is somewhere: in degrees, WGS 84, if known."""

    @property
    def lat(self) -> float | None: ...
    @property
    def lon(self) -> float | None: ...


def km_between(one: Placed, other: Placed) -> float:
    """The way between two places in km, as the crow flies (haversine); infinite if it is not known."""
    if one.lat is None or one.lon is None or other.lat is None or other.lon is None:
        return inf
    south, north = radians(one.lat), radians(other.lat)
    half = sin((north - south) / 2) ** 2
    half += cos(south) * cos(north) * sin(radians(other.lon - one.lon) / 2) ** 2
    return 2 * _EARTH_KM * asin(min(1.0, sqrt(half)))
