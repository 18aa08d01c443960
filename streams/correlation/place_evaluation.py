"""Evaluation of one place: which of the sightings of a vehicle there have an active hit."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from streams.correlation.effective_versions import EffectiveVersion
from streams.correlation.joint_operations import JointOperations
from streams.correlation.passages import Passage, PassageKey, Sighting, build_passage, split_passages
from streams.correlation.revisions import Revisions
from streams.correlation.state import State
from streams.records.hit import Retraction
from streams.records.times import Millis


class ActivePassage(Struct, frozen=True, gc=False):
    """A passage with an active hit; `tightened`, True if the budget was tightened when it was admitted."""

    passage: Passage
    tightened: bool


class PlaceEvaluation(Struct, frozen=True, gc=False):
    """The evaluated sightings of a vehicle at a place, and the effective version of their alert.

    `active` are the passages by the hit that represents them; `represented_by` maps the hit of each sighting
    in them to that hit.
    """

    version: EffectiveVersion
    sightings: Sequence[Sighting]
    has_ended: bool
    active: Mapping[str, ActivePassage]
    represented_by: Mapping[str, str]


class PlaceEvaluator:
    """Evaluator of places; apart from budget decisions it changes no state."""

    def __init__(
        self, passage_gap_ms: float, state: State, revisions: Revisions, joint_operations: JointOperations
    ) -> None:
        self._gap_ms = passage_gap_ms
        self._versions = state.versions
        self._verdicts = state.verdicts
        self._budgets = state.budgets
        self._revisions = revisions
        self._joint_operations = joint_operations

    def evaluate(self, place: PassageKey, sightings: Sequence[Sighting], now_ms: Millis) -> PlaceEvaluation:
        """Evaluate sightings at a place, which form whole passages."""
        version = self._versions[place.alert]
        if len(sightings) == 1:
            return self._evaluate_single(sightings[0], version, now_ms)
        counted = [sighting for sighting in sightings if self._is_counted(sighting, version)]
        active: dict[str, ActivePassage] = {}
        represented_by: dict[str, str] = {}
        for members in split_passages(counted, self._gap_ms):
            passage = build_passage(members)
            was_emitted = any(self._revisions.was_emitted(sighting.hit_id) for sighting in members)
            decision = self._budgets.decide(members, passage.best, was_emitted)
            if decision != "suppress":
                hit_id = passage.best.hit_id
                active[hit_id] = ActivePassage(passage, decision == "emit tightened")
                for sighting in members:
                    represented_by[sighting.hit_id] = hit_id
        has_ended = self._versions.has_ended(version, now_ms)
        return PlaceEvaluation(version, sightings, has_ended, active, represented_by)

    def retraction_reason(self, sighting: Sighting, evaluation: PlaceEvaluation) -> Retraction:
        """Return why the hit of a sighting is no longer active."""
        if self._verdicts.is_pair_rejected(sighting.pair):
            return Retraction("rejected")
        if sighting.match.alert != evaluation.version.alert:
            return Retraction("alert-replaced")
        if sighting.hit_id not in evaluation.represented_by or evaluation.has_ended:
            return evaluation.version.end_reason()
        return Retraction("superseded", evaluation.represented_by[sighting.hit_id])

    def _evaluate_single(
        self, sighting: Sighting, version: EffectiveVersion, now_ms: Millis
    ) -> PlaceEvaluation:
        """Evaluate the only sighting at a place: the most frequent case, kept fast."""
        has_ended = self._versions.has_ended(version, now_ms)
        if self._is_counted(sighting, version):
            hit_id = sighting.hit_id
            decision = self._budgets.decide((sighting,), sighting, self._revisions.was_emitted(hit_id))
            if decision != "suppress":
                passage = Passage(sighting, sighting if sighting.is_reliable else None)
                active = {hit_id: ActivePassage(passage, decision == "emit tightened")}
                return PlaceEvaluation(version, (sighting,), has_ended, active, {hit_id: hit_id})
        return PlaceEvaluation(version, (sighting,), has_ended, {}, {})

    def _is_counted(self, sighting: Sighting, version: EffectiveVersion) -> bool:
        """True if a sighting counts.

        It must be of the effective version, captured before a withdrawal, its pair not rejected, and admitted
        by the operation to which the alert is bound, if any.
        """
        alert = version.alert
        in_time = version.withdrawn_ms is None or sighting.captured_ms < version.withdrawn_ms
        if not in_time or (sighting.match.alert is not alert and sighting.match.alert != alert):
            return False
        if self._verdicts.has_adjudications and self._verdicts.is_pair_rejected(sighting.pair):
            return False
        return alert.operation_id is None or bool(self._joint_operations.admitting_operations(sighting))
