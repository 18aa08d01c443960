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
from typing import Final

from streams.alerts.index import Index
from streams.correlation.budget import Budget, Budgets, Notice
from streams.correlation.cold_state import Rest, Resting
from streams.correlation.config import Cooperation, CorrelationPolicy
from streams.correlation.effective_versions import InForce
from streams.correlation.evaluation import Left, Reviewer
from streams.correlation.journeys.itinerary import VehicleKey
from streams.correlation.passages import Pair, PassageKey, Sighting, Sightings, better, place_of
from streams.correlation.revisions import Joint, Teller
from streams.correlation.sighting_store import Seen
from streams.correlation.timers import Agenda
from streams.correlation.verdicts import Verdicts
from streams.matching.matcher import Judge
from streams.network.config import Places
from streams.operations.admission import Operations
from streams.records.alert import Alert, AlertKey, key_of
from streams.records.hit import Hit, Withdrawn
from streams.records.hit_header import outline_of
from streams.records.match import Match, MatchResult
from streams.records.read import Read
from streams.records.times import from_ms, to_ms
from streams.records.verdict import Verdict

_ALONE: Final = Cooperation()


class Correlator:
    """The state of correlation: sightings, verdicts and what was told.

    `index` has the lists as they are now; what has changed in it is told by `changed`. `audiences` has the
    centres told of each list's hits, `budgets` the false hits that lists may cause a day, `cooperation` the
    handovers and joint operations. Every `now` is in ms since 1970 UTC, and they never fall.

    The state of one that has gone is made anew by `recall`, `recall_hit` and `expect`, in any order, and
    then `resume`. What is recalled rests as it was written until its alert is touched, by a match, a verdict,
    a change or the time, or until `wake` gets to it: only then is it reviewed whether all was told.
    """

    def __init__(
        self,
        policy: CorrelationPolicy,
        places: Places,
        audiences: Mapping[str, list[str]],
        index: Index,
        judge: Judge,
        budgets: Mapping[str, Budget] | None = None,
        cooperation: Cooperation = _ALONE,
    ) -> None:
        self._sightings = Sightings(places, policy)
        self._index = index
        self._judge = judge
        self._budgeted = frozenset(budgets or {})
        self._budgets = Budgets(budgets or {})
        participants = {name: each.participants for name, each in cooperation.operations.items()}
        joint = Joint(Operations(cooperation.operations, places.sites), participants)
        self._teller = Teller(places, audiences, policy.live_within_s * 1000, self._budgets, joint)
        self._verdicts = Verdicts()
        self._in_force = InForce(index)
        self._seen = Seen(policy.passage_gap_s * 1000)
        self._agenda: Agenda[AlertKey | VehicleKey | Verdict] = Agenda()
        self._review = Reviewer(
            policy,
            places,
            judge.weighing.looks,
            self._in_force,
            self._seen,
            self._verdicts,
            self._budgets,
            self._teller,
            cooperation,
            self._agenda.enter,
        )
        self._resting = Resting()
        self._now = 0

    def match(self, match: Match, now: int) -> list[Hit]:
        """Takes a match; returns the revisions that follow from it and from the time having come to `now`.

        If another version of the alert is in force here than there where the match was made, the read is
        judged anew by it.
        """
        key = key_of(match.alert)
        hits = self._touch(key, now)
        version = self._in_force.get(key)
        known = version.alert if version is not None else None
        if known is None or (match.alert is not known and match.alert != known):
            latest = self._in_force.version_for(match.alert)
            if latest != known:
                hits += self._replace(latest, now)
            if latest != match.alert:
                hits += self._take(match, now, now)
                return hits + self._judged_anew(match, latest, now, now)
        elif match.alert is not known:
            # One alert for all its sightings: each match was decoded with a copy of it.
            match = Match(match.read, known, match.result, match.lookback)
        return hits + self._take(match, now, now)

    def changed(self, key: AlertKey, now: int) -> list[Hit]:
        """Takes the news that an alert has a new version or was withdrawn; returns the revisions due.

        Reads that matched another version are judged anew.
        """
        hits = self._touch(key, now)
        known = self._in_force.get(key)
        if known is None:
            return hits
        latest = self._index.get(key) or known.alert
        hits += self._replace(latest, now)
        for each in self._seen.of_alert(key):
            if each.match.alert != latest:
                hits += self._judged_anew(each.match, latest, each.seen, now)
        return hits

    def verdict(self, verdict: Verdict, now: int) -> list[Hit]:
        """Takes a verdict, on a hit known already or not; returns the revisions due."""
        return self.advance(now) + self._said(verdict, now)

    def expect(self, verdict: Verdict, at: int) -> None:
        """Takes a verdict that is in force from a time on, in ms since 1970 UTC."""
        self._agenda.enter(at, verdict)

    def advance(self, now: int) -> list[Hit]:
        """Takes the time; returns the revisions due by then: alerts that end, verdicts expected."""
        self._now = max(self._now, now)
        if not self._agenda.is_due(now):
            return []
        return [hit for time, entry in self._agenda.due(now) for hit in self._due(time, entry)]

    def conclude(self) -> list[Hit]:
        """The revisions that follow from all withdrawals and expected verdicts that lie ahead.

        For the end of files, which tell what has happened. Alerts and handovers whose term lies ahead go on.
        """
        hits = self.wake(self._now, len(self._resting))
        self._in_force.stop_terms(self._now)
        for time, entry in self._agenda.all(self._is_no_term):
            hits += self._due(time, entry)
        return hits

    def recall(self, key: AlertKey, record: bytes, seen: int) -> None:
        """Takes a match of an alert, as JSON, that was dealt with before, at a time in ms since 1970 UTC;
        tells nothing."""
        self._resting.add_match(key, record, seen)

    def recall_hit(self, record: bytes) -> None:
        """Takes a revision that was told before, as JSON.

        Its read was matched, though perhaps not among the matches recalled: those still come.
        """
        outline = outline_of(record)
        if outline is not None:
            self._resting.add_hit(outline, record)

    def recall_pair(self, record: bytes) -> None:
        """Takes a revision as JSON of which only a verdict is remembered: which pair it was on."""
        outline = outline_of(record)
        if outline is not None and outline.handover is None:
            pair = Pair(outline.match.read_plate, outline.key, outline.alert.version)
            self._verdicts.belongs(outline.hit_id, pair)

    def resume(self, now: int) -> list[Hit]:
        """Goes on after recalling; returns the revisions due that were not told, as far as a verdict, the
        lists or the time show that there may be some; `wake` finds the others."""
        self._now = max(self._now, now)
        touched: list[AlertKey] = []
        for _, entry in self._agenda.due(now):
            if isinstance(entry, Verdict):
                self._note(entry)
                pair = self._verdicts.pair_of(entry.hit_id)
                touched += [] if pair is None else [pair.alert]
                rests = self._resting.alert_of(entry.hit_id)
                touched += [] if rests is None else [rests]
        # What is spent of a budget is known only when all its hits are.
        touched += [key for key in self._resting.alerts() if key[0] in self._budgeted]
        for key, at in self._resting.due(self._index):
            if at <= now:
                touched.append(key)
            else:
                self._agenda.enter(at, key)
        return self._wake_all(dict.fromkeys(touched), now)

    @property
    def resting(self) -> int:
        """How many alerts rest."""
        return len(self._resting)

    def wake(self, now: int, most: int) -> list[Hit]:
        """Reviews up to so many of the alerts that rest; returns the revisions due that were not told."""
        hits: list[Hit] = []
        for _ in range(most):
            key = self._resting.any()
            if key is None:
                break
            hits += self._touch(key, now)
        return hits

    def forget(self, before: int, verdicts_before: int) -> None:
        """Drops what is too old to be kept up to date: whole passages last seen before a time, verdicts given
        before another, both in ms since 1970 UTC.

        The hits of such passages stay as they were told last. Pairs that were rejected are remembered for as
        long as their verdict.
        """
        dropped = self._resting.forget(before)
        gone, alerts = self._seen.forget(before)
        for _, each in gone:
            self._teller.forget(each.hit_id)
            self._verdicts.forget(each.hit_id)
        self._review.forget(gone)
        for key in alerts:
            self._in_force.forget(key)
            self._teller.forget_alert(key)
        if alerts or dropped:
            # Their terms may lie years ahead.
            self._agenda.keep(self._is_of_known)
        self._verdicts.forget_said(from_ms(verdicts_before), self._seen)
        self._budgets.forget([each.hit_id for _, each in gone], before)

    def withheld(self) -> dict[tuple[str, str], int]:
        """How many passages are withheld by a list's budget, by list and UTC day as in 2026-05-21."""
        return self._budgets.withheld()

    def notices(self) -> list[Notice]:
        """What there is for the operator's log, by the latest time taken; each is given once."""
        self._budgets.end_days(self._now)
        return self._budgets.notices()

    def concerns(self, key: AlertKey) -> bool:
        """Whether a change of an alert may have an effect: it was sighted."""
        return key in self._in_force or key in self._resting

    def knows(self, hit_id: str) -> bool:
        """Whether a hit of this id was ever made, and is remembered."""
        return hit_id in self._seen or self._resting.alert_of(hit_id) is not None

    def _touch(self, key: AlertKey, now: int) -> list[Hit]:
        """Takes the time, and that something comes of an alert: it rests no more."""
        hits = self.advance(now)
        return hits + self._wake(key, now) if key in self._resting else hits

    def _wake(self, key: AlertKey, now: int) -> list[Hit]:
        """Reads what rests of an alert, if anything does; returns the revisions due that were not told."""
        return self._wake_all((key,), now)

    def _wake_all(self, keys: Iterable[AlertKey], now: int) -> list[Hit]:
        """As `_wake`; all is read before any of it is reviewed, for what budgets have spent."""
        told = {key: self._read(key, rest) for key in keys if (rest := self._resting.pop(key)) is not None}
        return [hit for key, hits in told.items() for hit in self._resume(key, hits, now)]

    def _read(self, key: AlertKey, rest: Rest) -> list[Hit]:
        """Takes what rests of an alert; returns what was told of it."""
        # The lists are asked once for all of it: what they have lies on disk.
        listed = self._index.get(key)
        if listed is not None:
            self._in_force.note(listed)
        for match, seen in rest.matches():
            self._recall(match, seen, listed)
        told = list(rest.hits())
        for hit in told:
            self._recall_hit(hit, listed)
        return told

    def _resume(self, key: AlertKey, told: Sequence[Hit], now: int) -> list[Hit]:
        """The revisions due of an alert whose hits were told as given."""
        self._review.resuming = True
        hits: list[Hit] = []
        version = self._in_force.get(key)
        if version is not None and self._seen.places_of(key):
            hits += self._replace(version.alert, now)
        hits += self._review.handovers_of(key, now)
        self._review.resuming = False
        latest = self._index.get(key)
        for hit in told:
            replaced = latest is not None and latest.version != hit.alert.version
            elsewhere = hit.handover is None and hit.hit_id not in self._seen
            if replaced and elsewhere and self._teller.stands(hit.hit_id):
                why, verdict = Withdrawn("alert-replaced"), self._verdicts.of(hit.hit_id)
                hits.append(self._teller.withdraw(hit.hit_id, why, verdict, now))
        return hits

    def _recall(self, match: Match, seen: int, listed: Alert | None) -> None:
        latest = listed
        if latest is None:
            latest = self._in_force.version_for(match.alert)
            self._in_force.note(latest)
        if match.alert == latest:
            # One alert for all its sightings, as in `match`.
            match = Match(match.read, latest, match.result, match.lookback)
        self._keep(self._sightings.of(match, seen))
        if match.alert is not latest and match.lookback is None:
            self._keep_anew(match.read, latest, seen)

    def _recall_hit(self, hit: Hit, listed: Alert | None) -> None:
        key = hit.alert.list_id, hit.alert.alert_id
        if hit.handover is not None:
            # The read it shows is that of a passage, which has a hit of its own; so is a verdict on that.
            plate = hit.match.read_plate if hit.match.class_ == "pattern" else ""
            self._review.recall_handover(VehicleKey(key, plate), hit)
            return
        self._teller.recall(hit)
        known = self._seen.get(hit.hit_id)
        recalled = known is not None and known[1].match.read == hit.read
        if listed is not None and hit.lookback is None and not recalled:
            self._keep_anew(hit.read, listed, to_ms(hit.emitted_at))
        if hit.hit_id not in self._seen:
            pair = Pair(hit.match.read_plate, key, hit.alert.version)
            self._verdicts.belongs(hit.hit_id, pair)

    def _is_no_term(self, entry: AlertKey | VehicleKey | Verdict) -> bool:
        """Whether an entry of the agenda is not the term of an alert or of a handover."""
        if isinstance(entry, Verdict):
            return True
        version = None if isinstance(entry, VehicleKey) else self._in_force.get(entry)
        return version is not None and version.early

    def _is_of_known(self, entry: AlertKey | VehicleKey | Verdict) -> bool:
        if isinstance(entry, Verdict):
            return True
        return self.concerns(entry.alert if isinstance(entry, VehicleKey) else entry)

    def _take(self, match: Match, seen: int, now: int) -> list[Hit]:
        new = self._sightings.of(match, seen)
        known = self._seen.get(new.hit_id)
        places = self._keep(new)
        left: Left = self._review.leave(places[0], new.hit_id) if len(places) > 1 else {}
        if places and self._verdicts.of(new.hit_id) is not None:
            return self._review.alert(key_of(match.alert), now, left)
        if len(places) == 1:
            place = places[0]
            if known is not None:
                return self._review.place(place, self._seen.at(place), now)
            here = self._seen.around(place, new)
            if len(here) == 2 and self._review.is_worse(new, here[0] if here[1] is new else here[1]):
                return []
            return self._review.place(place, here, now)
        return self._review.places([(place, self._seen.at(place)) for place in places], now, left)

    def _judged_anew(self, match: Match, latest: Alert, seen: int, now: int) -> list[Hit]:
        # What was found by looking back was found by the right of its own version only.
        result = self._result(match.read, latest) if match.lookback is None else None
        return self._take(Match(match.read, latest, result), seen, now) if result else []

    def _keep_anew(self, read: Read, latest: Alert, seen: int) -> None:
        result = self._result(read, latest)
        if result:
            self._keep(self._sightings.of(Match(read, latest, result), seen))

    def _result(self, read: Read, latest: Alert) -> MatchResult | None:
        """How a read that matched one version of an alert matches another, if it does."""
        if not self._index.in_force(latest, read.captured_at):
            return None
        result = self._judge.judge(read, latest)
        return result if isinstance(result, MatchResult) else None

    def _keep(self, new: Sighting) -> list[PassageKey]:
        """Keeps a sighting if it counts more than one of the same hit; returns the places to review."""
        known = self._seen.get(new.hit_id)
        if known is not None:
            new = self._chosen(known[1], new)
            if new is known[1]:
                return []
        place = place_of(new)
        left = self._seen.put(place, new)
        if self._verdicts.is_judged(new.hit_id):
            self._verdicts.belongs(new.hit_id, new.pair)
        return [place] if left is None else [left, place]

    def _replace(self, latest: Alert, now: int) -> list[Hit]:
        """Notes the version of an alert that counts and its end, and reviews what was told of it."""
        self._agenda.enter(self._in_force.note(latest).ends, key_of(latest))
        return self._review.alert(key_of(latest), now)

    def _due(self, time: int, entry: AlertKey | VehicleKey | Verdict) -> list[Hit]:
        if isinstance(entry, Verdict):
            return self._said(entry, time)
        if isinstance(entry, VehicleKey):
            return self._review.handovers([entry], time)
        if entry in self._resting:
            return self._wake(entry, time)
        return self._review.alert(entry, time)

    def _note(self, verdict: Verdict) -> bool:
        """Takes a verdict; whether it changed anything."""
        changed = self._verdicts.add(verdict)
        known = self._seen.get(verdict.hit_id)
        if changed and known is not None:
            self._verdicts.belongs(verdict.hit_id, known[1].pair)
        return changed

    def _said(self, verdict: Verdict, now: int) -> list[Hit]:
        rests = self._resting.alert_of(verdict.hit_id)
        hits = [] if rests is None else self._wake(rests, now)
        changed = self._note(verdict)
        known, told = self._seen.get(verdict.hit_id), self._teller.told(verdict.hit_id)
        if changed and known is not None:
            return hits + self._review.alert(known[0].alert, now)
        if changed and told is not None:
            return hits + self._review.handovers_of((told.alert.list_id, told.alert.alert_id), now)
        return hits

    def _chosen(self, known: Sighting, new: Sighting) -> Sighting:
        """Which of two sightings with one hit id counts: that of the alert as it is now, else the better."""
        latest = self._in_force[key_of(new.match.alert)].alert
        if (known.match.alert == latest) != (new.match.alert == latest):
            return new if new.match.alert == latest else known
        return better(known, new)
