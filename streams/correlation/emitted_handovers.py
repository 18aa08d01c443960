"""The active and emitted handovers of each vehicle, and the revisions to emit as it moves."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from streams.correlation.config import CorrelationRules
from streams.correlation.handovers import ActiveHandover, HandoverFinder
from streams.correlation.journeys.builder import JourneyBuilder, JourneyView
from streams.correlation.journeys.itinerary import Itinerary
from streams.correlation.passages import VehicleKey
from streams.correlation.revisions import Revisions
from streams.correlation.verdicts import Verdicts
from streams.records.alert import AlertKey
from streams.records.hit import Hit, Retraction
from streams.records.times import Millis
from streams.rules.handovers import HandoverRules


class HandoverUpdate(Struct, frozen=True, gc=False):
    """The revisions to emit for a vehicle's handovers, and when to check them again, if ever."""

    hits: list[Hit]
    next_check_ms: Millis | None


class EmittedHandovers:
    """The handovers of vehicles: the active ones, and the ids of those emitted.

    The active handovers are a function of itinerary, time and verdicts. A verdict on a handover applies to
    the handover alone: a rejected one ends. Whether its read shows the vehicle is a matter of verdicts on the
    hit of the passage.
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
        self._next_check_ms: dict[VehicleKey, Millis] = {}

    def __bool__(self) -> bool:
        return bool(self._finder) or bool(self._emitted)

    def vehicles_for(self, alert: AlertKey) -> Iterable[VehicleKey]:
        """Return the vehicles of an alert that have emitted handovers, in a fixed order."""
        return sorted(self._emitted_for(alert))

    def restore(self, vehicle: VehicleKey, hit: Hit) -> None:
        """Restore an emitted handover."""
        self._revisions.restore(hit)
        self._emitted.setdefault(vehicle.alert, {}).setdefault(vehicle, set()).add(hit.hit_id)

    def update_active(
        self, vehicle: VehicleKey, itinerary: Itinerary | None, views: Mapping[str, JourneyView]
    ) -> None:
        """Determine the active handovers of a vehicle after its itinerary has changed.

        The itinerary is None or empty if the vehicle has no stops. `views` are the journeys, by hit, that
        have been built already.
        """
        active: list[ActiveHandover] = []
        if self._finder and itinerary:
            active = self._finder.active_handovers(*self._journey_builder.latest_view(itinerary, views))
        if active:
            self._active[vehicle] = active
        else:
            self._active.pop(vehicle, None)

    def evaluate(
        self, vehicle: VehicleKey, now_ms: Millis, expiry_ms: Millis, end_reason: Retraction | None
    ) -> HandoverUpdate:
        """Return the revisions to emit for the handovers of a vehicle.

        Handovers end at `expiry_ms`. `end_reason` is set if the alert has ended, which ends all of them.
        """
        active, emitted = self._active.get(vehicle, ()), self._emitted_for(vehicle.alert).get(vehicle)
        hits: list[Hit] = []
        ends_ms: dict[str, Millis] = {}
        for handover in active if end_reason is None else ():
            # The passage may have expired before the handover ends.
            if self._revisions.last_emitted(handover.stop.hit_id) is None:
                continue
            hit_id = handover.hit_id
            if handover.ends_ms > expiry_ms and not self._verdicts.is_hit_rejected(hit_id):
                ends_ms[hit_id] = handover.ends_ms
                hit = self._revisions.emit_handover(handover, self._verdicts.latest_for(hit_id), now_ms)
                hits += [] if hit is None else [hit]
        for hit_id in sorted(emitted - ends_ms.keys()) if emitted else ():
            if self._revisions.is_active(hit_id):
                rejected = self._verdicts.is_hit_rejected(hit_id)
                reason = end_reason or Retraction("rejected" if rejected else "handover-over")
                verdict = self._verdicts.latest_for(hit_id)
                hits.append(self._revisions.retract(hit_id, reason, verdict, now_ms))
        if not ends_ms:
            return HandoverUpdate(hits, None)
        if emitted is None:
            self._emitted.setdefault(vehicle.alert, {})[vehicle] = set(ends_ms)
        else:
            emitted.update(ends_ms)
        return HandoverUpdate(hits, self._schedule_check(vehicle, min(ends_ms.values()), now_ms))

    def expire(self, vehicle: VehicleKey) -> None:
        """Expire the handovers of a vehicle."""
        self._active.pop(vehicle, None)
        self._next_check_ms.pop(vehicle, None)
        emitted = self._emitted_for(vehicle.alert)
        for hit_id in emitted.pop(vehicle, ()):
            self._revisions.expire(hit_id)
            self._verdicts.expire(hit_id)
        if not emitted:
            self._emitted.pop(vehicle.alert, None)

    def _schedule_check(self, vehicle: VehicleKey, at_ms: Millis, now_ms: Millis) -> Millis | None:
        """Return the time of the next check, or None if an earlier one is scheduled already."""
        scheduled_ms = self._next_check_ms.get(vehicle)
        if scheduled_ms is not None and now_ms < scheduled_ms <= at_ms:
            return None
        self._next_check_ms[vehicle] = at_ms
        return at_ms

    def _emitted_for(self, alert: AlertKey) -> dict[VehicleKey, set[str]]:
        return self._emitted.get(alert) or {}
