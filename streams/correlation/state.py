"""State of correlation, apart from itineraries and emitted revisions."""

from collections.abc import Mapping

from streams.alerts.index import Index
from streams.correlation.budget import Budget, Budgets
from streams.correlation.cold_state import ColdAlerts
from streams.correlation.effective_versions import EffectiveVersions
from streams.correlation.passages import PassageKey, Sighting, VehicleKey, passage_key, pick_resend
from streams.correlation.sighting_store import SightingStore
from streams.correlation.timers import Timers
from streams.correlation.verdicts import Verdicts
from streams.records.alert import Alert, AlertKey, alert_key
from streams.records.times import Millis
from streams.records.verdict import Verdict

Timer = AlertKey | VehicleKey | Verdict
"""An entry due at a time: the end of an alert, a check of a vehicle's handovers, or a verdict."""


class State:
    """The tables that the correlator and the restorer write and the evaluator reads."""

    def __init__(self, index: Index, passage_gap_ms: float, budgets: Mapping[str, Budget]) -> None:
        self.versions = EffectiveVersions(index)
        self.sightings = SightingStore(passage_gap_ms)
        self.verdicts = Verdicts()
        self.budgets = Budgets(budgets)
        self.timers: Timers[Timer] = Timers()
        self.cold_alerts = ColdAlerts()
        self.now_ms: Millis = 0
        """The latest time so far."""

    def advance(self, now_ms: Millis) -> None:
        """Advance the latest time; an earlier one changes nothing."""
        self.now_ms = max(self.now_ms, now_ms)

    def record_version(self, alert: Alert) -> None:
        """Record the effective version of an alert, and schedule its end."""
        self.timers.schedule(self.versions.record(alert).ends_ms, alert_key(alert))

    def record_sighting(self, sighting: Sighting) -> list[PassageKey]:
        """Store a sighting unless a better one of the same hit is stored.

        Return the places to evaluate: none, that of the sighting, or that of the replaced sighting and that
        of the new one.
        """
        stored = self.sightings.get(sighting.hit_id)
        if stored is not None:
            sighting = self._pick_sighting(stored[1], sighting)
            if sighting is stored[1]:
                return []
        place = passage_key(sighting)
        previous_place = self.sightings.put(place, sighting)
        if self.verdicts.is_adjudicated(sighting.hit_id):
            self.verdicts.set_pair(sighting.hit_id, sighting.pair)
        return [place] if previous_place is None else [previous_place, place]

    def record_verdict(self, verdict: Verdict) -> bool:
        """Record a verdict; return True if it is newer than the one on record."""
        changed = self.verdicts.add(verdict)
        stored = self.sightings.get(verdict.hit_id)
        if changed and stored is not None:
            self.verdicts.set_pair(verdict.hit_id, stored[1].pair)
        return changed

    def is_sighted(self, key: AlertKey) -> bool:
        """True if an alert was sighted, so that a change of it may have an effect."""
        return key in self.versions or key in self.cold_alerts

    def has_hit(self, hit_id: str) -> bool:
        """True if a hit with this id is retained."""
        return hit_id in self.sightings or self.cold_alerts.key_for_hit(hit_id) is not None

    def _pick_sighting(self, stored: Sighting, new: Sighting) -> Sighting:
        """Return which of two sightings with the same hit id counts.

        That is the one of the effective version of the alert; if both or neither are, the better one.
        """
        latest = self.versions[alert_key(new.match.alert)].alert
        if (stored.match.alert == latest) != (new.match.alert == latest):
            return new if new.match.alert == latest else stored
        return pick_resend(stored, new)
