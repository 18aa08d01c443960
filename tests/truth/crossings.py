"""Whether borders crossed are told, and how often a vehicle that was to cross one did."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final, Literal, NamedTuple

from streams.correlation.journeys.itinerary import VehicleKey
from streams.records.hit import Hit
from streams.records.times import MINUTE_MS, to_ms
from streams.simulation.truth import TruePassage
from tests.truth.completeness import Reason
from tests.truth.emitted import Told, key_of_hit
from tests.truth.environment import Ground
from tests.truth.vehicles import Caught, Vehicle

_NEAR: Final = 5
"""Passages so near before and behind may have come in another order."""
Unsaid = Literal["too late", "overtaken", "unlikely"]
"""Why no handover tells of a crossing: when both reads were in, its term was over; or the vehicle had been
read after another crossing already; or the read's posterior is too low for one."""


class Crossed(NamedTuple):
    """The crossings of one vehicle between two matched passages of a journey that follow one another.

    `told` of them the journey tells so, `reasons` why others are not; of `handed` a handover tells, `unsaid`
    why of others none does. `invented` are crossings that a handover told at some time and that were none, by
    why. `faults` is what nothing of this explains, in words.
    """

    crossings: int
    told: int
    reasons: Counter[Reason]
    handed: int
    unsaid: Counter[Reason | Unsaid]
    invented: Counter[Reason]
    faults: list[str]


class Ahead(NamedTuple):
    """Borders told to be ahead of one vehicle.

    Of `told`, the vehicle crossed `came` on its way, `at_site` of them at the very site told. Of its
    `crossings`, those that could be foretold since the vehicle was matched on the same trip on this side,
    `foretold` were told before it was there, so many `minutes` before.
    """

    told: int
    came: int
    at_site: int
    crossings: int
    foretold: int
    minutes: list[float]


def handovers(told: Told) -> dict[VehicleKey, list[Hit]]:
    """All revisions of handovers, by vehicle."""
    found: dict[VehicleKey, list[Hit]] = defaultdict(list)
    for hit in told.hits:
        if hit.handover is not None:
            found[key_of_hit(hit)].append(hit)
    return found


def crossed(ground: Ground, vehicle: Vehicle, revisions: Sequence[Hit]) -> Crossed:
    """How the crossings of a vehicle are told; `revisions` are those of its handovers."""
    gap_ms = round(ground.policy.journey_gap_hours * 3_600_000)
    reads: dict[str, list[Caught]] = defaultdict(list)
    for each in vehicle.caught:
        if vehicle.is_own(each.truth):
            reads[each.truth.passage_id].append(each)
    pairs = [
        (one, other)
        for one, other in pairwise(vehicle.matched())
        if ground.territory(one.site_id) != ground.territory(other.site_id)
        and to_ms(other.passed_at) - to_ms(one.passed_at) <= gap_ms
    ]
    said = {
        (hit.handover.from_, hit.handover.to, to_ms(hit.handover.earliest))
        for hit in revisions
        if hit.handover is not None and hit.handover.state == "crossed"
    }
    reasons: Counter[Reason] = Counter()
    unsaid: Counter[Reason | Unsaid] = Counter()
    faults: list[str] = []
    told = handed = 0
    for one, other in pairs:
        what = f"{vehicle.vehicle_id}: the crossing from {one.passage_id} to {other.passage_id}"
        why = _untold(vehicle, one, other, gap_ms)
        told += why is None
        if why == "nothing":
            faults.append(f"{what} is not in its journey")
        elif why is not None:
            reasons[why] += 1
        borders = ground.territory(one.site_id), ground.territory(other.site_id)
        if any((*borders, each.captured) in said for each in reads[other.passage_id]):
            handed += 1
        elif why is not None:
            unsaid[why] += 1
        else:
            late = _late(ground, vehicle, reads, one, other)
            if late is None:
                faults.append(f"{what} is told by no handover")
            else:
                unsaid[late] += 1
    invented = _invented(ground, vehicle, revisions)
    if invented.pop("nothing", 0):
        faults.append(f"{vehicle.vehicle_id}: a handover tells of a crossing that was none")
    return Crossed(len(pairs), told, reasons, handed, unsaid, invented, faults)


def ahead(ground: Ground, vehicle: Vehicle, revisions: Iterable[Hit]) -> Ahead:
    """What came of the borders told to be ahead of a vehicle.

    Each counts once from its first telling until the vehicle is across or it is withdrawn. Left out are those
    of a read of another vehicle, and those whose time is not over when the traffic ends.
    """
    standing: set[str] = set()
    told = came = at_site = 0
    before: dict[str, float] = {}
    for hit in revisions:
        handover = hit.handover
        if handover is None:
            continue
        heading = hit.kind != "withdrawn" and handover.state == "heading"
        begins = heading and hit.hit_id not in standing
        (standing.add if heading else standing.discard)(hit.hit_id)
        truth = ground.truths[hit.read.read_id]
        if not begins or not vehicle.is_own(truth) or to_ms(handover.latest) > ground.end_ms:
            continue
        told += 1
        there = _next_abroad(ground, vehicle, truth.passage_id)
        if there is not None and ground.territory(there.site_id) == handover.to:
            came += 1
            at_site += there.site_id == handover.site_id
            minutes = (to_ms(there.passed_at) - to_ms(hit.emitted_at)) / MINUTE_MS
            before.setdefault(there.passage_id, minutes)
    there_ids = _foreseeable(ground, vehicle)
    early = [before[each] for each in there_ids if before.get(each, 0.0) > 0]
    return Ahead(told, came, at_site, len(there_ids), len(early), early)


