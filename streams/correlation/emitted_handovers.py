"""Handed over: the handovers that were told of each vehicle, and the revisions that follow as it moves."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from streams.correlation.config import CorrelationPolicy
from streams.correlation.handovers import Handing, Standing
from streams.correlation.journeys.builder import Journeys, View
from streams.correlation.journeys.itinerary import Trail, VehicleKey
from streams.correlation.revisions import Teller
from streams.correlation.verdicts import Verdicts
from streams.records.alert import AlertKey
from streams.records.hit import Hit, Withdrawn
from streams.rules.handovers import HandoverRule, Handovers


class Reviewed(Struct, frozen=True, gc=False):
    """The revisions due of a vehicle's handovers, and when to look again (ms since 1970 UTC), if ever."""

    hits: list[Hit]
    again: int | None


class HandedOver:
    """What was told of handovers. What stands is a function of the trail, the time and the verdicts.

    A verdict on a handover is on the handover alone: rejected, it ends. What the read shown is, a verdict on
    its passage's own hit says.
    """

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
        self._ahead: dict[VehicleKey, list[Standing]] = {}
        self._noted: dict[VehicleKey, int] = {}

    def __bool__(self) -> bool:
        return bool(self._handing) or bool(self._told)

    def alerts(self) -> Iterable[AlertKey]:
        """The alerts of which handovers were told."""
        return sorted(self._told)

    def vehicles_of(self, alert: AlertKey) -> Iterable[VehicleKey]:
        """The vehicles of an alert of which handovers were told."""
        return sorted(self._of_alert(alert))

    def recall(self, vehicle: VehicleKey, hit: Hit) -> None:
        """Takes a handover that was told before."""
        self._teller.recall(hit)
        self._told.setdefault(vehicle.alert, {}).setdefault(vehicle, set()).add(hit.hit_id)

    def moved(self, vehicle: VehicleKey, trail: Trail | None, views: Mapping[str, View]) -> None:
        """Takes that the trail of a vehicle has changed.

        `trail` are its stops that stand, None or empty if there are none; `views` is what the hits of stops
        tell whose journey is another now.
        """
        ahead: list[Standing] = []
        if self._handing and trail:
            ahead = self._handing.standing(*self._journeys.latest(trail, views))
        if ahead:
            self._ahead[vehicle] = ahead
        else:
            self._ahead.pop(vehicle, None)

    def review(self, vehicle: VehicleKey, now: int, reached: int, ended: Withdrawn | None) -> Reviewed:
        """The revisions due of the handovers of a vehicle, told at `now`, in ms since 1970 UTC.

        Those have ended whose end is `reached`, in ms too; `ended` says why nothing of its alert stands any
        more, if so.
        """
        ahead, told = self._ahead.get(vehicle, ()), self._of_alert(vehicle.alert).get(vehicle)
        hits: list[Hit] = []
        ends: dict[str, int] = {}
        for each in ahead if ended is None else ():
            # Its passage may be forgotten, where that is before the handover ends.
            if self._teller.told(each.stop.hit_id) is None:
                continue
            if each.ends > reached and not self._verdicts.rejects(each.hit_id):
                ends[each.hit_id] = each.ends
                hit = self._teller.hand_over(each, self._verdicts.of(each.hit_id), now)
                hits += [] if hit is None else [hit]
        for hit_id in sorted(told - ends.keys()) if told else ():
            if self._teller.stands(hit_id):
                rejected = self._verdicts.rejects(hit_id)
                why = ended or Withdrawn("rejected" if rejected else "handover-over")
                hits.append(self._teller.withdraw(hit_id, why, self._verdicts.of(hit_id), now))
        if not ends:
            return Reviewed(hits, None)
        if told is None:
            self._told.setdefault(vehicle.alert, {})[vehicle] = set(ends)
        else:
            told.update(ends)
        return Reviewed(hits, self._look_again(vehicle, min(ends.values()), now))

    def _look_again(self, vehicle: VehicleKey, at: int, now: int) -> int | None:
        """When to look again, unless it is noted already that a look is due by then."""
        noted = self._noted.get(vehicle)
        if noted is not None and now < noted <= at:
            return None
        self._noted[vehicle] = at
        return at

    def forget(self, vehicle: VehicleKey) -> None:
        """Lets go of what was told of a vehicle."""
        self._ahead.pop(vehicle, None)
        self._noted.pop(vehicle, None)
        told = self._of_alert(vehicle.alert)
        for hit_id in told.pop(vehicle, ()):
            self._teller.forget(hit_id)
            self._verdicts.forget(hit_id)
        if not told:
            self._told.pop(vehicle.alert, None)

    def _of_alert(self, alert: AlertKey) -> dict[VehicleKey, set[str]]:
        return self._told.get(alert) or {}
