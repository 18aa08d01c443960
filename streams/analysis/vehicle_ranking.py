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

from streams.analysis.crew_allocation import (
    CrewAllocation,
    CrewSlot,
    NoSlotReason,
    RankedCandidate,
    build_candidate,
)
from streams.analysis.hit_ledger import HitLedger, VehicleId, find_admission, is_duplicate, vehicle_id
from streams.network.config import SiteConfig
from streams.operations.admission import crew_site_ids
from streams.operations.config import OperationConfig
from streams.records.hit import Hit
from streams.records.journey import Admission
from streams.records.times import MINUTE_MS, to_ms
from streams.records.verdict import Verdict

_UNREACHABLE_SHOWN_MS: Final = 60 * MINUTE_MS


class RankedVehicle(NamedTuple):
    """A vehicle's place in the ranking from 1, and the slot of the crew that goes for it or why none does."""

    rank: int
    hit: Hit
    admission: Admission
    slot: CrewSlot | None
    no_slot_reason: NoSlotReason | None


class VehicleRanking:
    """The ranking of an operation: a fold over hits and verdicts, in any order."""

    def __init__(
        self, operation_id: str, operation: OperationConfig, sites: Mapping[str, SiteConfig]
    ) -> None:
        self._operation_id = operation_id
        self._operation = operation
        self._crew_sites = crew_site_ids(operation, sites)
        self._setup_ms = operation.setup_minutes * MINUTE_MS
        self._ledger = HitLedger()

    def add_hit(self, hit: Hit) -> None:
        """Takes a revision of a hit, and the verdict on it."""
        self._ledger.add_hit(hit)

    def add_verdict(self, verdict: Verdict) -> None:
        """Takes a verdict, on a hit known already or not."""
        self._ledger.add_verdict(verdict)

    def rank(self, now_ms: int) -> list[RankedVehicle]:
        """The ranking at a time in ms since 1970 UTC."""
        crews = CrewAllocation(self._operation, self._crew_sites)
        stopped = self._intercepted_vehicles(crews)
        ranked: list[tuple[RankedCandidate, Hit, Admission]] = []
        for vehicle, hit in self._latest_passages().items():
            admission = find_admission(hit, self._operation_id)
            if hit.mode == "historical" or admission is None:
                continue
            candidate = build_candidate(hit, admission, self._setup_ms)
            if (vehicle, _window_index(crews, candidate.captured_ms)) not in stopped and not _has_passed(
                candidate, now_ms
            ):
                ranked.append((candidate, hit, admission))
        ranked.sort(key=lambda each: each[0].sort_key)
        given = crews.allocate([candidate for candidate, _, _ in ranked], now_ms)
        return [
            _build_ranked(rank, hit, admission, given[hit.hit_id])
            for rank, (_, hit, admission) in enumerate(ranked, 1)
        ]

    def _latest_passages(self) -> dict[VehicleId, Hit]:
        latest: dict[VehicleId, Hit] = {}
        for hit in self._ledger.hits():
            rejected = self._ledger.adjudication(hit.hit_id) == "rejected"
            if hit.kind == "withdrawn" or rejected or is_duplicate(hit):
                continue
            vehicle = vehicle_id(hit)
            if vehicle not in latest or _event_time_key(latest[vehicle]) < _event_time_key(hit):
                latest[vehicle] = hit
        return latest

    def _intercepted_vehicles(self, allocation: CrewAllocation) -> set[tuple[VehicleId, int | None]]:
        """The vehicles that were stopped, each with the window it was read in; takes their crews' slots."""
        when = self._ledger.interception_times()
        found = set()
        for hit in sorted(self._ledger.hits(), key=_event_time_key):
            admission = find_admission(hit, self._operation_id)
            if hit.hit_id not in when or admission is None:
                continue
            if self._ledger.adjudication(hit.hit_id) != "rejected":
                found.add((vehicle_id(hit), _window_index(allocation, to_ms(hit.read.captured_at))))
            if admission.site_id is not None:
                allocation.reserve(admission.site_id, to_ms(when[hit.hit_id]))
        return found


def _event_time_key(hit: Hit) -> tuple[object, ...]:
    return hit.read.captured_at, hit.hit_id


def _has_passed(candidate: RankedCandidate, now_ms: int) -> bool:
    last = (
        candidate.latest_ms
        if candidate.site_id is not None
        else candidate.captured_ms + _UNREACHABLE_SHOWN_MS
    )
    return last < now_ms


def _window_index(allocation: CrewAllocation, at_ms: int) -> int | None:
    """Which of an operation's windows a time is in."""
    return next(
        (place for place, (begins, ends) in enumerate(allocation.windows) if begins <= at_ms < ends), None
    )


def _build_ranked(
    rank: int, hit: Hit, admission: Admission, slot_or_reason: CrewSlot | NoSlotReason
) -> RankedVehicle:
    if isinstance(slot_or_reason, CrewSlot):
        return RankedVehicle(rank, hit, admission, slot_or_reason, None)
    return RankedVehicle(rank, hit, admission, None, slot_or_reason)
