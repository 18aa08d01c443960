"""Building the journey of a hit: the passed sites, the next sites, and doubts.

The journey in the hit of a stop depends on that stop and those before it only: a vehicle that moves on does
not change earlier hits, and a read that arrives late changes hits of later stops only.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from streams.correlation.config import CorrelationConfig
from streams.correlation.journeys.clock_checks import ClockChecks
from streams.correlation.journeys.doubts import DoubtFinder
from streams.correlation.journeys.itinerary import CachedPrefix, Itinerary, Leg, PassedStop, SortKey, Stop
from streams.correlation.journeys.legs import Legs
from streams.correlation.journeys.next_sites import ArrivalForecast
from streams.correlation.passages import Passage
from streams.matching.appearance.comparison import AppearanceComparer
from streams.network.config import Places
from streams.network.routing import Network
from streams.records.arrivals import Arrivals
from streams.records.hit import identity_digest, text_digest
from streams.records.journey import Doubt, Journey, PassedSite
from streams.records.read import Position
from streams.records.times import MINUTE_MS, from_ms


class JourneyView(Struct, frozen=True, gc=False):
    """The journey in the hit of a stop, which is the last of `passed_stops`."""

    journey: Journey
    arrivals: Arrivals
    doubts: tuple[Doubt, ...]
    passed_stops: Sequence[PassedStop]
    forward_stops: Sequence[Stop]
    is_infeasible: bool

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
        self._stay_ms = round(config.stay_minutes * MINUTE_MS)
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
        return Stop(
            passage.first_ms,
            passage.hit_id,
            best,
            best.site_id,
            territory,
            passage.best_reliable,
            passage,
            self._stay_ms,
            passage.left_ms(self._stay_ms),
        )

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
        is_longer = len(prefix.passed_stops) > len(passed_stops)
        arrivals = self._forecast.arrivals(passed_stops)
        journey = Journey(
            prefix.journey_id,
            tuple([passed.record for passed in passed_stops]),
            arrivals if arrivals.windows else [],
            is_longer,
            _count_after(prefix.excluded, passed_stops[0].stop.key) if is_longer else len(prefix.excluded),
        )
        doubts = self._doubt_finder.find(passed_stops)
        return JourneyView(
            journey, arrivals, doubts, passed_stops, prefix.forward_stops, prefix.is_infeasible
        )

    def latest_view(self, itinerary: Itinerary, last: int, views: Mapping[str, JourneyView]) -> JourneyView:
        """Return the view of the vehicle's latest stop up to that at the index `last`.

        Infeasible stops, and those by which the vehicle did not move on, are skipped. `views` are those
        that have been built already, by hit.
        """
        for index in range(last, -1, -1):
            view = views.get(itinerary[index].hit_id) or self.build_view(itinerary, index)
            if not view.is_infeasible and view.forward_stops[-1] is view.stop:
                return view
        return self.build_view(itinerary, 0)

    def _extend_prefix(self, itinerary: Itinerary, index: int) -> CachedPrefix | None:
        """Build the prefix of a stop from that of the stop before; None if that is unknown or may change."""
        prefix = itinerary.prefix
        if prefix is None or index == 0 or itinerary.starts_journey(index):
            return None
        previous, stop = prefix.passed_stops[-1].stop, itinerary[index]
        if previous is not itinerary[index - 1]:
            return None
        leg = self._legs.leg_between(previous, stop)
        if not previous.best_reliable and (prefix.is_infeasible or not self._legs.is_feasible(leg)):
            return None
        last_reliable = prefix.last_reliable
        if stop.best_reliable:
            last_reliable = stop
        elif last_reliable is not None and last_reliable is not previous:
            if not self._legs.is_feasible(self._legs.leg_between(last_reliable, stop)):
                return None
        elif last_reliable is previous and not self._legs.is_feasible(leg):
            return None
        return CachedPrefix(
            prefix.journey_id,
            (*prefix.passed_stops[-self._max_passages :], _build_passed_stop(stop, leg)),
            prefix.excluded,
            self._clock_checks.extend(prefix.forward_stops[-self._max_passages :], stop),
            last_reliable,
        )

    def _build_prefix(self, itinerary: Itinerary, index: int) -> CachedPrefix:
        if self._is_infeasible(itinerary, index):
            stop = itinerary[index]
            return CachedPrefix(stop.hit_id, (_build_passed_stop(stop, None),), (), (stop,), None, True)
        start = itinerary.journey_start(index)
        if start == index:
            return self._start_prefix(itinerary[start])
        latest, excluded = self._feasible_stops(itinerary, start, index)
        passed_stops = [_build_passed_stop(latest[0], None)]
        passed_stops += [
            _build_passed_stop(after, self._legs.leg_between(before, after))
            for before, after in pairwise(latest)
        ]
        stop = itinerary[index]
        return CachedPrefix(
            self._journey_id(itinerary[start]),
            tuple(passed_stops),
            excluded,
            self._clock_checks.forward_stops(latest),
            stop if stop.best_reliable else itinerary.last_reliable(index),
        )

    def _start_prefix(self, stop: Stop) -> CachedPrefix:
        """Build the prefix of the first stop of a journey."""
        passed_stops = (_build_passed_stop(stop, None),)
        last_reliable = stop if stop.best_reliable else None
        return CachedPrefix(self._journey_id(stop), passed_stops, (), (stop,), last_reliable)

    def _journey_id(self, first: Stop) -> str:
        """Return the id of a journey, whichever read represents its first passage.

        Journeys of one vehicle start more than the gap apart, so each starts in another period of that
        length.
        """
        match = first.sighting.match
        period = str(int(first.captured_ms // self._gap_ms))
        return text_digest(("journey", identity_digest(match.alert), first.sighting.plate, period))

    def _feasible_stops(
        self, itinerary: Itinerary, start: int, index: int
    ) -> tuple[list[Stop], tuple[SortKey, ...]]:
        """Return the latest stops up to one, without unreliable ones from which the next is infeasible.

        They are one more than a hit lists, because the leg to the first listed one needs the stop before it.
        Return the keys of those left out as well.
        """
        kept, excluded = [itinerary[index]], []
        for earlier in range(index - 1, start - 1, -1):
            stop = itinerary[earlier]
            if stop.best_reliable or self._legs.is_feasible(self._legs.leg_between(stop, kept[-1])):
                kept.append(stop)
                if len(kept) > self._max_passages:
                    break
            else:
                excluded.append(stop.key)
        return kept[::-1], tuple(excluded)

    def _is_infeasible(self, itinerary: Itinerary, index: int) -> bool:
        """True if a stop is unreliable and the vehicle cannot have come there from the last reliable one."""
        stop = itinerary[index]
        if stop.best_reliable:
            return False
        reliable = itinerary.last_reliable(index)
        return reliable is not None and not self._legs.is_feasible(self._legs.leg_between(reliable, stop))


def _count_after(keys: Sequence[SortKey], first: SortKey) -> int:
    """Return how many keys are greater than another."""
    return sum(key > first for key in keys)


def _build_passed_stop(stop: Stop, leg: Leg | None) -> PassedStop:
    read = stop.sighting.match.read
    camera_id = read.camera_id
    # Most times are in whole milliseconds already, and of the read that is shown.
    is_shown = stop.sighting.captured_ms == stop.captured_ms and read.captured_at.microsecond % 1000 == 0
    at = read.captured_at if is_shown else from_ms(stop.captured_ms)
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
