"""Handed over: the handovers that were told of each vehicle, and the revisions that follow as it moves."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from streams.correlation.config import CorrelationRules
from streams.correlation.handovers import ActiveHandover, HandoverFinder
from streams.correlation.journeys.builder import JourneyBuilder, JourneyView
from streams.correlation.journeys.itinerary import Itinerary, VehicleKey
from streams.correlation.revisions import Revisions
from streams.correlation.verdicts import Verdicts
from streams.records.alert import AlertKey
from streams.records.hit import Hit, Retraction
from streams.rules.handovers import HandoverRules


class HandoverUpdate(Struct, frozen=True, gc=False):
    """The revisions due of a vehicle's handovers, and when to look again (ms since 1970 UTC), if ever."""

    hits: list[Hit]
    next_check_ms: int | None


class EmittedHandovers:
    """What was told of handovers. What stands is a function of the trail, the time and the verdicts.

    A verdict on a handover is on the handover alone: rejected, it ends. What the read shown is, a verdict on
    its passage's own hit says.
    """

    def __init__(
        self,
        rules: CorrelationRules,
        journey_builder: JourneyBuilder,
        revisions: Revisions,
        verdicts: Verdicts,
    ) -> None:
        self._finder = HandoverFinder(HandoverRules(rules.cooperation.handovers), rules.config)
        self._journey_builder = journey_builder
        self._revisions = revisions
        self._verdicts = verdicts
        self._emitted: dict[AlertKey, dict[VehicleKey, set[str]]] = {}
        self._active: dict[VehicleKey, list[ActiveHandover]] = {}
        self._next_check_ms: dict[VehicleKey, int] = {}

    def __bool__(self) -> bool:
        return bool(self._finder) or bool(self._emitted)

    def alert_keys(self) -> Iterable[AlertKey]:
        """The alerts of which handovers were told."""
        return sorted(self._emitted)

    def vehicles_for(self, alert: AlertKey) -> Iterable[VehicleKey]:
        """The vehicles of an alert of which handovers were told."""
        return sorted(self._emitted_for(alert))

    def restore(self, vehicle: VehicleKey, hit: Hit) -> None:
        """Takes a handover that was told before."""
        self._revisions.restore(hit)
        self._emitted.setdefault(vehicle.alert, {}).setdefault(vehicle, set()).add(hit.hit_id)

    def update_active(
        self, vehicle: VehicleKey, itinerary: Itinerary | None, views: Mapping[str, JourneyView]
    ) -> None:
        """Takes that the trail of a vehicle has changed.

        `trail` are its stops that stand, None or empty if there are none; `views` is what the hits of stops
        tell whose journey is another now.
        """
        ahead: list[ActiveHandover] = []
        if self._finder and itinerary:
            ahead = self._finder.active_handovers(*self._journey_builder.latest_view(itinerary, views))
        if ahead:
            self._active[vehicle] = ahead
        else:
            self._active.pop(vehicle, None)

    def evaluate(
        self, vehicle: VehicleKey, now_ms: int, expiry_ms: int, end_reason: Retraction | None
    ) -> HandoverUpdate:
        """The revisions due of the handovers of a vehicle, told at `now`, in ms since 1970 UTC.

        Those have ended whose end is `reached`, in ms too; `ended` says why nothing of its alert stands any
        more, if so.
        """
        ahead, told = self._active.get(vehicle, ()), self._emitted_for(vehicle.alert).get(vehicle)
        hits: list[Hit] = []
        ends: dict[str, int] = {}
        for each in ahead if end_reason is None else ():
            # Its passage may be forgotten, where that is before the handover ends.
            if self._revisions.last_emitted(each.stop.hit_id) is None:
                continue
            if each.ends_ms > expiry_ms and not self._verdicts.is_hit_rejected(each.hit_id):
                ends[each.hit_id] = each.ends_ms
                hit = self._revisions.emit_handover(each, self._verdicts.latest_for(each.hit_id), now_ms)
                hits += [] if hit is None else [hit]
        for hit_id in sorted(told - ends.keys()) if told else ():
            if self._revisions.is_active(hit_id):
                rejected = self._verdicts.is_hit_rejected(hit_id)
                why = end_reason or Retraction("rejected" if rejected else "handover-over")
                hits.append(self._revisions.retract(hit_id, why, self._verdicts.latest_for(hit_id), now_ms))
        if not ends:
            return HandoverUpdate(hits, None)
        if told is None:
            self._emitted.setdefault(vehicle.alert, {})[vehicle] = set(ends)
        else:
            told.update(ends)
        return HandoverUpdate(hits, self._schedule_check(vehicle, min(ends.values()), now_ms))

    def _schedule_check(self, vehicle: VehicleKey, at_ms: int, now_ms: int) -> int | None:
        """When to look again, unless it is noted already that a look is due by then."""
        noted = self._next_check_ms.get(vehicle)
        if noted is not None and now_ms < noted <= at_ms:
            return None
        self._next_check_ms[vehicle] = at_ms
        return at_ms

    def expire(self, vehicle: VehicleKey) -> None:
        """Lets go of what was told of a vehicle."""
        self._active.pop(vehicle, None)
        self._next_check_ms.pop(vehicle, None)
        told = self._emitted_for(vehicle.alert)
        for hit_id in told.pop(vehicle, ()):
            self._revisions.expire(hit_id)
            self._verdicts.expire(hit_id)
        if not told:
            self._emitted.pop(vehicle.alert, None)

    def _emitted_for(self, alert: AlertKey) -> dict[VehicleKey, set[str]]:
        return self._emitted.get(alert) or {}
