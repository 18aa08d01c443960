"""Building the journey of a hit: the passed sites, the next sites, and doubts.

The journey in the hit of a stop depends on that stop and those before it only: a vehicle that moves on does
not change earlier hits, and a read that arrives late changes hits of later stops only.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from streams.correlation.config import CorrelationConfig
from streams.correlation.journeys.clock_checks import ClockChecks
from streams.correlation.journeys.doubts import DoubtFinder, last_reliable_stop
from streams.correlation.journeys.itinerary import CachedPrefix, Itinerary, Leg, PassedStop, Stop
from streams.correlation.journeys.legs import Legs
from streams.correlation.journeys.next_sites import ArrivalForecast
from streams.correlation.passages import Passage
from streams.matching.appearance.comparison import AppearanceComparer
from streams.network.config import Places
from streams.network.routing import Network
from streams.records.arrivals import Arrivals
from streams.records.hit import text_digest
from streams.records.journey import Doubt, Journey, PassedSite
from streams.records.read import Position
from streams.records.times import MINUTE_MS, from_ms


class JourneyView(Struct, frozen=True, gc=False):
    """The journey in the hit of a stop, which is the last of `passed_stops`."""

    journey: Journey
    arrivals: Arrivals
    doubts: tuple[Doubt, ...]
    passed_stops: Sequence[PassedStop]

    @property
    def stop(self) -> Stop:
        """The stop itself."""
        return self.passed_stops[-1].stop


class JourneyBuilder:
    """Builder of journeys; apart from the prefix cached in an itinerary, it has no state."""

    def __init__(self, places: Places, config: CorrelationConfig, appearance: AppearanceComparer) -> None:
        network = Network(places.sites)
        positions = {
            site_id: Position(site.lat, site.lon)
            for site_id, site in places.sites.items()
            if site.lat is not None and site.lon is not None
        }
        self._sites = places.sites
        self._max_passages = config.journey_passages
        self._gap_ms = config.journey_gap_hours * 60 * MINUTE_MS
        self._clock_checks = ClockChecks(network, config)
        self._legs = Legs(network, positions, config)
        self._forecast = ArrivalForecast(network, places, config)
        self._doubt_finder = DoubtFinder(self._legs, appearance, config)

    def build_stop(self, passage: Passage) -> Stop:
        """Build the stop of an active passage."""
        best = passage.best
        site = self._sites.get(best.site_id) if best.site_id is not None else None
        territory = site.territory if site is not None else None
        return Stop(best.captured_ms, best.hit_id, best, best.site_id, territory, passage.best_reliable)

    def new_itinerary(self) -> Itinerary:
        """Return an itinerary without stops."""
        return Itinerary(self._gap_ms)

    def build_view(self, itinerary: Itinerary, index: int) -> JourneyView:
        """Build the view of the stop at an index; an infeasible stop is a journey of its own."""
        previous_prefix = itinerary.prefix
        prefix = self._extend_prefix(itinerary, index)
        if prefix is None:
            previous_prefix, prefix = None, self._build_prefix(itinerary, index)
        itinerary.prefix, itinerary.previous_prefix = prefix, previous_prefix
        passed_stops = prefix.passed_stops
        if len(passed_stops) > self._max_passages:
            passed_stops = passed_stops[-self._max_passages :]
        arrivals = self._forecast.arrivals(passed_stops)
        journey = Journey(
            prefix.journey_id,
            tuple([passed.record for passed in passed_stops]),
            arrivals or [],
            len(prefix.passed_stops) > len(passed_stops),
            prefix.excluded_count,
        )
        return JourneyView(journey, arrivals, self._doubt_finder.find(passed_stops), passed_stops)

    def latest_view(
        self, itinerary: Itinerary, views: Mapping[str, JourneyView]
    ) -> tuple[JourneyView, Sequence[Stop]]:
        """Return the view of the vehicle's latest stop, and the forward stops up to it.

        Infeasible stops, and those by which the vehicle did not move on, are skipped. `views` are those
        that have been built already, by hit.
        """
        for index in range(len(itinerary) - 1, -1, -1):
            if not self._is_infeasible(itinerary, index):
                view = views.get(itinerary[index].hit_id) or self.build_view(itinerary, index)
                forward_stops = self._clock_checks.forward_stops(
                    [passed.stop for passed in view.passed_stops]
                )
                if forward_stops[-1] is view.stop:
                    return view, forward_stops
        view = self.build_view(itinerary, 0)
        return view, [view.stop]

    def _extend_prefix(self, itinerary: Itinerary, index: int) -> CachedPrefix | None:
        """Build the prefix of a stop from that of the stop before; None if that is unknown or may change."""
        prefix = itinerary.prefix
        if prefix is None or index == 0 or itinerary.starts_journey(index):
            return None
        previous, stop = prefix.passed_stops[-1].stop, itinerary[index]
        if previous is not itinerary[index - 1]:
            return None
        leg = self._legs.leg_between(previous, stop)
        is_alone = prefix.journey_id == previous.hit_id
        if not previous.best_reliable and (is_alone or not self._legs.is_feasible(leg)):
            return None
        if not stop.best_reliable:
            reliable = last_reliable_stop(prefix.passed_stops)
            if reliable is None and len(prefix.passed_stops) > self._max_passages:
                return None
            if reliable is not None and not self._legs.is_feasible(self._legs.leg_between(reliable, stop)):
                return None
        passed_stops = [*prefix.passed_stops[-self._max_passages :], _build_passed_stop(stop, leg)]
        return CachedPrefix(prefix.journey_id, passed_stops, prefix.excluded_count)

    def _build_prefix(self, itinerary: Itinerary, index: int) -> CachedPrefix:
        if self._is_infeasible(itinerary, index):
            return CachedPrefix(itinerary[index].hit_id, [_build_passed_stop(itinerary[index], None)], 0)
        start = itinerary.journey_start(index)
        stops = self._feasible_stops(itinerary, start, index)
        # One more than a hit lists: the leg to the first listed stop needs the stop before it.
        latest = stops[-self._max_passages - 1 :]
        passed_stops = [_build_passed_stop(latest[0], None)]
        passed_stops += [
            _build_passed_stop(after, self._legs.leg_between(before, after))
            for before, after in pairwise(latest)
        ]
        excluded_count = index - start + 1 - len(stops)
        return CachedPrefix(self._journey_id(itinerary[start]), passed_stops, excluded_count)

    def _journey_id(self, first: Stop) -> str:
        """Return the id of a journey, whichever read represents its first passage.

        Journeys of one vehicle start more than the gap apart, so each starts in another period of that
        length.
        """
        alert, result = first.sighting.match.alert, first.sighting.match.result
        plate = result.read_plate if result.class_ == "pattern" else ""
        period = str(int(first.captured_ms // self._gap_ms))
        return text_digest(("journey", alert.list_id, alert.alert_id, str(alert.version), plate, period))

    def _feasible_stops(self, itinerary: Itinerary, start: int, index: int) -> list[Stop]:
        """Return the stops from one to another, without unreliable ones from which the next is infeasible."""
        kept = [itinerary[index]]
        for earlier in range(index - 1, start - 1, -1):
            stop = itinerary[earlier]
            if stop.best_reliable or self._legs.is_feasible(self._legs.leg_between(stop, kept[-1])):
                kept.append(stop)
        return kept[::-1]

    def _is_infeasible(self, itinerary: Itinerary, index: int) -> bool:
        """True if a stop is unreliable and the vehicle cannot have come there from the last reliable one."""
        stop = itinerary[index]
        if stop.best_reliable:
            return False
        for earlier in range(index - 1, itinerary.journey_start(index) - 1, -1):
            if itinerary[earlier].best_reliable:
                return not self._legs.is_feasible(self._legs.leg_between(itinerary[earlier], stop))
        return False


def _build_passed_stop(stop: Stop, leg: Leg | None) -> PassedStop:
    at, camera_id = from_ms(stop.captured_ms), stop.sighting.match.read.camera_id
    if leg is None:
        return PassedStop(stop, leg, PassedSite(stop.hit_id, camera_id, at, stop.site_id, stop.territory))
    kmh = leg.kmh
    record = PassedSite(
        stop.hit_id,
        camera_id,
        at,
        stop.site_id,
        stop.territory,
        round(leg.km, 1),
        round(leg.elapsed_ms / MINUTE_MS, 1),
        None if kmh is None else round(kmh, 1),
    )
    return PassedStop(stop, leg, record)
