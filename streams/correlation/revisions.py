"""Revisions: the difference between what is active and what was emitted."""

from msgspec.structs import replace

from streams.correlation.budget import TIGHTENED_RULE
from streams.correlation.handovers import ActiveHandover
from streams.correlation.hit_builder import HitBuilder, PassageView
from streams.correlation.passages import MATERIAL_POSTERIOR_CHANGE, Passage
from streams.correlation.tables import HitState
from streams.records.hit import Hit, Retraction
from streams.records.times import Millis, from_ms


class Revisions:
    """Builder of revisions; it has no state but the caches of its hit builder."""

    def __init__(self, hit_builder: HitBuilder) -> None:
        self._hit_builder = hit_builder

    def of_passage(self, shown: PassageView, hit: HitState, now_ms: Millis, tightened: bool) -> Hit | None:
        """Return the revision of an active passage; None if nothing has changed.

        `tightened`: the budget of the list was tightened when the hit was admitted.
        """
        passage, view, is_over = shown.passage, shown.journey_view, shown.is_over
        emitted = hit.emitted
        if emitted is None:
            return self._hit_builder.build(shown, hit.verdict, now_ms, tightened)
        match = passage.best.match
        is_same_read = emitted.read is match.read or emitted.read == match.read
        summary = self._hit_builder.summary(shown)
        if not is_over and is_same_read and not _is_material(passage, emitted):
            # Until it is over, what further reads add to the same conclusion is not worth a revision.
            summary = emitted.passage
        if (
            view is None
            and emitted.kind != "withdrawn"
            and emitted.verdict == hit.verdict
            and is_same_read
            and emitted.passage == summary
            and self._hit_builder.is_current(emitted, match.alert)
        ):
            return None
        revision = replace(
            self._hit_builder.build(shown, hit.verdict, now_ms, TIGHTENED_RULE in emitted.rules),
            mode=emitted.mode,
            age_s=emitted.age_s,
            kind=emitted.kind,
            revision=emitted.revision,
            emitted_at=emitted.emitted_at,
            passage=summary,
        )
        if view is None:
            revision = replace(
                revision, journey=emitted.journey, doubts=emitted.doubts, operations=emitted.operations
            )
        return None if revision == emitted else _next_revision(revision, "amended", now_ms)

    def of_handover(
        self, active: ActiveHandover, passage_hit: Hit, hit: HitState, now_ms: Millis
    ) -> Hit | None:
        """Return the revision of an active handover; None if nothing has changed.

        It shows a passage of the vehicle, whose own hit was emitted already, and notifies the two centres and
        those in copy.
        """
        handover, sighting, emitted = active.handover, active.stop.sighting, hit.emitted
        if (
            emitted is not None
            and emitted.kind != "withdrawn"
            and emitted.handover == handover
            and emitted.verdict == hit.verdict
            and (emitted.read, emitted.alert, emitted.journey, emitted.doubts)
            == (passage_hit.read, passage_hit.alert, passage_hit.journey, passage_hit.doubts)
        ):
            return None
        age_ms = now_ms - sighting.captured_ms
        return replace(
            passage_hit,
            hit_id=active.hit_id,
            revision=1 if emitted is None else emitted.revision + 1,
            kind="new" if emitted is None else "amended",
            mode=self._hit_builder.mode(sighting.match, age_ms),
            age_s=age_ms / 1000,
            audience=handover.centres,
            rules=(*passage_hit.rules, f"handover.{handover.rule}"),
            handover=handover,
            operations=(),
            passage=None,
            verdict=hit.verdict,
            emitted_at=from_ms(now_ms),
        )


def retraction(hit: HitState, reason: Retraction, now_ms: Millis) -> Hit:
    """Return the revision that retracts an emitted hit."""
    assert hit.emitted is not None, "only an emitted hit is retracted"
    return _next_revision(replace(hit.emitted, withdrawn=reason, verdict=hit.verdict), "withdrawn", now_ms)


def _is_material(passage: Passage, emitted: Hit) -> bool:
    """True if the posterior of a passage differs from that shown by so much that an officer should know."""
    shown = emitted.passage.posterior if emitted.passage is not None else emitted.match.posterior
    if passage.posterior is None or shown is None:
        return False
    return abs(passage.posterior - shown) >= MATERIAL_POSTERIOR_CHANGE


def _next_revision(hit: Hit, kind: str, now_ms: Millis) -> Hit:
    return replace(hit, kind=kind, revision=hit.revision + 1, emitted_at=from_ms(now_ms))
