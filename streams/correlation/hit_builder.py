"""Building hit records from sightings."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from streams.correlation.budget import TIGHTENED_REASON, TIGHTENED_RULE
from streams.correlation.config import CorrelationRules
from streams.correlation.joint_operations import JointOperations
from streams.correlation.journeys.builder import JourneyView
from streams.correlation.passages import Passage, Sighting
from streams.records.alert import Alert, AlertKey
from streams.records.hit import Hit, PassageSummary, Place, build_hit_alert
from streams.records.journey import Admission
from streams.records.match import Match
from streams.records.times import MINUTE_MS, Millis, from_ms
from streams.records.types import MatchClass
from streams.records.verdict import Verdict
from streams.rules.actions import Action, decide_action
from streams.rules.jurisdictions import RULE_PREFIX as LOOKBACK_RULE


class PassageView(Struct, frozen=True, gc=False):
    """What is shown of an active passage.

    `journey_view` is its journey if that was built; otherwise the journey stays as emitted. `is_over`: no
    further read is expected.
    """

    passage: Passage
    journey_view: JourneyView | None
    is_over: bool


class _AlertParts:
    """The parts of a hit that depend on its alert alone, or on the alert and the territory."""

    __slots__ = ("actions", "alert", "audience", "hit_alert")

    def __init__(self, alert: Alert, audience: tuple[str, ...]) -> None:
        self.alert = alert
        self.hit_alert = build_hit_alert(alert)
        self.audience = audience
        self.actions: dict[str | None, Action] = {}

    def action(self, territory: str | None) -> Action:
        """Return the action in a territory."""
        action = self.actions.get(territory)
        if action is None:
            action = self.actions[territory] = decide_action(self.alert, territory)
        return action


class HitBuilder:
    """Builder of hit records; it caches the parts that many hits share, and has no other state."""

    def __init__(self, rules: CorrelationRules, joint_operations: JointOperations) -> None:
        self._places = rules.places
        self._audiences = {list_id: tuple(centres) for list_id, centres in rules.audiences.items()}
        self._stay_ms = round(rules.config.stay_minutes * MINUTE_MS)
        self._live_within_ms = rules.config.live_within_s * 1000
        self._joint_operations = joint_operations
        self._alert_cache: dict[AlertKey, _AlertParts] = {}
        self._place_cache: dict[tuple[str, str | None], Place] = {}

    def build(self, shown: PassageView, verdict: Verdict | None, now_ms: Millis, tightened: bool) -> Hit:
        """Build the first revision of the hit of a passage.

        `tightened`: the budget of its list was tightened when it was admitted.
        """
        passage, view = shown.passage, shown.journey_view
        sighting = passage.best
        match = sighting.match
        read, result = match.read, match.result
        if tightened:
            result = replace(result, reasons=(*result.reasons, TIGHTENED_REASON))
        age_ms = now_ms - sighting.captured_ms
        place = self._place(sighting)
        parts = self._alert_parts(match.alert)
        action = parts.action(place.territory)
        rules = _rule_ids(match, action, tightened)
        admissions: tuple[Admission, ...] = ()
        audience = parts.audience
        # Crews are not sent after the reads of a lookback.
        admitting = self._joint_operations.admitting_operations(sighting) if match.lookback is None else ()
        if admitting:
            rules += tuple([f"operation.{operation_id}" for operation_id in admitting])
            admissions = tuple([self._admission(id_, sighting, place, view) for id_ in admitting])
            audience = self._invite(audience, admitting)
        return Hit(
            hit_id=passage.hit_id,
            revision=1,
            kind="new",
            mode=self.mode(match, age_ms),
            age_s=age_ms / 1000,
            read=read,
            alert=parts.hit_alert,
            match=result,
            place=place,
            action=action.code,
            priority=match.alert.priority,
            emitted_at=from_ms(now_ms),
            audience=audience,
            rules=rules,
            verdict=verdict,
            journey=view.journey if view is not None else None,
            doubts=view.doubts if view is not None else (),
            operations=admissions,
            lookback=match.lookback,
            passage=self.summary(shown),
        )

    def summary(self, shown: PassageView) -> PassageSummary | None:
        """Return what all reads of a passage say together; None if no more than its best read."""
        passage = shown.passage
        if not passage.says_more(self._stay_ms):
            return None
        return PassageSummary(
            len(passage.sightings),
            from_ms(passage.first_ms),
            passage.posterior,
            from_ms(passage.last_ms) if shown.is_over else None,
        )

    def mode(self, match: Match, age_ms: int) -> Literal["live", "historical"]:
        """Return the mode of a hit whose read has an age."""
        is_late = match.read.retransmitted or match.lookback is not None
        return "historical" if is_late or age_ms > self._live_within_ms else "live"

    def is_current(self, hit: Hit, alert: Alert) -> bool:
        """True if a hit was built with this version of its alert."""
        return hit.alert is self._alert_parts(alert).hit_alert

    def audience_of(self, alert: Alert) -> tuple[str, ...]:
        """Return the centres notified of the hits of an alert, without the participants of operations."""
        return self._alert_parts(alert).audience

    def expire_alert(self, key: AlertKey) -> None:
        """Drop an alert without retained sightings from the cache."""
        self._alert_cache.pop(key, None)

    def _alert_parts(self, alert: Alert) -> _AlertParts:
        """Return the parts that depend on an alert; the hits of the alert share them."""
        key = alert.list_id, alert.alert_id
        parts = self._alert_cache.get(key)
        if parts is None or parts.alert is not alert:
            # The notified centres are those of the alert or else of its list.
            audience = alert.audience or self._audiences.get(alert.list_id, ())
            parts = self._alert_cache[key] = _AlertParts(alert, tuple(audience))
        return parts

    def _invite(self, centres: tuple[str, ...], admitting: Sequence[str]) -> tuple[str, ...]:
        """Return centres followed by the participants of the admitting operations."""
        participants = self._joint_operations.participants
        invited = (centre for operation_id in admitting for centre in participants[operation_id])
        return tuple(dict.fromkeys((*centres, *invited)))

    def _admission(
        self, operation_id: str, sighting: Sighting, place: Place, view: JourneyView | None
    ) -> Admission:
        match = sighting.match
        return self._joint_operations.operations.build_admission(
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
        place = self._place_cache.get(key)
        if place is None:
            place = self._place_cache[key] = self._build_place(*key)
        if read.position is None:
            return place
        return replace(place, lat=read.position.lat, lon=read.position.lon)

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
    """Return the ids of the rules that determined the hit."""
    result = match.result
    is_plain = result.class_ == "exact" and not result.edits and not result.contradictions
    if is_plain and not result.possible_countries and not tightened and match.lookback is None:
        return _common_rule_ids(result.class_, action.rule_id)
    edits = {edit.kind for edit in result.edits}
    contradictions = {contradiction.what for contradiction in result.contradictions}
    rules = [f"match.{result.class_}"]
    rules += [rule for kind, rule in _EDIT_RULES if kind in edits]
    rules += [rule for kind, rule in _CONTRADICTION_RULES if kind in contradictions]
    rules += ["country.unknown"] if result.possible_countries else []
    rules += [TIGHTENED_RULE] if tightened else []
    rules += [f"{LOOKBACK_RULE}.{match.lookback.country}"] if match.lookback is not None else []
    return (*rules, action.rule_id)


@lru_cache(maxsize=1 << 10)
def _common_rule_ids(class_: MatchClass, action_rule: str) -> tuple[str, ...]:
    """Return the rule ids of a plain match; most hits share one of these few tuples."""
    return f"match.{class_}", action_rule


_EDIT_RULES: Final = (("settled", "plate.settled-by-format"), ("umlaut", "plate.umlaut"))
_CONTRADICTION_RULES: Final = (("country", "country.misread"), ("gap", "plate.gap"))
