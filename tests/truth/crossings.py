"""Whether borders crossed are told, and how often a vehicle that was to cross one did."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final, Literal, NamedTuple

from streams.correlation.passages import VehicleKey
from streams.records.hit import Hit
from streams.records.times import MINUTE_MS, to_ms
from streams.simulation.truth import TruePassage
from tests.truth.completeness import Reason
from tests.truth.emitted import EmittedHits, hit_key
from tests.truth.environment import TrafficEnvironment
from tests.truth.vehicles import MatchedRead, Vehicle

_NEIGHBOURS: Final = 5
"""Passages so near before and behind may have come in another order."""
UnreportedReason = Literal["too late", "overtaken", "unlikely"]
"""Why no handover tells of a crossing: when both reads were in, its term was over; or the vehicle had been
read after another crossing already; or the read's posterior is too low for one."""


class CrossingScore(NamedTuple):
    """The crossings of one vehicle between two matched passages of a journey that follow one another.

    `told` of them the journey tells so, `reasons` why others are not; of `handed` a handover tells, `unsaid`
    why of others none does. `invented` are crossings that a handover told at some time and that were none, by
    why. `faults` is what nothing of this explains, in words.
    """

    crossings: int
    told: int
    reasons: Counter[Reason]
    handed: int
    unsaid: Counter[Reason | UnreportedReason]
    invented: Counter[Reason]
    faults: list[str]


class ForetoldScore(NamedTuple):
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


def handovers_by_vehicle(emitted: EmittedHits) -> dict[VehicleKey, list[Hit]]:
    """All revisions of handovers, by vehicle."""
    found: dict[VehicleKey, list[Hit]] = defaultdict(list)
    for hit in emitted.hits:
        if hit.handover is not None:
            found[hit_key(hit)].append(hit)
    return found


def score_crossings(
    environment: TrafficEnvironment, vehicle: Vehicle, revisions: Sequence[Hit]
) -> CrossingScore:
    """How the crossings of a vehicle are told; `revisions` are those of its handovers."""
    gap_ms = round(environment.correlation.journey_gap_hours * 3_600_000)
    reads: dict[str, list[MatchedRead]] = defaultdict(list)
    for each in vehicle.matched_reads:
        if vehicle.is_own(each.truth):
            reads[each.truth.passage_id].append(each)
    pairs = [
        (one, other)
        for one, other in pairwise(vehicle.matched_passages())
        if environment.territory(one.site_id) != environment.territory(other.site_id)
        and to_ms(other.passed_at) - to_ms(one.passed_at) <= gap_ms
    ]
    said = {
        (hit.handover.from_, hit.handover.to, to_ms(hit.handover.earliest))
        for hit in revisions
        if hit.handover is not None and hit.handover.state == "crossed"
    }
    reasons: Counter[Reason] = Counter()
    unsaid: Counter[Reason | UnreportedReason] = Counter()
    faults: list[str] = []
    told = handed = 0
    for one, other in pairs:
        what = f"{vehicle.vehicle_id}: the crossing from {one.passage_id} to {other.passage_id}"
        why = _missing_reason(vehicle, one, other, gap_ms)
        told += why is None
        if why == "nothing":
            faults.append(f"{what} is not in its journey")
        elif why is not None:
            reasons[why] += 1
        borders = environment.territory(one.site_id), environment.territory(other.site_id)
        if any((*borders, each.captured_ms) in said for each in reads[other.passage_id]):
            handed += 1
        elif why is not None:
            unsaid[why] += 1
        else:
            late = _unreported_reason(environment, vehicle, reads, one, other)
            if late is None:
                faults.append(f"{what} is told by no handover")
            else:
                unsaid[late] += 1
    invented = _false_crossings(environment, vehicle, revisions)
    if invented.pop("nothing", 0):
        faults.append(f"{vehicle.vehicle_id}: a handover tells of a crossing that was none")
    return CrossingScore(len(pairs), told, reasons, handed, unsaid, invented, faults)


def score_foretold(
    environment: TrafficEnvironment, vehicle: Vehicle, revisions: Iterable[Hit]
) -> ForetoldScore:
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
        truth = environment.truths[hit.read.read_id]
        if not begins or not vehicle.is_own(truth) or to_ms(handover.latest) > environment.end_ms:
            continue
        told += 1
        there = _next_abroad(environment, vehicle, truth.passage_id)
        if there is not None and environment.territory(there.site_id) == handover.to:
            came += 1
            at_site += there.site_id == handover.site_id
            minutes = (to_ms(there.passed_at) - to_ms(hit.emitted_at)) / MINUTE_MS
            before.setdefault(there.passage_id, minutes)
    there_ids = _foreseeable_crossings(environment, vehicle)
    early = [before[each] for each in there_ids if before.get(each, 0.0) > 0]
    return ForetoldScore(told, came, at_site, len(there_ids), len(early), early)


def _foreseeable_crossings(environment: TrafficEnvironment, vehicle: Vehicle) -> list[str]:
    """The first passages across a border, where a passage on this side was matched on the same trip."""
    matched = {each.passage_id for each in vehicle.matched_passages()}
    found: list[str] = []
    before: TruePassage | None = None
    seen = False
    for each in vehicle.true_passages:
        on_trip = before is not None and before.trip_id == each.trip_id
        if before is not None and environment.territory(before.site_id) != environment.territory(
            each.site_id
        ):
            if on_trip and seen:
                found.append(each.passage_id)
            seen = False
        seen = (seen and on_trip) or each.passage_id in matched
        before = each
    return found


