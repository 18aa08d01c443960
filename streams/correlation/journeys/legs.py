"""Legs between stops: their distance, their travel times, and whether one vehicle can have driven them."""

from streams.correlation.config import CorrelationConfig
from streams.correlation.journeys.itinerary import Leg, Stop
from streams.network.distance import km_between
from streams.network.routing import BEST_KMH, Network
from streams.records.read import Position
from streams.records.times import HOUR_MS, SECOND_MS


class Legs:
    """The legs over a network, judged by the configuration; `positions` are those of sites, where known."""

    def __init__(self, network: Network, positions: dict[str, Position], config: CorrelationConfig) -> None:
        self._network = network
        self._positions = positions
        self._min_time_share = config.clone_share
        self._clock_tolerance_ms = 2 * SECOND_MS * config.clock_error_s

    def leg_between(self, start: Stop, end: Stop) -> Leg | None:
        """Return the leg from one stop to a later one.

        None if both are at the same site, or if a location is unknown.
        """
        if start.site_id is not None and start.site_id == end.site_id:
            return None
        # From the last read there to the first read here. A vehicle read here meanwhile took no time at all.
        elapsed_ms = max(end.captured_ms - start.left_ms, 0)
        if start.site_id is not None and end.site_id is not None:
            route = self._network.route(start.site_id, end.site_id)
            if route is not None:
                return Leg(route.km, elapsed_ms, route.best_ms, route.usual_ms)
        start_position, end_position = self._position(start), self._position(end)
        if start_position is None or end_position is None:
            return None
        km = km_between(start_position, end_position)
        return Leg(km, elapsed_ms, km / BEST_KMH * HOUR_MS, None)

    def is_feasible(self, leg: Leg | None) -> bool:
        """True if one vehicle can have driven a leg, with both clocks wrong by the maximum error.

        A travel time below a share of the best one means two vehicles. An unknown leg is feasible.
        """
        return leg is None or leg.elapsed_ms + self._clock_tolerance_ms >= self._min_time_share * leg.best_ms

    def _position(self, stop: Stop) -> Position | None:
        # A read with a position of its own is from a mobile camera.
        return stop.sighting.match.read.position or self._positions.get(stop.site_id or "")
