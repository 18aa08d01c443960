"""The correlator: matches, alert changes, verdicts and time in; revisions of hits out.

The active hits are a function of all input so far, whatever its order:

- Sightings of one vehicle at one place, each within the gap of the next, form a passage; the hit of the best
  sighting represents it.
- A sighting does not count if its version of the alert is not effective, if it was captured after the alert
  was withdrawn, if its read-alert pair was rejected, or if the alert is bound to an operation that does not
  admit it.
- An alert that has expired or was withdrawn has no active hits.
- An active hit carries the journey up to its passage; handovers depend on the latest passage and the time.

A read that was captured while its alert was effective, but arrives after the alert has ended, is emitted and
retracted at once: it is kept for the record, and nobody is to act on it.

With budgets, the order of the input does matter: a budget is used in the order in which hits are emitted.
"""

from collections.abc import Mapping

from streams.alerts.index import Index
from streams.correlation.budget import Budget, BudgetNotice
from streams.correlation.config import CorrelationRules
from streams.correlation.evaluation import ChangedHits, Evaluator
from streams.correlation.hit_builder import HitBuilder
from streams.correlation.joint_operations import JointOperations
from streams.correlation.passages import SightingFactory, VehicleKey
from streams.correlation.rematching import Rematcher
from streams.correlation.restore import Restorer
from streams.correlation.revisions import Revisions
from streams.correlation.state import State, Timer
from streams.matching.matcher import Matcher
from streams.records.alert import Alert, AlertKey, alert_key
from streams.records.hit import Hit
from streams.records.match import Match
from streams.records.times import Millis, from_ms
from streams.records.verdict import Verdict


