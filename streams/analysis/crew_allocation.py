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

from streams.operations.config import Operation
from streams.records.hit import Hit
from streams.records.journey import Admission
from streams.records.times import HOUR_MS, to_ms

Why = Literal["no-crew", "over", "full"]
"""Why a vehicle has no slot: no crew can be ready where it may come; it comes when the operation is over;
crews go for better ones all the time it may come."""


class Slot(NamedTuple):
    """A part of a crew's time, in ms since 1970 UTC; `crew` counts those of one site from 1."""

    site_id: str
    crew: int
    begins: int
    ends: int


class Candidate(NamedTuple):
    """A vehicle to intercept: where and when it comes by a crew, if it does, in ms since 1970 UTC."""

    hit_id: str
    score: float
    captured: int
    site_id: str | None
    earliest: int
    latest: int

    @property
    def order(self) -> tuple[float, int, int, str]:
        """The best first; of equal ones the one that comes first."""
        return -self.score, self.earliest, self.captured, self.hit_id


def candidate_of(hit: Hit, admission: Admission, setup_ms: float) -> Candidate:
    """A hit as one to intercept, with the part of its arrival window in which the crew is ready."""
    captured = to_ms(hit.read.captured_at)
    if admission.site_id is None or admission.earliest is None or admission.latest is None:
        return Candidate(hit.hit_id, admission.score, captured, None, captured, captured)
    earliest = max(to_ms(admission.earliest), round(captured + setup_ms))
    return Candidate(
        hit.hit_id, admission.score, captured, admission.site_id, earliest, to_ms(admission.latest)
    )


class Crews:
    """The crews of an operation, and what of their time is taken.

    `sites` are those where crews stand, one with two crews twice.
    """

    def __init__(self, operation: Operation, sites: Sequence[str]) -> None:
        self._crews: Counter[str | None] = Counter(sites)
        self._length = HOUR_MS / operation.capacity
        self._windows = _joined((to_ms(each.from_), to_ms(each.until)) for each in operation.windows)
        self._taken: set[Slot] = set()

    @property
    def windows(self) -> list[tuple[int, int]]:
        """When the operation is on, in ms since 1970 UTC: its windows in order, those that overlap as one."""
        return self._windows

    def take(self, site_id: str, time: int) -> None:
        """Takes the slot at a time, in ms since 1970 UTC, of a crew at a site, if one is free then."""
        for slot in self._slots(site_id, time, time):
            if slot not in self._taken:
                self._taken.add(slot)
                return

    def allot(self, candidates: Collection[Candidate], now: int | None = None) -> dict[str, Slot | Why]:
        """By hit_id, the slot that a candidate is given, or why it has none.

        Of arrival windows what lies at `now` (ms since 1970 UTC) or later counts; without it all of them.
        """
        turns = sorted(candidates, key=lambda each: each.order)
        slots = {each.hit_id: list(self._open(each, now)) for each in turns}
        seats = _Seats(slots, self._taken)
        why: dict[str, Slot | Why] = {}
        for each in turns:
            if not slots[each.hit_id]:
                why[each.hit_id] = "over" if self._crews[each.site_id] else "no-crew"
            elif not seats.give(each.hit_id):
                why[each.hit_id] = "full"
        return why | seats.given()

    def _open(self, candidate: Candidate, now: int | None) -> Iterator[Slot]:
        """The slots that overlap what is left of a candidate's arrival window, the earliest first."""
        earliest = candidate.earliest if now is None else max(candidate.earliest, now)
        if candidate.site_id is not None and earliest <= candidate.latest:
            yield from self._slots(candidate.site_id, earliest, candidate.latest)

    def _slots(self, site_id: str, earliest: int, latest: int) -> Iterator[Slot]:
        for begins, ends in self._windows:
            first, last = max(earliest, begins), min(latest, ends - 1)
            if first > last:
                continue
            for number in range(
                int((first - begins) // self._length), int((last - begins) // self._length) + 1
            ):
                start = round(begins + number * self._length)
                end = min(round(begins + (number + 1) * self._length), ends)
                for crew in range(1, self._crews[site_id] + 1):
                    yield Slot(site_id, crew, start, end)


class _Seats:
    """Who has which slot. `slots` are those that each may have, by hit_id; `taken` are had by nobody."""

    def __init__(self, slots: Mapping[str, Sequence[Slot]], taken: Iterable[Slot]) -> None:
        self._slots = slots
        # Those in which all that could move have moved: as nobody leaves, they stay taken for good.
        self._full = set(taken)
        self._holders: dict[Slot, str] = {}

    def given(self) -> dict[str, Slot]:
        """By hit_id, the slot that each has."""
        return {hit_id: slot for slot, hit_id in self._holders.items()}

    def give(self, hit_id: str) -> bool:
        """Gives a slot to one more, moving others if need be; whether it has one.

        The shortest chain of moves is found by going through slots in breadth.
        """
        came_by: dict[Slot, Slot | None] = {}
        edge = deque(self._into(came_by, hit_id, None))
        while edge:
            slot = edge.popleft()
            holder = self._holders.get(slot)
            if holder is None:
                self._move(came_by, slot, hit_id)
                return True
            edge.extend(self._into(came_by, holder, slot))
        self._full.update(came_by)
        return False

    def _into(self, came_by: dict[Slot, Slot | None], hit_id: str, before: Slot | None) -> list[Slot]:
        """The slots of one that were not looked at yet; noted with the slot that it would leave for them."""
        new = [slot for slot in self._slots[hit_id] if slot not in came_by and slot not in self._full]
        came_by.update(dict.fromkeys(new, before))
        return new

    def _move(self, came_by: Mapping[Slot, Slot | None], free: Slot, hit_id: str) -> None:
        """Moves each along the chain that ends at a free slot; the first slot of it is the new one's."""
        slot, before = free, came_by[free]
        while before is not None:
            self._holders[slot] = self._holders[before]
            slot, before = before, came_by[before]
        self._holders[slot] = hit_id


def _joined(windows: Iterator[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for begins, ends in sorted(windows):
        if joined and begins <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(ends, joined[-1][1])
        else:
            joined.append((begins, ends))
    return joined
