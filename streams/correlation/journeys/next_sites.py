"""The next sites of a vehicle, with the arrival windows there."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from streams.correlation.config import CorrelationConfig
from streams.correlation.journeys.itinerary import PassedStop
from streams.network.config import Places
from streams.network.routing import Network, NextSite
from streams.records.arrivals import Arrivals, ArrivalWindow, ArrivalWindows
from streams.records.times import MINUTE_MS

_PACE_RANGE: Final = (0.6, 1.5)
"""The range of a vehicle's pace, which is its travel time divided by the usual one.

Beyond it, the vehicle stopped or a clock is wrong.
"""
_PACE_STEPS: Final = 20
_PACE_LEGS: Final = 3
_WINDOW_SPREAD: Final = 0.5
"""Length of an arrival window after the expected arrival, as a share of the travel time."""
_MIN_SPREAD_MS: Final = 5 * MINUTE_MS
_NO_WINDOWS: Final = ArrivalWindows()


class ArrivalForecast:
    """Forecast of the next sites from the last stops of a journey."""

    def __init__(self, network: Network, places: Places, config: CorrelationConfig) -> None:
        self._network = network
        self._sites = places.sites
        self._horizon_ms = config.ahead_minutes * MINUTE_MS
        self._towards = {name: tuple(camera.towards) for name, camera in places.cameras.items()}
        # Paces are rounded, which keeps the number of cached windows low.
        self._arrival_windows = lru_cache(maxsize=1 << 14)(self._build_windows)

    def arrivals(self, passed_stops: Sequence[PassedStop]) -> Arrivals:
        """Return the next sites after the last stop of a journey; none if its site is unknown."""
        last = passed_stops[-1].stop
        if last.site_id is None or not self._horizon_ms:
            return Arrivals(last.captured_ms, _NO_WINDOWS)
        previous_site_id = None
        for passed in reversed(passed_stops):
            if passed.stop.site_id != last.site_id:
                previous_site_id = passed.stop.site_id
                break
        towards = self._towards.get(last.sighting.match.read.camera_id, ())
        pace = _estimate_pace(passed_stops)
        return Arrivals(
            last.captured_ms, self._arrival_windows(last.site_id, previous_site_id, towards, pace)
        )

    def _build_windows(
        self, site_id: str, previous_site_id: str | None, towards: tuple[str, ...], pace: float
    ) -> ArrivalWindows:
        next_sites = self._network.next_sites(site_id, previous_site_id, towards, self._horizon_ms)
        return ArrivalWindows([self._build_window(next_site, pace) for next_site in next_sites])

    def _build_window(self, next_site: NextSite, pace: float) -> ArrivalWindow:
        route = next_site.route
        expected_ms = max(route.usual_ms * pace, route.best_ms)
        spread_ms = max(expected_ms * _WINDOW_SPREAD, _MIN_SPREAD_MS)
        return ArrivalWindow(
            next_site.site_id,
            round(route.km, 1),
            int(route.best_ms),
            int(expected_ms),
            int(expected_ms + spread_ms),
            round(next_site.share, 3),
            self._sites[next_site.site_id].territory,
        )


def _estimate_pace(passed_stops: Sequence[PassedStop]) -> float:
    """Return the pace of the quickest of the last legs; 1 if there is none.

    The quickest, because a vehicle that stopped on the way drives on at its former pace.
    """
    minimum, maximum = _PACE_RANGE
    quickest = maximum
    for passed in passed_stops[-_PACE_LEGS:]:
        leg = passed.leg
        if leg is not None and leg.usual_ms:
            pace = leg.elapsed_ms / leg.usual_ms
            if minimum <= pace < quickest:
                quickest = pace
    return round(quickest * _PACE_STEPS) / _PACE_STEPS if quickest < maximum else 1.0