class Correlator:
    """The correlation stage of one partition of the matches.

    `index` holds the current alert lists; a change of it is announced with `handle_alert_change`. `budgets`
    are the daily budgets of lists. The `now_ms` of successive calls never decreases.

    `restorer` restores the state of a correlator that ended, before the first event is handled. A restored
    alert stays cold until a match, a verdict, a change or the time concerns it, or `hydrate` reaches it.
    """

    def __init__(
        self,
        rules: CorrelationRules,
        index: Index,
        matcher: Matcher,
        budgets: Mapping[str, Budget] | None = None,
    ) -> None:
        joint_operations = JointOperations(rules)
        self._index = index
        self._sighting_factory = SightingFactory(rules.places, rules.config)
        self._rematcher = Rematcher(index, matcher)
        self._state = State(index, rules.config.passage_gap_s * 1000, budgets or {})
        self._revisions = Revisions(HitBuilder(rules, joint_operations), self._state.budgets)
        self._evaluator = Evaluator(
            rules, matcher.scorer.appearance, self._state, self._revisions, joint_operations
        )
        self.restorer = Restorer(
            self._state, index, self._sighting_factory, self._rematcher, self._evaluator, self._revisions
        )

    def handle_match(self, match: Match, now_ms: Millis) -> list[Hit]:
        """Handle a match; return the revisions to emit, including those due by the time.

        If another version of the alert is effective than the one that matched, the read is matched again.
        """
        key = alert_key(match.alert)
        hits = self._advance_and_hydrate(key, now_ms)
        version = self._state.versions.get(key)
        recorded = version.alert if version is not None else None
        if recorded is None or (match.alert is not recorded and match.alert != recorded):
            latest = self._state.versions.version_for(match.alert)
            if latest != recorded:
                hits += self._set_version(latest, now_ms)
            if latest != match.alert:
                hits += self._add_match(match, now_ms, now_ms)
                return hits + self._rematch(match, latest, now_ms, now_ms)
        elif match.alert is not recorded:
            # All sightings share one alert object; each match was decoded with a copy.
            match = Match(match.read, recorded, match.result, match.lookback)
        return hits + self._add_match(match, now_ms, now_ms)

    def handle_alert_change(self, key: AlertKey, now_ms: Millis) -> list[Hit]:
        """Handle a changed or withdrawn alert; return the revisions to emit.

        Reads that matched another version are matched again.
        """
        hits = self._advance_and_hydrate(key, now_ms)
        version = self._state.versions.get(key)
        if version is None:
            return hits
        latest = self._index.get(key) or version.alert
        hits += self._set_version(latest, now_ms)
        for sighting in self._state.sightings.sightings_for(key):
            if sighting.match.alert != latest:
                hits += self._rematch(sighting.match, latest, sighting.matched_ms, now_ms)
        return hits

    def handle_verdict(self, verdict: Verdict, now_ms: Millis) -> list[Hit]:
        """Handle a verdict on a known or unknown hit; return the revisions to emit."""
        return self.handle_time(now_ms) + self._apply_verdict(verdict, now_ms)

    def schedule_verdict(self, verdict: Verdict, at_ms: Millis) -> None:
        """Schedule a verdict that is effective from a time on."""
        self._state.timers.schedule(at_ms, verdict)

    def handle_time(self, now_ms: Millis) -> list[Hit]:
        """Advance the time; return the revisions due by then."""
        timers = self._state.timers
        self._state.advance(now_ms)
        if not timers.has_due(now_ms):
            return []
        return [hit for at_ms, entry in timers.pop_due(now_ms) for hit in self._handle_timer(at_ms, entry)]

    def flush(self) -> list[Hit]:
        """Return the revisions for all withdrawals and scheduled verdicts that lie ahead.

        For the end of files, which hold all that has happened. Alerts and handovers that would expire later
        stay active.
        """
        now_ms = self._state.now_ms
        hits = self.hydrate(now_ms, self.cold_count)
        self._state.versions.stop_expiry(now_ms)
        for at_ms, entry in self._state.timers.pop_matching(self._is_verdict_or_withdrawal):
            hits += self._handle_timer(at_ms, entry)
        return hits

    @property
    def cold_count(self) -> int:
        """The number of cold alerts."""
        return len(self._state.cold_alerts)

    def hydrate(self, now_ms: Millis, max_alerts: int) -> list[Hit]:
        """Hydrate a number of cold alerts; return the revisions to emit."""
        hits: list[Hit] = []
        for _ in range(max_alerts):
            key = self._state.cold_alerts.any_key()
            if key is None:
                break
            hits += self._advance_and_hydrate(key, now_ms)
        return hits

    def expire(self, before_ms: Millis, verdicts_before_ms: Millis) -> None:
        """Expire passages last matched before the minute of a time, and verdicts given before another time.

        The hits of expired passages stay as emitted. A rejected pair is retained as long as its verdict.
        """
        state = self._state
        dropped_cold = state.cold_alerts.expire(before_ms)
        expired, alerts = state.sightings.expire(before_ms)
        for _, sighting in expired:
            self._revisions.expire(sighting.hit_id)
            state.verdicts.expire(sighting.hit_id)
        self._evaluator.expire(expired)
        for key in alerts:
            state.versions.expire(key)
            self._revisions.expire_alert(key)
        if alerts or dropped_cold:
            # Otherwise their timers would stay until the alerts end, perhaps for years.
            state.timers.retain(self._is_retained)
        state.verdicts.expire_before(from_ms(verdicts_before_ms), state.sightings)
        state.budgets.expire([sighting.hit_id for _, sighting in expired], before_ms)

    def suppressed_counts(self) -> dict[tuple[str, str], int]:
        """Return the number of passages suppressed by budgets, by list and UTC day as 2026-05-21."""
        return self._state.budgets.suppressed_counts()

    def pop_notices(self) -> list[BudgetNotice]:
        """Return the notices for the operator's log since the last call, as of the latest time."""
        self._state.budgets.close_days(self._state.now_ms)
        return self._state.budgets.pop_notices()

    def is_sighted(self, key: AlertKey) -> bool:
        """True if an alert was sighted, so that a change of it may have an effect."""
        return self._state.is_sighted(key)

    def has_hit(self, hit_id: str) -> bool:
        """True if a hit with this id is retained."""
        return self._state.has_hit(hit_id)

    def _advance_and_hydrate(self, key: AlertKey, now_ms: Millis) -> list[Hit]:
        """Advance the time and hydrate an alert if it is cold; return the revisions to emit."""
        hits = self.handle_time(now_ms)
        return hits + self.restorer.hydrate((key,), now_ms) if key in self._state.cold_alerts else hits

    def _is_verdict_or_withdrawal(self, entry: Timer) -> bool:
        if isinstance(entry, Verdict):
            return True
        version = None if isinstance(entry, VehicleKey) else self._state.versions.get(entry)
        return version is not None and version.ends_early

    def _is_retained(self, entry: Timer) -> bool:
        if isinstance(entry, Verdict):
            return True
        return self._state.is_sighted(entry.alert if isinstance(entry, VehicleKey) else entry)

    def _add_match(self, match: Match, matched_ms: Millis, now_ms: Millis) -> list[Hit]:
        state, evaluator = self._state, self._evaluator
        new = self._sighting_factory.from_match(match, matched_ms)
        previous = state.sightings.get(new.hit_id)
        places = state.record_sighting(new)
        changed: ChangedHits = evaluator.remove_stop(places[0], new.hit_id) if len(places) > 1 else {}
        if places and state.verdicts.latest_for(new.hit_id) is not None:
            return evaluator.evaluate_alert(alert_key(match.alert), now_ms, changed)
        if len(places) != 1:
            sightings = [(place, state.sightings.sightings_at(place)) for place in places]
            return evaluator.evaluate_places(sightings, now_ms, changed)
        place = places[0]
        if previous is not None:
            return evaluator.evaluate_place(place, state.sightings.sightings_at(place), now_ms)
        connected = state.sightings.connected_sightings(place, new)
        if len(connected) == 2:
            neighbour = connected[0] if connected[1] is new else connected[1]
            if evaluator.is_redundant(new, neighbour):
                return []
        return evaluator.evaluate_place(place, connected, now_ms)

    def _rematch(self, match: Match, latest: Alert, matched_ms: Millis, now_ms: Millis) -> list[Hit]:
        # A lookback was permitted for its own version of the alert only.
        rematch = self._rematcher.rematch(match.read, latest) if match.lookback is None else None
        return [] if rematch is None else self._add_match(rematch, matched_ms, now_ms)

    def _set_version(self, latest: Alert, now_ms: Millis) -> list[Hit]:
        """Record the effective version of an alert; return the revisions to emit."""
        self._state.record_version(latest)
        return self._evaluator.evaluate_alert(alert_key(latest), now_ms)

    def _handle_timer(self, at_ms: Millis, entry: Timer) -> list[Hit]:
        if isinstance(entry, Verdict):
            return self._apply_verdict(entry, at_ms)
        if isinstance(entry, VehicleKey):
            return self._evaluator.evaluate_handovers([entry], at_ms)
        if entry in self._state.cold_alerts:
            return self.restorer.hydrate((entry,), at_ms)
        return self._evaluator.evaluate_alert(entry, at_ms)

    def _apply_verdict(self, verdict: Verdict, now_ms: Millis) -> list[Hit]:
        cold_key = self._state.cold_alerts.key_for_hit(verdict.hit_id)
        hits = [] if cold_key is None else self.restorer.hydrate((cold_key,), now_ms)
        if not self._state.record_verdict(verdict):
            return hits
        stored = self._state.sightings.get(verdict.hit_id)
        if stored is not None:
            return hits + self._evaluator.evaluate_alert(stored[0].alert, now_ms)
        emitted = self._revisions.last_emitted(verdict.hit_id)
        if emitted is not None:
            key = emitted.alert.list_id, emitted.alert.alert_id
            return hits + self._evaluator.evaluate_alert_handovers(key, now_ms)
        return hits
