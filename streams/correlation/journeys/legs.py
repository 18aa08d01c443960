"""Legs: the way between two stops, how fast it was, and whether one vehicle can have gone it."""

from math import asin, cos, radians, sin, sqrt
from typing import Final

from streams.correlation.config import CorrelationConfig
from streams.correlation.journeys.itinerary import Leg, Stop
from streams.network.routing import BEST_KMH, Network
from streams.records.read import Position
from streams.records.times import HOUR_MS

_EARTH_KM: Final = 6371.0


class Legs:
    """The legs over a network, and what the policy makes of them."""

    def __init__(self, network: Network, positions: dict[str, Position], config: CorrelationConfig) -> None:
        """`positions` are those of sites, where known."""
        self._network = network
        self._positions = positions
        self._min_time_share = config.clone_share
        self._clock_tolerance_ms = 2000 * config.clock_error_s

    def leg_between(self, start: Stop, end: Stop) -> Leg | None:
        """The leg between two stops, the first being the earlier; None if a place is not known or it is one
        place."""
        if start.site_id is not None and start.site_id == end.site_id:
            return None
        elapsed = end.captured_ms - start.captured_ms
        if start.site_id is not None and end.site_id is not None:
            way = self._network.route(start.site_id, end.site_id)
            if way is not None:
                return Leg(way.km, elapsed, way.best_ms, way.usual_ms)
        here, there = self._position(start), self._position(end)
        if here is None or there is None:
            return None
        km = crow_km(here, there)
        return Leg(km, elapsed, km / BEST_KMH * HOUR_MS, None)

    def is_feasible(self, leg: Leg | None) -> bool:
        """Whether one vehicle can have gone a leg, even if both cameras' clocks are as wrong as they may be.

        Faster than a share of the best travel time means two vehicles.
        """
        return leg is None or leg.elapsed_ms + self._clock_tolerance_ms >= self._min_time_share * leg.best_ms

    def _position(self, stop: Stop) -> Position | None:
        # A read that tells where it was taken is of a mobile camera.
        return stop.sighting.match.read.position or self._positions.get(stop.site_id or "")


def crow_km(one: Position, other: Position) -> float:
    """The great-circle distance in km (haversine, a sphere of 6,371 km)."""
    lat, lon = radians(other.lat - one.lat), radians(other.lon - one.lon)
    half = sin(lat / 2) ** 2 + cos(radians(one.lat)) * cos(radians(other.lat)) * sin(lon / 2) ** 2
    return 2 * _EARTH_KM * asin(min(1.0, sqrt(half)))
