"""Doubts: signs that the last stop of a journey is of another vehicle with the same plate."""

from collections.abc import Sequence
from typing import Final

from streams.correlation.config import CorrelationConfig
from streams.correlation.journeys.itinerary import Leg, PassedStop, Stop
from streams.correlation.journeys.legs import Legs
from streams.matching.appearance.comparison import AppearanceComparer, find_contradictions
from streams.records.journey import Doubt
from streams.records.times import MINUTE_MS

_MIN_CONTRADICTIONS: Final = 2
"""How many of make, colour and type must contradict: each alone is often misread."""


class DoubtFinder:
    """Compares the last stop of a journey with the reliable stop before it."""

    def __init__(self, legs: Legs, appearance: AppearanceComparer, config: CorrelationConfig) -> None:
        self._legs = legs
        self._appearance = appearance
        self._min_confidence = config.sure_confidence

    def find(self, passed_stops: Sequence[PassedStop]) -> tuple[Doubt, ...]:
        """Return the doubts about the last stop; none unless it and an earlier stop are reliable."""
        last = passed_stops[-1]
        if len(passed_stops) < 2 or not last.stop.best_reliable:
            return ()
        # Routes are the quickest ones, so if each leg between reliable stops is feasible, the leg between any
        # two of them nearly is; each check allows for clock errors.
        previous, leg = passed_stops[-2].stop, last.leg
        if not previous.best_reliable:
            reliable = last_reliable_stop(passed_stops[:-2])
            if reliable is None:
                return ()
            previous, leg = reliable, self._legs.leg_between(reliable, last.stop)
        is_too_fast = leg is not None and not self._legs.is_feasible(leg)
        speed = _speed_doubt(previous, leg) if is_too_fast and leg is not None else None
        appearance = self._appearance_doubt(previous, last.stop)
        if speed is None and appearance is None:
            return ()
        return tuple([doubt for doubt in (speed, appearance) if doubt is not None])

    def _appearance_doubt(self, previous: Stop, last: Stop) -> Doubt | None:
        assert previous.best_reliable is not None and last.best_reliable is not None, "stops are reliable"
        before, now = previous.best_reliable.match.read.vehicle, last.best_reliable.match.read.vehicle
        if before is None or now is None or before == now:
            return None
        if any(
            vehicle.confidence is not None and vehicle.confidence < self._min_confidence
            for vehicle in (before, now)
        ):
            return None
        score = self._appearance.score(now, before, last.sighting.match.alert.country)
        contradictions = find_contradictions(score.parts)
        if len(contradictions) < _MIN_CONTRADICTIONS:
            return None
        seen = ", ".join(attribute.read for attribute in contradictions)
        seen_before = ", ".join(attribute.listed for attribute in contradictions)
        meaning = f"this vehicle was read as {seen}; the one with this plate before as {seen_before}"
        return Doubt("looks", previous.hit_id, meaning, previous.site_id)


def last_reliable_stop(passed_stops: Sequence[PassedStop]) -> Stop | None:
    """Return the last stop with a reliable sighting, if any."""
    return next((passed.stop for passed in reversed(passed_stops) if passed.stop.best_reliable), None)


def _speed_doubt(start: Stop, leg: Leg) -> Doubt:
    minutes, best_minutes = leg.elapsed_ms / MINUTE_MS, leg.best_ms / MINUTE_MS
    meaning = (
        f"the plate was read {leg.km:.0f} km away {minutes:.0f} minutes before, and the best travel time "
        f"is {best_minutes:.0f} minutes: one of two vehicles has a copy of it, or a camera's clock is wrong"
    )
    return Doubt(
        "too-fast",
        start.hit_id,
        meaning,
        start.site_id,
        round(leg.km, 1),
        round(minutes, 1),
        round(best_minutes, 1),
    )
