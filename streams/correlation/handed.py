"""Handed over: the handovers that were told of each vehicle, and the revisions that follow as it moves."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from streams.correlation.handing import Handing
from streams.correlation.journeys import Journeys, View
from streams.correlation.policy import CorrelationPolicy
from streams.correlation.telling import Teller
from streams.correlation.trail import Trail, VehicleKey
from streams.correlation.verdicts import Verdicts
from streams.records.alert import AlertKey
from streams.records.hit import Hit, Withdrawn
from streams.rules.handovers import HandoverRule, Handovers


class Reviewed(NamedTuple):
    """The revisions due of a vehicle's handovers, and when to look again (ms since 1970 UTC), if ever."""

    hits: list[Hit]
    again: int | None


class HandedOver:
    """What was told of handovers. What stands is a function of the trail and the time."""

    def __init__(
        self,
        rules: Mapping[str, HandoverRule],
        policy: CorrelationPolicy,
        journeys: Journeys,
        teller: Teller,
        verdicts: Verdicts,
    ) -> None:
        self._handing = Handing(Handovers(rules), policy)
        self._journeys = journeys
        self._teller = teller
        self._verdicts = verdicts
        self._told: dict[AlertKey, dict[VehicleKey, set[str]]] = {}

    def vehicles_of(self, alert: AlertKey) -> Iterable[VehicleKey]:
        """The vehicles of an alert of which handovers were told."""
        return sorted(self._told.get(alert, ()))

    def recall(self, vehicle: VehicleKey, hit: Hit) -> None:
        """Takes a handover that was told before."""
        self._teller.recall(hit)
        self._of(vehicle).add(hit.hit_id)

    def review(
        self,
        vehicle: VehicleKey,
        trail: Trail | None,
        views: Mapping[str, View],
        now: int,
        ended: Withdrawn | None,
    ) -> Reviewed:
        """The revisions due of the handovers of a vehicle, at a time in ms since 1970 UTC.

        `trail` are its stops that stand, `views` what the hits of some of them tell; `ended` says why nothing
        stands any more, if so.
        """
        known = self._told.get(vehicle.alert, {}).get(vehicle)
        if not self._handing and not known:
            return Reviewed([], None)
        hits: list[Hit] = []
        standing: dict[str, int] = {}
        if trail and ended is None:
            last = self._journeys.latest(trail)
            view = views.get(trail[last].hit_id) or self._journeys.view(trail, last)
            for each in self._handing.standing(vehicle, view, now):
                standing[each.hit_id] = each.ends
                # A verdict on a handover is one on the read that it shows.
                self._verdicts.belongs(each.hit_id, each.stop.sighting.pair)
                hit = self._teller.hand_over(each, view, self._verdicts.of(each.hit_id), now)
                hits += [] if hit is None else [hit]
        for hit_id in sorted((known or set()) - standing.keys()):
            if self._teller.stands(hit_id):
                why = ended or Withdrawn("handover-over")
                hits.append(self._teller.withdraw(hit_id, why, self._verdicts.of(hit_id), now))
        if standing:
            self._of(vehicle).update(standing)
        return Reviewed(hits, min(standing.values(), default=None))

    def forget(self, vehicle: VehicleKey) -> None:
        """Lets go of what was told of a vehicle."""
        told = self._told.get(vehicle.alert, {})
        for hit_id in told.pop(vehicle, ()):
            self._teller.forget(hit_id)
            self._verdicts.forget(hit_id)
        if not told:
            self._told.pop(vehicle.alert, None)

    def _of(self, vehicle: VehicleKey) -> set[str]:
        return self._told.setdefault(vehicle.alert, {}).setdefault(vehicle, set())
