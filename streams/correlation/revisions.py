"""Telling: from what stands to the revisions of hits that are sent."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from msgspec.structs import replace

from streams.correlation.budget import TIGHTENED, TIGHTENED_WORDS, Budgets
from streams.correlation.handovers import Standing
from streams.correlation.journeys.builder import View
from streams.correlation.passages import Sighting
from streams.network.config import Places
from streams.operations.admission import Operations
from streams.records.alert import Alert, AlertKey, key_of
from streams.records.hit import Hit, HitAlert, Place, Withdrawn, hit_alert
from streams.records.journey import Admission
from streams.records.match import Match
from streams.records.times import from_ms
from streams.records.types import MatchClass
from streams.records.verdict import Verdict
from streams.rules.actions import Action, action_of
from streams.rules.jurisdictions import RULE as LOOKBACK


class Joint(NamedTuple):
    """The joint operations, and the centres that take part in each."""

    operations: Operations
    participants: Mapping[str, list[str]]

    def admitting(self, sighting: Sighting) -> list[str]:
        """The ids of the operations that admit the hit of a sighting, in order."""
        # Most lists have none.
        if not self.participants:
            return []
        read, alert = sighting.match.read, sighting.match.alert
        position = (read.position.lat, read.position.lon) if read.position is not None else None
        return self.operations.admitting(
            alert.list_id, alert.operation_id, position, sighting.site, sighting.captured
        )


class Teller:
    """Makes the revisions of hits and remembers what was told, so that only changes are.

    `budgets` is told of each revision.
    """

    def __init__(
        self,
        places: Places,
        audiences: Mapping[str, list[str]],
        live_within_ms: float,
        budgets: Budgets,
        joint: Joint,
    ) -> None:
        self._places = places
        self._audiences = {list_id: tuple(centres) for list_id, centres in audiences.items()}
        self._live_within_ms = live_within_ms
        self._budgets = budgets
        self.joint = joint
        """The joint operations."""
        self._told: dict[str, Hit] = {}
        self._alerts: dict[AlertKey, tuple[Alert, HitAlert]] = {}
        self._fixed: dict[tuple[str, str | None], Place] = {}

    def stands(self, hit_id: str) -> bool:
        """Whether a hit was told and not withdrawn since."""
        told = self._told.get(hit_id)
        return told is not None and told.kind != "withdrawn"

    def was_told(self, hit_id: str) -> bool:
        """Whether any revision of a hit was told."""
        return hit_id in self._told

    def recall(self, hit: Hit) -> None:
        """Takes a revision that was told before this began; of several of a hit the highest counts."""
        known = self._told.get(hit.hit_id)
        if known is None or hit.revision >= known.revision:
            self._say(hit)

    def standing(self) -> list[Hit]:
        """The hits that were told and not withdrawn since."""
        return [hit for hit in self._told.values() if hit.kind != "withdrawn"]

    def forget(self, hit_id: str) -> None:
        """Lets go of what was told of a hit."""
        self._told.pop(hit_id, None)

    def forget_alert(self, key: AlertKey) -> None:
        """Lets go of an alert of which nothing is remembered any more."""
        self._alerts.pop(key, None)

    def told(self, hit_id: str) -> Hit | None:
        """The revision of a hit that was told last."""
        return self._told.get(hit_id)

    def tell(
        self,
        sighting: Sighting,
        view: View | None,
        verdict: Verdict | None,
        now: int,
        tightened: bool = False,
    ) -> Hit | None:
        """The revision that says a sighting's hit stands; None if nothing has changed. `now` in ms.

        `view` is what it tells of the journey; without one, as it was told before. `tightened`: the list's
        tolerance was tightened when the hit was let through.
        """
        told = self._told.get(sighting.hit_id)
        if told is None:
            return self._say(self._new(sighting, view, verdict, now, tightened))
        if (
            view is None
            and told.kind != "withdrawn"
            and told.verdict == verdict
            and told.read is sighting.match.read
        ):
            return None
        hit = replace(
            self._new(sighting, view, verdict, now, TIGHTENED in told.rules),
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
            self._told[hit.hit_id] = hit
            return None
        return self._say(self._next(hit, "amended", now))

    def hand_over(self, standing: Standing, verdict: Verdict | None, now: int) -> Hit | None:
        """The revision that says a handover stands; None if nothing has changed. `now` in ms.

        It shows the passage at which the vehicle was seen last, whose hit was told already, and goes to the
        two centres and those in copy.
        """
        handover, sighting = standing.handover, standing.stop.sighting
        told, passage = self._told.get(standing.hit_id), self._told[sighting.hit_id]
        if (
            told is not None
            and told.kind != "withdrawn"
            and told.handover == handover
            and (told.read, told.journey, told.doubts) == (passage.read, passage.journey, passage.doubts)
            and told.verdict == verdict
        ):
            if told.journey is not passage.journey:
                shared = replace(told, read=passage.read, journey=passage.journey, doubts=passage.doubts)
                self._told[standing.hit_id] = shared
            return None
        centres = (handover.from_centre, handover.to_centre, *handover.copy)
        age_ms = now - sighting.captured
        return self._say(
            replace(
                passage,
                hit_id=standing.hit_id,
                revision=1 if told is None else told.revision + 1,
                kind="new" if told is None else "amended",
                mode=self._mode(sighting.match, age_ms),
                age_s=age_ms / 1000,
                audience=tuple(dict.fromkeys(each for each in centres if each is not None)),
                rules=(*passage.rules, f"handover.{handover.rule}"),
                handover=handover,
                operations=(),
                verdict=verdict,
                emitted_at=from_ms(now),
            )
        )

    def withdraw(self, hit_id: str, why: Withdrawn, verdict: Verdict | None, now: int) -> Hit:
        """The revision that says a told hit no longer stands. `now` in ms."""
        hit = replace(self._told[hit_id], withdrawn=why, verdict=verdict)
        return self._say(self._next(hit, "withdrawn", now))

    def _say(self, hit: Hit) -> Hit:
        self._told[hit.hit_id] = hit
        if hit.handover is None:
            # A handover tells of a passage whose hit was told already.
            self._budgets.note(hit)
        return hit

    def _next(self, hit: Hit, kind: str, now: int) -> Hit:
        return replace(hit, kind=kind, revision=hit.revision + 1, emitted_at=from_ms(now))

    def _new(
        self, sighting: Sighting, view: View | None, verdict: Verdict | None, now: int, tightened: bool
    ) -> Hit:
        match = sighting.match
        read, alert, result = match.read, match.alert, match.result
        if tightened:
            result = replace(result, reasons=(*result.reasons, TIGHTENED_WORDS))
        age_ms = now - sighting.captured
        place = self._place(sighting)
        action = action_of(alert, place.territory)
        # Nobody is dispatched for what was found by looking back.
        admitted = self.joint.admitting(sighting) if match.lookback is None else []
        rules = _rules(match, action, tightened)
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
            alert=self._seen_of(alert),
            match=result,
            place=place,
            action=action.code,
            priority=alert.priority,
            emitted_at=from_ms(now),
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

    def _seen_of(self, alert: Alert) -> HitAlert:
        """What the audience may see of an alert; many hits share it."""
        known = self._alerts.get(key_of(alert))
        if known is None or known[0] is not alert:
            known = self._alerts[key_of(alert)] = alert, hit_alert(alert)
        return known[1]

    def _audience(self, alert: Alert, admitted: Sequence[str]) -> tuple[str, ...]:
        """The centres told: the alert's own or its list's, then those that take part in the operations."""
        told = alert.audience or self._audiences.get(alert.list_id, ())
        if not admitted:
            return told
        return tuple(
            dict.fromkeys((*told, *(each for name in admitted for each in self.joint.participants[name])))
        )

    def _admission(self, operation_id: str, sighting: Sighting, place: Place, view: View | None) -> Admission:
        match = sighting.match
        return self.joint.operations.admission(
            operation_id,
            match.alert.priority,
            match.result.posterior,
            place.site_id,
            sighting.captured,
            view.journey.next if view is not None else [],
        )

    def _place(self, sighting: Sighting) -> Place:
        read = sighting.match.read
        key = read.camera_id, sighting.site
        known = self._fixed.get(key)
        if known is None:
            known = self._fixed[key] = self._place_of(*key)
        if read.position is None:
            return known
        return replace(known, lat=read.position.lat, lon=read.position.lon)

    def _place_of(self, camera_id: str, site_id: str | None) -> Place:
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


def _rules(match: Match, action: Action, tightened: bool) -> tuple[str, ...]:
    """The ids of the rules that made the hit what it is."""
    result = match.result
    if not (
        result.edits or result.contradictions or result.possible_countries or tightened or match.lookback
    ):
        return _usual_rules(result.class_, action.rule)
    edits = {edit.kind for edit in result.edits}
    contradicted = {contradiction.what for contradiction in result.contradictions}
    rules = [f"match.{result.class_}"]
    rules += [rule for kind, rule in _OF_EDITS if kind in edits]
    rules += [rule for what, rule in _OF_CONTRADICTIONS if what in contradicted]
    rules += ["country.unknown"] if result.possible_countries else []
    rules += [TIGHTENED] if tightened else []
    rules += [f"{LOOKBACK}.{match.lookback.country}"] if match.lookback is not None else []
    return (*rules, action.rule)


@lru_cache(maxsize=1 << 10)
def _usual_rules(class_: MatchClass, of_action: str) -> tuple[str, ...]:
    """Those of most hits, which share them."""
    return f"match.{class_}", of_action


_OF_EDITS: Final = (("settled", "plate.settled-by-format"), ("umlaut", "plate.umlaut"))
_OF_CONTRADICTIONS: Final = (("country", "country.misread"), ("gap", "plate.gap"))
