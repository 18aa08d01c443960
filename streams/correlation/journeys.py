"""Journeys: what a hit tells of where its vehicle has been, where it may come to, and whether it is one.

What the hit of a stop tells follows from that stop and those before it alone: a vehicle that goes on changes
nothing of earlier hits, and a read that comes late changes only hits of later stops.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from streams.correlation.legs import Legs
from streams.correlation.policy import CorrelationPolicy
from streams.correlation.sightings import Sighting
from streams.correlation.trail import Leg, Passing, Stop, Trail
from streams.matching.looks import Looks, contradictions_of
from streams.network.network import Ahead, Network
from streams.network.policy import Places
from streams.records.journey import Doubt, Journey, Next, Passed
from streams.records.read import Position
from streams.records.times import from_ms

_MINUTE_MS: Final = 60_000
_PACE: Final = (0.6, 1.5)
"""The bounds of its pace, the time of a leg by the usual one; beyond, it stopped or a clock lies."""
_PACE_STEPS: Final = 40
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


class _Arrival(NamedTuple):
    """A site that a vehicle may come to, the times from where it is now."""

    site_id: str
    km: float
    earliest: timedelta
    expected: timedelta
    latest: timedelta
    share: float
    territory: str | None


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
        # Paces are rounded, so that there are not too many to remember.
        self._arrivals = lru_cache(maxsize=1 << 14)(self._arrivals_of)

    def is_placed(self, sighting: Sighting) -> bool:
        """Whether it is known where a sighting was: only then is it part of a journey."""
        read = sighting.match.read
        return (
            read.position is not None or self._places.site_of(read.camera_id, sighting.captured) is not None
        )

    def stop(self, sighting: Sighting) -> Stop:
        """The stop of a sighting that stands."""
        site_id = self._places.site_of(sighting.match.read.camera_id, sighting.captured)
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
        """What the hit of a stop tells, by its number in the trail.

        That of a doubtful read where the vehicle cannot have been is a journey by itself.
        """
        start = trail.start(number)
        fits = not self._misfit(trail, number, start)
        stops, doubtful = self._stops(trail, start, number) if fits else ([trail[number]], 0)
        told = stops[-self._policy.journey_passages :]
        passings = [self._passing(trail, None, told[0])]
        passings += [self._passing(trail, one, other) for one, other in pairwise(told)]
        journey = Journey(
            journey_id=trail[start if fits else number].hit_id,
            passages=[each.passed for each in passings],
            next=self._next(told, [each.leg for each in passings[-_PACE_LEGS:]]),
            longer=len(stops) > len(told),
            doubtful=doubtful,
        )
        return View(journey, self._doubts(told), told)

    def _passing(self, trail: Trail, before: Stop | None, stop: Stop) -> Passing:
        """A stop as a journey tells it, with the leg that led to it."""
        known = trail.passings.get(stop.hit_id)
        if known is None or known.stop is not stop or known.before is not before:
            leg = self._legs.leg(before, stop) if before is not None else None
            known = trail.passings[stop.hit_id] = Passing(before, stop, leg, _passed(stop, leg))
        return known

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

        A doubtful read is left out where it cannot have been the vehicle.
        """
        kept = [trail[number]]
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
        before = next((stop.site for stop in reversed(stops) if stop.site != last.site), None)
        camera = self._places.cameras.get(last.sighting.match.read.camera_id)
        towards = tuple(camera.towards) if camera is not None else ()
        at = from_ms(last.captured)
        return [
            Next(
                each.site_id,
                each.km,
                at + each.earliest,
                at + each.expected,
                at + each.latest,
                each.share,
                each.territory,
            )
            for each in self._arrivals(last.site, before, towards, _pace(legs))
        ]

    def _arrivals_of(
        self, site: str, before: str | None, towards: tuple[str, ...], pace: float
    ) -> list[_Arrival]:
        return [self._arrival(each, pace) for each in self.network.ahead(site, before, towards, self._within)]

    def _arrival(self, ahead: Ahead, pace: float) -> _Arrival:
        way = ahead.way
        takes = max(way.usual_ms * pace, way.best_ms)
        spread = max(takes * _SPREAD, _LEAST_SPREAD_MS)
        return _Arrival(
            ahead.site_id,
            round(way.km, 1),
            timedelta(milliseconds=int(way.best_ms)),
            timedelta(milliseconds=int(takes)),
            timedelta(milliseconds=int(takes + spread)),
            round(ahead.share, 3),
            self._places.sites[ahead.site_id].territory,
        )

    def _doubts(self, stops: Sequence[Stop]) -> list[Doubt]:
        """What speaks against the last stop being of the vehicle of the sure one before."""
        last = stops[-1]
        if not last.sure:
            return []
        # If each leg between sure stops is possible, so is that between any two: ways are the quickest.
        before = next((stop for stop in reversed(stops[:-1]) if stop.sure), None)
        if before is None:
            return []
        found = (self._too_fast(before, last), self._other_looks(before, last))
        return [each for each in found if each is not None]

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
    paces = [leg.elapsed / leg.usual for leg in legs if leg is not None and leg.usual]
    least, most = _PACE
    within = [pace for pace in paces if least <= pace <= most]
    return round(min(within) * _PACE_STEPS) / _PACE_STEPS if within else 1.0
