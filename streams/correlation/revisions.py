"""Telling: from what stands to the revisions of hits that are sent."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from msgspec.structs import replace

from streams.correlation.budget import TIGHTENED_REASON, TIGHTENED_RULE, Budgets
from streams.correlation.config import CorrelationRules
from streams.correlation.handovers import ActiveHandover
from streams.correlation.journeys.builder import JourneyView
from streams.correlation.passages import Sighting
from streams.operations.admission import Operations
from streams.records.alert import Alert, AlertKey, alert_key
from streams.records.hit import Hit, HitAlert, Place, Retraction, build_hit_alert
from streams.records.journey import Admission
from streams.records.match import Match
from streams.records.times import from_ms
from streams.records.types import MatchClass
from streams.records.verdict import Verdict
from streams.rules.actions import Action, decide_action
from streams.rules.jurisdictions import RULE_PREFIX as LOOKBACK


class JointOperations(NamedTuple):
    """The joint operations, and the centres that take part in each."""

    operations: Operations
    participants: Mapping[str, list[str]]

    def admitting_operations(self, sighting: Sighting) -> list[str]:
        """The ids of the operations that admit the hit of a sighting, in order."""
        # Most lists have none.
        if not self.participants:
            return []
        read, alert = sighting.match.read, sighting.match.alert
        position = (read.position.lat, read.position.lon) if read.position is not None else None
        return self.operations.admitting_operations(
            alert.list_id, alert.operation_id, position, sighting.site_id, sighting.captured_ms
        )


class Revisions:
    """Makes the revisions of hits and remembers what was told, so that only changes are.

    `budgets` is told of each revision.
    """

    def __init__(self, rules: CorrelationRules, budgets: Budgets) -> None:
        operations = rules.cooperation.operations
        participants = {name: operation.participants for name, operation in operations.items()}
        self._places = rules.places
        self._audiences = {list_id: tuple(centres) for list_id, centres in rules.audiences.items()}
        self._live_within_ms = rules.config.live_within_s * 1000
        self._budgets = budgets
        self.joint_operations = JointOperations(Operations(operations, rules.places.sites), participants)
        """The joint operations."""
        self._emitted: dict[str, Hit] = {}
        self._alert_cache: dict[AlertKey, tuple[Alert, HitAlert]] = {}
        self._place_cache: dict[tuple[str, str | None], Place] = {}

    def is_active(self, hit_id: str) -> bool:
        """Whether a hit was told and not withdrawn since."""
        told = self._emitted.get(hit_id)
        return told is not None and told.kind != "withdrawn"

    def was_emitted(self, hit_id: str) -> bool:
        """Whether any revision of a hit was told."""
        return hit_id in self._emitted

    def restore(self, hit: Hit) -> None:
        """Takes a revision that was told before this began; of several of a hit the highest counts."""
        known = self._emitted.get(hit.hit_id)
        if known is None or hit.revision >= known.revision:
            self._record(hit)

    def active_hits(self) -> list[Hit]:
        """The hits that were told and not withdrawn since."""
        return [hit for hit in self._emitted.values() if hit.kind != "withdrawn"]

    def expire(self, hit_id: str) -> None:
        """Lets go of what was told of a hit."""
        self._emitted.pop(hit_id, None)

    def expire_alert(self, key: AlertKey) -> None:
        """Lets go of an alert of which nothing is remembered any more."""
        self._alert_cache.pop(key, None)

    def last_emitted(self, hit_id: str) -> Hit | None:
        """The revision of a hit that was told last."""
        return self._emitted.get(hit_id)

    def emit(
        self,
        sighting: Sighting,
        view: JourneyView | None,
        verdict: Verdict | None,
        now_ms: int,
        tightened: bool = False,
    ) -> Hit | None:
        """The revision that says a sighting's hit stands; None if nothing has changed. `now` in ms.

        `view` is what it tells of the journey; without one, as it was told before. `tightened`: the list's
        tolerance was tightened when the hit was let through.
        """
        told = self._emitted.get(sighting.hit_id)
        if told is None:
            return self._record(self._build_hit(sighting, view, verdict, now_ms, tightened))
        if (
            view is None
            and told.kind != "withdrawn"
            and told.verdict == verdict
            and told.read is sighting.match.read
        ):
            return None
        hit = replace(
            self._build_hit(sighting, view, verdict, now_ms, TIGHTENED_RULE in told.rules),
            mode=told.mode,
            age_s=told.age_s,
            kind=told.kind,
            revision=told.revision,
            emitted_at=told.emitted_at,
        )
        if view is None:
            hit = replace(hit, journey=told.journey, doubts=told.doubts, operations=told.operations)
        if hit == told:
            # What was recalled shares nothing with other hits, as this one does.
            self._emitted[hit.hit_id] = hit
            return None
        return self._record(self._next_revision(hit, "amended", now_ms))

    def emit_handover(self, active: ActiveHandover, verdict: Verdict | None, now_ms: int) -> Hit | None:
        """The revision that says a handover stands; None if nothing has changed. `now` in ms.

        It shows the passage at which the vehicle was seen last, whose hit was told already, and goes to the
        two centres and those in copy.
        """
        handover, sighting = active.handover, active.stop.sighting
        told, passage = self._emitted.get(active.hit_id), self._emitted[sighting.hit_id]
        if (
            told is not None
            and told.kind != "withdrawn"
            and told.handover == handover
            and (told.read, told.journey, told.doubts) == (passage.read, passage.journey, passage.doubts)
            and told.verdict == verdict
        ):
            if told.journey is not passage.journey:
                shared = replace(told, read=passage.read, journey=passage.journey, doubts=passage.doubts)
                self._emitted[active.hit_id] = shared
            return None
        centres = (handover.from_centre, handover.to_centre, *handover.copy)
        age_ms = now_ms - sighting.captured_ms
        return self._record(
            replace(
                passage,
                hit_id=active.hit_id,
                revision=1 if told is None else told.revision + 1,
                kind="new" if told is None else "amended",
                mode=self._mode(sighting.match, age_ms),
                age_s=age_ms / 1000,
                audience=tuple(dict.fromkeys(each for each in centres if each is not None)),
                rules=(*passage.rules, f"handover.{handover.rule}"),
                handover=handover,
                operations=(),
                verdict=verdict,
                emitted_at=from_ms(now_ms),
            )
        )

    def retract(self, hit_id: str, reason: Retraction, verdict: Verdict | None, now_ms: int) -> Hit:
        """The revision that says a told hit no longer stands. `now` in ms."""
        hit = replace(self._emitted[hit_id], withdrawn=reason, verdict=verdict)
        return self._record(self._next_revision(hit, "withdrawn", now_ms))

    def _record(self, hit: Hit) -> Hit:
        self._emitted[hit.hit_id] = hit
        if hit.handover is None:
            # A handover tells of a passage whose hit was told already.
            self._budgets.charge(hit)
        return hit

    def _next_revision(self, hit: Hit, kind: str, now_ms: int) -> Hit:
        return replace(hit, kind=kind, revision=hit.revision + 1, emitted_at=from_ms(now_ms))

    def _build_hit(
        self,
        sighting: Sighting,
        view: JourneyView | None,
        verdict: Verdict | None,
        now_ms: int,
        tightened: bool,
    ) -> Hit:
        match = sighting.match
        read, alert, result = match.read, match.alert, match.result
        if tightened:
            result = replace(result, reasons=(*result.reasons, TIGHTENED_REASON))
        age_ms = now_ms - sighting.captured_ms
        place = self._place(sighting)
        action = decide_action(alert, place.territory)
        # Nobody is dispatched for what was found by looking back.
        admitted = self.joint_operations.admitting_operations(sighting) if match.lookback is None else []
        rules = _rule_ids(match, action, tightened)
        operations: tuple[Admission, ...] = ()
        if admitted:
            rules += tuple([f"operation.{each}" for each in admitted])
            operations = tuple([self._admission(each, sighting, place, view) for each in admitted])
        return Hit(
            hit_id=sighting.hit_id,
            revision=1,
            kind="new",
            mode=self._mode(match, age_ms),
            age_s=age_ms / 1000,
            read=read,
            alert=self._visible_alert(alert),
            match=result,
            place=place,
            action=action.code,
            priority=alert.priority,
            emitted_at=from_ms(now_ms),
            audience=self._audience(alert, admitted),
            rules=rules,
            verdict=verdict,
            journey=view.journey if view is not None else None,
            doubts=view.doubts if view is not None else (),
            operations=operations,
            lookback=match.lookback,
        )

    def _mode(self, match: Match, age_ms: int) -> Literal["live", "historical"]:
        late = match.read.retransmitted or match.lookback is not None
        return "historical" if late or age_ms > self._live_within_ms else "live"

    def _visible_alert(self, alert: Alert) -> HitAlert:
        """What the audience may see of an alert; many hits share it."""
        known = self._alert_cache.get(alert_key(alert))
        if known is None or known[0] is not alert:
            known = self._alert_cache[alert_key(alert)] = alert, build_hit_alert(alert)
        return known[1]

    def _audience(self, alert: Alert, admitted: Sequence[str]) -> tuple[str, ...]:
        """The centres told: the alert's own or its list's, then those that take part in the operations."""
        told = alert.audience or self._audiences.get(alert.list_id, ())
        if not admitted:
            return told
        return tuple(
            dict.fromkeys(
                (*told, *(each for name in admitted for each in self.joint_operations.participants[name]))
            )
        )

    def _admission(
        self, operation_id: str, sighting: Sighting, place: Place, view: JourneyView | None
    ) -> Admission:
        match = sighting.match
        return self.joint_operations.operations.build_admission(
            operation_id,
            match.alert.priority,
            match.result.posterior,
            place.site_id,
            sighting.captured_ms,
            view.journey.next if view is not None else [],
        )

    def _place(self, sighting: Sighting) -> Place:
        read = sighting.match.read
        key = read.camera_id, sighting.site_id
        known = self._place_cache.get(key)
        if known is None:
            known = self._place_cache[key] = self._build_place(*key)
        if read.position is None:
            return known
        return replace(known, lat=read.position.lat, lon=read.position.lon)

    def _build_place(self, camera_id: str, site_id: str | None) -> Place:
        site = self._places.sites.get(site_id) if site_id else None
        camera = self._places.cameras.get(camera_id)
        return Place(
            camera_id=camera_id,
            site_id=site_id,
            road=site.road if site else None,
            direction=camera.direction if camera else None,
            territory=site.territory if site else None,
            lat=site.lat if site else None,
            lon=site.lon if site else None,
        )


def _rule_ids(match: Match, action: Action, tightened: bool) -> tuple[str, ...]:
    """The ids of the rules that made the hit what it is."""
    result = match.result
    if not (
        result.edits or result.contradictions or result.possible_countries or tightened or match.lookback
    ):
        return _common_rule_ids(result.class_, action.rule_id)
    edits = {edit.kind for edit in result.edits}
    contradicted = {contradiction.what for contradiction in result.contradictions}
    rules = [f"match.{result.class_}"]
    rules += [rule for kind, rule in _EDIT_RULES if kind in edits]
    rules += [rule for what, rule in _CONTRADICTION_RULES if what in contradicted]
    rules += ["country.unknown"] if result.possible_countries else []
    rules += [TIGHTENED_RULE] if tightened else []
    rules += [f"{LOOKBACK}.{match.lookback.country}"] if match.lookback is not None else []
    return (*rules, action.rule_id)


@lru_cache(maxsize=1 << 10)
def _common_rule_ids(class_: MatchClass, action_rule: str) -> tuple[str, ...]:
    """Those of most hits, which share them."""
    return f"match.{class_}", action_rule


_EDIT_RULES: Final = (("settled", "plate.settled-by-format"), ("umlaut", "plate.umlaut"))
_CONTRADICTION_RULES: Final = (("country", "country.misread"), ("gap", "plate.gap"))
