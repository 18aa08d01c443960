"""Journeys: what a hit tells of where its vehicle has been, where it may come to, and whether it is one.

What the hit of a stop tells follows from that stop and those before it alone: a vehicle that goes on changes
nothing of earlier hits, and a read that comes late changes only hits of later stops.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

from msgspec import Struct

from streams.correlation.config import CorrelationConfig
from streams.correlation.journeys.clock_checks import ClockChecks
from streams.correlation.journeys.itinerary import CachedPrefix, Itinerary, Leg, PassedStop, Stop
from streams.correlation.journeys.legs import Legs
from streams.correlation.passages import Passage
from streams.matching.appearance.comparison import AppearanceComparer, find_contradictions
from streams.network.config import Places
from streams.network.routing import Network, NextSite
from streams.records.arrivals import Arrivals, ArrivalWindow, ArrivalWindows
from streams.records.hit import text_digest
from streams.records.journey import Doubt, Journey, PassedSite
from streams.records.read import Position
from streams.records.times import MINUTE_MS, from_ms

_PACE_BOUNDS: Final = (0.6, 1.5)
"""The bounds of its pace, the time of a leg by the usual one; beyond, it stopped or a clock lies."""
_PACE_STEPS: Final = 20
_PACE_LEGS: Final = 3
_WINDOW_SPREAD: Final = 0.5
"""How much longer than expected, as a share, the way may take within the arrival window."""
_MIN_SPREAD_MS: Final = 5 * MINUTE_MS
_NO_WINDOWS: Final = ArrivalWindows()
_MIN_CONTRADICTIONS: Final = 2
"""Of make, colour and type, how many must contradict: each alone is often misread."""


class JourneyView(Struct, frozen=True, gc=False):
    """What the hit of a stop tells; `passings` are those of its journey, the last is its own, `ahead` are the
    sites that it may come to."""

    journey: Journey
    arrivals: Arrivals
    doubts: tuple[Doubt, ...]
    passed_stops: Sequence[PassedStop]

    @property
    def stop(self) -> Stop:
        """The stop itself."""
        return self.passed_stops[-1].stop


class JourneyBuilder:
    """Makes journeys of trails. The same for the same stops, places and policy."""

    def __init__(self, places: Places, config: CorrelationConfig, appearance: AppearanceComparer) -> None:
        self._network = Network(places.sites)
        self._places = places
        self._config = config
        self._appearance = appearance
        positions = {
            site_id: Position(site.lat, site.lon)
            for site_id, site in places.sites.items()
            if site.lat is not None and site.lon is not None
        }
        self._clock_checks = ClockChecks(self._network, config)
        self._legs = Legs(self._network, positions, config)
        self._gap_ms = config.journey_gap_hours * 60 * MINUTE_MS
        self._horizon_ms = config.ahead_minutes * MINUTE_MS
        self._towards = {name: tuple(camera.towards) for name, camera in places.cameras.items()}
        # Paces are rounded, so that there are not too many to remember.
        self._arrival_windows = lru_cache(maxsize=1 << 14)(self._build_windows)

    def build_stop(self, passage: Passage) -> Stop:
        """The stop of a passage that stands."""
        its = passage.best
        site = self._places.sites.get(its.site_id) if its.site_id is not None else None
        territory = site.territory if site is not None else None
        return Stop(its.captured_ms, its.hit_id, its, its.site_id, territory, passage.best_reliable)

    def new_itinerary(self) -> Itinerary:
        """A trail without stops."""
        return Itinerary(self._gap_ms)

    def build_view(self, itinerary: Itinerary, index: int) -> JourneyView:
        """What the hit of a stop tells, by its number in the trail.

        That of a doubtful read where the vehicle cannot have been is a journey by itself.
        """
        before = itinerary.prefix
        tail = self._extend_prefix(itinerary, index)
        if tail is None:
            before, tail = None, self._build_prefix(itinerary, index)
        itinerary.prefix, itinerary.previous_prefix = tail, before
        told, most = tail.passed_stops, self._config.journey_passages
        if len(told) > most:
            told = told[-most:]
        ahead = self._arrivals(told)
        journey = Journey(
            tail.journey_id,
            tuple([each.record for each in told]),
            ahead or [],
            len(tail.passed_stops) > len(told),
            tail.excluded_count,
        )
        return JourneyView(journey, ahead, self._find_doubts(told), told)

    def _extend_prefix(self, itinerary: Itinerary, index: int) -> CachedPrefix | None:
        """The passings up to a stop from those up to the one before, where these are known and stay."""
        tail = itinerary.prefix
        if tail is None or index == 0 or itinerary.starts_journey(index):
            return None
        before, stop = tail.passed_stops[-1].stop, itinerary[index]
        if before is not itinerary[index - 1]:
            return None
        leg, most = self._legs.leg_between(before, stop), self._config.journey_passages
        possible = self._legs.is_feasible(leg)
        alone = tail.journey_id == before.hit_id
        if not before.best_reliable and (alone or not possible):
            return None
        if not stop.best_reliable:
            sure = next((each.stop for each in reversed(tail.passed_stops) if each.stop.best_reliable), None)
            known = sure is not None or len(tail.passed_stops) <= most
            if not known or (
                sure is not None and not self._legs.is_feasible(self._legs.leg_between(sure, stop))
            ):
                return None
        return CachedPrefix(
            tail.journey_id, [*tail.passed_stops[-most:], _build_passed_stop(stop, leg)], tail.excluded_count
        )

    def _build_prefix(self, itinerary: Itinerary, index: int) -> CachedPrefix:
        start = itinerary.journey_start(index)
        if self._is_infeasible(itinerary, index):
            return CachedPrefix(itinerary[index].hit_id, [_build_passed_stop(itinerary[index], None)], 0)
        stops, doubtful = self._feasible_stops(itinerary, start, index)
        told = stops[-self._config.journey_passages - 1 :]
        passings = [
            _build_passed_stop(other, self._legs.leg_between(one, other)) for one, other in pairwise(told)
        ]
        return CachedPrefix(
            self._journey_id(itinerary[start]), [_build_passed_stop(told[0], None), *passings], doubtful
        )

    def _journey_id(self, first: Stop) -> str:
        """The same for all stops of a journey, and whichever read of the first passage stands for it.

        Journeys of one vehicle begin more than the gap apart, each in another stretch of that length.
        """
        alert, result = first.sighting.match.alert, first.sighting.match.result
        plate = result.read_plate if result.class_ == "pattern" else ""
        stretch = str(int(first.captured_ms // self._gap_ms))
        return text_digest(("journey", alert.list_id, alert.alert_id, str(alert.version), plate, stretch))

    def latest_view(
        self, itinerary: Itinerary, views: Mapping[str, JourneyView]
    ) -> tuple[JourneyView, Sequence[Stop]]:
        """What the hit tells of the stop at which the vehicle was last, and the stops by which it moved on to
        there; `views` are those known already.

        A doubtful read where the vehicle cannot have been is none, nor is one by which it did not move on.
        """
        for number in range(len(itinerary) - 1, -1, -1):
            if not self._is_infeasible(itinerary, number):
                view = views.get(itinerary[number].hit_id) or self.build_view(itinerary, number)
                moves = self._clock_checks.forward_stops([each.stop for each in view.passed_stops])
                if moves[-1] is view.stop:
                    return view, moves
        view = self.build_view(itinerary, 0)
        return view, [view.stop]

    def _feasible_stops(self, itinerary: Itinerary, start: int, index: int) -> tuple[list[Stop], int]:
        """The stops of the journey up to one, and how many were left out.

        A doubtful read is left out where it cannot have been the vehicle.
        """
        kept = [itinerary[index]]
        for each in range(index - 1, start - 1, -1):
            stop = itinerary[each]
            if stop.best_reliable or self._legs.is_feasible(self._legs.leg_between(stop, kept[-1])):
                kept.append(stop)
        return kept[::-1], index - start + 1 - len(kept)

    def _is_infeasible(self, itinerary: Itinerary, index: int) -> bool:
        """Whether a stop is a doubtful read where the vehicle cannot have been after the last sure one."""
        last = itinerary[index]
        if last.best_reliable:
            return False
        start = itinerary.journey_start(index)
        sure = next(
            (itinerary[each] for each in range(index - 1, start - 1, -1) if itinerary[each].best_reliable),
            None,
        )
        return sure is not None and not self._legs.is_feasible(self._legs.leg_between(sure, last))

    def _arrivals(self, passed_stops: Sequence[PassedStop]) -> Arrivals:
        last = passed_stops[-1].stop
        if last.site_id is None or not self._horizon_ms:
            return Arrivals(last.captured_ms, _NO_WINDOWS)
        before = None
        for each in reversed(passed_stops):
            if each.stop.site_id != last.site_id:
                before = each.stop.site_id
                break
        towards = self._towards.get(last.sighting.match.read.camera_id, ())
        return Arrivals(
            last.captured_ms,
            self._arrival_windows(last.site_id, before, towards, _estimate_pace(passed_stops)),
        )

    def _build_windows(
        self, site_id: str, previous_site_id: str | None, towards: tuple[str, ...], pace: float
    ) -> ArrivalWindows:
        ahead = self._network.next_sites(site_id, previous_site_id, towards, self._horizon_ms)
        return ArrivalWindows([self._build_window(each, pace) for each in ahead])

    def _build_window(self, next_site: NextSite, pace: float) -> ArrivalWindow:
        way = next_site.route
        takes = max(way.usual_ms * pace, way.best_ms)
        spread = max(takes * _WINDOW_SPREAD, _MIN_SPREAD_MS)
        return ArrivalWindow(
            next_site.site_id,
            round(way.km, 1),
            int(way.best_ms),
            int(takes),
            int(takes + spread),
            round(next_site.share, 3),
            self._places.sites[next_site.site_id].territory,
        )

    def _find_doubts(self, passed_stops: Sequence[PassedStop]) -> tuple[Doubt, ...]:
        """What speaks against the last stop being of the vehicle of the sure one before."""
        last = passed_stops[-1]
        if len(passed_stops) < 2 or not last.stop.best_reliable:
            return ()
        # Ways are the quickest, so if each leg between sure stops is possible, that between any two of them
        # nearly is; what clocks may be wrong by is allowed for with each.
        before, leg = passed_stops[-2].stop, last.leg
        if not before.best_reliable:
            sure = next((each.stop for each in reversed(passed_stops[:-2]) if each.stop.best_reliable), None)
            if sure is None:
                return ()
            before, leg = sure, self._legs.leg_between(sure, last.stop)
        too_fast = _speed_doubt(before, leg) if leg is not None and not self._legs.is_feasible(leg) else None
        found = too_fast, self._appearance_doubt(before, last.stop)
        return () if found == (None, None) else tuple([each for each in found if each is not None])

    def _appearance_doubt(self, first: Stop, last: Stop) -> Doubt | None:
        assert first.best_reliable is not None and last.best_reliable is not None, (
            "doubts are between sure reads"
        )
        before, now = first.best_reliable.match.read.vehicle, last.best_reliable.match.read.vehicle
        if before is None or now is None or before == now:
            return None
        least = self._config.sure_confidence
        if any(each.confidence is not None and each.confidence < least for each in (before, now)):
            return None
        alert = last.sighting.match.alert
        weighed = self._appearance.score(now, before, alert.country)
        parts = find_contradictions(weighed.parts)
        if len(parts) < _MIN_CONTRADICTIONS:
            return None
        seen = ", ".join(part.read for part in parts)
        known = ", ".join(part.listed for part in parts)
        meaning = f"this vehicle was read as {seen}; the one with this plate before as {known}"
        return Doubt("looks", first.hit_id, meaning, first.site_id)


def _speed_doubt(start: Stop, leg: Leg) -> Doubt:
    minutes, best = leg.elapsed_ms / MINUTE_MS, leg.best_ms / MINUTE_MS
    meaning = (
        f"the plate was read {leg.km:.0f} km away {minutes:.0f} minutes before, and the best travel time "
        f"is {best:.0f} minutes: one of two vehicles has a copy of it, or a camera's clock is wrong"
    )
    return Doubt(
        "too-fast", start.hit_id, meaning, start.site_id, round(leg.km, 1), round(minutes, 1), round(best, 1)
    )


def _build_passed_stop(stop: Stop, leg: Leg | None) -> PassedStop:
    """A stop with the leg that led to it, and what is told of both."""
    at, camera_id = from_ms(stop.captured_ms), stop.sighting.match.read.camera_id
    if leg is None:
        return PassedStop(stop, leg, PassedSite(stop.hit_id, camera_id, at, stop.site_id, stop.territory))
    kmh = leg.kmh
    passed = PassedSite(
        stop.hit_id,
        camera_id,
        at,
        stop.site_id,
        stop.territory,
        round(leg.km, 1),
        round(leg.elapsed_ms / MINUTE_MS, 1),
        None if kmh is None else round(kmh, 1),
    )
    return PassedStop(stop, leg, passed)


def _estimate_pace(passed_stops: Sequence[PassedStop]) -> float:
    """The time of the quickest of the last legs by the usual time; 1 where nothing is known.

    The quickest, for a vehicle that stops on its way drives on as before.
    """
    least, most = _PACE_BOUNDS
    quickest = most
    for each in passed_stops[-_PACE_LEGS:]:
        leg = each.leg
        if leg is not None and leg.usual_ms:
            pace = leg.elapsed_ms / leg.usual_ms
            if least <= pace < quickest:
                quickest = pace
    return round(quickest * _PACE_STEPS) / _PACE_STEPS if quickest < most else 1.0
