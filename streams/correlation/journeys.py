"""Journeys: what a hit tells of where its vehicle has been, where it may come to, and whether it is one.

What the hit of a stop tells follows from that stop and those before it alone: a vehicle that goes on changes
nothing of earlier hits, and a read that comes late changes only hits of later stops.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from streams.correlation.legs import Leg, Legs
from streams.correlation.policy import CorrelationPolicy
from streams.correlation.sightings import Sighting
from streams.correlation.trail import Stop, Trail
from streams.matching.looks import Looks, contradictions_of
from streams.network.network import Ahead, Network
from streams.network.policy import Places
from streams.records.journey import Doubt, Journey, Next, Passed
from streams.records.read import Position
from streams.records.times import from_ms

_MINUTE_MS: Final = 60_000
_PACE: Final = (0.6, 1.5)
"""The bounds of its pace, the time of a leg by the usual one; beyond, it stopped or a clock lies."""
_PACE_LEGS: Final = 3
_SPREAD: Final = 0.5
"""How much longer than expected, as a share, the way may take within the arrival window."""
_LEAST_SPREAD_MS: Final = 5 * _MINUTE_MS
_LOOKS: Final = 2
"""Of make, colour and type, how many must contradict: each alone is often misread."""


class View(NamedTuple):
    """What the hit of a stop tells; `stops` are those of its journey, the last is its own."""

    journey: Journey
    doubts: list[Doubt]
    stops: Sequence[Stop]


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
        self._legs = Legs(self.network, positions, policy)
        self._within = policy.ahead_minutes * _MINUTE_MS

    def is_placed(self, sighting: Sighting) -> bool:
        """Whether it is known where a sighting was: only then is it part of a journey."""
        read = sighting.match.read
        return read.position is not None or self._places.site_of(read.camera_id) is not None

    def stop(self, sighting: Sighting) -> Stop:
        """The stop of a sighting that stands."""
        site_id = self._places.site_of(sighting.match.read.camera_id)
        site = self._places.sites.get(site_id) if site_id is not None else None
        return Stop(
            sighting.captured,
            sighting.hit_id,
            sighting,
            site_id,
            site.territory if site is not None else None,
            self._is_sure(sighting),
        )

    def trail(self) -> Trail:
        """A trail without stops."""
        return Trail(self._policy.journey_gap_hours * 60 * _MINUTE_MS)

    def view(self, trail: Trail, number: int) -> View:
        """What the hit of a stop tells, by its number in the trail."""
        start = trail.start(number)
        stops, doubtful = self._stops(trail, start, number)
        told = stops[-self._policy.journey_passages :]
        legs = [None, *(self._legs.leg(one, other) for one, other in pairwise(told))]
        passed = [_passed(stop, leg) for stop, leg in zip(told, legs, strict=True)]
        journey = Journey(
            journey_id=trail[start].hit_id,
            passages=passed,
            next=self._next(told, legs),
            longer=len(stops) > len(told),
            doubtful=doubtful,
        )
        return View(journey, self._doubts(told), told)

    def latest(self, trail: Trail) -> int:
        """The number of the stop at which the vehicle was last; a doubtful read where it cannot have been is
        none."""
        for number in range(len(trail) - 1, -1, -1):
            if not self._misfit(trail, number, trail.start(number)):
                return number
        return len(trail) - 1

    def _is_sure(self, sighting: Sighting) -> bool:
        read, result = sighting.match.read, sighting.match.result
        return (
            result.class_ == "exact"
            and not result.contradictions
            and (result.posterior or 0.0) >= self._policy.sure_posterior
            and (read.confidence is None or read.confidence >= self._policy.sure_confidence)
        )

    def _stops(self, trail: Trail, start: int, number: int) -> tuple[list[Stop], int]:
        """The stops of the journey that are told, and how many were left out.

        A doubtful read is left out where it cannot have been the vehicle: at the last stop the ones before
        it are, for it is the hit's own.
        """
        last = trail[number]
        kept = [last]
        if self._misfit(trail, number, start):
            return kept, 0
        left_out = 0
        most = self._policy.journey_passages + 1
        for each in range(number - 1, start - 1, -1):
            stop = trail[each]
            if not stop.sure and not self._legs.possible(self._legs.leg(stop, kept[-1])):
                left_out += 1
                continue
            kept.append(stop)
            if len(kept) == most:
                break
        return kept[::-1], left_out

    def _misfit(self, trail: Trail, number: int, start: int) -> bool:
        """Whether a stop is a doubtful read where the vehicle cannot have been after the last sure one."""
        last = trail[number]
        if last.sure:
            return False
        sure = next((trail[each] for each in range(number - 1, start - 1, -1) if trail[each].sure), None)
        return sure is not None and not self._legs.possible(self._legs.leg(sure, last))

    def _next(self, stops: Sequence[Stop], legs: Sequence[Leg | None]) -> list[Next]:
        last = stops[-1]
        if last.site is None or not self._within:
            return []
        pace = _pace(legs)
        return [self._arrival(last.captured, each, pace) for each in self._ahead(stops)]

    def _ahead(self, stops: Sequence[Stop]) -> list[Ahead]:
        last = stops[-1]
        before = next((stop.site for stop in reversed(stops) if stop.site != last.site), None)
        camera = self._places.cameras.get(last.sighting.match.read.camera_id)
        towards = camera.towards if camera is not None else ()
        return self.network.ahead(last.site or "", before, towards, self._within)

    def _arrival(self, at: int, ahead: Ahead, pace: float) -> Next:
        way = ahead.way
        takes = max(way.usual_ms * pace, way.best_ms)
        spread = max(takes * _SPREAD, _LEAST_SPREAD_MS)
        return Next(
            site_id=ahead.site_id,
            km=round(way.km, 1),
            earliest=from_ms(at + int(way.best_ms)),
            expected=from_ms(at + int(takes)),
            latest=from_ms(at + int(takes + spread)),
            share=round(ahead.share, 3),
            territory=self._places.sites[ahead.site_id].territory,
        )

    def _doubts(self, stops: Sequence[Stop]) -> list[Doubt]:
        """What speaks against the last stop being of the vehicle of those before: of each kind one, that by
        the latest stop. From sure reads only."""
        last = stops[-1]
        if not last.sure:
            return []
        found: dict[str, Doubt] = {}
        for stop in reversed(stops[:-1]):
            if stop.sure:
                if "too-fast" not in found and (doubt := self._too_fast(stop, last)) is not None:
                    found["too-fast"] = doubt
                if "looks" not in found and (doubt := self._other_looks(stop, last)) is not None:
                    found["looks"] = doubt
        return list(found.values())

    def _too_fast(self, one: Stop, other: Stop) -> Doubt | None:
        leg = self._legs.leg(one, other)
        if leg is None or self._legs.possible(leg):
            return None
        minutes, best = leg.elapsed / _MINUTE_MS, leg.best / _MINUTE_MS
        meaning = (
            f"the plate was read {leg.km:.0f} km away {minutes:.0f} minutes before, and the best travel time "
            f"is {best:.0f} minutes: one of two vehicles has a copy of it, or a camera's clock is wrong"
        )
        return Doubt(
            "too-fast",
            one.hit_id,
            meaning,
            one.site,
            round(leg.km, 1),
            round(minutes, 1),
            round(best, 1),
        )

    def _other_looks(self, one: Stop, other: Stop) -> Doubt | None:
        before, now = one.sighting.match.read.vehicle, other.sighting.match.read.vehicle
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


def _passed(stop: Stop, leg: Leg | None) -> Passed:
    kmh = leg.kmh if leg is not None else None
    return Passed(
        hit_id=stop.hit_id,
        camera_id=stop.sighting.match.read.camera_id,
        at=from_ms(stop.captured),
        site_id=stop.site,
        territory=stop.territory,
        km=round(leg.km, 1) if leg is not None else None,
        minutes=round(leg.elapsed / _MINUTE_MS, 1) if leg is not None else None,
        kmh=round(kmh, 1) if kmh is not None else None,
    )


def _pace(legs: Sequence[Leg | None]) -> float:
    """The time of the quickest of the last legs by the usual time; 1 where nothing is known.

    The quickest, for a vehicle that stops on its way drives on as before.
    """
    paces = [leg.elapsed / leg.usual for leg in legs[-_PACE_LEGS:] if leg is not None and leg.usual]
    least, most = _PACE
    within = [pace for pace in paces if least <= pace <= most]
    return min(within) if within else 1.0
