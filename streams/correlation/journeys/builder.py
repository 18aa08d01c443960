"""Journeys: what a hit tells of where its vehicle has been, where it may come to, and whether it is one.

What the hit of a stop tells follows from that stop and those before it alone: a vehicle that goes on changes
nothing of earlier hits, and a read that comes late changes only hits of later stops.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

from msgspec import Struct

from streams.correlation.config import CorrelationPolicy
from streams.correlation.journeys.clock_checks import Moves
from streams.correlation.journeys.itinerary import Leg, Passing, Stop, Tail, Trail
from streams.correlation.journeys.legs import Legs
from streams.correlation.passages import Passage
from streams.matching.appearance.comparison import Looks, contradictions_of
from streams.network.config import Places
from streams.network.routing import Ahead, Network
from streams.records.arrivals import Arrivals, Window, Windows
from streams.records.hit import digest_of
from streams.records.journey import Doubt, Journey, Passed
from streams.records.read import Position
from streams.records.times import MINUTE_MS, from_ms

_PACE: Final = (0.6, 1.5)
"""The bounds of its pace, the time of a leg by the usual one; beyond, it stopped or a clock lies."""
_PACE_STEPS: Final = 20
_PACE_LEGS: Final = 3
_SPREAD: Final = 0.5
"""How much longer than expected, as a share, the way may take within the arrival window."""
_LEAST_SPREAD_MS: Final = 5 * MINUTE_MS
_NOWHERE: Final = Windows()
_LOOKS: Final = 2
"""Of make, colour and type, how many must contradict: each alone is often misread."""


class View(Struct, frozen=True, gc=False):
    """What the hit of a stop tells; `passings` are those of its journey, the last is its own, `ahead` are the
    sites that it may come to."""

    journey: Journey
    ahead: Arrivals
    doubts: tuple[Doubt, ...]
    passings: Sequence[Passing]

    @property
    def stop(self) -> Stop:
        """The stop itself."""
        return self.passings[-1].stop


class Journeys:
    """Makes journeys of trails. The same for the same stops, places and policy."""

    def __init__(self, places: Places, policy: CorrelationPolicy, looks: Looks) -> None:
        self.network = Network(places.sites)
        self._places = places
        self._policy = policy
        self._looks = looks
        positions = {
            site_id: Position(site.lat, site.lon)
            for site_id, site in places.sites.items()
            if site.lat is not None and site.lon is not None
        }
        self._moves = Moves(self.network, policy)
        self._legs = Legs(self.network, positions, policy)
        self._gap = policy.journey_gap_hours * 60 * MINUTE_MS
        self._within = policy.ahead_minutes * MINUTE_MS
        self._towards = {name: tuple(camera.towards) for name, camera in places.cameras.items()}
        # Paces are rounded, so that there are not too many to remember.
        self._windows = lru_cache(maxsize=1 << 14)(self._windows_of)

    def stop(self, passage: Passage) -> Stop:
        """The stop of a passage that stands."""
        its = passage.best
        site = self._places.sites.get(its.site) if its.site is not None else None
        territory = site.territory if site is not None else None
        return Stop(its.captured, its.hit_id, its, its.site, territory, passage.sure)

    def trail(self) -> Trail:
        """A trail without stops."""
        return Trail(self._gap)

    def view(self, trail: Trail, number: int) -> View:
        """What the hit of a stop tells, by its number in the trail.

        That of a doubtful read where the vehicle cannot have been is a journey by itself.
        """
        before = trail.tail
        tail = self._prolonged(trail, number)
        if tail is None:
            before, tail = None, self._passings(trail, number)
        trail.tail, trail.before = tail, before
        told, most = tail.passings, self._policy.journey_passages
        if len(told) > most:
            told = told[-most:]
        ahead = self._ahead(told)
        journey = Journey(
            tail.journey_id,
            tuple([each.passed for each in told]),
            ahead or [],
            len(tail.passings) > len(told),
            tail.doubtful,
        )
        return View(journey, ahead, self._doubts(told), told)

    def _prolonged(self, trail: Trail, number: int) -> Tail | None:
        """The passings up to a stop from those up to the one before, where these are known and stay."""
        tail = trail.tail
        if tail is None or number == 0 or trail.begins(number):
            return None
        before, stop = tail.passings[-1].stop, trail[number]
        if before is not trail[number - 1]:
            return None
        leg, most = self._legs.leg(before, stop), self._policy.journey_passages
        possible = self._legs.possible(leg)
        alone = tail.journey_id == before.hit_id
        if not before.sure and (alone or not possible):
            return None
        if not stop.sure:
            sure = next((each.stop for each in reversed(tail.passings) if each.stop.sure), None)
            known = sure is not None or len(tail.passings) <= most
            if not known or (sure is not None and not self._legs.possible(self._legs.leg(sure, stop))):
                return None
        return Tail(tail.journey_id, [*tail.passings[-most:], _passing(stop, leg)], tail.doubtful)

    def _passings(self, trail: Trail, number: int) -> Tail:
        start = trail.start(number)
        if self._misfit(trail, number):
            return Tail(trail[number].hit_id, [_passing(trail[number], None)], 0)
        stops, doubtful = self._stops(trail, start, number)
        told = stops[-self._policy.journey_passages - 1 :]
        passings = [_passing(other, self._legs.leg(one, other)) for one, other in pairwise(told)]
        return Tail(self._journey_id(trail[start]), [_passing(told[0], None), *passings], doubtful)

    def _journey_id(self, first: Stop) -> str:
        """The same for all stops of a journey, and whichever read of the first passage stands for it.

        Journeys of one vehicle begin more than the gap apart, each in another stretch of that length.
        """
        alert, result = first.sighting.match.alert, first.sighting.match.result
        plate = result.read_plate if result.class_ == "pattern" else ""
        stretch = str(int(first.captured // self._gap))
        return digest_of(("journey", alert.list_id, alert.alert_id, str(alert.version), plate, stretch))

    def latest(self, trail: Trail, views: Mapping[str, View]) -> tuple[View, Sequence[Stop]]:
        """What the hit tells of the stop at which the vehicle was last, and the stops by which it moved on to
        there; `views` are those known already.

        A doubtful read where the vehicle cannot have been is none, nor is one by which it did not move on.
        """
        for number in range(len(trail) - 1, -1, -1):
            if not self._misfit(trail, number):
                view = views.get(trail[number].hit_id) or self.view(trail, number)
                moves = self._moves.of([each.stop for each in view.passings])
                if moves[-1] is view.stop:
                    return view, moves
        view = self.view(trail, 0)
        return view, [view.stop]

    def _stops(self, trail: Trail, start: int, number: int) -> tuple[list[Stop], int]:
        """The stops of the journey up to one, and how many were left out.

        A doubtful read is left out where it cannot have been the vehicle.
        """
        kept = [trail[number]]
        for each in range(number - 1, start - 1, -1):
            stop = trail[each]
            if stop.sure or self._legs.possible(self._legs.leg(stop, kept[-1])):
                kept.append(stop)
        return kept[::-1], number - start + 1 - len(kept)

    def _misfit(self, trail: Trail, number: int) -> bool:
        """Whether a stop is a doubtful read where the vehicle cannot have been after the last sure one."""
        last = trail[number]
        if last.sure:
            return False
        start = trail.start(number)
        sure = next((trail[each] for each in range(number - 1, start - 1, -1) if trail[each].sure), None)
        return sure is not None and not self._legs.possible(self._legs.leg(sure, last))

    def _ahead(self, passings: Sequence[Passing]) -> Arrivals:
        last = passings[-1].stop
        if last.site is None or not self._within:
            return Arrivals(last.captured, _NOWHERE)
        before = None
        for each in reversed(passings):
            if each.stop.site != last.site:
                before = each.stop.site
                break
        towards = self._towards.get(last.sighting.match.read.camera_id, ())
        return Arrivals(last.captured, self._windows(last.site, before, towards, _pace(passings)))

    def _windows_of(self, site: str, before: str | None, towards: tuple[str, ...], pace: float) -> Windows:
        ahead = self.network.ahead(site, before, towards, self._within)
        return Windows([self._window(each, pace) for each in ahead])

    def _window(self, ahead: Ahead, pace: float) -> Window:
        way = ahead.way
        takes = max(way.usual_ms * pace, way.best_ms)
        spread = max(takes * _SPREAD, _LEAST_SPREAD_MS)
        return Window(
            ahead.site_id,
            round(way.km, 1),
            int(way.best_ms),
            int(takes),
            int(takes + spread),
            round(ahead.share, 3),
            self._places.sites[ahead.site_id].territory,
        )

    def _doubts(self, passings: Sequence[Passing]) -> tuple[Doubt, ...]:
        """What speaks against the last stop being of the vehicle of the sure one before."""
        last = passings[-1]
        if len(passings) < 2 or not last.stop.sure:
            return ()
        # Ways are the quickest, so if each leg between sure stops is possible, that between any two of them
        # nearly is; what clocks may be wrong by is allowed for with each.
        before, leg = passings[-2].stop, last.leg
        if not before.sure:
            sure = next((each.stop for each in reversed(passings[:-2]) if each.stop.sure), None)
            if sure is None:
                return ()
            before, leg = sure, self._legs.leg(sure, last.stop)
        too_fast = _too_fast(before, leg) if leg is not None and not self._legs.possible(leg) else None
        found = too_fast, self._other_looks(before, last.stop)
        return () if found == (None, None) else tuple([each for each in found if each is not None])

    def _other_looks(self, one: Stop, other: Stop) -> Doubt | None:
        assert one.sure is not None and other.sure is not None, "doubts are between sure reads"
        before, now = one.sure.match.read.vehicle, other.sure.match.read.vehicle
        if before is None or now is None or before == now:
            return None
        least = self._policy.sure_confidence
        if any(each.confidence is not None and each.confidence < least for each in (before, now)):
            return None
        alert = other.sighting.match.alert
        weighed = self._looks.weigh(now, before, alert.country)
        parts = contradictions_of(weighed.parts)
        if len(parts) < _LOOKS:
            return None
        seen = ", ".join(part.read for part in parts)
        known = ", ".join(part.listed for part in parts)
        meaning = f"this vehicle was read as {seen}; the one with this plate before as {known}"
        return Doubt("looks", one.hit_id, meaning, one.site)


def _too_fast(one: Stop, leg: Leg) -> Doubt:
    minutes, best = leg.elapsed / MINUTE_MS, leg.best / MINUTE_MS
    meaning = (
        f"the plate was read {leg.km:.0f} km away {minutes:.0f} minutes before, and the best travel time "
        f"is {best:.0f} minutes: one of two vehicles has a copy of it, or a camera's clock is wrong"
    )
    return Doubt(
        "too-fast", one.hit_id, meaning, one.site, round(leg.km, 1), round(minutes, 1), round(best, 1)
    )


def _passing(stop: Stop, leg: Leg | None) -> Passing:
    """A stop with the leg that led to it, and what is told of both."""
    at, camera_id = from_ms(stop.captured), stop.sighting.match.read.camera_id
    if leg is None:
        return Passing(stop, leg, Passed(stop.hit_id, camera_id, at, stop.site, stop.territory))
    kmh = leg.kmh
    passed = Passed(
        stop.hit_id,
        camera_id,
        at,
        stop.site,
        stop.territory,
        round(leg.km, 1),
        round(leg.elapsed / MINUTE_MS, 1),
        None if kmh is None else round(kmh, 1),
    )
    return Passing(stop, leg, passed)


def _pace(passings: Sequence[Passing]) -> float:
    """The time of the quickest of the last legs by the usual time; 1 where nothing is known.

    The quickest, for a vehicle that stops on its way drives on as before.
    """
    least, most = _PACE
    quickest = most
    for each in passings[-_PACE_LEGS:]:
        leg = each.leg
        if leg is not None and leg.usual:
            pace = leg.elapsed / leg.usual
            if least <= pace < quickest:
                quickest = pace
    return round(quickest * _PACE_STEPS) / _PACE_STEPS if quickest < most else 1.0
