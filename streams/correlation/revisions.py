"""Revisions: the difference between what is active and what was emitted."""

from msgspec.structs import replace

from streams.correlation.budget import TIGHTENED_RULE, Budgets
from streams.correlation.handovers import ActiveHandover
from streams.correlation.hit_builder import HitBuilder
from streams.correlation.journeys.builder import JourneyView
from streams.correlation.passages import Sighting
from streams.records.alert import AlertKey
from streams.records.hit import Hit, Retraction
from streams.records.times import Millis, from_ms
from streams.records.verdict import Verdict


class Revisions:
    """The last emitted revision of each hit, from which the next is made where something has changed.

    Each revision is charged to `budgets`.
    """

    def __init__(self, hit_builder: HitBuilder, budgets: Budgets) -> None:
        self._hit_builder = hit_builder
        self._budgets = budgets
        self._emitted: dict[str, Hit] = {}

    def is_active(self, hit_id: str) -> bool:
        """True if a hit was emitted and not retracted since."""
        emitted = self._emitted.get(hit_id)
        return emitted is not None and emitted.kind != "withdrawn"

    def was_emitted(self, hit_id: str) -> bool:
        """True if any revision of a hit was emitted."""
        return hit_id in self._emitted

    def restore(self, hit: Hit) -> None:
        """Restore an emitted revision, unless a higher one of the hit is known."""
        emitted = self._emitted.get(hit.hit_id)
        if emitted is None or hit.revision >= emitted.revision:
            self._record(hit)

    def expire(self, hit_id: str) -> None:
        """Expire the emitted revision of a hit."""
        self._emitted.pop(hit_id, None)

    def expire_alert(self, key: AlertKey) -> None:
        """Expire what is cached of an alert without retained sightings."""
        self._hit_builder.expire_alert(key)

    def last_emitted(self, hit_id: str) -> Hit | None:
        """Return the last emitted revision of a hit, if any."""
        return self._emitted.get(hit_id)

    def emit(
        self,
        sighting: Sighting,
        view: JourneyView | None,
        verdict: Verdict | None,
        now_ms: Millis,
        tightened: bool = False,
    ) -> Hit | None:
        """Record and return the revision of an active hit; None if nothing has changed.

        `view` is its journey if that was built; otherwise the journey stays as emitted. `tightened`: the
        budget of the list was tightened when the hit was admitted.
        """
        emitted = self._emitted.get(sighting.hit_id)
        if emitted is None:
            return self._record(self._hit_builder.build(sighting, view, verdict, now_ms, tightened))
        if (
            view is None
            and emitted.kind != "withdrawn"
            and emitted.verdict == verdict
            and emitted.read is sighting.match.read
        ):
            return None
        hit = replace(
            self._hit_builder.build(sighting, view, verdict, now_ms, TIGHTENED_RULE in emitted.rules),
            mode=emitted.mode,
            age_s=emitted.age_s,
            kind=emitted.kind,
            revision=emitted.revision,
            emitted_at=emitted.emitted_at,
        )
        if view is None:
            hit = replace(hit, journey=emitted.journey, doubts=emitted.doubts, operations=emitted.operations)
        if hit == emitted:
            # Unlike a restored hit, this one shares its parts with other hits, which saves memory.
            self._emitted[hit.hit_id] = hit
            return None
        return self._record(_next_revision(hit, "amended", now_ms))

    def emit_handover(self, active: ActiveHandover, verdict: Verdict | None, now_ms: Millis) -> Hit | None:
        """Record and return the revision of an active handover; None if nothing has changed.

        It shows the latest passage of the vehicle, whose own hit was emitted already, and notifies the two
        centres and those in copy.
        """
        handover, sighting = active.handover, active.stop.sighting
        emitted, passage_hit = self._emitted.get(active.hit_id), self._emitted[sighting.hit_id]
        if (
            emitted is not None
            and emitted.kind != "withdrawn"
            and emitted.handover == handover
            and (emitted.read, emitted.journey, emitted.doubts)
            == (passage_hit.read, passage_hit.journey, passage_hit.doubts)
            and emitted.verdict == verdict
        ):
            if emitted.journey is not passage_hit.journey:
                self._emitted[active.hit_id] = replace(
                    emitted, read=passage_hit.read, journey=passage_hit.journey, doubts=passage_hit.doubts
                )
            return None
        centres = (handover.from_centre, handover.to_centre, *handover.copy)
        age_ms = now_ms - sighting.captured_ms
        return self._record(
            replace(
                passage_hit,
                hit_id=active.hit_id,
                revision=1 if emitted is None else emitted.revision + 1,
                kind="new" if emitted is None else "amended",
                mode=self._hit_builder.mode(sighting.match, age_ms),
                age_s=age_ms / 1000,
                audience=tuple(dict.fromkeys(centre for centre in centres if centre is not None)),
                rules=(*passage_hit.rules, f"handover.{handover.rule}"),
                handover=handover,
                operations=(),
                verdict=verdict,
                emitted_at=from_ms(now_ms),
            )
        )

    def retract(self, hit_id: str, reason: Retraction, verdict: Verdict | None, now_ms: Millis) -> Hit:
        """Record and return the revision that retracts an emitted hit."""
        hit = replace(self._emitted[hit_id], withdrawn=reason, verdict=verdict)
        return self._record(_next_revision(hit, "withdrawn", now_ms))

    def _record(self, hit: Hit) -> Hit:
        self._emitted[hit.hit_id] = hit
        if hit.handover is None:
            # A handover repeats a passage, whose own hit is charged.
            self._budgets.charge(hit)
        return hit


def _next_revision(hit: Hit, kind: str, now_ms: Millis) -> Hit:
    return replace(hit, kind=kind, revision=hit.revision + 1, emitted_at=from_ms(now_ms))
