"""Ranking: the vehicles that an operation's crews are to go for now, the best first.

What is ranked, of the hits that the operation admits:

- Of a vehicle (an alert's; for a pattern the plate read too) the latest passage counts, wherever it was read
  and whether or not the operation admits it: it is no longer where it was before. Withdrawn and rejected hits
  are no passages, and the hit of a handover is beside that of the passage.
- Only live hits. If the latest passage is historical, nobody is sent, to where it was before neither.
- Not a vehicle that was stopped in this window of the operation, unless the hit was rejected, for then it was
  another; and none whose arrival window is over. One that no crew can reach has no such window; it is shown
  for an hour after its read.

The order is that of the scores, then of arrival. Which of them crews go for is in `allot`. A stop that a
centre reported takes the slot, at the time of the verdict, of the crew that was to intercept the vehicle.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from streams.analysis.crew_allocation import Candidate, Crews, Slot, Why, candidate_of
from streams.analysis.hit_ledger import Account, Vehicle, admission_of, beside, vehicle_of
from streams.network.config import Site
from streams.operations.admission import crews_of
from streams.operations.config import Operation
from streams.records.hit import Hit
from streams.records.journey import Admission
from streams.records.times import MINUTE_MS, to_ms
from streams.records.verdict import Verdict

_UNREACHED_MS: Final = 60 * MINUTE_MS


class Ranked(NamedTuple):
    """A vehicle's place in the ranking from 1, and the slot of the crew that goes for it or why none does."""

    rank: int
    hit: Hit
    admission: Admission
    slot: Slot | None
    why: Why | None


class Ranking:
    """The ranking of an operation: a fold over hits and verdicts, in any order."""

    def __init__(self, operation_id: str, operation: Operation, sites: Mapping[str, Site]) -> None:
        self._operation_id = operation_id
        self._operation = operation
        self._sites = crews_of(operation, sites)
        self._setup_ms = operation.setup_minutes * MINUTE_MS
        self._account = Account()

    def note(self, hit: Hit) -> None:
        """Takes a revision of a hit, and the verdict on it."""
        self._account.note(hit)

    def judge(self, verdict: Verdict) -> None:
        """Takes a verdict, on a hit known already or not."""
        self._account.judge(verdict)

    def at(self, now: int) -> list[Ranked]:
        """The ranking at a time in ms since 1970 UTC."""
        crews = Crews(self._operation, self._sites)
        stopped = self._stopped(crews)
        ranked: list[tuple[Candidate, Hit, Admission]] = []
        for vehicle, hit in self._latest().items():
            admission = admission_of(hit, self._operation_id)
            if hit.mode == "historical" or admission is None:
                continue
            candidate = candidate_of(hit, admission, self._setup_ms)
            if (vehicle, _window(crews, candidate.captured)) not in stopped and not _over(candidate, now):
                ranked.append((candidate, hit, admission))
        ranked.sort(key=lambda each: each[0].order)
        given = crews.allot([candidate for candidate, _, _ in ranked], now)
        return [
            _ranked(rank, hit, admission, given[hit.hit_id])
            for rank, (_, hit, admission) in enumerate(ranked, 1)
        ]

    def _latest(self) -> dict[Vehicle, Hit]:
        latest: dict[Vehicle, Hit] = {}
        for hit in self._account.hits():
            rejected = self._account.judgement(hit.hit_id) == "rejected"
            if hit.kind == "withdrawn" or rejected or beside(hit):
                continue
            vehicle = vehicle_of(hit)
            if vehicle not in latest or _turn(latest[vehicle]) < _turn(hit):
                latest[vehicle] = hit
        return latest

    def _stopped(self, crews: Crews) -> set[tuple[Vehicle, int | None]]:
        """The vehicles that were stopped, each with the window it was read in; takes their crews' slots."""
        when = self._account.stopped()
        found = set()
        for hit in sorted(self._account.hits(), key=_turn):
            admission = admission_of(hit, self._operation_id)
            if hit.hit_id not in when or admission is None:
                continue
            if self._account.judgement(hit.hit_id) != "rejected":
                found.add((vehicle_of(hit), _window(crews, to_ms(hit.read.captured_at))))
            if admission.site_id is not None:
                crews.take(admission.site_id, to_ms(when[hit.hit_id]))
        return found


def _turn(hit: Hit) -> tuple[object, ...]:
    return hit.read.captured_at, hit.hit_id


def _over(candidate: Candidate, now: int) -> bool:
    last = candidate.latest if candidate.site_id is not None else candidate.captured + _UNREACHED_MS
    return last < now


def _window(crews: Crews, time: int) -> int | None:
    """Which of an operation's windows a time is in."""
    return next((place for place, (begins, ends) in enumerate(crews.windows) if begins <= time < ends), None)


def _ranked(rank: int, hit: Hit, admission: Admission, given: Slot | Why) -> Ranked:
    if isinstance(given, Slot):
        return Ranked(rank, hit, admission, given, None)
    return Ranked(rank, hit, admission, None, given)
