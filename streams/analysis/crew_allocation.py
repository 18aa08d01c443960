"""Crew allocation: which vehicles the crews intercept, when there are more than they can stop.

A crew makes `capacity` interceptions an hour, so each takes 60 / capacity minutes: from the start of the
operation's window, the crew's time is divided into slots of that length; the last may be shorter. A vehicle
can be given any slot of a crew at its site that overlaps its arrival window. Vehicles are given slots in the
order of their rank. A vehicle never loses its slot to one of lower rank, but it is moved to another slot
within its own arrival window if that makes room for one of lower rank. No other allocation has a better
first, second, and so on: the sets of vehicles that can all have slots are the independent sets of a
transversal matroid (J. Edmonds and D. R. Fulkerson, "Transversals and matroid partition", Journal of Research
of the National Bureau of Standards 69B, 1965, 147-153), for which the greedy choice is optimal.
"""

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from streams.operations.config import OperationConfig
from streams.records.hit import Hit
from streams.records.journey import Admission
from streams.records.times import HOUR_MS, Millis, to_ms

NoSlotReason = Literal["no-crew", "over", "full"]
"""Why a vehicle has no slot: no crew can be ready on its way; it arrives after the end of the operation; the
crews intercept vehicles of higher rank during its whole arrival window."""


class CrewSlot(NamedTuple):
    """A part of a crew's time; `crew` numbers the crews of one site from 1."""

    site_id: str
    crew: int
    begins_ms: Millis
    ends_ms: Millis


class RankedCandidate(NamedTuple):
    """A vehicle to intercept, and the arrival window at a crew's site, if it has one."""

    hit_id: str
    score: float
    captured_ms: Millis
    site_id: str | None
    earliest_ms: Millis
    latest_ms: Millis

    @property
    def sort_key(self) -> tuple[float, int, int, str]:
        """A key by which the highest score comes first, then the earliest arrival."""
        return -self.score, self.earliest_ms, self.captured_ms, self.hit_id


def build_candidate(hit: Hit, admission: Admission, setup_ms: float) -> RankedCandidate:
    """Build the candidate of a hit, with the part of its arrival window in which the crew is ready."""
    captured_ms = to_ms(hit.read.captured_at)
    if admission.site_id is None or admission.earliest is None or admission.latest is None:
        return RankedCandidate(hit.hit_id, admission.score, captured_ms, None, captured_ms, captured_ms)
    earliest_ms = max(to_ms(admission.earliest), round(captured_ms + setup_ms))
    latest_ms = to_ms(admission.latest)
    return RankedCandidate(
        hit.hit_id, admission.score, captured_ms, admission.site_id, earliest_ms, latest_ms
    )


