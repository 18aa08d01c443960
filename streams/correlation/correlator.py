"""Correlator: matches, changes of alerts and verdicts in; revisions of hits out.

What stands is a function of all that has come in so far, never of the order in which it came:

- sightings of one vehicle at one place, each within the gap of the next, are one passage, and the hit of
  its best sighting stands;
- a sighting of a version of its alert that is not in force does not count, nor one taken after the alert was
  withdrawn, nor one whose pair was rejected, nor one of an alert bound to an operation that does not admit
  it;
- nothing stands of an alert that has ended by its term or by withdrawal;
- a standing hit tells the journey up to its passage, and the handovers that stand are those of the latest
  passage and the time.

A read that was taken while its alert was in force, but comes when the alert has ended, is told and
withdrawn at once: it is a record, nobody is to act on it.
"""

from collections.abc import Iterable, Mapping, Sequence

from streams.alerts.index import Index
from streams.correlation.budget import Budget, BudgetNotice, Budgets
from streams.correlation.cold_state import ColdAlert, ColdAlerts
from streams.correlation.config import CorrelationRules
from streams.correlation.effective_versions import EffectiveVersions
from streams.correlation.evaluation import ChangedHits, Evaluator
from streams.correlation.journeys.itinerary import VehicleKey
from streams.correlation.passages import Pair, PassageKey, Sighting, SightingFactory, passage_key, pick_resend
from streams.correlation.revisions import Revisions
from streams.correlation.sighting_store import SightingStore
from streams.correlation.state import State, Timer
from streams.correlation.timers import Timers
from streams.correlation.verdicts import Verdicts
from streams.matching.matcher import Matcher
from streams.records.alert import Alert, AlertKey, alert_key
from streams.records.hit import Hit, Retraction
from streams.records.hit_header import read_hit_header
from streams.records.match import Match, MatchResult
from streams.records.read import Read
from streams.records.times import from_ms, to_ms
from streams.records.verdict import Verdict


