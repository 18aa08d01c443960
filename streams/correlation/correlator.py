"""The correlator: matches, alert changes, verdicts and time in; revisions of hits out.

The active hits are a function of all input so far, whatever its order:

- Sightings of one vehicle at one place, each within the gap of the next, form a passage. Its
  hit has an id made from the first sighting, and shows the best one.
- A sighting counts if the effective version of its alert matches it, it was captured before a withdrawal, and
  the operation to which the alert is bound, if any, admits it.
- A passage whose pair of plate read and vehicle was rejected has no active hit.
- An alert that has expired or was withdrawn has no active hits.
- An active hit carries the journey up to its passage; handovers depend on the latest passage and the time.

A read that was captured while its alert was effective, but arrives after the alert has ended, is emitted and
retracted at once: it is kept for the record, and nobody is to act on it.

With budgets, the order of the input does matter: a budget is used in the order in which hits are emitted.

Each event is handled in the same steps: it is applied to the state, which notes the passages that it touched;
what is active there is evaluated; the difference to what was emitted is emitted and recorded. An event that
touches many passages is handled in slices: while the correlator `has_work`, its owner calls `do_work`.
"""

from collections.abc import Mapping
from itertools import chain
from typing import Final

from streams.alerts.index import Index
from streams.correlation.alert_events import AlertEvents
from streams.correlation.budget import Budget, BudgetNotice
from streams.correlation.busy_alerts import BusyAlerts, Event, do_slice
from streams.correlation.config import CorrelationRules
from streams.correlation.evaluation import Evaluator
from streams.correlation.hit_builder import HitBuilder
from streams.correlation.joint_operations import JointOperations
from streams.correlation.passages import VehicleKey
from streams.correlation.rematching import Rematcher
from streams.correlation.restore import Restorer
from streams.correlation.revisions import Revisions
from streams.correlation.settlement import SLICE_SIZE, Settler, Work
from streams.correlation.sighting_factory import SightingFactory
from streams.correlation.state import State
from streams.correlation.tables import PassageEnd, Timer
from streams.correlation.touched import Touched
from streams.matching.matcher import Matcher
from streams.records.alert import AlertKey, alert_key
from streams.records.hit import Hit
from streams.records.match import Match
from streams.records.times import Millis
from streams.records.verdict import Verdict
from streams.rules.verdicts import VerdictRefusal

_MAX_TIMERS: Final = 16
"""How many timers one slice handles; the work of each may be a slice of its own."""