class CrewAllocation:
    """The crews of an operation, and the slots reserved so far.

    `sites` are the sites of the crews; a site with two crews is listed twice.
    """

    def __init__(self, operation: OperationConfig, sites: Sequence[str]) -> None:
        self._crew_counts: Counter[str | None] = Counter(sites)
        self._slot_ms = HOUR_MS / operation.capacity
        self._windows = _merge_windows(
            (to_ms(window.from_), to_ms(window.until)) for window in operation.windows
        )
        self._reserved: set[CrewSlot] = set()

    @property
    def windows(self) -> list[tuple[Millis, Millis]]:
        """The windows of the operation in order; those that overlap are merged."""
        return self._windows

    def reserve(self, site_id: str, at_ms: Millis) -> None:
        """Reserve the slot at a time of one of the crews at a site, if one is free."""
        for slot in self._slots(site_id, at_ms, at_ms):
            if slot not in self._reserved:
                self._reserved.add(slot)
                return

    def allocate(
        self, candidates: Collection[RankedCandidate], now_ms: Millis | None = None
    ) -> dict[str, CrewSlot | NoSlotReason]:
        """Return by hit_id the slot of each candidate, or why it has none.

        With `now_ms`, only the rest of each arrival window counts.
        """
        ranked = sorted(candidates, key=lambda candidate: candidate.sort_key)
        slots = {candidate.hit_id: list(self._candidate_slots(candidate, now_ms)) for candidate in ranked}
        matching = _SlotMatching(slots, self._reserved)
        reasons: dict[str, CrewSlot | NoSlotReason] = {}
        for candidate in ranked:
            if not slots[candidate.hit_id]:
                reasons[candidate.hit_id] = "over" if self._crew_counts[candidate.site_id] else "no-crew"
            elif not matching.assign(candidate.hit_id):
                reasons[candidate.hit_id] = "full"
        return reasons | matching.assignments()

    def _candidate_slots(self, candidate: RankedCandidate, now_ms: Millis | None) -> Iterator[CrewSlot]:
        """Yield the slots that overlap the rest of a candidate's arrival window, the earliest first."""
        earliest_ms = candidate.earliest_ms if now_ms is None else max(candidate.earliest_ms, now_ms)
        if candidate.site_id is not None and earliest_ms <= candidate.latest_ms:
            yield from self._slots(candidate.site_id, earliest_ms, candidate.latest_ms)

    def _slots(self, site_id: str, earliest_ms: Millis, latest_ms: Millis) -> Iterator[CrewSlot]:
        """Yield the slots of all crews at a site between two times, the earliest first."""
        for begins_ms, ends_ms in self._windows:
            first_ms, last_ms = max(earliest_ms, begins_ms), min(latest_ms, ends_ms - 1)
            if first_ms > last_ms:
                continue
            first_index = int((first_ms - begins_ms) // self._slot_ms)
            last_index = int((last_ms - begins_ms) // self._slot_ms)
            for index in range(first_index, last_index + 1):
                slot_begins_ms = round(begins_ms + index * self._slot_ms)
                slot_ends_ms = min(round(begins_ms + (index + 1) * self._slot_ms), ends_ms)
                for crew in range(1, self._crew_counts[site_id] + 1):
                    yield CrewSlot(site_id, crew, slot_begins_ms, slot_ends_ms)


class _SlotMatching:
    """A matching of candidates to slots, extended along augmenting paths.

    `slots` are those that each candidate can have, by hit_id; `reserved` slots are given to nobody.
    """

    def __init__(self, slots: Mapping[str, Sequence[CrewSlot]], reserved: Iterable[CrewSlot]) -> None:
        self._slots = slots
        # Slots from which no path leads to a free one. As no candidate loses its slot, they stay exhausted.
        self._exhausted = set(reserved)
        self._holders: dict[CrewSlot, str] = {}

    def assignments(self) -> dict[str, CrewSlot]:
        """Return the slot of each candidate that has one, by hit_id."""
        return {hit_id: slot for slot, hit_id in self._holders.items()}

    def assign(self, hit_id: str) -> bool:
        """Give a slot to a candidate, moving others if necessary; return False if that is impossible.

        A breadth-first search finds the shortest chain of moves.
        """
        reached_from: dict[CrewSlot, CrewSlot | None] = {}
        queue = deque(self._expand(reached_from, hit_id, None))
        while queue:
            slot = queue.popleft()
            holder = self._holders.get(slot)
            if holder is None:
                self._reassign(reached_from, slot, hit_id)
                return True
            queue.extend(self._expand(reached_from, holder, slot))
        self._exhausted.update(reached_from)
        return False

    def _expand(
        self, reached_from: dict[CrewSlot, CrewSlot | None], hit_id: str, previous: CrewSlot | None
    ) -> list[CrewSlot]:
        """Return the unvisited slots of a candidate, recording the slot that it would leave for them."""
        new = [
            slot for slot in self._slots[hit_id] if slot not in reached_from and slot not in self._exhausted
        ]
        reached_from.update(dict.fromkeys(new, previous))
        return new

    def _reassign(
        self, reached_from: Mapping[CrewSlot, CrewSlot | None], free: CrewSlot, hit_id: str
    ) -> None:
        """Move candidates along the chain to a free slot; the first slot of the chain goes to `hit_id`."""
        slot, previous = free, reached_from[free]
        while previous is not None:
            self._holders[slot] = self._holders[previous]
            slot, previous = previous, reached_from[previous]
        self._holders[slot] = hit_id


def _merge_windows(windows: Iterator[tuple[Millis, Millis]]) -> list[tuple[Millis, Millis]]:
    merged: list[tuple[Millis, Millis]] = []
    for begins_ms, ends_ms in sorted(windows):
        if merged and begins_ms <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(ends_ms, merged[-1][1])
        else:
            merged.append((begins_ms, ends_ms))
    return merged
