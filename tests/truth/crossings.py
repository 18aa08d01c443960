"""Scores of border crossings: those in journeys and handovers, and those expected ahead."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final, Literal, NamedTuple

from streams.correlation.passages import VehicleKey
from streams.records.hit import Hit
from streams.records.times import HOUR_MS, MINUTE_MS, to_ms
from streams.simulation.truth import TruePassage
from tests.truth.completeness import Reason
from tests.truth.emitted import EmittedHits, hit_key
from tests.truth.environment import TrafficEnvironment
from tests.truth.vehicles import MatchedRead, Vehicle

_NEIGHBOURS: Final = 5
"""Number of passages before and after one that may have arrived in another order."""
UnreportedReason = Literal["too late", "overtaken", "unlikely"]
"""Why a crossing has no handover: the handover had ended when both reads were in; the vehicle had been read
after another crossing by then; the posterior of the read is too low."""


class CrossingScore(NamedTuple):
    """The crossings of one vehicle between two successive matched passages of a journey.

    `in_journey` of them are in the journey, `reasons` says why others are not. `in_handover` of them have a
    handover, `unreported` says why others have none. `false` are crossings of a handover that did not happen,
    by reason. `faults` describes what none of this explains.
    """

    crossings: int
    in_journey: int
    reasons: Counter[Reason]
    in_handover: int
    unreported: Counter[Reason | UnreportedReason]
    false: Counter[Reason]
    faults: list[str]


class ForetoldScore(NamedTuple):
    """Handovers before the crossing (`heading`) of one vehicle.

    Of `handovers`, the vehicle crossed the border in `crossed`, `at_site` of them at the site that the
    handover names. `crossings` are those that could be foretold, because the vehicle was matched on the same
    trip on this side; `foretold` of them were, `minutes` before.
    """

    handovers: int
    crossed: int
    at_site: int
    crossings: int
    foretold: int
    minutes: list[float]


def handovers_by_vehicle(emitted: EmittedHits) -> dict[VehicleKey, list[Hit]]:
    """Group all revisions of handovers by vehicle."""
    grouped: dict[VehicleKey, list[Hit]] = defaultdict(list)
    for hit in emitted.hits:
        if hit.handover is not None:
            grouped[hit_key(hit)].append(hit)
    return grouped


def score_crossings(
    environment: TrafficEnvironment, vehicle: Vehicle, revisions: Sequence[Hit]
) -> CrossingScore:
    """Score the crossings of a vehicle, given the revisions of its handovers."""
    gap_ms = round(environment.correlation.journey_gap_hours * HOUR_MS)
    reads: dict[str, list[MatchedRead]] = defaultdict(list)
    for read in vehicle.matched_reads:
        if vehicle.is_own(read.truth):
            reads[read.truth.passage_id].append(read)
    handovers = {
        (hit.handover.from_, hit.handover.to, to_ms(hit.handover.earliest))
        for hit in revisions
        if hit.handover is not None and hit.handover.state == "crossed"
    }
    reasons: Counter[Reason] = Counter()
    unreported: Counter[Reason | UnreportedReason] = Counter()
    faults: list[str] = []
    crossings = in_journey = in_handover = 0
    for before, after in pairwise(vehicle.matched_passages()):
        territories = environment.territory(before.site_id), environment.territory(after.site_id)
        if territories[0] == territories[1] or to_ms(after.passed_at) - to_ms(before.passed_at) > gap_ms:
            continue
        crossings += 1
        crossing = f"{vehicle.vehicle_id}: the crossing from {before.passage_id} to {after.passage_id}"
        reason = _missing_reason(vehicle, before, after, gap_ms)
        in_journey += reason is None
        if reason == "unexplained":
            faults.append(f"{crossing} is not in its journey")
        elif reason is not None:
            reasons[reason] += 1
        if any((*territories, read.captured_ms) in handovers for read in reads[after.passage_id]):
            in_handover += 1
        elif reason is not None:
            unreported[reason] += 1
        else:
            unreported_reason = _unreported_reason(environment, vehicle, reads, before, after)
            if unreported_reason is None:
                faults.append(f"{crossing} has no handover")
            else:
                unreported[unreported_reason] += 1
    false = _false_crossings(environment, vehicle, revisions)
    if false.pop("unexplained", 0):
        faults.append(f"{vehicle.vehicle_id}: a handover is of a crossing that did not happen")
    return CrossingScore(crossings, in_journey, reasons, in_handover, unreported, false, faults)


def score_foretold(
    environment: TrafficEnvironment, vehicle: Vehicle, revisions: Iterable[Hit]
) -> ForetoldScore:
    """Score the handovers before the crossing of a vehicle.

    A handover counts once from its first revision until the vehicle has crossed or it is withdrawn. Left out
    are those of a read of another vehicle, and those that last beyond the end of the traffic.
    """
    active: set[str] = set()
    handovers = crossed = at_site = 0
    minutes_ahead: dict[str, float] = {}
    for hit in revisions:
        handover = hit.handover
        if handover is None:
            continue
        is_heading = hit.kind != "withdrawn" and handover.state == "heading"
        is_first = is_heading and hit.hit_id not in active
        (active.add if is_heading else active.discard)(hit.hit_id)
        truth = environment.truths[hit.read.read_id]
        if not is_first or not vehicle.is_own(truth) or to_ms(handover.latest) > environment.end_ms:
            continue
        handovers += 1
        next_abroad = _next_abroad(environment, vehicle, truth.passage_id)
        if next_abroad is not None and environment.territory(next_abroad.site_id) == handover.to:
            crossed += 1
            at_site += next_abroad.site_id == handover.site_id
            minutes = (to_ms(next_abroad.passed_at) - to_ms(hit.emitted_at)) / MINUTE_MS
            minutes_ahead.setdefault(next_abroad.passage_id, minutes)
    foreseeable = _foreseeable_crossings(environment, vehicle)
    foretold = [minutes_ahead[id_] for id_ in foreseeable if minutes_ahead.get(id_, 0.0) > 0]
    return ForetoldScore(handovers, crossed, at_site, len(foreseeable), len(foretold), foretold)


def _foreseeable_crossings(environment: TrafficEnvironment, vehicle: Vehicle) -> list[str]:
    """Return the first passages across a border after a matched passage on this side of the same trip."""
    matched = {passage.passage_id for passage in vehicle.matched_passages()}
    foreseeable: list[str] = []
    previous: TruePassage | None = None
    is_matched = False
    for passage in vehicle.true_passages:
        is_same_trip = previous is not None and previous.trip_id == passage.trip_id
        if previous is not None and environment.territory(previous.site_id) != environment.territory(
            passage.site_id
        ):
            if is_same_trip and is_matched:
                foreseeable.append(passage.passage_id)
            is_matched = False
        is_matched = (is_matched and is_same_trip) or passage.passage_id in matched
        previous = passage
    return foreseeable


def _next_abroad(environment: TrafficEnvironment, vehicle: Vehicle, passage_id: str) -> TruePassage | None:
    """Return the next passage on the same trip that is in another territory."""
    index = _passage_indexes(vehicle)[passage_id]
    start = vehicle.true_passages[index]
    for passage in vehicle.true_passages[index + 1 :]:
        if passage.trip_id != start.trip_id:
            return None
        if environment.territory(passage.site_id) != environment.territory(start.site_id):
            return passage
    return None


def _passage_indexes(vehicle: Vehicle) -> dict[str, int]:
    return {passage.passage_id: index for index, passage in enumerate(vehicle.true_passages)}


def _missing_reason(vehicle: Vehicle, before: TruePassage, after: TruePassage, gap_ms: int) -> Reason | None:
    """Return why the journey lacks a crossing; None if it has it."""
    passage_ids = [active.truth.passage_id for active in vehicle.active_hits]
    if before.passage_id not in passage_ids or after.passage_id not in passage_ids:
        return "one passage"
    if _is_in_journey(vehicle, before, after):
        return None
    first = max(index for index, id_ in enumerate(passage_ids) if id_ == before.passage_id)
    second = next((index for index, id_ in enumerate(passage_ids) if id_ == after.passage_id), first)
    between = vehicle.active_hits[min(first, second) : max(first, second) + 1]
    if second < first or (len(between) > 2 and all(vehicle.is_own(active.truth) for active in between)):
        return "a clock"
    if between[-1].captured_ms - between[0].captured_ms > gap_ms:
        return "a clock"
    near = [active for active in vehicle.active_hits if between[0].captured_ms - active.captured_ms <= gap_ms]
    if any(vehicle.is_copy(active.truth) for active in near):
        return "a copy"
    return "unexplained" if all(vehicle.is_own(active.truth) for active in near) else "another vehicle"


def _is_in_journey(vehicle: Vehicle, before: TruePassage, after: TruePassage) -> bool:
    """True if the hit of the passage after the border lists the passage before it as the last one."""
    passage_by_hit = {active.hit.hit_id: active.truth.passage_id for active in vehicle.active_hits}
    expected = [before.passage_id, after.passage_id]
    for active in vehicle.active_hits:
        if active.truth.passage_id == after.passage_id and active.hit.journey is not None:
            last = active.hit.journey.passages[-2:]
            is_crossing = len({passed.territory for passed in last}) > 1
            if is_crossing and [passage_by_hit[passed.hit_id] for passed in last] == expected:
                return True
    return False


def _unreported_reason(
    environment: TrafficEnvironment,
    vehicle: Vehicle,
    reads: Mapping[str, Sequence[MatchedRead]],
    before: TruePassage,
    after: TruePassage,
) -> Reason | UnreportedReason | None:
    """Return why a crossing in a journey has no handover; None if nothing explains it."""
    config = environment.correlation
    later_read = max(reads[before.passage_id][0], reads[after.passage_id][0])
    crossed_ms = min(read.captured_ms for read in reads[after.passage_id])
    if later_read.now_ms >= crossed_ms + config.handover_minutes * MINUTE_MS:
        return "too late"
    posteriors = [read.match.result.posterior or 1.0 for read in reads[after.passage_id]]
    if min(posteriors) < config.handover_posterior:
        return "unlikely"
    territory = environment.territory(after.site_id)
    elsewhere = [
        read.truth
        for read in vehicle.matched_reads
        if read.index < later_read.index
        and read.captured_ms > crossed_ms
        and environment.territory(read.truth.site_id) != territory
    ]
    if any(vehicle.is_own(truth) and truth.passed_at > after.passed_at for truth in elsewhere):
        return "overtaken"
    # A clock suggested that it had been elsewhere, or the two passages seem too close for the leg.
    if elsewhere or any(
        read.is_clock_wrong for passage in (before, after) for read in reads[passage.passage_id]
    ):
        return "a clock"
    gap_ms = round(config.journey_gap_hours * HOUR_MS)
    near = (read.truth for read in vehicle.matched_reads if abs(read.captured_ms - crossed_ms) <= gap_ms)
    return "a copy" if any(map(vehicle.is_copy, near)) else None


def _false_crossings(
    environment: TrafficEnvironment, vehicle: Vehicle, revisions: Iterable[Hit]
) -> Counter[Reason]:
    """Count the crossings of handovers that did not happen, each once.

    The last passage that was read in time before such a crossing was not on the other side.
    """
    in_time = {
        read.truth.passage_id
        for read in vehicle.matched_reads
        if vehicle.is_own(read.truth) and not read.match.read.retransmitted
    }
    indexes = _passage_indexes(vehicle)
    by_time = {(read.captured_ms, read.truth.site_id): read for read in vehicle.matched_reads}
    is_alone = all(vehicle.is_own(read.truth) for read in vehicle.matched_reads)
    false: Counter[Reason] = Counter()
    crossings = {
        (hit.handover.from_, to_ms(hit.handover.earliest), hit.handover.site_id)
        for hit in revisions
        if hit.handover is not None and hit.handover.state == "crossed"
    }
    for from_, captured_ms, site_id in crossings:
        truth = by_time[captured_ms, site_id].truth
        if not vehicle.is_own(truth):
            false["a copy" if vehicle.is_copy(truth) else "another vehicle"] += 1
            continue
        index = indexes[truth.passage_id]
        # A passage at the same site just before may form one passage with it.
        before = [
            passage
            for passage in vehicle.true_passages[:index]
            if passage.passage_id in in_time and passage.site_id != truth.site_id
        ]
        if before and environment.territory(before[-1].site_id) == from_:
            continue
        reason = _false_crossing_reason(vehicle, index, is_alone)
        if reason is not None:
            false[reason] += 1
    return false


def _false_crossing_reason(vehicle: Vehicle, index: int, is_alone: bool) -> Reason | None:
    """Return why a handover is of a crossing that did not happen; None if late reads explain it."""
    first = max(index - _NEIGHBOURS, 0)
    near = {passage.passage_id for passage in vehicle.true_passages[first : index + _NEIGHBOURS + 1]}
    reads = [read for read in vehicle.matched_reads if read.truth.passage_id in near]
    if any(read.is_clock_wrong for read in reads):
        return "a clock"
    if not is_alone:
        return "a copy"
    return None if any(read.match.read.retransmitted for read in reads) else "unexplained"
