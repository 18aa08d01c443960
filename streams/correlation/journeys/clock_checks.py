"""Moves: the stops of a journey by which the vehicle moved on, as far as clocks that may be wrong tell."""

from collections.abc import Sequence

from streams.correlation.config import CorrelationPolicy
from streams.correlation.journeys.itinerary import Stop
from streams.network.routing import Network


class Moves:
    """Tells coming back from being told to come back by a clock. The same for the same stops."""

    def __init__(self, network: Network, policy: CorrelationPolicy) -> None:
        self._network = network
        self._share = policy.clone_share
        self._error = 1000 * policy.clock_error_s
        self._errors = 2 * self._error

    def of(self, stops: Sequence[Stop]) -> Sequence[Stop]:
        """Those of the stops of a journey, in event time, by which the vehicle moved on. Whether the last is
        one tells whether it did so then.

        Left out is a site to which it seems to have come back so soon that wrong clocks may be all there is
        to it: it was passed on the way. Of two stops at one site the first is left out where it is sooner
        before the stop between than the best travel time allows, and the second is not sooner after it.
        """
        before = 0
        for each in stops:
            # Most come one after the other as far apart as no clock is wrong.
            if each.captured - before <= self._errors:
                break
            before = each.captured
        else:
            return stops
        moves: list[Stop] = []
        for stop in stops:
            self._take(stop, moves)
        return moves

    def _take(self, stop: Stop, moves: list[Stop]) -> None:
        for place in range(len(moves) - 1, 0, -1):
            one, other = moves[place - 1], moves[place]
            if stop.captured - other.captured > self._errors:
                break
            if self._is_back(one, other, stop):
                if one.site != stop.site or not self._too_soon(one, other) or self._too_soon(other, stop):
                    return
                del moves[place - 1]
                break
        moves.append(stop)

    def _is_back(self, one: Stop, other: Stop, last: Stop) -> bool:
        """Whether the last of three stops is at the site of the first or on the way from there to the second,
        and may have been before the second.

        At the same site both clocks may be as wrong as they may be. On the way only one of them: that both
        are, just so, is less likely than a passage on the way there that was not read.
        """
        if one.site is None or other.site is None or last.site is None or last.site == other.site:
            return False
        if last.site == one.site:
            return last.captured - one.captured <= self._errors or self._too_soon(other, last)
        way, rest = self._network.way(one.site, other.site), self._network.way(last.site, other.site)
        if way is None or rest is None or last.site not in way.sites:
            return False
        return last.captured + rest.best_ms <= other.captured + self._error

    def _too_soon(self, one: Stop, other: Stop) -> bool:
        """Whether the way from one stop to another took less than a share of the best travel time: then a
        clock is wrong."""
        way = self._network.way(one.site or "", other.site or "")
        return way is not None and other.captured - one.captured < self._share * way.best_ms