class Correlator:
    """The correlation stage of one partition of the matches.

    `index` holds the current alert lists; a change of it is announced with `handle_alert_change`. `budgets`
    are the daily budgets of lists. The `now_ms` of successive calls never decreases.

    Each door returns the revisions to emit.

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
        self._hit_builder = HitBuilder(rules, joint_operations)
        self._state = State(index, rules, budgets or {}, self._hit_builder.audience_of)
        self._verdict_rules = rules.verdicts
        evaluator = Evaluator(rules, matcher.scorer.appearance)
        revisions = Revisions(self._hit_builder)
        self._settler = Settler(self._state, evaluator, revisions, rules.config.journey_passages)
        rematcher = Rematcher(index, matcher)
        sighting_factory = SightingFactory(rules, joint_operations)
        self._events = AlertEvents(self._state, index, rematcher, sighting_factory, self._settler)
        self._busy = BusyAlerts()
        self._is_behind = False
        """True if more is due than was handled when the time was advanced last."""
        self.restorer = Restorer(self._state, index, rematcher, self._events.apply_match, self._settler)

    # The doors

    def handle_match(self, match: Match, now_ms: Millis) -> list[Hit]:
        """Handle a match; return the revisions to emit, including those due by the time.

        If another version of the alert is effective than the one that matched, the read is matched again.
        """
        key = alert_key(match.alert)
        # If much is due, it is done in slices between matches, and not a slice with each match.
        state, hits = self._state, list[Hit]()
        if self._is_behind:
            state.advance(now_ms)
        else:
            hits = self.handle_time(now_ms)
        if key in self._busy or key in state.cold_alerts:
            return hits + self._start(key, lambda at_ms: self._events.match(match, at_ms), now_ms)
        alert = state.alerts.get(key)
        if alert is None:
            alert = state.record_version(state.versions.latest(match.alert, None))
        elif match.alert is not alert.version.alert and match.alert != alert.version.alert:
            return hits + self._run(key, self._events.match(match, now_ms))
        touched = Touched()
        self._events.apply_match(alert, match, now_ms, touched)
        only = touched.only_passage
        if only is not None:
            revisions = self._settler.settle_passage(alert, *only, now_ms)
            if revisions is not None:
                hits += revisions
                return hits
        if not alert.vehicles:
            state.drop_empty_vehicles(alert)
        return hits + self._run(key, self._settler.settle(alert, touched, now_ms)) if touched else hits

    def handle_alert_change(self, key: AlertKey, now_ms: Millis) -> list[Hit]:
        """Handle a changed or withdrawn alert; return the revisions to emit.

        Reads that matched another version are matched again, unless that version matches the same reads.
        """
        hits = self.handle_time(now_ms)
        if not self.is_sighted(key):
            return hits
        return hits + self._start(key, lambda at_ms: self._events.change_alert(key, at_ms), now_ms)

    def handle_verdict(self, verdict: Verdict, now_ms: Millis) -> list[Hit]:
        """Handle a verdict on a known or unknown hit; return the revisions to emit.

        A verdict is refused that its centre may not give, or that is dated in the future or before the read.
        """
        hits = self.handle_time(now_ms)
        return hits + self._handle_verdict(verdict, now_ms) if self.check_time(verdict, now_ms) else hits

    def check_time(self, verdict: Verdict, now_ms: Millis) -> bool:
        """Refuse a verdict that is dated in the future; return False for such a one."""
        refusal = self._verdict_rules.check_time(verdict, now_ms)
        if refusal is not None:
            self._state.hits.refuse(refusal)
        return refusal is None

    def schedule_verdict(self, verdict: Verdict, at_ms: Millis) -> None:
        """Schedule a verdict that is effective from a time on."""
        self._state.timers.schedule(at_ms, verdict)

    def advance(self, now_ms: Millis) -> None:
        """Advance the time; what is due by then becomes unfinished work."""
        self._state.advance(now_ms)

    def handle_time(self, now_ms: Millis) -> list[Hit]:
        """Advance the time; return the revisions due by then, or a part of them if many are due."""
        self._state.advance(now_ms)
        hits, timers = list[Hit](), self._state.timers
        if timers.has_due(now_ms):
            for at_ms, entry in timers.pop_due(now_ms, _MAX_TIMERS):
                hits += self._handle_timer(at_ms, entry)
            self._is_behind = timers.has_due(now_ms)
        return hits

    def flush(self) -> list[Hit]:
        """Return the revisions for all withdrawals, scheduled verdicts and ends of passages that lie ahead.

        For the end of files, which hold all that has happened. Alerts and handovers that would expire later
        stay active.
        """
        state = self._state
        hits = self.hydrate(state.now_ms, self.cold_count) + self.finish_work()
        state.end_input()
        for at_ms, entry in state.timers.pop_matching(self._is_due_at_end):
            hits += self._handle_timer(at_ms, entry) + self.finish_work()
        return hits

    def end_passages(self, now_ms: Millis) -> list[Hit]:
        """Return the final revisions for the passages that are over by a time.

        For the end of files that are replayed as of that time.
        """
        hits = self.handle_time(now_ms) + self.finish_work()
        sightings = self._state.sightings
        sightings.end_input(now_ms)

        def is_over(entry: Timer) -> bool:
            return isinstance(entry, PassageEnd) and sightings.is_over(entry.passage, now_ms)

        for _, entry in self._state.timers.pop_matching(is_over):
            hits += self._handle_timer(now_ms, entry) + self.finish_work()
        return hits

    # Work in slices

    @property
    def has_work(self) -> bool:
        """True if an event is not handled to its end, or more is due by the time."""
        return bool(self._busy) or self._state.timers.has_due(self._state.now_ms)

    @property
    def last_work(self) -> int:
        """The number of the latest work that was not finished at once."""
        return self._busy.last_number

    def is_finished(self, work: int) -> bool:
        """True if all work up to a number is finished."""
        return self._busy.is_finished(work)

    def do_work(self, now_ms: Millis) -> list[Hit]:
        """Do a slice of the unfinished work; return the revisions to emit."""
        hits = self.handle_time(now_ms)
        return hits + self._busy.do_slice(now_ms) if self._busy else hits

    def finish_work(self) -> list[Hit]:
        """Finish all work; return the revisions to emit."""
        hits: list[Hit] = []
        while self.has_work:
            hits += self.do_work(self._state.now_ms)
        return hits

    @property
    def cold_count(self) -> int:
        """The number of cold alerts."""
        return len(self._state.cold_alerts)

    def hydrate(self, now_ms: Millis, max_alerts: int) -> list[Hit]:
        """Hydrate a number of cold alerts; return the revisions to emit."""
        hits = self.handle_time(now_ms)
        for _ in range(max_alerts):
            key = self._state.cold_alerts.any_key()
            if key is None:
                break
            hits += self._run(key, self.restorer.hydrate((key,), now_ms))
        return hits

    # Retention

    def expire(self, before_ms: Millis, verdicts_before_ms: Millis) -> None:
        """Expire passages last matched before the minute of a time, and verdicts given before another time.

        The hits of expired passages stay as emitted. A rejected pair is retained as long as its verdict.
        """
        while self.expire_slice(before_ms, verdicts_before_ms):
            pass

    def expire_slice(self, before_ms: Millis, verdicts_before_ms: Millis) -> bool:
        """Do a slice of what `expire` does; return True if there is more."""
        state = self._state
        state.cold_alerts.expire(before_ms)
        expired = state.sightings.expire_passages(before_ms, SLICE_SIZE, self._busy)
        if expired is None:
            state.hits.expire_verdicts(verdicts_before_ms)
            state.budgets.expire((), before_ms)
            return False
        for alert, vehicle, passage in expired:
            if vehicle.itinerary is not None:
                vehicle.itinerary.update(passage, None, None)
            state.hits.drop(passage.hit_id)
            if not vehicle.places:
                for hit_id in vehicle.handovers.hit_ids if vehicle.handovers is not None else ():
                    state.hits.drop(hit_id)
                if state.drop_vehicle(alert, vehicle):
                    self._hit_builder.expire_alert(alert.key)
        state.budgets.expire([passage.hit_id for _, _, passage in expired], before_ms)
        return True

    # What is known

    def suppressed_counts(self) -> dict[tuple[str, str], int]:
        """Return the number of passages suppressed by budgets, by list and UTC day as 2026-05-21."""
        return self._state.budgets.suppressed_counts()

    def pop_notices(self) -> list[BudgetNotice]:
        """Return the notices for the operator's log since the last call, as of the latest time."""
        self._state.budgets.close_days(self._state.now_ms)
        return self._state.budgets.pop_notices()

    def pop_refusals(self) -> list[VerdictRefusal]:
        """Return the verdicts refused since the last call."""
        return self._state.hits.pop_refusals()

    def is_sighted(self, key: AlertKey) -> bool:
        """True if an alert was sighted, so that a change of it may have an effect."""
        return self._state.is_sighted(key) or key in self._busy

    def has_hit(self, hit_id: str) -> bool:
        """True if a hit with this id is retained."""
        return self._state.has_hit(hit_id)

    # Events of one alert

    def _start(self, key: AlertKey, event: Event, now_ms: Millis) -> list[Hit]:
        """Handle an event of an alert, or let it wait if the alert is busy; return the revisions to emit."""
        if key in self._busy:
            self._busy.wait(key, event)
            return []
        if key not in self._state.cold_alerts:
            return self._run(key, event(now_ms))
        return self._run(key, chain(self.restorer.hydrate((key,), now_ms), event(now_ms)))

    def _run(self, key: AlertKey, work: Work) -> list[Hit]:
        """Do the first slice of the work of an alert; what is left is done by `do_work`."""
        hits: list[Hit] = []
        if not do_slice(work, hits):
            self._busy.add(key, work)
        return hits

    def _handle_verdict(self, verdict: Verdict, now_ms: Millis) -> list[Hit]:
        state = self._state
        key = state.cold_alerts.key_for_hit(verdict.hit_id) or state.hits.alert_of(verdict.hit_id)
        if key is None:
            state.hits.add_pending(verdict)
            return []
        return self._start(key, lambda at_ms: self._events.judge(key, verdict, at_ms), now_ms)

    def _handle_timer(self, at_ms: Millis, entry: Timer) -> list[Hit]:
        """Handle an entry that is due; return the revisions to emit."""
        if isinstance(entry, Verdict):
            return self._handle_verdict(entry, at_ms)
        key = entry.alert if isinstance(entry, VehicleKey | PassageEnd) else entry
        if not self.is_sighted(key):
            return []
        return self._start(key, lambda now_ms: self._events.check(key, entry, now_ms), at_ms)

    def _is_due_at_end(self, entry: Timer) -> bool:
        if isinstance(entry, Verdict | PassageEnd):
            return True
        alert = None if isinstance(entry, VehicleKey) else self._state.alerts.get(entry)
        return alert is not None and alert.version.ends_early