def _foreseeable(ground: Ground, vehicle: Vehicle) -> list[str]:
    """The first passages across a border, where a passage on this side was matched on the same trip."""
    matched = {each.passage_id for each in vehicle.matched()}
    found: list[str] = []
    before: TruePassage | None = None
    seen = False
    for each in vehicle.true:
        on_trip = before is not None and before.trip_id == each.trip_id
        if before is not None and ground.territory(before.site_id) != ground.territory(each.site_id):
            if on_trip and seen:
                found.append(each.passage_id)
            seen = False
        seen = (seen and on_trip) or each.passage_id in matched
        before = each
    return found


def _next_abroad(ground: Ground, vehicle: Vehicle, passage_id: str) -> TruePassage | None:
    """The next passage on the same trip that is in another territory."""
    number = next(place for place, each in enumerate(vehicle.true) if each.passage_id == passage_id)
    here = vehicle.true[number]
    for each in vehicle.true[number + 1 :]:
        if each.trip_id != here.trip_id:
            return None
        if ground.territory(each.site_id) != ground.territory(here.site_id):
            return each
    return None


def _untold(vehicle: Vehicle, one: TruePassage, other: TruePassage, gap_ms: int) -> Reason | None:
    """Why the journey does not tell a crossing; None if it does."""
    passages = [each.truth.passage_id for each in vehicle.stood]
    if one.passage_id not in passages or other.passage_id not in passages:
        return "one passage"
    by_id = {each.hit.hit_id: each.truth.passage_id for each in vehicle.stood}
    for each in vehicle.stood:
        if each.truth.passage_id == other.passage_id and each.hit.journey is not None:
            last = each.hit.journey.passages[-2:]
            apart = len({passed.territory for passed in last}) > 1
            if apart and [by_id[passed.hit_id] for passed in last] == [one.passage_id, other.passage_id]:
                return None
    first = max(place for place, each in enumerate(passages) if each == one.passage_id)
    second = next((place for place, each in enumerate(passages) if each == other.passage_id), first)
    between = vehicle.stood[min(first, second) : max(first, second) + 1]
    if second < first or (len(between) > 2 and all(vehicle.is_own(each.truth) for each in between)):
        return "a clock"
    if between[-1].captured - between[0].captured > gap_ms:
        return "a clock"
    near = [each for each in vehicle.stood if between[0].captured - each.captured <= gap_ms]
    if any(vehicle.is_copy(each.truth) for each in near):
        return "a copy"
    return "nothing" if all(vehicle.is_own(each.truth) for each in near) else "another vehicle"


def _late(
    ground: Ground,
    vehicle: Vehicle,
    reads: Mapping[str, Sequence[Caught]],
    one: TruePassage,
    other: TruePassage,
) -> Reason | Unsaid | None:
    """Why no handover tells of a crossing that the journey tells; None if nothing explains it."""
    both = max(reads[one.passage_id][0], reads[other.passage_id][0])
    crossed_at = min(each.captured for each in reads[other.passage_id])
    if both.now >= crossed_at + ground.policy.handover_minutes * MINUTE_MS:
        return "too late"
    if (
        min(each.match.result.posterior or 1.0 for each in reads[other.passage_id])
        < ground.policy.handover_posterior
    ):
        return "unlikely"
    before = [each for each in vehicle.caught if each.number < both.number and each.captured > crossed_at]
    here = ground.territory(other.site_id)
    elsewhere = [each.truth for each in before if ground.territory(each.truth.site_id) != here]
    if any(vehicle.is_own(truth) and truth.passed_at > other.passed_at for truth in elsewhere):
        return "overtaken"
    # It had not been elsewhere, but a clock said so; or the two seem too near for the way between them.
    if elsewhere or any(each.is_wrong for passage in (one, other) for each in reads[passage.passage_id]):
        return "a clock"
    gap_ms = round(ground.policy.journey_gap_hours * 3_600_000)
    near = (each.truth for each in vehicle.caught if abs(each.captured - crossed_at) <= gap_ms)
    return "a copy" if any(map(vehicle.is_copy, near)) else None


def _invented(ground: Ground, vehicle: Vehicle, revisions: Iterable[Hit]) -> Counter[Reason]:
    """Crossings told that were none, each once: the last passage read in time before was not on that side."""
    in_time = {
        each.truth.passage_id
        for each in vehicle.caught
        if vehicle.is_own(each.truth) and not each.match.read.retransmitted
    }
    place = {each.passage_id: number for number, each in enumerate(vehicle.true)}
    by_time = {(each.captured, each.truth.site_id): each for each in vehicle.caught}
    alone = all(vehicle.is_own(each.truth) for each in vehicle.caught)
    found: Counter[Reason] = Counter()
    told = {
        (hit.handover.from_, to_ms(hit.handover.earliest), hit.handover.site_id)
        for hit in revisions
        if hit.handover is not None and hit.handover.state == "crossed"
    }
    for from_, captured, site_id in told:
        caught = by_time[captured, site_id]
        if not vehicle.is_own(caught.truth):
            found["a copy" if vehicle.is_copy(caught.truth) else "another vehicle"] += 1
            continue
        number = place[caught.truth.passage_id]
        # One at the same site right before is perhaps one passage with it.
        before = [
            each
            for each in vehicle.true[:number]
            if each.passage_id in in_time and each.site_id != caught.truth.site_id
        ]
        if before and ground.territory(before[-1].site_id) == from_:
            continue
        near = {each.passage_id for each in vehicle.true[max(number - _NEAR, 0) : number + _NEAR + 1]}
        late = any(each.match.read.retransmitted for each in vehicle.caught if each.truth.passage_id in near)
        if any(each.is_wrong for each in vehicle.caught if each.truth.passage_id in near):
            found["a clock"] += 1
        elif not alone:
            found["a copy"] += 1
        elif not late:
            found["nothing"] += 1
    return found