class Correlator:
    """The state of correlation: sightings, verdicts and what was told.

    `index` has the lists as they are now; what has changed in it is told by `changed`. `budgets` has the
    false hits that lists may cause a day. Every `now` is in ms since 1970 UTC, and they never fall.

    The state of one that has gone is made anew by `recall`, `recall_hit` and `expect`, in any order, and
    then `resume`. What is recalled rests as it was written until its alert is touched, by a match, a verdict,
    a change or the time, or until `wake` gets to it: only then is it reviewed whether all was told.
    """

    def __init__(
        self,
        rules: CorrelationRules,
        index: Index,
        matcher: Matcher,
        budgets: Mapping[str, Budget] | None = None,
    ) -> None:
        self._sighting_factory = SightingFactory(rules.places, rules.config)
        self._index = index
        self._matcher = matcher
        self._budgeted_lists = frozenset(budgets or {})
        self._budgets = Budgets(budgets or {})
        self._revisions = Revisions(rules, self._budgets)
        self._verdicts = Verdicts()
        self._versions = EffectiveVersions(index)
        self._sighting_store = SightingStore(rules.config.passage_gap_s * 1000)
        self._timers: Timers[Timer] = Timers()
        state = State(self._versions, self._sighting_store, self._verdicts, self._budgets, self._timers)
        self._evaluator = Evaluator(rules, matcher.scorer.appearance, state, self._revisions)
        self._cold_alerts = ColdAlerts()
        self._now_ms = 0

    def handle_match(self, match: Match, now_ms: int) -> list[Hit]:
        """Takes a match; returns the revisions that follow from it and from the time having come to `now`.

        If another version of the alert is in force here than there where the match was made, the read is
        judged anew by it.
        """
        key = alert_key(match.alert)
        hits = self._ensure_hydrated(key, now_ms)
        version = self._versions.get(key)
        known = version.alert if version is not None else None
        if known is None or (match.alert is not known and match.alert != known):
            latest = self._versions.version_for(match.alert)
            if latest != known:
                hits += self._set_version(latest, now_ms)
            if latest != match.alert:
                hits += self._add_match(match, now_ms, now_ms)
                return hits + self._rematch(match, latest, now_ms, now_ms)
        elif match.alert is not known:
            # One alert for all its sightings: each match was decoded with a copy of it.
            match = Match(match.read, known, match.result, match.lookback)
        return hits + self._add_match(match, now_ms, now_ms)

    def handle_alert_change(self, key: AlertKey, now_ms: int) -> list[Hit]:
        """Takes the news that an alert has a new version or was withdrawn; returns the revisions due.

        Reads that matched another version are judged anew.
        """
        hits = self._ensure_hydrated(key, now_ms)
        known = self._versions.get(key)
        if known is None:
            return hits
        latest = self._index.get(key) or known.alert
        hits += self._set_version(latest, now_ms)
        for each in self._sighting_store.sightings_for(key):
            if each.match.alert != latest:
                hits += self._rematch(each.match, latest, each.matched_ms, now_ms)
        return hits

    def handle_verdict(self, verdict: Verdict, now_ms: int) -> list[Hit]:
        """Takes a verdict, on a hit known already or not; returns the revisions due."""
        return self.handle_time(now_ms) + self._apply_verdict(verdict, now_ms)

    def schedule_verdict(self, verdict: Verdict, at_ms: int) -> None:
        """Takes a verdict that is in force from a time on, in ms since 1970 UTC."""
        self._timers.schedule(at_ms, verdict)

    def handle_time(self, now_ms: int) -> list[Hit]:
        """Takes the time; returns the revisions due by then: alerts that end, verdicts expected."""
        self._now_ms = max(self._now_ms, now_ms)
        if not self._timers.has_due(now_ms):
            return []
        return [
            hit for time, entry in self._timers.pop_due(now_ms) for hit in self._handle_timer(time, entry)
        ]

    def flush(self) -> list[Hit]:
        """The revisions that follow from all withdrawals and expected verdicts that lie ahead.

        For the end of files, which tell what has happened. Alerts and handovers whose term lies ahead go on.
        """
        hits = self.hydrate(self._now_ms, len(self._cold_alerts))
        self._versions.stop_expiry(self._now_ms)
        for time, entry in self._timers.pop_matching(self._is_verdict_or_withdrawal):
            hits += self._handle_timer(time, entry)
        return hits

    def load_match(self, key: AlertKey, record: bytes, matched_ms: int) -> None:
        """Takes a match of an alert, as JSON, that was dealt with before, at a time in ms since 1970 UTC;
        tells nothing."""
        self._cold_alerts.add_match(key, record, matched_ms)

    def load_hit(self, record: bytes) -> None:
        """Takes a revision that was told before, as JSON.

        Its read was matched, though perhaps not among the matches recalled: those still come.
        """
        outline = read_hit_header(record)
        if outline is not None:
            self._cold_alerts.add_hit(outline, record)

    def load_pair(self, record: bytes) -> None:
        """Takes a revision as JSON of which only a verdict is remembered: which pair it was on."""
        outline = read_hit_header(record)
        if outline is not None and outline.handover is None:
            pair = Pair(outline.match.read_plate, outline.alert_key, outline.alert.version)
            self._verdicts.set_pair(outline.hit_id, pair)

    def finish_restore(self, now_ms: int) -> list[Hit]:
        """Goes on after recalling; returns the revisions due that were not told, as far as a verdict, the
        lists or the time show that there may be some; `wake` finds the others."""
        self._now_ms = max(self._now_ms, now_ms)
        touched: list[AlertKey] = []
        for _, entry in self._timers.pop_due(now_ms):
            if isinstance(entry, Verdict):
                self._record_verdict(entry)
                pair = self._verdicts.pair_for(entry.hit_id)
                touched += [] if pair is None else [pair.alert]
                rests = self._cold_alerts.key_for_hit(entry.hit_id)
                touched += [] if rests is None else [rests]
        # What is spent of a budget is known only when all its hits are.
        cold = self._cold_alerts.keys()
        touched += [key for key in cold if key[0] in self._budgeted_lists]
        for key, at in self._cold_alerts.evaluation_times(self._index):
            if at <= now_ms:
                touched.append(key)
            else:
                self._timers.schedule(at, key)
        return self._hydrate_all(dict.fromkeys(touched), now_ms)

    @property
    def cold_count(self) -> int:
        """How many alerts rest."""
        return len(self._cold_alerts)

    def hydrate(self, now_ms: int, max_alerts: int) -> list[Hit]:
        """Reviews up to so many of the alerts that rest; returns the revisions due that were not told."""
        hits: list[Hit] = []
        for _ in range(max_alerts):
            key = self._cold_alerts.any_key()
            if key is None:
                break
            hits += self._ensure_hydrated(key, now_ms)
        return hits

    def expire(self, before_ms: int, verdicts_before_ms: int) -> None:
        """Drops what is too old to be kept up to date: whole passages last seen before a time, verdicts given
        before another, both in ms since 1970 UTC.

        The hits of such passages stay as they were told last. Pairs that were rejected are remembered for as
        long as their verdict.
        """
        dropped = self._cold_alerts.expire(before_ms)
        gone, alerts = self._sighting_store.expire(before_ms)
        for _, each in gone:
            self._revisions.expire(each.hit_id)
            self._verdicts.expire(each.hit_id)
        self._evaluator.expire(gone)
        for key in alerts:
            self._versions.expire(key)
            self._revisions.expire_alert(key)
        if alerts or dropped:
            # Their terms may lie years ahead.
            self._timers.retain(self._is_retained)
        self._verdicts.expire_before(from_ms(verdicts_before_ms), self._sighting_store)
        self._budgets.expire([each.hit_id for _, each in gone], before_ms)

    def suppressed_counts(self) -> dict[tuple[str, str], int]:
        """How many passages are withheld by a list's budget, by list and UTC day as in 2026-05-21."""
        return self._budgets.suppressed_counts()

    def pop_notices(self) -> list[BudgetNotice]:
        """What there is for the operator's log, by the latest time taken; each is given once."""
        self._budgets.close_days(self._now_ms)
        return self._budgets.pop_notices()

    def is_sighted(self, key: AlertKey) -> bool:
        """Whether a change of an alert may have an effect: it was sighted."""
        return key in self._versions or key in self._cold_alerts

    def has_hit(self, hit_id: str) -> bool:
        """Whether a hit of this id was ever made, and is remembered."""
        return hit_id in self._sighting_store or self._cold_alerts.key_for_hit(hit_id) is not None

    def _ensure_hydrated(self, key: AlertKey, now_ms: int) -> list[Hit]:
        """Takes the time, and that something comes of an alert: it rests no more."""
        hits = self.handle_time(now_ms)
        return hits + self._hydrate(key, now_ms) if key in self._cold_alerts else hits

    def _hydrate(self, key: AlertKey, now_ms: int) -> list[Hit]:
        """Reads what rests of an alert, if anything does; returns the revisions due that were not told."""
        return self._hydrate_all((key,), now_ms)

    def _hydrate_all(self, keys: Iterable[AlertKey], now_ms: int) -> list[Hit]:
        """As `_wake`; all is read before any of it is reviewed, for what budgets have spent."""
        told = {
            key: self._load_cold(key, rest)
            for key in keys
            if (rest := self._cold_alerts.pop(key)) is not None
        }
        return [hit for key, hits in told.items() for hit in self._revise_restored(key, hits, now_ms)]

    def _load_cold(self, key: AlertKey, cold: ColdAlert) -> list[Hit]:
        """Takes what rests of an alert; returns what was told of it."""
        # The lists are asked once for all of it: what they have lies on disk.
        listed = self._index.get(key)
        if listed is not None:
            self._versions.record(listed)
        for match, seen in cold.matches():
            self._restore_match(match, seen, listed)
        told = list(cold.hits())
        for hit in told:
            self._restore_hit(hit, listed)
        return told

    def _revise_restored(self, key: AlertKey, emitted: Sequence[Hit], now_ms: int) -> list[Hit]:
        """The revisions due of an alert whose hits were told as given."""
        self._evaluator.restoring = True
        hits: list[Hit] = []
        version = self._versions.get(key)
        if version is not None and self._sighting_store.places_for(key):
            hits += self._set_version(version.alert, now_ms)
        hits += self._evaluator.evaluate_alert_handovers(key, now_ms)
        self._evaluator.restoring = False
        latest = self._index.get(key)
        for hit in emitted:
            replaced = latest is not None and latest.version != hit.alert.version
            elsewhere = hit.handover is None and hit.hit_id not in self._sighting_store
            if replaced and elsewhere and self._revisions.is_active(hit.hit_id):
                why, verdict = Retraction("alert-replaced"), self._verdicts.latest_for(hit.hit_id)
                hits.append(self._revisions.retract(hit.hit_id, why, verdict, now_ms))
        return hits

    def _restore_match(self, match: Match, matched_ms: int, indexed_alert: Alert | None) -> None:
        latest = indexed_alert
        if latest is None:
            latest = self._versions.version_for(match.alert)
            self._versions.record(latest)
        if match.alert == latest:
            # One alert for all its sightings, as in `match`.
            match = Match(match.read, latest, match.result, match.lookback)
        self._store_sighting(self._sighting_factory.from_match(match, matched_ms))
        if match.alert is not latest and match.lookback is None:
            self._restore_rematch(match.read, latest, matched_ms)

    def _restore_hit(self, hit: Hit, indexed_alert: Alert | None) -> None:
        key = hit.alert.list_id, hit.alert.alert_id
        if hit.handover is not None:
            # The read it shows is that of a passage, which has a hit of its own; so is a verdict on that.
            plate = hit.match.read_plate if hit.match.class_ == "pattern" else ""
            self._evaluator.restore_handover(VehicleKey(key, plate), hit)
            return
        self._revisions.restore(hit)
        known = self._sighting_store.get(hit.hit_id)
        recalled = known is not None and known[1].match.read == hit.read
        if indexed_alert is not None and hit.lookback is None and not recalled:
            self._restore_rematch(hit.read, indexed_alert, to_ms(hit.emitted_at))
        if hit.hit_id not in self._sighting_store:
            pair = Pair(hit.match.read_plate, key, hit.alert.version)
            self._verdicts.set_pair(hit.hit_id, pair)

    def _is_verdict_or_withdrawal(self, entry: Timer) -> bool:
        """Whether an entry of the agenda is not the term of an alert or of a handover."""
        if isinstance(entry, Verdict):
            return True
        version = None if isinstance(entry, VehicleKey) else self._versions.get(entry)
        return version is not None and version.ends_early

    def _is_retained(self, entry: Timer) -> bool:
        if isinstance(entry, Verdict):
            return True
        return self.is_sighted(entry.alert if isinstance(entry, VehicleKey) else entry)

    def _add_match(self, match: Match, matched_ms: int, now_ms: int) -> list[Hit]:
        new = self._sighting_factory.from_match(match, matched_ms)
        known = self._sighting_store.get(new.hit_id)
        places = self._store_sighting(new)
        left: ChangedHits = self._evaluator.remove_stop(places[0], new.hit_id) if len(places) > 1 else {}
        if places and self._verdicts.latest_for(new.hit_id) is not None:
            return self._evaluator.evaluate_alert(alert_key(match.alert), now_ms, left)
        if len(places) == 1:
            place = places[0]
            if known is not None:
                return self._evaluator.evaluate_place(place, self._sighting_store.sightings_at(place), now_ms)
            here = self._sighting_store.connected_sightings(place, new)
            if len(here) == 2 and self._evaluator.is_redundant(new, here[0] if here[1] is new else here[1]):
                return []
            return self._evaluator.evaluate_place(place, here, now_ms)
        return self._evaluator.evaluate_places(
            [(place, self._sighting_store.sightings_at(place)) for place in places], now_ms, left
        )

    def _rematch(self, match: Match, latest: Alert, matched_ms: int, now_ms: int) -> list[Hit]:
        # What was found by looking back was found by the right of its own version only.
        result = self._match_version(match.read, latest) if match.lookback is None else None
        return self._add_match(Match(match.read, latest, result), matched_ms, now_ms) if result else []

    def _restore_rematch(self, read: Read, latest: Alert, matched_ms: int) -> None:
        result = self._match_version(read, latest)
        if result:
            self._store_sighting(self._sighting_factory.from_match(Match(read, latest, result), matched_ms))

    def _match_version(self, read: Read, latest: Alert) -> MatchResult | None:
        """How a read that matched one version of an alert matches another, if it does."""
        if not self._index.is_effective(latest, read.captured_at):
            return None
        result = self._matcher.match(read, latest)
        return result if isinstance(result, MatchResult) else None

    def _store_sighting(self, sighting: Sighting) -> list[PassageKey]:
        """Keeps a sighting if it counts more than one of the same hit; returns the places to review."""
        known = self._sighting_store.get(sighting.hit_id)
        if known is not None:
            sighting = self._pick_sighting(known[1], sighting)
            if sighting is known[1]:
                return []
        place = passage_key(sighting)
        left = self._sighting_store.put(place, sighting)
        if self._verdicts.is_adjudicated(sighting.hit_id):
            self._verdicts.set_pair(sighting.hit_id, sighting.pair)
        return [place] if left is None else [left, place]

    def _set_version(self, latest: Alert, now_ms: int) -> list[Hit]:
        """Notes the version of an alert that counts and its end, and reviews what was told of it."""
        self._timers.schedule(self._versions.record(latest).ends_ms, alert_key(latest))
        return self._evaluator.evaluate_alert(alert_key(latest), now_ms)

    def _handle_timer(self, at_ms: int, entry: Timer) -> list[Hit]:
        if isinstance(entry, Verdict):
            return self._apply_verdict(entry, at_ms)
        if isinstance(entry, VehicleKey):
            return self._evaluator.evaluate_handovers([entry], at_ms)
        if entry in self._cold_alerts:
            return self._hydrate(entry, at_ms)
        return self._evaluator.evaluate_alert(entry, at_ms)

    def _record_verdict(self, verdict: Verdict) -> bool:
        """Takes a verdict; whether it changed anything."""
        changed = self._verdicts.add(verdict)
        known = self._sighting_store.get(verdict.hit_id)
        if changed and known is not None:
            self._verdicts.set_pair(verdict.hit_id, known[1].pair)
        return changed

    def _apply_verdict(self, verdict: Verdict, now_ms: int) -> list[Hit]:
        rests = self._cold_alerts.key_for_hit(verdict.hit_id)
        hits = [] if rests is None else self._hydrate(rests, now_ms)
        changed = self._record_verdict(verdict)
        known, told = self._sighting_store.get(verdict.hit_id), self._revisions.last_emitted(verdict.hit_id)
        if changed and known is not None:
            return hits + self._evaluator.evaluate_alert(known[0].alert, now_ms)
        if changed and told is not None:
            return hits + self._evaluator.evaluate_alert_handovers(
                (told.alert.list_id, told.alert.alert_id), now_ms
            )
        return hits

    def _pick_sighting(self, stored: Sighting, new: Sighting) -> Sighting:
        """Which of two sightings with one hit id counts: that of the alert as it is now, else the better."""
        latest = self._versions[alert_key(new.match.alert)].alert
        if (stored.match.alert == latest) != (new.match.alert == latest):
            return new if new.match.alert == latest else stored
        return pick_resend(stored, new)
