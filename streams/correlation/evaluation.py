"""Evaluation: what is active in the state, and the revisions of hits to emit for it.

Everything active is determined before any revision is made, because hits refer to one another; handovers
come last, because they show a passage whose own hit must have been emitted.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from streams.correlation.config import CorrelationRules
from streams.correlation.emitted_handovers import EmittedHandovers
from streams.correlation.joint_operations import JointOperations
from streams.correlation.journeys.builder import JourneyBuilder, JourneyView
from streams.correlation.journeys.itinerary import Itinerary
from streams.correlation.passages import PassageKey, Sighting, VehicleKey, vehicle_key
from streams.correlation.place_evaluation import PlaceEvaluation, PlaceEvaluator
from streams.correlation.revisions import Revisions
from streams.correlation.state import State
from streams.matching.appearance.comparison import AppearanceComparer
from streams.records.alert import AlertKey, alert_key
from streams.records.hit import Hit, Retraction
from streams.records.times import Millis

ChangedHits = Mapping[VehicleKey, Iterable[str]]
"""The hits of vehicles whose journey changed already, because a stop was removed."""
_NO_CHANGES: Final[ChangedHits] = {}
_NO_VIEWS: Final[Mapping[str, JourneyView]] = {}


class Evaluator:
    """Evaluator of places, vehicles and alerts after a change."""

    def __init__(
        self,
        rules: CorrelationRules,
        appearance: AppearanceComparer,
        state: State,
        revisions: Revisions,
        joint_operations: JointOperations,
    ) -> None:
        self._versions = state.versions
        self._sightings = state.sightings
        self._verdicts = state.verdicts
        self._timers = state.timers
        self._revisions = revisions
        gap_ms = rules.config.passage_gap_s * 1000
        self._place_evaluator = PlaceEvaluator(gap_ms, state, revisions, joint_operations)
        self._journey_builder = JourneyBuilder(rules.places, rules.config, appearance)
        self._handovers = EmittedHandovers(rules, self._journey_builder, revisions, state.verdicts)
        self._itineraries: dict[VehicleKey, Itinerary] = {}
        self.restoring = False
        """True while emitted hits are compared with restored state, which may lack their oldest passages."""

    def evaluate_alert(
        self, key: AlertKey, now_ms: Millis, changed_hits: ChangedHits = _NO_CHANGES
    ) -> list[Hit]:
        """Return the revisions to emit for an alert at all its places, and for its handovers."""
        places = [(place, self._sightings.sightings_at(place)) for place in self._sightings.places_for(key)]
        # Handovers may also be of vehicles that have no place left.
        return self.evaluate_places(places, now_ms, changed_hits) + self.evaluate_alert_handovers(key, now_ms)

    def evaluate_places(
        self,
        places: Sequence[tuple[PassageKey, Sequence[Sighting]]],
        now_ms: Millis,
        changed_hits: ChangedHits = _NO_CHANGES,
    ) -> list[Hit]:
        """Return the revisions to emit for places; the sightings of each form whole passages."""
        evaluations: list[PlaceEvaluation] = []
        by_vehicle: dict[VehicleKey, list[PlaceEvaluation]] = {}
        for place, sightings in places:
            evaluation = self._place_evaluator.evaluate(place, sightings, now_ms)
            evaluations.append(evaluation)
            by_vehicle.setdefault(vehicle_key(place), []).append(evaluation)
        changed = {vehicle: set(hit_ids) for vehicle, hit_ids in changed_hits.items()}
        for vehicle, vehicle_evaluations in by_vehicle.items():
            hit_ids = self._update_itinerary(vehicle, vehicle_evaluations)
            if hit_ids is not None:
                changed.setdefault(vehicle, set()).update(hit_ids)
        return self._revise(evaluations, changed, by_vehicle, now_ms)

    def evaluate_place(self, place: PassageKey, sightings: Sequence[Sighting], now_ms: Millis) -> list[Hit]:
        """Return the revisions to emit for one place: the most frequent case, kept fast."""
        evaluation = self._place_evaluator.evaluate(place, sightings, now_ms)
        vehicle = vehicle_key(place)
        hit_ids = self._update_itinerary(vehicle, (evaluation,))
        changed = _NO_CHANGES if hit_ids is None else {vehicle: hit_ids}
        return self._revise((evaluation,), changed, (vehicle,), now_ms)

    def is_redundant(self, new: Sighting, existing: Sighting) -> bool:
        """True if a sighting only repeats a passage whose hit is active, like most second reads."""
        return (
            (existing.is_reliable or not new.is_reliable)
            and self._revisions.is_active(existing.hit_id)
            and new.match.alert is existing.match.alert
            and existing.quality_key() < new.quality_key()
        )

    def remove_stop(self, place: PassageKey, hit_id: str) -> ChangedHits:
        """Remove the stop of a hit from its vehicle's itinerary; return the hits whose journey changed."""
        vehicle = vehicle_key(place)
        itinerary = self._itineraries.get(vehicle)
        if itinerary is None:
            return {}
        changed = itinerary.replace_stops([hit_id], [], self._journey_builder.build_stop)
        return {} if changed is None else {vehicle: changed}

    def evaluate_alert_handovers(self, key: AlertKey, now_ms: Millis) -> list[Hit]:
        """Return the revisions to emit for the handovers of an alert's vehicles."""
        return self.evaluate_handovers(self._handovers.vehicles_for(key), now_ms)

    def evaluate_handovers(self, vehicles: Iterable[VehicleKey], now_ms: Millis) -> list[Hit]:
        """Return the revisions to emit for the handovers of vehicles, and schedule their next checks."""
        hits: list[Hit] = []
        for vehicle in vehicles:
            end_reason = self._handover_end_reason(vehicle, now_ms)
            expiry_ms = self._versions.expiry_ms(now_ms)
            update = self._handovers.evaluate(vehicle, now_ms, expiry_ms, end_reason)
            hits += update.hits
            if update.next_check_ms is not None:
                self._timers.schedule(update.next_check_ms, vehicle)
        return hits

    def restore_handover(self, vehicle: VehicleKey, hit: Hit) -> None:
        """Restore an emitted handover."""
        self._handovers.restore(vehicle, hit)

    def expire(self, expired: Sequence[tuple[PassageKey, Sighting]]) -> None:
        """Expire the stops of expired sightings; hits of later stops stay as emitted."""
        for place, sighting in expired:
            self.remove_stop(place, sighting.hit_id)
            vehicle = vehicle_key(place)
            if not self._itineraries.get(vehicle):
                self._itineraries.pop(vehicle, None)
        retained = {
            vehicle_key(place)
            for alert in {place.alert for place, _ in expired}
            for place in self._sightings.places_for(alert)
        }
        for vehicle in {vehicle_key(place) for place, _ in expired} - retained:
            self._handovers.expire(vehicle)

    def _revise(
        self,
        evaluations: Sequence[PlaceEvaluation],
        changed_hits: ChangedHits,
        vehicles: Iterable[VehicleKey],
        now_ms: Millis,
    ) -> list[Hit]:
        """Return the revisions to emit for evaluated places, changed journeys and handovers."""
        views = self._build_views(changed_hits) if changed_hits else _NO_VIEWS
        hits: list[Hit] = []
        for evaluation in evaluations:
            self._revise_place(evaluation, views, now_ms, hits)
        if len(views) > 1 or len(evaluations) != 1:
            revised = {hit_id for evaluation in evaluations for hit_id in evaluation.active}
            for hit_id, view in views.items():
                if hit_id not in revised:
                    hits += self._revise_later_stop(view, views, now_ms)
        if not self._handovers:
            return hits
        for vehicle in changed_hits:
            self._handovers.update_active(vehicle, self._itineraries.get(vehicle), views)
        return hits + self.evaluate_handovers(vehicles, now_ms)

    def _revise_later_stop(
        self, view: JourneyView, views: Mapping[str, JourneyView], now_ms: Millis
    ) -> list[Hit]:
        """Return the revision of a later stop of the journey, at a place that was not evaluated."""
        sighting = view.stop.sighting
        version = self._versions[alert_key(sighting.match.alert)]
        return self._emit(sighting, views, self._versions.has_ended(version, now_ms), now_ms, False)

    def _update_itinerary(
        self, vehicle: VehicleKey, evaluations: Sequence[PlaceEvaluation]
    ) -> list[str] | None:
        """Put the active passages of places into the itinerary of a vehicle.

        Return the hits whose journey changed; None if the itinerary did not change.
        """
        passages = [
            active.passage
            for evaluation in evaluations
            for active in evaluation.active.values()
            if _has_location(active.passage.best)
        ]
        itinerary = self._itineraries.get(vehicle)
        if itinerary is None:
            if not passages:
                return None
            itinerary = self._itineraries[vehicle] = self._journey_builder.new_itinerary()
        hit_ids = [sighting.hit_id for evaluation in evaluations for sighting in evaluation.sightings]
        return itinerary.replace_stops(hit_ids, passages, self._journey_builder.build_stop)

    def _build_views(self, changed_hits: ChangedHits) -> dict[str, JourneyView]:
        """Build the views of the hits whose journey changed, in the order of their stops."""
        views: dict[str, JourneyView] = {}
        for vehicle, hit_ids in changed_hits.items():
            itinerary = self._itineraries.get(vehicle)
            if itinerary is None:
                continue
            for index in itinerary.positions_of(hit_ids):
                views[itinerary[index].hit_id] = self._journey_builder.build_view(itinerary, index)
            if not itinerary:
                del self._itineraries[vehicle]
        return views

    def _revise_place(
        self,
        evaluation: PlaceEvaluation,
        views: Mapping[str, JourneyView],
        now_ms: Millis,
        hits: list[Hit],
    ) -> None:
        """Append the revisions to emit for one place to `hits`."""
        for active in evaluation.active.values():
            hits += self._emit(active.passage.best, views, evaluation.has_ended, now_ms, active.tightened)
        if len(evaluation.sightings) == len(evaluation.active) and not evaluation.has_ended:
            return
        for sighting in evaluation.sightings:
            hit_id = sighting.hit_id
            is_over = evaluation.has_ended or hit_id not in evaluation.active
            if is_over and self._revisions.is_active(hit_id):
                reason = self._place_evaluator.retraction_reason(sighting, evaluation)
                verdict = self._verdicts.latest_for(hit_id)
                hits.append(self._revisions.retract(hit_id, reason, verdict, now_ms))

    def _handover_end_reason(self, vehicle: VehicleKey, now_ms: Millis) -> Retraction | None:
        """Return why the alert of a vehicle has ended, which ends its handovers; None if it has not."""
        version = self._versions.get(vehicle.alert)
        if version is None:
            return Retraction("alert-expired")
        return version.end_reason() if self._versions.has_ended(version, now_ms) else None

    def _emit(
        self,
        sighting: Sighting,
        views: Mapping[str, JourneyView],
        has_ended: bool,
        now_ms: Millis,
        tightened: bool,
    ) -> list[Hit]:
        if has_ended and self._revisions.was_emitted(sighting.hit_id):
            return []
        verdict, view = self._verdicts.latest_for(sighting.hit_id), views.get(sighting.hit_id)
        if view is not None and self.restoring and self._is_truncated(sighting.hit_id, view):
            view = None
        hit = self._revisions.emit(sighting, view, verdict, now_ms, tightened)
        return [] if hit is None else [hit]

    def _is_truncated(self, hit_id: str, view: JourneyView) -> bool:
        """True if a view lacks only passages of the emitted journey that have expired.

        The journey then stays as emitted.
        """
        emitted = self._revisions.last_emitted(hit_id)
        if emitted is None or emitted.journey is None:
            return False
        before = [site.hit_id for site in emitted.journey.passages]
        after = [site.hit_id for site in view.journey.passages]
        missing = before[: len(before) - len(after)]
        return (
            bool(missing)
            and before[len(missing) :] == after
            and not any(missing_id in self._sightings for missing_id in missing)
        )


def _has_location(sighting: Sighting) -> bool:
    """True if the location of a sighting is known, so that it is part of a journey."""
    return sighting.site_id is not None or sighting.match.read.position is not None
