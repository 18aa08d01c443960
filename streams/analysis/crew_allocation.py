"""Allot: which vehicles the crews go for, when there are more than they can stop.

A crew makes `capacity` interceptions an hour, so each takes 60 / capacity minutes of it: from the beginning
of the operation's window on, the crew's time is cut into slots of that length; the last may be shorter. A
vehicle can be given a slot of the crew at its site that overlaps its arrival window. The best come first, and
one that has a slot never loses it to one behind it; but it is moved to another slot of its own arrival window
if that makes room for one behind it. So no other choice has a better first, second, and so on: the sets of
vehicles that can all have slots are the independent sets of a transversal matroid (J. Edmonds and D. R.
Fulkerson, "Transversals and matroid partition", Journal of Research of the National Bureau of Standards 69B,
1965, 147-153), in which taking the best that fits is best.
"""

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from streams.operations.config import OperationConfig
from streams.records.hit import Hit
from streams.records.journey import Admission
from streams.records.times import HOUR_MS, to_ms

NoSlotReason = Literal["no-crew", "over", "full"]
"""Why a vehicle has no slot: no crew can be ready where it may come; it comes when the operation is over;
crews go for better ones all the time it may come."""


class CrewSlot(NamedTuple):
    """A part of a crew's time, in ms since 1970 UTC; `crew` counts those of one site from 1."""

    site_id: str
    crew: int
    begins_ms: int
    ends_ms: int


class RankedCandidate(NamedTuple):
    """A vehicle to intercept: where and when it comes by a crew, if it does, in ms since 1970 UTC."""

    hit_id: str
    score: float
    captured_ms: int
    site_id: str | None
    earliest_ms: int
    latest_ms: int

    @property
    def sort_key(self) -> tuple[float, int, int, str]:
        """The best first; of equal ones the one that comes first."""
        return -self.score, self.earliest_ms, self.captured_ms, self.hit_id


def build_candidate(hit: Hit, admission: Admission, setup_ms: float) -> RankedCandidate:
    """A hit as one to intercept, with the part of its arrival window in which the crew is ready."""
    captured = to_ms(hit.read.captured_at)
    if admission.site_id is None or admission.earliest is None or admission.latest is None:
        return RankedCandidate(hit.hit_id, admission.score, captured, None, captured, captured)
    earliest = max(to_ms(admission.earliest), round(captured + setup_ms))
    return RankedCandidate(
        hit.hit_id, admission.score, captured, admission.site_id, earliest, to_ms(admission.latest)
    )


class CrewAllocation:
    """The crews of an operation, and what of their time is taken.

    `sites` are those where crews stand, one with two crews twice.
    """

    def __init__(self, operation: OperationConfig, sites: Sequence[str]) -> None:
        self._crew_counts: Counter[str | None] = Counter(sites)
        self._slot_ms = HOUR_MS / operation.capacity
        self._windows = _merge_windows((to_ms(each.from_), to_ms(each.until)) for each in operation.windows)
        self._reserved: set[CrewSlot] = set()

    @property
    def windows(self) -> list[tuple[int, int]]:
        """When the operation is on, in ms since 1970 UTC: its windows in order, those that overlap as one."""
        return self._windows

    def reserve(self, site_id: str, at_ms: int) -> None:
        """Takes the slot at a time, in ms since 1970 UTC, of a crew at a site, if one is free then."""
        for slot in self._slots(site_id, at_ms, at_ms):
            if slot not in self._reserved:
                self._reserved.add(slot)
                return

    def allocate(
        self, candidates: Collection[RankedCandidate], now_ms: int | None = None
    ) -> dict[str, CrewSlot | NoSlotReason]:
        """By hit_id, the slot that a candidate is given, or why it has none.

        Of arrival windows what lies at `now` (ms since 1970 UTC) or later counts; without it all of them.
        """
        turns = sorted(candidates, key=lambda each: each.sort_key)
        slots = {each.hit_id: list(self._candidate_slots(each, now_ms)) for each in turns}
        seats = _SlotMatching(slots, self._reserved)
        why: dict[str, CrewSlot | NoSlotReason] = {}
        for each in turns:
            if not slots[each.hit_id]:
                why[each.hit_id] = "over" if self._crew_counts[each.site_id] else "no-crew"
            elif not seats.assign(each.hit_id):
                why[each.hit_id] = "full"
        return why | seats.assignments()

    def _candidate_slots(self, candidate: RankedCandidate, now_ms: int | None) -> Iterator[CrewSlot]:
        """The slots that overlap what is left of a candidate's arrival window, the earliest first."""
        earliest = candidate.earliest_ms if now_ms is None else max(candidate.earliest_ms, now_ms)
        if candidate.site_id is not None and earliest <= candidate.latest_ms:
            yield from self._slots(candidate.site_id, earliest, candidate.latest_ms)

    def _slots(self, site_id: str, earliest_ms: int, latest_ms: int) -> Iterator[CrewSlot]:
        for begins, ends in self._windows:
            first, last = max(earliest_ms, begins), min(latest_ms, ends - 1)
            if first > last:
                continue
            for number in range(
                int((first - begins) // self._slot_ms), int((last - begins) // self._slot_ms) + 1
            ):
                start = round(begins + number * self._slot_ms)
                end = min(round(begins + (number + 1) * self._slot_ms), ends)
                for crew in range(1, self._crew_counts[site_id] + 1):
                    yield CrewSlot(site_id, crew, start, end)


class _SlotMatching:
    """Who has which slot. `slots` are those that each may have, by hit_id; `taken` are had by nobody."""

    def __init__(self, slots: Mapping[str, Sequence[CrewSlot]], reserved: Iterable[CrewSlot]) -> None:
        self._slots = slots
        # Those in which all that could move have moved: as nobody leaves, they stay taken for good.
        self._exhausted = set(reserved)
        self._holders: dict[CrewSlot, str] = {}

    def assignments(self) -> dict[str, CrewSlot]:
        """By hit_id, the slot that each has."""
        return {hit_id: slot for slot, hit_id in self._holders.items()}

    def assign(self, hit_id: str) -> bool:
        """Gives a slot to one more, moving others if need be; whether it has one.

        The shortest chain of moves is found by going through slots in breadth.
        """
        came_by: dict[CrewSlot, CrewSlot | None] = {}
        edge = deque(self._expand(came_by, hit_id, None))
        while edge:
            slot = edge.popleft()
            holder = self._holders.get(slot)
            if holder is None:
                self._reassign(came_by, slot, hit_id)
                return True
            edge.extend(self._expand(came_by, holder, slot))
        self._exhausted.update(came_by)
        return False

    def _expand(
        self, came_from: dict[CrewSlot, CrewSlot | None], hit_id: str, previous: CrewSlot | None
    ) -> list[CrewSlot]:
        """The slots of one that were not looked at yet; noted with the slot that it would leave for them."""
        new = [slot for slot in self._slots[hit_id] if slot not in came_from and slot not in self._exhausted]
        came_from.update(dict.fromkeys(new, previous))
        return new

    def _reassign(self, came_from: Mapping[CrewSlot, CrewSlot | None], free: CrewSlot, hit_id: str) -> None:
        """Moves each along the chain that ends at a free slot; the first slot of it is the new one's."""
        slot, before = free, came_from[free]
        while before is not None:
            self._holders[slot] = self._holders[before]
            slot, before = before, came_from[before]
        self._holders[slot] = hit_id


def _merge_windows(windows: Iterator[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for begins, ends in sorted(windows):
        if joined and begins <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(ends, joined[-1][1])
        else:
            joined.append((begins, ends))
    return joined