def _next_abroad(environment: TrafficEnvironment, vehicle: Vehicle, passage_id: str) -> TruePassage | None:
    """The next passage on the same trip that is in another territory."""
    number = next(place for place, each in enumerate(vehicle.true_passages) if each.passage_id == passage_id)
    here = vehicle.true_passages[number]
    for each in vehicle.true_passages[number + 1 :]:
        if each.trip_id != here.trip_id:
            return None
        if environment.territory(each.site_id) != environment.territory(here.site_id):
            return each
    return None


def _missing_reason(vehicle: Vehicle, before: TruePassage, after: TruePassage, gap_ms: int) -> Reason | None:
    """Why the journey does not tell a crossing; None if it does."""
    passages = [each.truth.passage_id for each in vehicle.active_hits]
    if before.passage_id not in passages or after.passage_id not in passages:
        return "one passage"
    by_id = {each.hit.hit_id: each.truth.passage_id for each in vehicle.active_hits}
    for each in vehicle.active_hits:
        if each.truth.passage_id == after.passage_id and each.hit.journey is not None:
            last = each.hit.journey.passages[-2:]
            apart = len({passed.territory for passed in last}) > 1
            if apart and [by_id[passed.hit_id] for passed in last] == [before.passage_id, after.passage_id]:
                return None
    first = max(place for place, each in enumerate(passages) if each == before.passage_id)
    second = next((place for place, each in enumerate(passages) if each == after.passage_id), first)
    between = vehicle.active_hits[min(first, second) : max(first, second) + 1]
    if second < first or (len(between) > 2 and all(vehicle.is_own(each.truth) for each in between)):
        return "a clock"
    if between[-1].captured_ms - between[0].captured_ms > gap_ms:
        return "a clock"
    near = [each for each in vehicle.active_hits if between[0].captured_ms - each.captured_ms <= gap_ms]
    if any(vehicle.is_copy(each.truth) for each in near):
        return "a copy"
    return "nothing" if all(vehicle.is_own(each.truth) for each in near) else "another vehicle"


def _unreported_reason(
    environment: TrafficEnvironment,
    vehicle: Vehicle,
    reads: Mapping[str, Sequence[MatchedRead]],
    one: TruePassage,
    other: TruePassage,
) -> Reason | UnreportedReason | None:
    """Why no handover tells of a crossing that the journey tells; None if nothing explains it."""
    both = max(reads[one.passage_id][0], reads[other.passage_id][0])
    crossed_at = min(each.captured_ms for each in reads[other.passage_id])
    if both.now_ms >= crossed_at + environment.correlation.handover_minutes * MINUTE_MS:
        return "too late"
    if (
        min(each.match.result.posterior or 1.0 for each in reads[other.passage_id])
        < environment.correlation.handover_posterior
    ):
        return "unlikely"
    before = [
        each for each in vehicle.matched_reads if each.index < both.index and each.captured_ms > crossed_at
    ]
    here = environment.territory(other.site_id)
    elsewhere = [each.truth for each in before if environment.territory(each.truth.site_id) != here]
    if any(vehicle.is_own(truth) and truth.passed_at > other.passed_at for truth in elsewhere):
        return "overtaken"
    # It had not been elsewhere, but a clock said so; or the two seem too near for the way between them.
    if elsewhere or any(
        each.is_clock_wrong for passage in (one, other) for each in reads[passage.passage_id]
    ):
        return "a clock"
    gap_ms = round(environment.correlation.journey_gap_hours * 3_600_000)
    near = (each.truth for each in vehicle.matched_reads if abs(each.captured_ms - crossed_at) <= gap_ms)
    return "a copy" if any(map(vehicle.is_copy, near)) else None


def _false_crossings(
    environment: TrafficEnvironment, vehicle: Vehicle, revisions: Iterable[Hit]
) -> Counter[Reason]:
    """Crossings told that were none, each once: the last passage read in time before was not on that side."""
    in_time = {
        each.truth.passage_id
        for each in vehicle.matched_reads
        if vehicle.is_own(each.truth) and not each.match.read.retransmitted
    }
    place = {each.passage_id: number for number, each in enumerate(vehicle.true_passages)}
    by_time = {(each.captured_ms, each.truth.site_id): each for each in vehicle.matched_reads}
    alone = all(vehicle.is_own(each.truth) for each in vehicle.matched_reads)
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
            for each in vehicle.true_passages[:number]
            if each.passage_id in in_time and each.site_id != caught.truth.site_id
        ]
        if before and environment.territory(before[-1].site_id) == from_:
            continue
        near = {
            each.passage_id
            for each in vehicle.true_passages[max(number - _NEIGHBOURS, 0) : number + _NEIGHBOURS + 1]
        }
        late = any(
            each.match.read.retransmitted for each in vehicle.matched_reads if each.truth.passage_id in near
        )
        if any(each.is_clock_wrong for each in vehicle.matched_reads if each.truth.passage_id in near):
            found["a clock"] += 1
        elif not alone:
            found["a copy"] += 1
        elif not late:
            found["nothing"] += 1
    return found
