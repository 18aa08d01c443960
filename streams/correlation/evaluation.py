"""Reviewing: what stands of the sightings of vehicles, and the revisions of hits that follow.

All that stands is settled before any of it is told, for hits tell of one another; handovers go last.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from streams.correlation.config import CorrelationRules
from streams.correlation.effective_versions import EffectiveVersion
from streams.correlation.emitted_handovers import EmittedHandovers
from streams.correlation.journeys.builder import JourneyBuilder, JourneyView
from streams.correlation.journeys.itinerary import Itinerary, VehicleKey, vehicle_key
from streams.correlation.passages import Passage, PassageKey, Sighting, build_passage, split_passages
from streams.correlation.revisions import Revisions
from streams.correlation.state import State
from streams.matching.appearance.comparison import AppearanceComparer
from streams.records.alert import AlertKey, alert_key
from streams.records.hit import Hit, Retraction

ChangedHits = Mapping[VehicleKey, Iterable[str]]
"""The hits of vehicles whose journey is another already, for a stop of it has left."""
_NO_CHANGES: Final[ChangedHits] = {}
_NO_VIEWS: Final[Mapping[str, JourneyView]] = {}


class Evaluator:
    """Reviews places, vehicles and alerts after anything about them has changed."""

    def __init__(
        self,
        rules: CorrelationRules,
        appearance: AppearanceComparer,
        state: State,
        revisions: Revisions,
    ) -> None:
        self._gap_ms = rules.config.passage_gap_s * 1000
        self._versions = state.versions
        self._sighting_store = state.sightings
        self._verdicts = state.verdicts
        self._budgets = state.budgets
        self._timers = state.timers
        self._revisions = revisions
        self._journey_builder = JourneyBuilder(rules.places, rules.config, appearance)
        self._handovers = EmittedHandovers(rules, self._journey_builder, revisions, state.verdicts)
        self._itineraries: dict[VehicleKey, Itinerary] = {}
        self.restoring = False
        """Whether what was told before is reviewed by a state made anew, which may know less of it."""

    def evaluate_alert(
        self, key: AlertKey, now_ms: int, changed_hits: ChangedHits = _NO_CHANGES
    ) -> list[Hit]:
        """The revisions due of an alert at all its places, told at `now` (ms since 1970 UTC)."""
        places = [
            (place, self._sighting_store.sightings_at(place))
            for place in self._sighting_store.places_for(key)
        ]
        # Handovers also of vehicles that are seen nowhere any more.
        return self.evaluate_places(places, now_ms, changed_hits) + self.evaluate_alert_handovers(key, now_ms)

    def evaluate_places(
        self,
        places: Sequence[tuple[PassageKey, Sequence[Sighting]]],
        now_ms: int,
        changed_hits: ChangedHits = _NO_CHANGES,
    ) -> list[Hit]:
        """The revisions due of places; the sightings given form whole passages there. `now` as in `alert`."""
        reviews: list[_PlaceEvaluation] = []
        vehicles: dict[VehicleKey, list[_PlaceEvaluation]] = {}
        for place, here in places:
            review = self._find_active(place, here, now_ms)
            reviews.append(review)
            vehicles.setdefault(vehicle_key(place), []).append(review)
        changed = {vehicle: set(hit_ids) for vehicle, hit_ids in changed_hits.items()}
        for vehicle, of_vehicle in vehicles.items():
            hit_ids = self._update_itinerary(vehicle, of_vehicle)
            if hit_ids is not None:
                changed.setdefault(vehicle, set()).update(hit_ids)
        return self._revise(reviews, changed, vehicles, now_ms)

    def evaluate_place(self, place: PassageKey, sightings: Sequence[Sighting], now_ms: int) -> list[Hit]:
        """As `places`, of one: what most matches come to."""
        review, vehicle = self._find_active(place, sightings, now_ms), vehicle_key(place)
        hit_ids = self._update_itinerary(vehicle, (review,))
        return self._revise(
            (review,), _NO_CHANGES if hit_ids is None else {vehicle: hit_ids}, (vehicle,), now_ms
        )

    def is_redundant(self, new: Sighting, existing: Sighting) -> bool:
        """Whether nothing follows from a sighting that forms a passage with another one, whose hit stands: as
        the second read of most passages."""
        return (
            (existing.is_reliable or not new.is_reliable)
            and self._revisions.is_active(existing.hit_id)
            and new.match.alert is existing.match.alert
            and existing.quality_key() < new.quality_key()
        )

    def _revise(
        self,
        evaluations: Sequence["_PlaceEvaluation"],
        changed_hits: ChangedHits,
        vehicles: Iterable[VehicleKey],
        now_ms: int,
    ) -> list[Hit]:
        """The revisions due of reviews, and of hits whose journey is another."""
        views = self._build_views(changed_hits) if changed_hits else _NO_VIEWS
        hits: list[Hit] = []
        for review in evaluations:
            self._revise_place(review, views, now_ms, hits)
        if len(views) > 1 or len(evaluations) != 1:
            here_told = {hit_id for review in evaluations for hit_id in review.active}
            for hit_id, view in views.items():
                if hit_id not in here_told:
                    # A stop of the same alert, later on the journey.
                    hits += self._revise_later_stop(view, views, now_ms)
        if not self._handovers:
            return hits
        for vehicle in changed_hits:
            self._handovers.update_active(vehicle, self._itineraries.get(vehicle), views)
        return hits + self.evaluate_handovers(vehicles, now_ms)

    def _revise_later_stop(
        self, view: JourneyView, views: Mapping[str, JourneyView], now_ms: int
    ) -> list[Hit]:
        sighting = view.stop.sighting
        version = self._versions[alert_key(sighting.match.alert)]
        return self._emit(sighting, views, self._versions.has_ended(version, now_ms), now_ms, False)

    def remove_stop(self, place: PassageKey, hit_id: str) -> ChangedHits:
        """Takes a hit out of the trail of the vehicle of a place; returns that with the hits whose journey is
        another now."""
        vehicle = vehicle_key(place)
        trail = self._itineraries.get(vehicle)
        changed = (
            trail.replace_stops([hit_id], [], self._journey_builder.build_stop) if trail is not None else None
        )
        return {} if changed is None else {vehicle: changed}

    def evaluate_alert_handovers(self, key: AlertKey, now_ms: int) -> list[Hit]:
        """The revisions due of the handovers of an alert's vehicles."""
        return self.evaluate_handovers(self._handovers.vehicles_for(key), now_ms)

    def evaluate_handovers(self, vehicles: Iterable[VehicleKey], now_ms: int) -> list[Hit]:
        """The revisions due of the handovers of vehicles."""
        hits: list[Hit] = []
        for vehicle in vehicles:
            ended = self._end_reason(vehicle, now_ms)
            reviewed = self._handovers.evaluate(vehicle, now_ms, self._versions.expiry_ms(now_ms), ended)
            hits += reviewed.hits
            if reviewed.next_check_ms is not None:
                self._timers.schedule(reviewed.next_check_ms, vehicle)
        return hits

    def restore_handover(self, vehicle: VehicleKey, hit: Hit) -> None:
        """Takes a handover that was told before."""
        self._handovers.restore(vehicle, hit)

    def expire(self, expired: Sequence[tuple[PassageKey, Sighting]]) -> None:
        """Lets go of sightings that are no longer remembered; what was told of later ones stays as it is."""
        for place, each in expired:
            self.remove_stop(place, each.hit_id)
            vehicle = vehicle_key(place)
            if not self._itineraries.get(vehicle):
                self._itineraries.pop(vehicle, None)
        remembered = {
            vehicle_key(place)
            for alert in {place.alert for place, _ in expired}
            for place in self._sighting_store.places_for(alert)
        }
        for vehicle in {vehicle_key(place) for place, _ in expired} - remembered:
            self._handovers.expire(vehicle)

    def _find_active(
        self, place: PassageKey, sightings: Sequence[Sighting], now_ms: int
    ) -> "_PlaceEvaluation":
        """What stands at one place, by its sightings, and what does so in place of others."""
        version = self._versions[place.alert]
        if len(sightings) == 1:
            return self._find_active_single(sightings[0], version, now_ms)
        counting = [each for each in sightings if self._is_counted(each, version)]
        standing: dict[str, tuple[Passage, bool]] = {}
        instead: dict[str, str] = {}
        for passage in split_passages(counting, self._gap_ms):
            found = build_passage(passage)
            chosen = found.best
            told = any(self._revisions.was_emitted(each.hit_id) for each in passage)
            ruling = self._budgets.decide(passage, chosen, told)
            if ruling != "withheld":
                standing[chosen.hit_id] = found, ruling == "tightened"
                for each in passage:
                    instead[each.hit_id] = chosen.hit_id
        # A copy, for those at the place change as the review's revisions are told.
        return _PlaceEvaluation(
            version, list(sightings), self._versions.has_ended(version, now_ms), standing, instead
        )

    def _find_active_single(
        self, sighting: Sighting, version: EffectiveVersion, now_ms: int
    ) -> "_PlaceEvaluation":
        """As `_rule`, of one sighting: what most places have."""
        ended = self._versions.has_ended(version, now_ms)
        if self._is_counted(sighting, version):
            ruling = self._budgets.decide((sighting,), sighting, self._revisions.was_emitted(sighting.hit_id))
            if ruling != "withheld":
                hit_id, passage = (
                    sighting.hit_id,
                    Passage(sighting, sighting if sighting.is_reliable else None),
                )
                standing = {hit_id: (passage, ruling == "tightened")}
                return _PlaceEvaluation(version, (sighting,), ended, standing, {hit_id: hit_id})
        return _PlaceEvaluation(version, (sighting,), ended, {}, {})

    def _update_itinerary(
        self, vehicle: VehicleKey, evaluations: Sequence["_PlaceEvaluation"]
    ) -> list[str] | None:
        """Puts what stands at places in the vehicle's trail; returns the hits whose journey is another; None
        if the trail is as it was."""
        chosen = [
            each for review in evaluations for each, _ in review.active.values() if _is_located(each.best)
        ]
        trail = self._itineraries.get(vehicle)
        if trail is None:
            if not chosen:
                return None
            trail = self._itineraries[vehicle] = self._journey_builder.new_itinerary()
        here = [each.hit_id for review in evaluations for each in review.sightings]
        return trail.replace_stops(here, chosen, self._journey_builder.build_stop)

    def _build_views(self, changed_hits: ChangedHits) -> dict[str, JourneyView]:
        """What the hits tell whose journey is another, in the order of their stops."""
        views: dict[str, JourneyView] = {}
        for vehicle, hit_ids in changed_hits.items():
            trail = self._itineraries.get(vehicle)
            if trail is None:
                continue
            for number in trail.positions_of(hit_ids):
                views[trail[number].hit_id] = self._journey_builder.build_view(trail, number)
            if not trail:
                del self._itineraries[vehicle]
        return views

    def _revise_place(
        self, evaluation: "_PlaceEvaluation", views: Mapping[str, JourneyView], now_ms: int, hits: list[Hit]
    ) -> None:
        """Adds the revisions due at one place."""
        for passage, tightened in evaluation.active.values():
            hits += self._emit(passage.best, views, evaluation.has_ended, now_ms, tightened)
        if len(evaluation.sightings) == len(evaluation.active) and not evaluation.has_ended:
            return
        for each in evaluation.sightings:
            gone = evaluation.has_ended or each.hit_id not in evaluation.active
            if gone and self._revisions.is_active(each.hit_id):
                why = self._retraction_reason(each, evaluation)
                hits.append(
                    self._revisions.retract(each.hit_id, why, self._verdicts.latest_for(each.hit_id), now_ms)
                )

    def _end_reason(self, vehicle: VehicleKey, now_ms: int) -> Retraction | None:
        """Why the alert of a vehicle has ended, if it has."""
        version = self._versions.get(vehicle.alert)
        if version is None:
            return Retraction("alert-expired")
        return version.end_reason() if self._versions.has_ended(version, now_ms) else None

    def _is_counted(self, sighting: Sighting, version: EffectiveVersion) -> bool:
        alert = version.alert
        in_time = version.withdrawn_ms is None or sighting.captured_ms < version.withdrawn_ms
        if not in_time or (sighting.match.alert is not alert and sighting.match.alert != alert):
            return False
        if self._verdicts.has_adjudications and self._verdicts.is_pair_rejected(sighting.pair):
            return False
        return alert.operation_id is None or bool(
            self._revisions.joint_operations.admitting_operations(sighting)
        )

    def _emit(
        self,
        sighting: Sighting,
        views: Mapping[str, JourneyView],
        has_ended: bool,
        now_ms: int,
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
        """Whether what was told of a journey is all that is known of it now, and passages before that are no
        longer remembered: it stays as it was told."""
        told = self._revisions.last_emitted(hit_id)
        if told is None or told.journey is None:
            return False
        before = [each.hit_id for each in told.journey.passages]
        now = [each.hit_id for each in view.journey.passages]
        cut = before[: len(before) - len(now)]
        return (
            bool(cut) and before[len(cut) :] == now and not any(each in self._sighting_store for each in cut)
        )

    def _retraction_reason(self, sighting: Sighting, evaluation: "_PlaceEvaluation") -> Retraction:
        if self._verdicts.is_pair_rejected(sighting.pair):
            return Retraction("rejected")
        if sighting.match.alert != evaluation.version.alert:
            return Retraction("alert-replaced")
        if sighting.hit_id not in evaluation.represented_by or evaluation.has_ended:
            return evaluation.version.end_reason()
        return Retraction("superseded", evaluation.represented_by[sighting.hit_id])


class _PlaceEvaluation(Struct, frozen=True, gc=False):
    """What is so at one place: the version in force, the sightings looked at, whether the alert has ended;
    the passages that stand, by hit, and whether a budget was tightened for them; which hit stands for
    which."""

    version: EffectiveVersion
    sightings: Sequence[Sighting]
    has_ended: bool
    active: Mapping[str, tuple[Passage, bool]]
    represented_by: Mapping[str, str]


def _is_located(sighting: Sighting) -> bool:
    """Whether it is known where a sighting was: only then is it part of a journey."""
    return sighting.site_id is not None or sighting.match.read.position is not None
