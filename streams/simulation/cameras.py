"""The network: cameras at sites, and the crossings of a border that vehicles take."""

from collections.abc import Iterable
from itertools import combinations
from math import cos, hypot, inf, radians
from typing import Final, NamedTuple

_KM_PER_DEGREE: Final = 111.2
_DEFAULT_KM: Final = 2.0


class SimulatedCamera(NamedTuple):
    """A camera: its site, the country whose ground that is, and where it is in degrees, WGS 84, if known."""

    camera_id: str
    site_id: str
    country: str
    lat: float | None = None
    lon: float | None = None


class Crossing(NamedTuple):
    """The cameras of the one or two sites that a vehicle passes, site by site, and the way between them."""

    sides: tuple[tuple[SimulatedCamera, ...], ...]
    km: float


def find_crossings(cameras: Iterable[SimulatedCamera]) -> list[Crossing]:
    """The crossings of a network: each site with the nearest one in another country.

    A site is in one crossing only. One that is left over is a crossing of its own, of one side; where a place
    is not known the way is taken to be 2 km.
    """
    sites: dict[str, list[SimulatedCamera]] = {}
    for camera in cameras:
        sites.setdefault(camera.site_id, []).append(camera)
    left = {site_id: tuple(there) for site_id, there in sites.items()}
    pairs = [
        (_km_between(left[one][0], left[other][0]), one, other)
        for one, other in combinations(left, 2)
        if left[one][0].country != left[other][0].country
    ]
    found = []
    for km, one, other in sorted(pairs, key=lambda pair: pair[0]):
        if one in left and other in left:
            way = _DEFAULT_KM if km == inf else km
            found.append(Crossing((left.pop(one), left.pop(other)), way))
    return [*found, *(Crossing((there,), 0.0) for there in left.values())]


def _km_between(start: SimulatedCamera, end: SimulatedCamera) -> float:
    """The way between two cameras in km as on a plane, near enough at a border; infinite if it is not known.

    The seed of `anpr demo` was chosen for the traffic that goes with these figures: others, even if only by a
    metre, give other reads.
    """
    if start.lat is None or start.lon is None or end.lat is None or end.lon is None:
        return inf
    east = (start.lon - end.lon) * cos(radians(start.lat))
    return hypot(east, start.lat - end.lat) * _KM_PER_DEGREE
