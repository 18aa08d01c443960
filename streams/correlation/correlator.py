"""Correlator: matches, changes of alerts and verdicts in; revisions of hits out.

What stands is a function of all that has come in so far, never of the order in which it came:

- sightings of one vehicle at one place, each within the gap of the next, are one passage, and the hit of
  its best sighting stands;
- a sighting of an earlier version of its alert does not count, nor one whose pair was rejected;
- nothing stands of an alert that has ended by its term or by withdrawal.

A read that was taken while its alert was in force, but comes when the alert has ended, is told and
withdrawn at once: it is a record, nobody is to act on it.
"""

import heapq
from collections.abc import Callable, Iterable

from streams.correlation.policy import CorrelationPolicy, Places
from streams.correlation.sightings import (
    PassageKey,
    Sighting,
    best,
    better,
    passages,
    sighting,
)
from streams.correlation.telling import Teller
from streams.correlation.verdicts import Verdicts
from streams.lists.entries import beats
from streams.records.alert import Alert, AlertKey, key_of
from streams.records.hit import Hit, Withdrawn
from streams.records.match import Match
from streams.records.read import Read
from streams.records.times import to_ms
from streams.records.verdict import Verdict


class Correlator:
    """The state of correlation: all sightings, verdicts and what was told.

    `ends_at` gives the instant, in ms since 1970 UTC, at which an alert ends by its term or withdrawal.
    Every `now` is in ms since 1970 UTC, and they never fall.
    """

    def __init__(
        self,
        policy: CorrelationPolicy,
        places: Places,
        audiences: dict[str, list[str]],
        ends_at: Callable[[Alert], int],
    ) -> None:
        self._gap_ms = policy.passage_gap_s * 1000
        self._places = places
        self._ends_at = ends_at
        self._teller = Teller(places, audiences, policy.live_within_s * 1000)
        self._verdicts = Verdicts()
        self._sightings: dict[str, tuple[PassageKey, Sighting]] = {}
        self._passages: dict[PassageKey, dict[str, Sighting]] = {}
        self._of_alert: dict[AlertKey, set[PassageKey]] = {}
        self._latest: dict[AlertKey, Alert] = {}
        self._agenda: list[tuple[int, int, AlertKey | Verdict]] = []
        self._entries = 0
        self._now = 0
        self._terms_until: int | None = None

    def match(self, match: Match, now: int) -> list[Hit]:
        """Takes a match; returns the revisions that follow from it and from the time having come to `now`."""
        hits = self.advance(now)
        new = sighting(match)
        known = self._sightings.get(new.hit_id)
        alert_key = key_of(match.alert)
        latest = self._latest.get(alert_key)
        if latest is None or beats(match.alert, latest):
            hits += self._replace(match.alert, now)
        if known is not None:
            new = self._chosen(known[1], new)
            if new is known[1]:
                return hits
        key = self._key(new)
        if known is not None and known[0] != key:
            del self._passages[known[0]][new.hit_id]
            hits += self._review(known[0], now)
        self._sightings[new.hit_id] = key, new
        self._passages.setdefault(key, {})[new.hit_id] = new
        self._of_alert.setdefault(alert_key, set()).add(key)
        self._verdicts.belongs(new.hit_id, new.pair)
        if self._verdicts.of(new.hit_id) is not None:
            return hits + self._review_alert(alert_key, now)
        return hits + self._review(key, now)

    def changed(self, alert: Alert, now: int) -> list[Hit]:
        """Takes the news that an alert has a new version or was withdrawn; returns the revisions due."""
        hits = self.advance(now)
        if key_of(alert) in self._latest:
            hits += self._replace(alert, now)
        return hits

    def verdict(self, verdict: Verdict, now: int) -> list[Hit]:
        """Takes a verdict, on a hit known already or not; returns the revisions due."""
        return self.advance(now) + self._judged(verdict, now)

    def expect(self, verdict: Verdict) -> None:
        """Takes a verdict that is in force from its own time on."""
        self._enter(to_ms(verdict.at), verdict)

    def advance(self, now: int) -> list[Hit]:
        """Takes the time; returns the revisions due by then: alerts that end, verdicts expected."""
        self._now = max(self._now, now)
        hits: list[Hit] = []
        while self._agenda and self._agenda[0][0] <= now:
            hits += self._due()
        return hits

    def conclude(self) -> list[Hit]:
        """The revisions that follow from all withdrawals and expected verdicts that lie ahead.

        For the end of files, which tell what has happened. Alerts whose term lies ahead go on.
        """
        self._terms_until = self._now
        hits: list[Hit] = []
        terms = []
        while self._agenda:
            _, _, entry = self._agenda[0]
            if not isinstance(entry, Verdict) and not self._ends_early(self._latest[entry]):
                terms.append(heapq.heappop(self._agenda))
            else:
                hits += self._due()
        self._agenda = terms
        return hits

    def reads_of(self, key: AlertKey) -> list[Read]:
        """The reads that matched any version of an alert."""
        return [
            each.match.read
            for passage in self._of_alert.get(key, ())
            for each in self._passages[passage].values()
        ]

    def knows(self, hit_id: str) -> bool:
        """Whether a hit of this id was ever made."""
        return hit_id in self._sightings

    def _key(self, new: Sighting) -> PassageKey:
        read, result = new.match.read, new.match.result
        vehicle = result.read_plate if result.class_ == "pattern" else ""
        site = self._places.site_of(read.camera_id)
        alert = key_of(new.match.alert)
        if site is None:
            return PassageKey(alert, vehicle, "camera", read.camera_id)
        return PassageKey(alert, vehicle, "site", site)

    def _replace(self, alert: Alert, now: int) -> list[Hit]:
        """Notes the latest version of an alert and its end, and reviews what was told of it."""
        key = key_of(alert)
        latest = self._latest.get(key)
        if latest is None or beats(alert, latest):
            self._latest[key] = alert
        self._enter(self._ends_at(self._latest[key]), key)
        return self._review_alert(key, now)

    def _enter(self, time: int, entry: AlertKey | Verdict) -> None:
        # The number keeps entries of one time in the order in which they came; entries have no order.
        self._entries += 1
        heapq.heappush(self._agenda, (time, self._entries, entry))

    def _due(self) -> list[Hit]:
        time, _, entry = heapq.heappop(self._agenda)
        return self._judged(entry, time) if isinstance(entry, Verdict) else self._review_alert(entry, time)

    def _judged(self, verdict: Verdict, now: int) -> list[Hit]:
        if not self._verdicts.add(verdict) or verdict.hit_id not in self._sightings:
            return []
        return self._review_alert(self._sightings[verdict.hit_id][0].alert, now)

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
        return self._ends_at(alert) <= at

    def _ends_early(self, alert: Alert) -> bool:
        """Whether an alert ends by withdrawal, before its term."""
        return self._ends_at(alert) < to_ms(alert.valid_until)

    def _review_alert(self, key: AlertKey, now: int) -> list[Hit]:
        passage_keys = sorted(self._of_alert.get(key, ()))
        return [hit for passage in passage_keys for hit in self._review(passage, now)]

    def _review(self, key: PassageKey, now: int) -> list[Hit]:
        """The revisions due at one place, after anything about it has changed."""
        alert = self._latest[key.alert]
        all_here = self._passages[key]
        counting = [each for each in all_here.values() if self._counts(each, alert)]
        standing: dict[str, Sighting] = {}
        instead: dict[str, str] = {}
        for passage in passages(counting, self._gap_ms):
            chosen = best(passage)
            standing[chosen.hit_id] = chosen
            instead.update((each.hit_id, chosen.hit_id) for each in passage)
        ended = self._ended(alert, now)
        hits = list(self._tell(standing.values(), ended, now))
        for each in all_here.values():
            if self._teller.stands(each.hit_id) and (ended or each.hit_id not in standing):
                why = self._why(each, alert, ended, instead)
                hits.append(self._teller.withdraw(each.hit_id, why, self._verdicts.of(each.hit_id), now))
        return hits

    def _counts(self, each: Sighting, alert: Alert) -> bool:
        return each.match.alert == alert and not self._verdicts.rejected(each.pair)

    def _tell(self, standing: Iterable[Sighting], ended: bool, now: int) -> Iterable[Hit]:
        for each in standing:
            if ended and self._teller.was_told(each.hit_id):
                continue
            hit = self._teller.tell(each, self._verdicts.of(each.hit_id), now)
            if hit is not None:
                yield hit

    def _why(self, each: Sighting, alert: Alert, ended: bool, instead: dict[str, str]) -> Withdrawn:
        if self._verdicts.rejected(each.pair):
            return Withdrawn("rejected")
        if each.match.alert != alert:
            return Withdrawn("alert-replaced")
        if ended:
            return Withdrawn("alert-withdrawn" if self._ends_early(alert) else "alert-expired")
        return Withdrawn("superseded", instead[each.hit_id])
