"""The ranking of vehicles for an operation's crews, the best to intercept first.

Of the hits that the operation admits:

- Of a vehicle (that of an alert; for a pattern, also of the plate read) only the latest passage counts,
  wherever it was read and whether or not the operation admits it, because the vehicle has left its earlier
  places. Withdrawn, rejected and replaced hits and those of handovers are no passages.
- Only live hits count. If the latest passage is historical, no crew is sent, nor to an earlier place.
- A vehicle does not count if it was intercepted in the same window of the operation, unless its hit was
  rejected, because then it was another vehicle; nor if its arrival window is over. A vehicle that no crew
  can reach has no arrival window, and is shown for an hour after its read.

Vehicles are ordered by score, then by arrival; `crew_allocation` decides which of them the crews intercept. A
reported interception takes the slot, at the time of the verdict, of the crew that was to make it.
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
from streams.records.times import HOUR_MS, MINUTE_MS, Millis, to_ms
from streams.records.verdict import Verdict

_UNREACHABLE_SHOWN_MS: Final = HOUR_MS


class RankedVehicle(NamedTuple):
    """A vehicle with its rank from 1, and the slot of the crew that intercepts it or why there is none."""

    rank: int
    hit: Hit
    admission: Admission
    slot: CrewSlot | None
    no_slot_reason: NoSlotReason | None


class VehicleRanking:
    """The ranking of an operation, from hits and verdicts in any order."""

    def __init__(
        self, operation_id: str, operation: OperationConfig, sites: Mapping[str, SiteConfig]
    ) -> None:
        self._operation_id = operation_id
        self._operation = operation
        self._crew_sites = crew_site_ids(operation, sites)
        self._setup_ms = operation.setup_minutes * MINUTE_MS
        self._ledger = HitLedger()

    def add_hit(self, hit: Hit) -> None:
        """Add a revision of a hit, with the verdict on it."""
        self._ledger.add_hit(hit)

    def add_verdict(self, verdict: Verdict) -> None:
        """Add a verdict on a known or unknown hit."""
        self._ledger.add_verdict(verdict)

    def rank(self, now_ms: Millis) -> list[RankedVehicle]:
        """Return the ranking at a time."""
        allocation = CrewAllocation(self._operation, self._crew_sites)
        intercepted = self._reserve_interceptions(allocation)
        ranked: list[tuple[RankedCandidate, Hit, Admission]] = []
        for vehicle, hit in self._latest_passages().items():
            admission = find_admission(hit, self._operation_id)
            if hit.mode == "historical" or admission is None:
                continue
            candidate = build_candidate(hit, admission, self._setup_ms)
            window_index = _window_index(allocation, candidate.captured_ms)
            if (vehicle, window_index) not in intercepted and not _has_passed(candidate, now_ms):
                ranked.append((candidate, hit, admission))
        ranked.sort(key=lambda entry: entry[0].sort_key)
        slots = allocation.allocate([candidate for candidate, _, _ in ranked], now_ms)
        return [
            _build_ranked(rank, hit, admission, slots[hit.hit_id])
            for rank, (_, hit, admission) in enumerate(ranked, 1)
        ]

    def _latest_passages(self) -> dict[VehicleId, Hit]:
        latest: dict[VehicleId, Hit] = {}
        for hit in self._ledger.hits():
            is_rejected = self._ledger.adjudication(hit.hit_id) == "rejected"
            if hit.kind == "withdrawn" or is_rejected or is_duplicate(hit):
                continue
            vehicle = vehicle_id(hit)
            if vehicle not in latest or _event_time_key(latest[vehicle]) < _event_time_key(hit):
                latest[vehicle] = hit
        return latest

    def _reserve_interceptions(self, allocation: CrewAllocation) -> set[tuple[VehicleId, int | None]]:
        """Reserve the slots of reported interceptions.

        Return the intercepted vehicles, each with the index of the window in which it was read.
        """
        times = self._ledger.interception_times()
        intercepted = set()
        for hit in sorted(self._ledger.hits(), key=_event_time_key):
            admission = find_admission(hit, self._operation_id)
            if hit.hit_id not in times or admission is None:
                continue
            if self._ledger.adjudication(hit.hit_id) != "rejected":
                window_index = _window_index(allocation, to_ms(hit.read.captured_at))
                intercepted.add((vehicle_id(hit), window_index))
            if admission.site_id is not None:
                allocation.reserve(admission.site_id, to_ms(times[hit.hit_id]))
        return intercepted


def _event_time_key(hit: Hit) -> tuple[object, ...]:
    return hit.read.captured_at, hit.hit_id


def _has_passed(candidate: RankedCandidate, now_ms: Millis) -> bool:
    if candidate.site_id is None:
        return candidate.captured_ms + _UNREACHABLE_SHOWN_MS < now_ms
    return candidate.latest_ms < now_ms


def _window_index(allocation: CrewAllocation, at_ms: Millis) -> int | None:
    """Return the index of the operation's window that contains a time."""
    windows = enumerate(allocation.windows)
    return next((index for index, (begins_ms, ends_ms) in windows if begins_ms <= at_ms < ends_ms), None)


def _build_ranked(
    rank: int, hit: Hit, admission: Admission, slot_or_reason: CrewSlot | NoSlotReason
) -> RankedVehicle:
    if isinstance(slot_or_reason, CrewSlot):
        return RankedVehicle(rank, hit, admission, slot_or_reason, None)
    return RankedVehicle(rank, hit, admission, None, slot_or_reason)
