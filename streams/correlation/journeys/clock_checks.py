"""Forward stops: the stops of a journey, without apparent returns that a wrong clock explains."""

from collections.abc import Sequence

from streams.correlation.config import CorrelationConfig
from streams.correlation.journeys.itinerary import Stop
from streams.network.routing import Network
from streams.records.times import SECOND_MS


class ClockChecks:
    """Distinguishes a return to a site from one that only a wrong camera clock suggests."""

    def __init__(self, network: Network, config: CorrelationConfig) -> None:
        self._network = network
        self._min_time_share = config.clone_share
        self._clock_error_ms = SECOND_MS * config.clock_error_s
        self._clock_tolerance_ms = 2 * self._clock_error_ms

    def forward_stops(self, stops: Sequence[Stop]) -> tuple[Stop, ...]:
        """Return the stops, in event time, by which the vehicle moved on.

        An apparent return to a site is left out if it is so soon that wrong clocks alone may explain it: the
        site was passed on the way out. Of two stops at one site, the first is left out if it comes sooner
        before the stop between them than the best travel time allows and the second does not come too soon
        after it.
        """
        forward: list[Stop] = []
        for stop in stops:
            self._add_stop(stop, forward)
        return tuple(forward)

    def extend(self, forward: tuple[Stop, ...], stop: Stop) -> tuple[Stop, ...]:
        """Return forward stops with a later stop, unless that is left out."""
        if len(forward) < 2 or stop.captured_ms - forward[-1].captured_ms > self._clock_tolerance_ms:
            return (*forward, stop)
        extended = list(forward)
        self._add_stop(stop, extended)
        return tuple(extended)

    def _add_stop(self, stop: Stop, forward: list[Stop]) -> None:
        for index in range(len(forward) - 1, 0, -1):
            first, second = forward[index - 1], forward[index]
            if stop.captured_ms - second.captured_ms > self._clock_tolerance_ms:
                break
            if self._is_apparent_return(first, second, stop):
                if (
                    first.site_id != stop.site_id
                    or not self._is_too_soon(first, second)
                    or self._is_too_soon(second, stop)
                ):
                    return
                del forward[index - 1]
                break
        forward.append(stop)

    def _is_apparent_return(self, first: Stop, second: Stop, last: Stop) -> bool:
        """True if the last of three stops may have been before the second.

        Its site is that of the first stop, or lies on the route from the first to the second. At the site of
        the first, both clocks may have the maximum error. On the route only one of them: that both are wrong
        by just as much is less likely than an outward passage that was not read.
        """
        if (
            first.site_id is None
            or second.site_id is None
            or last.site_id is None
            or last.site_id == second.site_id
        ):
            return False
        if last.site_id == first.site_id:
            is_within_error = last.captured_ms - first.captured_ms <= self._clock_tolerance_ms
            return is_within_error or self._is_too_soon(second, last)
        route = self._network.route(first.site_id, second.site_id)
        rest = self._network.route(last.site_id, second.site_id)
        if route is None or rest is None or last.site_id not in route.sites:
            return False
        return last.captured_ms + rest.best_ms <= second.captured_ms + self._clock_error_ms

    def _is_too_soon(self, start: Stop, end: Stop) -> bool:
        """True if a leg took less than the share of the best travel time that one vehicle needs.

        A clock is wrong then.
        """
        route = self._network.route(start.site_id or "", end.site_id or "")
        return (
            route is not None and end.captured_ms - start.captured_ms < self._min_time_share * route.best_ms
        )
