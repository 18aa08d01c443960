"""Moves: the stops of a journey by which the vehicle moved on, as far as clocks that may be wrong tell."""

from collections.abc import Sequence

from streams.correlation.config import CorrelationConfig
from streams.correlation.journeys.itinerary import Stop
from streams.network.routing import Network


class ClockChecks:
    """Tells coming back from being told to come back by a clock. The same for the same stops."""

    def __init__(self, network: Network, config: CorrelationConfig) -> None:
        self._network = network
        self._min_time_share = config.clone_share
        self._clock_error_ms = 1000 * config.clock_error_s
        self._clock_tolerance_ms = 2 * self._clock_error_ms

    def forward_stops(self, stops: Sequence[Stop]) -> Sequence[Stop]:
        """Those of the stops of a journey, in event time, by which the vehicle moved on. Whether the last is
        one tells whether it did so then.

        Left out is a site to which it seems to have come back so soon that wrong clocks may be all there is
        to it: it was passed on the way. Of two stops at one site the first is left out where it is sooner
        before the stop between than the best travel time allows, and the second is not sooner after it.
        """
        before = 0
        for each in stops:
            # Most come one after the other as far apart as no clock is wrong.
            if each.captured_ms - before <= self._clock_tolerance_ms:
                break
            before = each.captured_ms
        else:
            return stops
        moves: list[Stop] = []
        for stop in stops:
            self._add_stop(stop, moves)
        return moves

    def _add_stop(self, stop: Stop, forward: list[Stop]) -> None:
        for place in range(len(forward) - 1, 0, -1):
            one, other = forward[place - 1], forward[place]
            if stop.captured_ms - other.captured_ms > self._clock_tolerance_ms:
                break
            if self._is_apparent_return(one, other, stop):
                if (
                    one.site_id != stop.site_id
                    or not self._is_too_soon(one, other)
                    or self._is_too_soon(other, stop)
                ):
                    return
                del forward[place - 1]
                break
        forward.append(stop)

    def _is_apparent_return(self, first: Stop, second: Stop, last: Stop) -> bool:
        """Whether the last of three stops is at the site of the first or on the way from there to the second,
        and may have been before the second.

        At the same site both clocks may be as wrong as they may be. On the way only one of them: that both
        are, just so, is less likely than a passage on the way there that was not read.
        """
        if (
            first.site_id is None
            or second.site_id is None
            or last.site_id is None
            or last.site_id == second.site_id
        ):
            return False
        if last.site_id == first.site_id:
            return last.captured_ms - first.captured_ms <= self._clock_tolerance_ms or self._is_too_soon(
                second, last
            )
        way, rest = (
            self._network.route(first.site_id, second.site_id),
            self._network.route(last.site_id, second.site_id),
        )
        if way is None or rest is None or last.site_id not in way.sites:
            return False
        return last.captured_ms + rest.best_ms <= second.captured_ms + self._clock_error_ms

    def _is_too_soon(self, start: Stop, end: Stop) -> bool:
        """Whether the way from one stop to another took less than a share of the best travel time: then a
        clock is wrong."""
        way = self._network.route(start.site_id or "", end.site_id or "")
        return way is not None and end.captured_ms - start.captured_ms < self._min_time_share * way.best_ms
