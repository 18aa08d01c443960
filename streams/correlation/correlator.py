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

import heapq
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from streams.correlation.budget import Budget, Budgets, Notice
from streams.correlation.handed import HandedOver
from streams.correlation.journeys import Journeys, View
from streams.correlation.policy import Cooperation, CorrelationPolicy
from streams.correlation.seen import Seen
from streams.correlation.sightings import Pair, PassageKey, Sighting, best, better, passages, sighting
from streams.correlation.telling import Joint, Teller
from streams.correlation.trail import Trail, VehicleKey, vehicle_of
from streams.correlation.verdicts import Verdicts
from streams.lists.entries import beats
from streams.lists.index import Index
from streams.matching.judge import Judge
from streams.network.policy import Places
from streams.operations.admission import Operations
from streams.records.alert import Alert, AlertKey, key_of
from streams.records.hit import Hit, Withdrawn
from streams.records.match import Match, MatchResult
from streams.records.read import Read
from streams.records.times import from_ms, to_ms
from streams.records.verdict import Verdict

_ALONE: Final = Cooperation()
_NONE_LEFT: Final[Mapping[VehicleKey, Iterable[str]]] = {}


class Correlator:
    """The state of correlation: sightings, verdicts and what was told.

    `index` has the lists as they are now; what has changed in it is told by `changed`. `audiences` has the
    centres told of each list's hits, `budgets` the false hits that lists may cause a day, `cooperation` the
    handovers and joint operations. Every `now` is in ms since 1970 UTC, and they never fall.

    The state of one that has gone is made anew by `recall`, `recall_hit` and `expect`, in any order, and
    then `resume`.
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
        self._gap_ms = policy.passage_gap_s * 1000
        self._places = places
        self._index = index
        self._judge = judge
        self._budgets = Budgets(budgets or {})
        self._operations = Operations(cooperation.operations, places.sites)
        participants = {name: each.participants for name, each in cooperation.operations.items()}
        joint = Joint(self._operations, participants)
        self._teller = Teller(places, audiences, policy.live_within_s * 1000, self._budgets, joint)
        self._verdicts = Verdicts()
        self._journeys = Journeys(places, policy, judge.weighing.looks)
        self._handed = HandedOver(cooperation.handovers, policy, self._journeys, self._teller, self._verdicts)
        self._seen = Seen(self._gap_ms)
        self._latest: dict[AlertKey, Alert] = {}
        self._trails: dict[VehicleKey, Trail] = {}
        self._agenda: list[tuple[int, int, AlertKey | VehicleKey | Verdict]] = []
        self._entries = 0
        self._now = 0
        self._terms_until: int | None = None
        self._resuming = False

    def match(self, match: Match, now: int) -> list[Hit]:
        """Takes a match; returns the revisions that follow from it and from the time having come to `now`.

        If another version of the alert is in force here than there where the match was made, the read is
        judged anew by it.
        """
        hits = self.advance(now)
        key = key_of(match.alert)
        known = self._latest.get(key)
        if known is None or match.alert != known:
            latest = self._in_force(match.alert)
            if latest != known:
                hits += self._replace(latest, now)
            if latest != match.alert:
                hits += self._take(match, now, now)
                return hits + self._judged_anew(match, latest, now, now)
        elif match.alert is not known:
            # One alert for all its sightings: each match was decoded with a copy of it.
            match = replace(match, alert=known)
        return hits + self._take(match, now, now)

    def changed(self, key: AlertKey, now: int) -> list[Hit]:
        """Takes the news that an alert has a new version or was withdrawn; returns the revisions due.

        Reads that matched another version are judged anew.
        """
        hits = self.advance(now)
        latest = self._index.get(key) or self._latest.get(key)
        if key not in self._latest or latest is None:
            return hits
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
        self._enter(at, verdict)

    def advance(self, now: int) -> list[Hit]:
        """Takes the time; returns the revisions due by then: alerts that end, verdicts expected."""
        self._now = max(self._now, now)
        hits: list[Hit] = []
        while self._agenda and self._agenda[0][0] <= now:
            hits += self._due()
        return hits

    def conclude(self) -> list[Hit]:
        """The revisions that follow from all withdrawals and expected verdicts that lie ahead.

        For the end of files, which tell what has happened. Alerts and handovers whose term lies ahead go on.
        """
        self._terms_until = self._now
        hits: list[Hit] = []
        terms = []
        while self._agenda:
            _, _, entry = self._agenda[0]
            if isinstance(entry, VehicleKey) or (
                not isinstance(entry, Verdict) and not self._ends_early(self._latest[entry])
            ):
                terms.append(heapq.heappop(self._agenda))
            else:
                hits += self._due()
        self._agenda = terms
        return hits

    def recall(self, match: Match, seen: int) -> None:
        """Takes a match that was dealt with before, at a time in ms since 1970 UTC; tells nothing."""
        latest = self._latest[key_of(match.alert)] = self._in_force(match.alert)
        self._keep(sighting(match, seen))
        if latest != match.alert and match.lookback is None:
            self._keep_anew(match.read, latest, seen)

    def recall_hit(self, hit: Hit) -> None:
        """Takes a revision that was told before.

        Its read was matched, though perhaps not among the matches recalled: those still come.
        """
        key = hit.alert.list_id, hit.alert.alert_id
        if hit.handover is None:
            self._teller.recall(hit)
        else:
            plate = hit.match.read_plate if hit.match.class_ == "pattern" else ""
            self._handed.recall(VehicleKey(key, plate), hit)
        latest = self._index.get(key)
        if latest is not None:
            self._latest[key_of(latest)] = latest
            known = self._seen.get(hit.hit_id)
            recalled = known is not None and known[1].match.read == hit.read
            # That of a handover shows the read of a passage, which has a hit of its own.
            if hit.handover is None and hit.lookback is None and not recalled:
                self._keep_anew(hit.read, latest, to_ms(hit.emitted_at))

    def recall_pair(self, hit_id: str, pair: Pair) -> None:
        """Takes what a hit was of whose sighting is no longer remembered, but a verdict on it is."""
        if hit_id not in self._seen:
            self._verdicts.belongs(hit_id, pair)

    def resume(self, now: int) -> list[Hit]:
        """Goes on after recalling; returns the revisions due that were not told."""
        self._now = max(self._now, now)
        while self._agenda and self._agenda[0][0] <= now:
            _, _, entry = heapq.heappop(self._agenda)
            if isinstance(entry, Verdict):
                self._note(entry)
        self._resuming = True
        hits: list[Hit] = []
        for key in self._seen.alerts():
            hits += self._replace(self._latest[key], now)
        for key in self._handed.alerts():
            hits += self._hand_over(self._handed.vehicles_of(key), now)
        self._resuming = False
        for told in self._teller.standing():
            latest = self._index.get((told.alert.list_id, told.alert.alert_id))
            elsewhere = told.handover is None and told.hit_id not in self._seen
            if elsewhere and latest and latest.version != told.alert.version:
                why, verdict = Withdrawn("alert-replaced"), self._verdicts.of(told.hit_id)
                hits.append(self._teller.withdraw(told.hit_id, why, verdict, now))
        return hits

    def forget(self, before: int, verdicts_before: int) -> None:
        """Drops what is too old to be kept up to date: whole passages last seen before a time, verdicts given
        before another, both in ms since 1970 UTC.

        The hits of such passages stay as they were told last. Pairs that were rejected are remembered for as
        long as their verdict.
        """
        gone, alerts = self._seen.forget(before)
        for place, each in gone:
            self._teller.forget(each.hit_id)
            self._verdicts.forget(each.hit_id)
            # What was told of later passages stays as it is.
            self._leave(place, each.hit_id)
            if not self._trails.get(vehicle_of(place)):
                self._trails.pop(vehicle_of(place), None)
        for vehicle in {vehicle_of(place) for place, _ in gone} - self._vehicles({each for each, _ in gone}):
            self._handed.forget(vehicle)
        for key in alerts:
            del self._latest[key]
            self._teller.forget_alert(key)
        if alerts:
            # Their terms may lie years ahead.
            self._agenda = [each for each in self._agenda if self._still(each[2])]
            heapq.heapify(self._agenda)
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
        return key in self._latest

    def knows(self, hit_id: str) -> bool:
        """Whether a hit of this id was ever made, and is remembered."""
        return hit_id in self._seen

    def _leave(self, place: PassageKey, hit_id: str) -> dict[VehicleKey, list[str]]:
        """Takes a hit out of the trail of the vehicle of a place; returns that with the hits whose journey is
        another now."""
        trail = self._trails.get(vehicle_of(place))
        changed = trail.settle([hit_id], [], self._journeys.stop) if trail is not None else None
        return {} if changed is None else {vehicle_of(place): changed}

    def _vehicles(self, places: Iterable[PassageKey]) -> set[VehicleKey]:
        """The vehicles of which sightings are remembered, of the alerts of some places."""
        alerts = {place.alert for place in places}
        return {vehicle_of(place) for alert in alerts for place in self._seen.places_of(alert)}

    def _still(self, entry: AlertKey | VehicleKey | Verdict) -> bool:
        if isinstance(entry, Verdict):
            return True
        return (entry.alert if isinstance(entry, VehicleKey) else entry) in self._latest

    def _in_force(self, alert: Alert) -> Alert:
        """The version of an alert that counts: as the index has it.

        The match was made elsewhere, so this index may not know the alert yet; then it is the greater one.
        """
        known = self._index.get(key_of(alert))
        if known is not None:
            return known
        latest = self._latest.get(key_of(alert))
        return alert if latest is None or beats(alert, latest) else latest

    def _take(self, match: Match, seen: int, now: int) -> list[Hit]:
        new = sighting(match, seen)
        known = self._seen.get(new.hit_id)
        places = self._keep(new)
        left = self._leave(places[0], new.hit_id) if len(places) > 1 else {}
        if places and self._verdicts.of(new.hit_id) is not None:
            return self._review_alert(key_of(match.alert), now, left)
        if known is None:
            return self._review_all([(place, self._seen.around(place, new)) for place in places], now, left)
        return self._review_all([(place, self._seen.at(place)) for place in places], now, left)

    def _judged_anew(self, match: Match, latest: Alert, seen: int, now: int) -> list[Hit]:
        # What was found by looking back was found by the right of its own version only.
        result = self._result(match.read, latest) if match.lookback is None else None
        return self._take(Match(match.read, latest, result), seen, now) if result else []

    def _keep_anew(self, read: Read, latest: Alert, seen: int) -> None:
        result = self._result(read, latest)
        if result:
            self._keep(sighting(Match(read, latest, result), seen))

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
        place = self._place(new)
        left = self._seen.put(place, new)
        if self._verdicts.is_judged(new.hit_id):
            self._verdicts.belongs(new.hit_id, new.pair)
        return [place] if left is None else [left, place]

    def _place(self, new: Sighting) -> PassageKey:
        read, result = new.match.read, new.match.result
        vehicle = result.read_plate if result.class_ == "pattern" else ""
        site = self._places.site_of(read.camera_id, new.captured)
        alert = key_of(new.match.alert)
        if site is None:
            return PassageKey(alert, vehicle, "camera", read.camera_id)
        return PassageKey(alert, vehicle, "site", site)

    def _replace(self, latest: Alert, now: int) -> list[Hit]:
        """Notes the version of an alert that counts and its end, and reviews what was told of it."""
        key = key_of(latest)
        self._latest[key] = latest
        self._enter(self._index.ends_at(latest), key)
        return self._review_alert(key, now)

    def _enter(self, time: int, entry: AlertKey | VehicleKey | Verdict) -> None:
        # The number keeps entries of one time in the order in which they came; entries have no order.
        self._entries += 1
        heapq.heappush(self._agenda, (time, self._entries, entry))

    def _due(self) -> list[Hit]:
        time, _, entry = heapq.heappop(self._agenda)
        if isinstance(entry, Verdict):
            return self._said(entry, time)
        if isinstance(entry, VehicleKey):
            return self._hand_over([entry], time)
        return self._review_alert(entry, time)

    def _note(self, verdict: Verdict) -> bool:
        """Takes a verdict; whether it changed anything."""
        changed = self._verdicts.add(verdict)
        known = self._seen.get(verdict.hit_id)
        if changed and known is not None:
            self._verdicts.belongs(verdict.hit_id, known[1].pair)
        return changed

    def _said(self, verdict: Verdict, now: int) -> list[Hit]:
        changed = self._note(verdict)
        known, told = self._seen.get(verdict.hit_id), self._teller.told(verdict.hit_id)
        if changed and known is not None:
            return self._review_alert(known[0].alert, now)
        if changed and told is not None:
            return self._hand_over(self._handed.vehicles_of((told.alert.list_id, told.alert.alert_id)), now)
        return []

    def _chosen(self, known: Sighting, new: Sighting) -> Sighting:
        """Which of two sightings with one hit id counts: that of the alert as it is now, else the better."""
        latest = self._latest[key_of(new.match.alert)]
        if (known.match.alert == latest) != (new.match.alert == latest):
            return new if new.match.alert == latest else known
        return better(known, new)

    def _ended(self, alert: Alert, at: int) -> bool:
        """Whether an alert has ended by a time; once concluding, no further term is reached."""
        if self._terms_until is not None and not self._ends_early(alert):
            at = self._terms_until
        return self._index.ends_at(alert) <= at

    def _ends_early(self, alert: Alert) -> bool:
        """Whether an alert ends by withdrawal, before its term."""
        return self._index.ends_at(alert) < to_ms(alert.valid_until)

    def _review_alert(
        self, key: AlertKey, now: int, left: Mapping[VehicleKey, Iterable[str]] = _NONE_LEFT
    ) -> list[Hit]:
        places = [(place, self._seen.at(place)) for place in self._seen.places_of(key)]
        # Handovers also of vehicles that are seen nowhere any more.
        return self._review_all(places, now, left) + self._hand_over(self._handed.vehicles_of(key), now)

    def _review_all(
        self,
        places: Iterable[tuple[PassageKey, Sequence[Sighting]]],
        now: int,
        left: Mapping[VehicleKey, Iterable[str]],
    ) -> list[Hit]:
        """The revisions due after anything about sightings has changed, some at each of some places, which
        form whole passages there.

        `left` are the hits of vehicles whose journey is another already, for a stop of it has left. All that
        stands is settled before any of it is told, for hits tell of one another; handovers go last.
        """
        reviews: list[_Review] = []
        vehicles: dict[VehicleKey, list[_Review]] = {}
        for place, here in places:
            review = self._rule(place, list(here), now)
            reviews.append(review)
            vehicles.setdefault(vehicle_of(place), []).append(review)
        changed = {vehicle: set(hit_ids) for vehicle, hit_ids in left.items()}
        for vehicle, of_vehicle in vehicles.items():
            hit_ids = self._settle(vehicle, of_vehicle)
            if hit_ids is not None:
                changed.setdefault(vehicle, set()).update(hit_ids)
        views = self._views(changed)
        hits = [hit for review in reviews for hit in self._due_at(review, views, now)]
        here_told = {hit_id for review in reviews for hit_id in review.standing}
        for hit_id, view in views.items():
            if hit_id not in here_told:
                # A stop of the same alert, later on the journey.
                stop = view.stops[-1]
                ended = self._ended(stop.sighting.match.alert, now)
                hits += self._tell(stop.sighting, views, ended, now, False)
        if not self._handed:
            return hits
        for vehicle in changed:
            self._handed.moved(vehicle, self._trails.get(vehicle), views)
        return hits + self._hand_over(vehicles, now)

    def _rule(self, place: PassageKey, here: Sequence[Sighting], now: int) -> "_Review":
        """What stands at one place, by its sightings, and what does so in place of others."""
        alert = self._latest[place.alert]
        withdrawn = self._index.withdrawn_at(alert)
        counting = [each for each in here if self._counts(each, alert, withdrawn)]
        standing: dict[str, tuple[Sighting, bool]] = {}
        instead: dict[str, str] = {}
        for passage in passages(counting, self._gap_ms):
            chosen = best(passage)
            told = any(self._teller.was_told(each.hit_id) for each in passage)
            ruling = self._budgets.rule(passage, chosen, told)
            if ruling != "withheld":
                standing[chosen.hit_id] = chosen, ruling == "tightened"
                instead.update((each.hit_id, chosen.hit_id) for each in passage)
        return _Review(alert, here, self._ended(alert, now), standing, instead)

    def _settle(self, vehicle: VehicleKey, reviews: Sequence["_Review"]) -> list[str] | None:
        """Puts what stands at places in the vehicle's trail; returns the hits whose journey is another; None
        if the trail is as it was."""
        standing = [each for review in reviews for each, _ in review.standing.values()]
        chosen = [each for each in standing if self._journeys.is_placed(each)]
        trail = self._trails.get(vehicle)
        if trail is None:
            if not chosen:
                return None
            trail = self._trails[vehicle] = self._journeys.trail()
        here = [each.hit_id for review in reviews for each in review.here]
        return trail.settle(here, chosen, self._journeys.stop)

    def _views(self, changed: Mapping[VehicleKey, Iterable[str]]) -> dict[str, View]:
        """What the hits tell whose journey is another, in the order of their stops."""
        views: dict[str, View] = {}
        for vehicle, hit_ids in changed.items():
            trail = self._trails.get(vehicle)
            if trail is None:
                continue
            for number in trail.numbers(hit_ids):
                views[trail[number].hit_id] = self._journeys.view(trail, number)
            if not trail:
                del self._trails[vehicle]
        return views

    def _due_at(self, review: "_Review", views: Mapping[str, View], now: int) -> list[Hit]:
        """The revisions due at one place."""
        hits: list[Hit] = []
        for chosen, tightened in review.standing.values():
            hits += self._tell(chosen, views, review.ended, now, tightened)
        for each in review.here:
            gone = review.ended or each.hit_id not in review.standing
            if gone and self._teller.stands(each.hit_id):
                why = self._why(each, review.alert, review.ended, review.instead)
                hits.append(self._teller.withdraw(each.hit_id, why, self._verdicts.of(each.hit_id), now))
        return hits

    def _hand_over(self, vehicles: Iterable[VehicleKey], now: int) -> list[Hit]:
        """The revisions due of the handovers of vehicles."""
        hits: list[Hit] = []
        for vehicle in vehicles:
            # Once concluding, no further end is reached, as with alerts.
            reached = now if self._terms_until is None else self._terms_until
            reviewed = self._handed.review(vehicle, now, reached, self._end_of(vehicle, now))
            hits += reviewed.hits
            if reviewed.again is not None:
                self._enter(reviewed.again, vehicle)
        return hits

    def _end_of(self, vehicle: VehicleKey, now: int) -> Withdrawn | None:
        """Why the alert of a vehicle has ended, if it has."""
        alert = self._latest.get(vehicle.alert)
        if alert is not None and not self._ended(alert, now):
            return None
        early = alert is not None and self._ends_early(alert)
        return Withdrawn("alert-withdrawn" if early else "alert-expired")

    def _counts(self, each: Sighting, alert: Alert, withdrawn: int | None) -> bool:
        in_time = withdrawn is None or each.captured < withdrawn
        if not in_time or (each.match.alert is not alert and each.match.alert != alert):
            return False
        if self._verdicts.any_judged and self._verdicts.rejected(each.pair):
            return False
        return alert.operation_id is None or bool(self._teller.joint.admitting(each, self._places))

    def _tell(
        self, chosen: Sighting, views: Mapping[str, View], ended: bool, now: int, tightened: bool
    ) -> list[Hit]:
        if ended and self._teller.was_told(chosen.hit_id):
            return []
        verdict, view = self._verdicts.of(chosen.hit_id), views.get(chosen.hit_id)
        if view is not None and self._resuming and self._is_cut(chosen.hit_id, view):
            view = None
        hit = self._teller.tell(chosen, view, verdict, now, tightened)
        return [] if hit is None else [hit]

    def _is_cut(self, hit_id: str, view: View) -> bool:
        """Whether what was told of a journey is all that is known of it now, and passages before that are no
        longer remembered: it stays as it was told."""
        told = self._teller.told(hit_id)
        if told is None or told.journey is None:
            return False
        before = [each.hit_id for each in told.journey.passages]
        now = [each.hit_id for each in view.journey.passages]
        cut = before[: len(before) - len(now)]
        return bool(cut) and before[len(cut) :] == now and not any(each in self._seen for each in cut)

    def _why(self, each: Sighting, alert: Alert, ended: bool, instead: Mapping[str, str]) -> Withdrawn:
        if self._verdicts.rejected(each.pair):
            return Withdrawn("rejected")
        if each.match.alert != alert:
            return Withdrawn("alert-replaced")
        if each.hit_id not in instead or ended:
            return Withdrawn("alert-withdrawn" if self._ends_early(alert) else "alert-expired")
        return Withdrawn("superseded", instead[each.hit_id])


class _Review(Struct, frozen=True, gc=False):
    """What is so at one place: the alert in force, the sightings looked at, whether the alert has ended; the
    sightings that stand, by hit, and whether a budget was tightened for them; which hit stands for which."""

    alert: Alert
    here: Sequence[Sighting]
    ended: bool
    standing: Mapping[str, tuple[Sighting, bool]]
    instead: Mapping[str, str]
