"""Reviewing: what stands of the sightings of vehicles, and the revisions of hits that follow.

All that stands is settled before any of it is told, for hits tell of one another; handovers go last.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from streams.correlation.budget import Budgets
from streams.correlation.config import Cooperation, CorrelationPolicy
from streams.correlation.effective_versions import InForce, Version
from streams.correlation.emitted_handovers import HandedOver
from streams.correlation.journeys.builder import Journeys, View
from streams.correlation.journeys.itinerary import Trail, VehicleKey, vehicle_of
from streams.correlation.passages import Passage, PassageKey, Sighting, passage_of, passages
from streams.correlation.revisions import Teller
from streams.correlation.sighting_store import Seen
from streams.correlation.verdicts import Verdicts
from streams.matching.appearance.comparison import Looks
from streams.network.config import Places
from streams.records.alert import AlertKey, key_of
from streams.records.hit import Hit, Withdrawn

Left = Mapping[VehicleKey, Iterable[str]]
"""The hits of vehicles whose journey is another already, for a stop of it has left."""
_NONE_LEFT: Final[Left] = {}
_NO_VIEWS: Final[Mapping[str, View]] = {}


class Reviewer:
    """Reviews places, vehicles and alerts after anything about them has changed.

    `look_again` takes a time (ms since 1970 UTC) and the vehicle whose handovers are to be reviewed then.
    """

    def __init__(
        self,
        policy: CorrelationPolicy,
        places: Places,
        looks: Looks,
        in_force: InForce,
        seen: Seen,
        verdicts: Verdicts,
        budgets: Budgets,
        teller: Teller,
        cooperation: Cooperation,
        look_again: Callable[[int, VehicleKey], None],
    ) -> None:
        self._gap_ms = policy.passage_gap_s * 1000
        self._in_force = in_force
        self._seen = seen
        self._verdicts = verdicts
        self._budgets = budgets
        self._teller = teller
        self._look_again = look_again
        self._journeys = Journeys(places, policy, looks)
        self._handed = HandedOver(cooperation.handovers, policy, self._journeys, teller, verdicts)
        self._trails: dict[VehicleKey, Trail] = {}
        self.resuming = False
        """Whether what was told before is reviewed by a state made anew, which may know less of it."""

    def alert(self, key: AlertKey, now: int, left: Left = _NONE_LEFT) -> list[Hit]:
        """The revisions due of an alert at all its places, told at `now` (ms since 1970 UTC)."""
        places = [(place, self._seen.at(place)) for place in self._seen.places_of(key)]
        # Handovers also of vehicles that are seen nowhere any more.
        return self.places(places, now, left) + self.handovers_of(key, now)

    def places(
        self,
        places: Sequence[tuple[PassageKey, Sequence[Sighting]]],
        now: int,
        left: Left = _NONE_LEFT,
    ) -> list[Hit]:
        """The revisions due of places; the sightings given form whole passages there. `now` as in `alert`."""
        reviews: list[_Review] = []
        vehicles: dict[VehicleKey, list[_Review]] = {}
        for place, here in places:
            review = self._rule(place, here, now)
            reviews.append(review)
            vehicles.setdefault(vehicle_of(place), []).append(review)
        changed = {vehicle: set(hit_ids) for vehicle, hit_ids in left.items()}
        for vehicle, of_vehicle in vehicles.items():
            hit_ids = self._settle(vehicle, of_vehicle)
            if hit_ids is not None:
                changed.setdefault(vehicle, set()).update(hit_ids)
        return self._told(reviews, changed, vehicles, now)

    def place(self, place: PassageKey, here: Sequence[Sighting], now: int) -> list[Hit]:
        """As `places`, of one: what most matches come to."""
        review, vehicle = self._rule(place, here, now), vehicle_of(place)
        hit_ids = self._settle(vehicle, (review,))
        return self._told((review,), _NONE_LEFT if hit_ids is None else {vehicle: hit_ids}, (vehicle,), now)

    def is_worse(self, new: Sighting, other: Sighting) -> bool:
        """Whether nothing follows from a sighting that forms a passage with another one, whose hit stands: as
        the second read of most passages."""
        return (
            (other.sure or not new.sure)
            and self._teller.stands(other.hit_id)
            and new.match.alert is other.match.alert
            and other.worse() < new.worse()
        )

    def _told(
        self, reviews: Sequence["_Review"], changed: Left, vehicles: Iterable[VehicleKey], now: int
    ) -> list[Hit]:
        """The revisions due of reviews, and of hits whose journey is another."""
        views = self._views(changed) if changed else _NO_VIEWS
        hits: list[Hit] = []
        for review in reviews:
            self._due_at(review, views, now, hits)
        if len(views) > 1 or len(reviews) != 1:
            here_told = {hit_id for review in reviews for hit_id in review.standing}
            for hit_id, view in views.items():
                if hit_id not in here_told:
                    # A stop of the same alert, later on the journey.
                    hits += self._tell_later(view, views, now)
        if not self._handed:
            return hits
        for vehicle in changed:
            self._handed.moved(vehicle, self._trails.get(vehicle), views)
        return hits + self.handovers(vehicles, now)

    def _tell_later(self, view: View, views: Mapping[str, View], now: int) -> list[Hit]:
        sighting = view.stop.sighting
        version = self._in_force[key_of(sighting.match.alert)]
        return self._tell(sighting, views, self._in_force.has_ended(version, now), now, False)

    def leave(self, place: PassageKey, hit_id: str) -> Left:
        """Takes a hit out of the trail of the vehicle of a place; returns that with the hits whose journey is
        another now."""
        vehicle = vehicle_of(place)
        trail = self._trails.get(vehicle)
        changed = trail.settle([hit_id], [], self._journeys.stop) if trail is not None else None
        return {} if changed is None else {vehicle: changed}

    def handovers_of(self, key: AlertKey, now: int) -> list[Hit]:
        """The revisions due of the handovers of an alert's vehicles."""
        return self.handovers(self._handed.vehicles_of(key), now)

    def handovers(self, vehicles: Iterable[VehicleKey], now: int) -> list[Hit]:
        """The revisions due of the handovers of vehicles."""
        hits: list[Hit] = []
        for vehicle in vehicles:
            ended = self._end_of(vehicle, now)
            reviewed = self._handed.review(vehicle, now, self._in_force.reached(now), ended)
            hits += reviewed.hits
            if reviewed.again is not None:
                self._look_again(reviewed.again, vehicle)
        return hits

    def recall_handover(self, vehicle: VehicleKey, hit: Hit) -> None:
        """Takes a handover that was told before."""
        self._handed.recall(vehicle, hit)

    def forget(self, gone: Sequence[tuple[PassageKey, Sighting]]) -> None:
        """Lets go of sightings that are no longer remembered; what was told of later ones stays as it is."""
        for place, each in gone:
            self.leave(place, each.hit_id)
            vehicle = vehicle_of(place)
            if not self._trails.get(vehicle):
                self._trails.pop(vehicle, None)
        remembered = {
            vehicle_of(place)
            for alert in {place.alert for place, _ in gone}
            for place in self._seen.places_of(alert)
        }
        for vehicle in {vehicle_of(place) for place, _ in gone} - remembered:
            self._handed.forget(vehicle)

    def _rule(self, place: PassageKey, here: Sequence[Sighting], now: int) -> "_Review":
        """What stands at one place, by its sightings, and what does so in place of others."""
        version = self._in_force[place.alert]
        if len(here) == 1:
            return self._rule_one(here[0], version, now)
        counting = [each for each in here if self._counts(each, version)]
        standing: dict[str, tuple[Passage, bool]] = {}
        instead: dict[str, str] = {}
        for passage in passages(counting, self._gap_ms):
            found = passage_of(passage)
            chosen = found.best
            told = any(self._teller.was_told(each.hit_id) for each in passage)
            ruling = self._budgets.rule(passage, chosen, told)
            if ruling != "withheld":
                standing[chosen.hit_id] = found, ruling == "tightened"
                for each in passage:
                    instead[each.hit_id] = chosen.hit_id
        # A copy, for those at the place change as the review's revisions are told.
        return _Review(version, list(here), self._in_force.has_ended(version, now), standing, instead)

    def _rule_one(self, here: Sighting, version: Version, now: int) -> "_Review":
        """As `_rule`, of one sighting: what most places have."""
        ended = self._in_force.has_ended(version, now)
        if self._counts(here, version):
            ruling = self._budgets.rule((here,), here, self._teller.was_told(here.hit_id))
            if ruling != "withheld":
                hit_id, passage = here.hit_id, Passage(here, here if here.sure else None)
                standing = {hit_id: (passage, ruling == "tightened")}
                return _Review(version, (here,), ended, standing, {hit_id: hit_id})
        return _Review(version, (here,), ended, {}, {})

    def _settle(self, vehicle: VehicleKey, reviews: Sequence["_Review"]) -> list[str] | None:
        """Puts what stands at places in the vehicle's trail; returns the hits whose journey is another; None
        if the trail is as it was."""
        chosen = [each for review in reviews for each, _ in review.standing.values() if _is_placed(each.best)]
        trail = self._trails.get(vehicle)
        if trail is None:
            if not chosen:
                return None
            trail = self._trails[vehicle] = self._journeys.trail()
        here = [each.hit_id for review in reviews for each in review.here]
        return trail.settle(here, chosen, self._journeys.stop)

    def _views(self, changed: Left) -> dict[str, View]:
        """What the hits tell whose journey is another, in the order of their stops."""
        views: dict[str, View] = {}
        for vehicle, hit_ids in changed.items():
            trail = self._trails.get(vehicle)
            if trail is None:
                continue
            for number in trail.numbers(hit_ids):
                views[trail[number].hit_id] = self._journeys.view(trail, number)
            if not trail:
                del self._trails[vehicle]
        return views

    def _due_at(self, review: "_Review", views: Mapping[str, View], now: int, hits: list[Hit]) -> None:
        """Adds the revisions due at one place."""
        for passage, tightened in review.standing.values():
            hits += self._tell(passage.best, views, review.ended, now, tightened)
        if len(review.here) == len(review.standing) and not review.ended:
            return
        for each in review.here:
            gone = review.ended or each.hit_id not in review.standing
            if gone and self._teller.stands(each.hit_id):
                why = self._why(each, review)
                hits.append(self._teller.withdraw(each.hit_id, why, self._verdicts.of(each.hit_id), now))

    def _end_of(self, vehicle: VehicleKey, now: int) -> Withdrawn | None:
        """Why the alert of a vehicle has ended, if it has."""
        version = self._in_force.get(vehicle.alert)
        if version is None:
            return Withdrawn("alert-expired")
        return version.why() if self._in_force.has_ended(version, now) else None

    def _counts(self, each: Sighting, version: Version) -> bool:
        alert = version.alert
        in_time = version.withdrawn is None or each.captured < version.withdrawn
        if not in_time or (each.match.alert is not alert and each.match.alert != alert):
            return False
        if self._verdicts.any_judged and self._verdicts.rejected(each.pair):
            return False
        return alert.operation_id is None or bool(self._teller.joint.admitting(each))

    def _tell(
        self, chosen: Sighting, views: Mapping[str, View], ended: bool, now: int, tightened: bool
    ) -> list[Hit]:
        if ended and self._teller.was_told(chosen.hit_id):
            return []
        verdict, view = self._verdicts.of(chosen.hit_id), views.get(chosen.hit_id)
        if view is not None and self.resuming and self._is_cut(chosen.hit_id, view):
            view = None
        hit = self._teller.tell(chosen, view, verdict, now, tightened)
        return [] if hit is None else [hit]

    def _is_cut(self, hit_id: str, view: View) -> bool:
        """Whether what was told of a journey is all that is known of it now, and passages before that are no
        longer remembered: it stays as it was told."""
        told = self._teller.told(hit_id)
        if told is None or told.journey is None:
            return False
        before = [each.hit_id for each in told.journey.passages]
        now = [each.hit_id for each in view.journey.passages]
        cut = before[: len(before) - len(now)]
        return bool(cut) and before[len(cut) :] == now and not any(each in self._seen for each in cut)

    def _why(self, each: Sighting, review: "_Review") -> Withdrawn:
        if self._verdicts.rejected(each.pair):
            return Withdrawn("rejected")
        if each.match.alert != review.version.alert:
            return Withdrawn("alert-replaced")
        if each.hit_id not in review.instead or review.ended:
            return review.version.why()
        return Withdrawn("superseded", review.instead[each.hit_id])


class _Review(Struct, frozen=True, gc=False):
    """What is so at one place: the version in force, the sightings looked at, whether the alert has ended;
    the passages that stand, by hit, and whether a budget was tightened for them; which hit stands for
    which."""

    version: Version
    here: Sequence[Sighting]
    ended: bool
    standing: Mapping[str, tuple[Passage, bool]]
    instead: Mapping[str, str]


def _is_placed(sighting: Sighting) -> bool:
    """Whether it is known where a sighting was: only then is it part of a journey."""
    return sighting.site is not None or sighting.match.read.position is not None
