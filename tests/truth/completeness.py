"""Whether each journey is told whole: its sites, none missing, none of another vehicle, in order."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from streams.records.times import to_ms
from streams.simulation.truth import TruePassage
from tests.truth.environment import TrafficEnvironment
from tests.truth.vehicles import GOOD_CLOCK_MS, ActiveHit, MatchedRead, Vehicle

Reason = Literal["another vehicle", "a copy", "a clock", "one passage", "nothing"]
"""Why a journey is not told as it was: a false hit of another vehicle is in it; so is a hit of a copy of its
plate; a camera's clock is wrong; two passages of a site were within the gap that makes them one. Where
nothing explains it, it is a fault."""


class Completeness(NamedTuple):
    """How the journeys of one vehicle are told.

    `passages` are the true ones in which cameras were passed, `lost` those of them that no camera read,
    `misread` those of which no read was matched. The others make the true journeys: `journeys` are those of
    two or more passages, `whole` those of them that are told just so, `reasons` why others are not, `single`
    those of one passage.

    `foreign` are standing hits of other vehicles, `copies` those of copies, `merged` passages without a
    standing hit of their own, for it is one passage with another, `twice` passages with two, for clocks are
    apart, `inverted` neighbours in the wrong order, `left_out` own passages that the journey of a later hit
    leaves out as doubtful. `faults` is what nothing of this explains, in words.
    """

    passages: int
    lost: int
    misread: int
    journeys: int
    whole: int
    single: int
    reasons: Counter[Reason]
    foreign: int
    copies: int
    merged: int
    twice: int
    inverted: int
    left_out: int
    faults: list[str]


def score_completeness(environment: TrafficEnvironment, vehicle: Vehicle) -> Completeness:
    """How the journeys of a vehicle are told."""
    gap_ms = round(environment.correlation.journey_gap_hours * 3_600_000)
    own = [each for each in vehicle.active_hits if vehicle.is_own(each.truth)]
    copies = [each for each in vehicle.active_hits if vehicle.is_copy(each.truth)]
    matched = vehicle.matched_passages()
    told = Counter(each.truth.passage_id for each in own)
    missing = [each for each in matched if not told[each.passage_id]]
    twice = [passage_id for passage_id, count in told.items() if count > 1]
    runs = _passage_runs(environment, vehicle)
    faults = [
        f"{vehicle.vehicle_id}: no hit stands of its passage {each.passage_id} at {each.site_id}"
        for each in missing
        if not _is_merged(each.passage_id, runs, vehicle.active_hits)
    ]
    faults += [
        f"{vehicle.vehicle_id}: two hits stand of its passage {passage_id}"
        for passage_id in twice
        if sum(any(each.truth.passage_id == passage_id for each in run) for run in runs) < told[passage_id]
    ]
    segments = _segments(vehicle.active_hits, gap_ms)
    left_out = 0
    names: Counter[str] = Counter()
    for segment in segments:
        mixed = len({vehicle.is_own(each.truth) for each in segment}) > 1
        its = {each.hit.journey.journey_id for each in segment if each.hit.journey is not None}
        names.update(its)
        if len(its) > 1 and not mixed:
            faults.append(f"{vehicle.vehicle_id}: the hits of one journey have {len(its)} journey ids")
        found = _check_segment(vehicle, segment, environment.correlation.journey_passages, mixed)
        left_out += found.left_out
        faults += found.faults
    faults += [
        f"{vehicle.vehicle_id}: journeys have one id, {name}" for name, count in names.items() if count > 1
    ]
    true = [run for run in _split_journeys(matched, gap_ms) if len(run) > 1]
    reasons: Counter[Reason] = Counter()
    whole = 0
    for journey in true:
        why = _incomplete_reason(vehicle, journey, segments, gap_ms)
        whole += why is None
        if why == "nothing":
            faults.append(f"{vehicle.vehicle_id}: the journey of {journey[0].trip_id} is not told as it was")
        elif why is not None:
            reasons[why] += 1
    return Completeness(
        passages=len(vehicle.true_passages),
        lost=sum(not each.read for each in vehicle.true_passages),
        misread=sum(each.read for each in vehicle.true_passages) - len(matched),
        journeys=len(true),
        whole=whole,
        single=len(_split_journeys(matched, gap_ms)) - len(true),
        reasons=reasons,
        foreign=len(vehicle.active_hits) - len(own) - len(copies),
        copies=len(copies),
        merged=len(missing),
        twice=len(twice),
        inverted=sum(one.truth.passed_at > other.truth.passed_at for one, other in pairwise(own)),
        left_out=left_out,
        faults=faults,
    )


class _SegmentCheck(NamedTuple):
    left_out: int
    faults: list[str]


def _check_segment(
    vehicle: Vehicle, segment: Sequence[ActiveHit], max_passages: int, mixed: bool
) -> _SegmentCheck:
    """Whether each hit of a journey tells the hits before it, in the order of clocks.

    Where other vehicles are among them, doubtful ones are left out, and perhaps its own beside them.
    """
    faults: list[str] = []
    left_out: set[str] = set()
    ids = [each.hit.hit_id for each in segment]
    own = {each.hit.hit_id for each in segment if vehicle.is_own(each.truth)}
    for number, each in enumerate(segment):
        journey = each.hit.journey
        if journey is None:
            faults.append(f"{vehicle.vehicle_id}: the hit {each.hit.hit_id} tells no journey")
            continue
        told = [passed.hit_id for passed in journey.passages]
        expected = ids[: number + 1][-max_passages:]
        if mixed:
            there = set(told)
            in_order = [hit_id for hit_id in ids[: number + 1] if hit_id in there]
            left_out |= {hit_id for hit_id in expected if hit_id in own} - there
            right = told == in_order and told[-1] == each.hit.hit_id
        else:
            right = told == expected and journey.doubtful == 0
            right = right and journey.longer == (number >= max_passages)
        if not right:
            faults.append(f"{vehicle.vehicle_id}: the journey of {each.hit.hit_id} is told as {told}")
    return _SegmentCheck(len(left_out), faults)


def _incomplete_reason(
    vehicle: Vehicle, journey: Sequence[TruePassage], segments: Sequence[Sequence[ActiveHit]], gap_ms: int
) -> Reason | None:
    """Why a true journey is not told as it was; None if it is."""
    wanted = [each.passage_id for each in journey]
    there = set(wanted)
    its = [segment for segment in segments if any(each.truth.passage_id in there for each in segment)]
    if len(its) == 1 and [each.truth.passage_id for each in its[0]] == wanted:
        return None
    stops = [each for segment in its for each in segment]
    if any(vehicle.is_copy(each.truth) for each in stops):
        return "a copy"
    if not all(vehicle.is_own(each.truth) for each in stops):
        return "another vehicle"
    if not there <= {each.truth.passage_id for each in stops}:
        return "one passage"
    # Also one at a passage before or behind that the clock makes part of this journey.
    told = there | {each.truth.passage_id for each in stops}
    wrong = any(each.is_clock_wrong for each in vehicle.matched_reads if each.truth.passage_id in told)
    # Clocks that are right are so to tenths of a second; that can make two journeys of one, or one of two.
    times = [to_ms(each.passed_at) for each in vehicle.matched_passages()]
    close = any(abs(other - one - gap_ms) < GOOD_CLOCK_MS for one, other in pairwise(times))
    return "a clock" if wrong or close else "nothing"


def _is_merged(passage_id: str, runs: Iterable[Sequence[MatchedRead]], stood: Iterable[ActiveHit]) -> bool:
    """Whether all reads of a passage are in runs with another passage, of which one hit stands."""
    ids = {each.hit.read.read_id for each in stood}
    its = [run for run in runs if any(each.truth.passage_id == passage_id for each in run)]
    return all(
        any(each.truth.passage_id != passage_id for each in run)
        and sum(each.match.read.read_id in ids for each in run) == 1
        for run in its
    )


def _passage_runs(environment: TrafficEnvironment, vehicle: Vehicle) -> list[list[MatchedRead]]:
    """Reads of one site, each within the gap of the next: what counts as one passage."""
    gap_ms = environment.correlation.passage_gap_s * 1000
    runs: list[list[MatchedRead]] = []
    for each in sorted(vehicle.matched_reads, key=lambda each: (each.truth.site_id, each.captured_ms)):
        last = runs[-1][-1] if runs else None
        if (
            last
            and last.truth.site_id == each.truth.site_id
            and each.captured_ms - last.captured_ms <= gap_ms
        ):
            runs[-1].append(each)
        else:
            runs.append([each])
    return runs


def _segments(stood: Iterable[ActiveHit], gap_ms: int) -> list[list[ActiveHit]]:
    """Standing hits as journeys, by the cameras' clocks."""
    found: list[list[ActiveHit]] = []
    for each in stood:
        if found and each.captured_ms - found[-1][-1].captured_ms <= gap_ms:
            found[-1].append(each)
        else:
            found.append([each])
    return found


def _split_journeys(passages: Iterable[TruePassage], gap_ms: int) -> list[list[TruePassage]]:
    """Passages as journeys, by the true time."""
    found: list[list[TruePassage]] = []
    for each in passages:
        if found and to_ms(each.passed_at) - to_ms(found[-1][-1].passed_at) <= gap_ms:
            found[-1].append(each)
        else:
            found.append([each])
    return found
