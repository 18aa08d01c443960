"""Settlement: evaluate the passages that an event touched, and emit the difference to what was emitted.

It is done in slices, because an event may touch many passages: a change of a pattern, for example, touches
all vehicles that fit it. Between two slices, events of other alerts may be handled.
"""

from collections.abc import Iterator, Mapping
from operator import is_
from typing import Final

from streams.correlation.evaluation import Evaluator
from streams.correlation.hit_builder import PassageView
from streams.correlation.journeys.builder import JourneyView
from streams.correlation.journeys.itinerary import ItineraryChange
from streams.correlation.passages import Passage
from streams.correlation.revisions import Revisions, retraction
from streams.correlation.state import State
from streams.correlation.tables import AlertState, HitState, VehicleState, pair_of
from streams.correlation.touched import Touched
from streams.records.hit import Hit, Retraction
from streams.records.times import Millis

Work = Iterator[Hit | None]
"""Work on one alert: the revisions to emit, in order, and None where a slice ends."""

SLICE_SIZE: Final = 64
"""How many passages one slice handles in each step: well below 50 ms of work."""


class Settler:
    """Settles what events touched. The revisions that it returns are recorded in the state."""

    def __init__(
        self, state: State, evaluator: Evaluator, revisions: Revisions, journey_passages: int
    ) -> None:
        self._state = state
        self._evaluator = evaluator
        self._revisions = revisions
        self._window = journey_passages + 2
        """So many hits without a change, and no later hit of the journey has one either."""

    def settle_passage(
        self, alert: AlertState, vehicle: VehicleState, passage: Passage, now_ms: Millis
    ) -> list[Hit] | None:
        """Return the revisions for one passage, if it is the only one that an event touched.

        The same as `settle` with less work, for what most events come to. None if `settle` must decide: a
        verdict, a budget or the end of the alert matters, or another passage than the latest has changed.
        """
        state = self._state
        hit = state.hits.get_or_create(passage.hit_id)
        if (
            hit.adjudication is not None
            or state.hits.has_pending
            or (state.hits.has_adjudications and state.hits.is_pair_rejected(pair_of(passage)))
            or (state.budgets.has_budget(alert.key[0]) and hit.emitted is None)
            or state.versions.has_ended(alert.version, now_ms)
        ):
            return None
        itinerary, stop = vehicle.itinerary, self._evaluator.build_stop(passage)
        if itinerary is not None and not itinerary.is_at_end(passage):
            return None
        state.hits.set_passage(passage, hit)
        if itinerary is None:
            if stop is None:
                return _list_of(self._revise(passage, None, hit, now_ms))
            itinerary = self._evaluator.new_itinerary()
            state.set_itinerary(vehicle, itinerary)
        change = itinerary.update(passage, stop, None)
        if change is None:
            return _list_of(self._revise(passage, None, hit, now_ms))
        view = self._evaluator.build_view(itinerary, change.first)
        hits = _list_of(self._revise(passage, view, hit, now_ms))
        if self._update_handovers(vehicle, change, {passage.hit_id: view}):
            hits += self.revise_handovers(alert, vehicle, now_ms)
        return hits

    def settle(
        self,
        alert: AlertState,
        touched: Touched,
        now_ms: Millis,
        gone: Retraction | None = None,
        restored: bool = False,
    ) -> Work:
        """Yield the revisions for the passages that an event touched.

        `gone` is why hits are retracted whose passage has ended and was not joined to another. `restored`:
        emitted hits are compared with restored state, which may lack their oldest passages.
        """
        settlement = _Settlement(
            alert, touched, now_ms, self._state.versions.has_ended(alert.version, now_ms)
        )
        settlement.gone, settlement.restored = gone, restored
        yield from self._evaluate(settlement)
        yield from self._update_itineraries(settlement)
        yield from self._revise_journeys(settlement)
        yield from self._revise_others(settlement)
        yield from self._retract(settlement)
        for count, (vehicle, change) in enumerate(settlement.changes.values(), 1):
            handovers = vehicle.handovers
            if change is not None:
                self._update_handovers(vehicle, change, settlement.views)
            if handovers is not None or vehicle.handovers is not None:
                yield from self.revise_handovers(alert, vehicle, now_ms)
            if count % SLICE_SIZE == 0:
                yield None

    def revise_handovers(self, alert: AlertState, vehicle: VehicleState, now_ms: Millis) -> list[Hit]:
        """Return the revisions for the handovers of a vehicle, and schedule their next check."""
        handovers, state = vehicle.handovers, self._state
        if handovers is None:
            return []
        has_ended = state.versions.has_ended(alert.version, now_ms)
        validity_now_ms = state.versions.validity_now_ms(now_ms)
        hits: list[Hit] = []
        ends_ms: dict[str, Millis] = {}
        for active in handovers.active if not has_ended else ():
            passage_hit = state.hits.get(active.stop.hit_id)
            hit = state.hits.get_or_create(active.hit_id)
            state.hits.judge_handover(active.hit_id, alert.key[0], active.handover.centres)
            # The passage may have expired before the handover ends.
            if passage_hit is None or passage_hit.emitted is None or active.ends_ms <= validity_now_ms:
                continue
            if hit.is_rejected:
                continue
            ends_ms[active.hit_id] = active.ends_ms
            revision = self._revisions.of_handover(active, passage_hit.emitted, hit, now_ms)
            if revision is not None:
                state.hits.record_emitted(revision)
                hits.append(revision)
        for hit_id in sorted(handovers.hit_ids - ends_ms.keys()):
            hit = state.hits.get_or_create(hit_id)
            if hit.is_active:
                reason = Retraction("rejected" if hit.is_rejected else "handover-over")
                revision = retraction(hit, alert.version.end_reason() if has_ended else reason, now_ms)
                state.hits.record_emitted(revision)
                hits.append(revision)
        state.record_handovers(vehicle, ends_ms, now_ms)
        return hits

    # The steps of a settlement

    def _evaluate(self, settlement: "_Settlement") -> Work:
        """Determine which of the touched passages are active."""
        state, touched = self._state, settlement.touched
        for count, (vehicle, passage) in enumerate(touched.passages, 1):
            changed_pairs = state.hits.set_passage(passage)
            for other in vehicle.passages() if changed_pairs else ():
                if pair_of(other) in changed_pairs:
                    touched.add(vehicle, other)
            if count % SLICE_SIZE == 0:
                yield None
        former = touched.former_by_passage()
        for count, (_, passage) in enumerate(touched.passages, 1):
            if count % SLICE_SIZE == 0:
                yield None
            if state.hits.has_adjudications and state.hits.is_pair_rejected(pair_of(passage)):
                continue
            former_ids = former.get(id(passage), ())
            was_emitted = state.hits.is_emitted(passage.hit_id) or any(
                state.hits.is_emitted(each) for each in former_ids
            )
            decision = state.budgets.decide(passage, former_ids, was_emitted)
            if decision != "suppress":
                settlement.active[id(passage)] = decision == "emit tightened"

    def _update_itineraries(self, settlement: "_Settlement") -> Work:
        """Put the active passages into the itineraries of their vehicles; note what changed in each."""
        changes, touched = settlement.changes, settlement.touched
        for vehicle, passage in touched.removed:
            change = changes.get(vehicle.key.plate, (vehicle, None))[1]
            if vehicle.itinerary is not None:
                change = vehicle.itinerary.update(passage, None, change)
            changes[vehicle.key.plate] = vehicle, change
        for count, (vehicle, passage) in enumerate(touched.passages, 1):
            change = changes.get(vehicle.key.plate, (vehicle, None))[1]
            stop = self._evaluator.build_stop(passage) if id(passage) in settlement.active else None
            itinerary = vehicle.itinerary
            if itinerary is None and stop is not None:
                itinerary = self._evaluator.new_itinerary()
                self._state.set_itinerary(vehicle, itinerary)
            if itinerary is not None:
                change = itinerary.update(passage, stop, change)
            changes[vehicle.key.plate] = vehicle, change
            if count % SLICE_SIZE == 0:
                yield None

    def _revise_journeys(self, settlement: "_Settlement") -> Work:
        """Yield the revisions for the changed journeys; note their views."""
        count = 0
        for vehicle, change in settlement.changes.values():
            if change is None or vehicle.itinerary is None:
                continue
            unchanged_count = 0
            for index, view in self._evaluator.changed_views(vehicle.itinerary, change):
                settlement.views[view.stop.hit_id] = view
                revision = self._emit(settlement, view.stop.passage, view)
                if revision is not None:
                    yield revision
                unchanged_count = 0 if revision is not None or index <= change.last else unchanged_count + 1
                if unchanged_count == self._window:
                    break
                count += 1
                if count % SLICE_SIZE == 0:
                    yield None

    def _revise_others(self, settlement: "_Settlement") -> Work:
        """Yield the revisions of the passages whose journeys have not changed."""
        for count, (_, passage) in enumerate(settlement.touched.passages, 1):
            if id(passage) in settlement.active and passage.hit_id not in settlement.views:
                revision = self._emit(settlement, passage, None)
                if revision is not None:
                    yield revision
            if count % SLICE_SIZE == 0:
                yield None

    def _retract(self, settlement: "_Settlement") -> Work:
        """Yield the retractions of hits that are active no longer."""
        version, active = settlement.alert.version, settlement.active
        for count, (_, passage) in enumerate(settlement.touched.passages, 1):
            if id(passage) not in active:
                yield from self._retract_hit(settlement, passage.hit_id, Retraction("rejected"))
            elif settlement.has_ended:
                yield from self._retract_hit(settlement, passage.hit_id, version.end_reason())
            if count % SLICE_SIZE == 0:
                yield None
        for count, (hit_id, successor) in enumerate(settlement.touched.former_hits(), 1):
            if settlement.has_ended:
                reason = version.end_reason()
            elif successor is None:
                reason = settlement.gone or version.end_reason()
            elif id(successor) in active:
                reason = Retraction("superseded", successor.hit_id)
            else:
                reason = Retraction("rejected")
            yield from self._retract_hit(settlement, hit_id, reason)
            if count % SLICE_SIZE == 0:
                yield None

    def _emit(self, settlement: "_Settlement", passage: Passage, view: JourneyView | None) -> Hit | None:
        """Return the revision of an active passage, if there is one."""
        hit = self._state.hits.get_or_create(passage.hit_id)
        if settlement.has_ended and hit.emitted is not None:
            return None
        if view is not None and settlement.restored and self._is_truncated(hit.emitted, view):
            view = None
        tightened = settlement.active.get(id(passage), False)
        return self._revise(passage, view, hit, settlement.now_ms, tightened)

    def _revise(
        self,
        passage: Passage,
        view: JourneyView | None,
        hit: HitState,
        now_ms: Millis,
        tightened: bool = False,
    ) -> Hit | None:
        """Return the revision of an active passage, if there is one."""
        is_over = len(passage.sightings) > 1 and self._state.sightings.is_over(passage, now_ms)
        revision = self._revisions.of_passage(PassageView(passage, view, is_over), hit, now_ms, tightened)
        if revision is not None:
            self._state.hits.record_emitted(revision, hit)
        return revision

    def _retract_hit(self, settlement: "_Settlement", hit_id: str, reason: Retraction) -> Iterator[Hit]:
        """Yield the retraction of a hit, if it is active."""
        hit = self._state.hits.get(hit_id)
        if hit is not None and hit.is_active:
            revision = retraction(hit, reason, settlement.now_ms)
            self._state.hits.record_emitted(revision)
            yield revision

    def _update_handovers(
        self, vehicle: VehicleState, change: ItineraryChange, views: Mapping[str, JourneyView]
    ) -> bool:
        """Determine the active handovers of a vehicle after a change; return True if they must be revised."""
        if not self._evaluator.has_handovers:
            return False
        previous = vehicle.handovers.active if vehicle.handovers is not None else ()
        active = self._evaluator.active_handovers(vehicle.itinerary, views, change, previous)
        is_same = len(active) == len(previous) and all(map(is_, active, previous))
        if change.is_appended and is_same:
            return False
        if active or vehicle.handovers is not None:
            self._state.set_active_handovers(vehicle, active)
        return vehicle.handovers is not None

    def _is_truncated(self, emitted: Hit | None, view: JourneyView) -> bool:
        """True if a view lacks only passages of the emitted journey that have expired.

        The journey then stays as emitted.
        """
        if emitted is None or emitted.journey is None:
            return False
        before = [site.hit_id for site in emitted.journey.passages]
        after = [site.hit_id for site in view.journey.passages]
        missing = before[: len(before) - len(after)]
        return bool(missing) and before[len(missing) :] == after and not any(map(self._has_passage, missing))

    def _has_passage(self, hit_id: str) -> bool:
        hit = self._state.hits.get(hit_id)
        return hit is not None and hit.passage is not None


def _list_of(revision: Hit | None) -> list[Hit]:
    return [] if revision is None else [revision]


class _Settlement:
    """One settlement: what it is about, and what its steps have found."""

    __slots__ = (
        "active", "alert", "changes", "gone", "has_ended", "now_ms", "restored", "touched", "views"
    )  # fmt: skip

    def __init__(self, alert: AlertState, touched: Touched, now_ms: Millis, has_ended: bool) -> None:
        self.alert = alert
        self.touched = touched
        self.now_ms = now_ms
        self.has_ended = has_ended
        self.gone: Retraction | None = None
        self.restored = False
        self.active: dict[int, bool] = {}
        """The active passages by identity; True if the budget was tightened when admitted."""
        self.changes: dict[str, tuple[VehicleState, ItineraryChange | None]] = {}
        """What has changed in the itineraries, by the plate of the vehicle."""
        self.views: dict[str, JourneyView] = {}
        """The journeys that were built, by hit."""
