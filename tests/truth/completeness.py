"""Completeness of journeys: all sites of the vehicle, none of another vehicle, in order."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from streams.records.times import HOUR_MS, SECOND_MS, to_ms
from streams.simulation.truth import TruePassage
from tests.truth.environment import TrafficEnvironment
from tests.truth.vehicles import GOOD_CLOCK_MS, ActiveHit, MatchedRead, Vehicle

Reason = Literal["another vehicle", "a copy", "a clock", "one passage", "unexplained"]
"""Why a journey differs from the true one: it has a false hit of another vehicle; it has a hit of a copy of
the plate; the clock of a camera is wrong; two passages at a site are within the gap that makes them one. An
unexplained difference is a fault."""


class Completeness(NamedTuple):
    """The journeys of one vehicle compared with the true ones.

    `passages` are the true passages at cameras; `lost` those without a read, `misread` those without a match
    although they were read. The others form the true journeys: `journeys` those with two or more passages,
    `complete` those of them that were emitted exactly, `reasons` why the others were not, and `single` those
    with one passage.

    `foreign` are active hits of other vehicles, `copies` those of copies. `merged` are passages without an
    active hit of their own, because they form one passage with another. `split` are passages with two, as two
    clocks differ. `inverted` are neighbours in the wrong order, and `left_out` own passages that the journey
    of a later hit excludes as unreliable. `faults` describes what none of this explains.
    """

    passages: int
    lost: int
    misread: int
    journeys: int
    complete: int
    single: int
    reasons: Counter[Reason]
    foreign: int
    copies: int
    merged: int
    split: int
    inverted: int
    left_out: int
    faults: list[str]


class _SegmentCheck(NamedTuple):
    left_out: int
    faults: list[str]


def score_completeness(environment: TrafficEnvironment, vehicle: Vehicle) -> Completeness:
    """Score the journeys of a vehicle."""
    gap_ms = round(environment.correlation.journey_gap_hours * HOUR_MS)
    own = [active for active in vehicle.active_hits if vehicle.is_own(active.truth)]
    copies = [active for active in vehicle.active_hits if vehicle.is_copy(active.truth)]
    matched = vehicle.matched_passages()
    hit_counts = Counter(active.truth.passage_id for active in own)
    missing = [passage for passage in matched if not hit_counts[passage.passage_id]]
    split = [passage_id for passage_id, count in hit_counts.items() if count > 1]
    faults = _passage_faults(environment, vehicle, missing, {id_: hit_counts[id_] for id_ in split})
    segments = _segments(vehicle.active_hits, gap_ms)
    checks = _check_segments(vehicle, segments, environment.correlation.journey_passages)
    faults += checks.faults
    journeys = _split_journeys(matched, gap_ms)
    true_journeys = [journey for journey in journeys if len(journey) > 1]
    reasons: Counter[Reason] = Counter()
    complete = 0
    for journey in true_journeys:
        reason = _incomplete_reason(vehicle, journey, segments, gap_ms)
        complete += reason is None
        if reason == "unexplained":
            faults.append(f"{vehicle.vehicle_id}: the journey of {journey[0].trip_id} differs from the truth")
        elif reason is not None:
            reasons[reason] += 1
    return Completeness(
        passages=len(vehicle.true_passages),
        lost=sum(not passage.read for passage in vehicle.true_passages),
        misread=sum(passage.read for passage in vehicle.true_passages) - len(matched),
        journeys=len(true_journeys),
        complete=complete,
        single=len(journeys) - len(true_journeys),
        reasons=reasons,
        foreign=len(vehicle.active_hits) - len(own) - len(copies),
        copies=len(copies),
        merged=len(missing),
        split=len(split),
        inverted=sum(first.truth.passed_at > second.truth.passed_at for first, second in pairwise(own)),
        left_out=checks.left_out,
        faults=faults,
    )


def _passage_faults(
    environment: TrafficEnvironment,
    vehicle: Vehicle,
    missing: Iterable[TruePassage],
    split: dict[str, int],
) -> list[str]:
    """Describe unexplained passages without a hit and with several, which are counted in `split`."""
    runs = _passage_runs(environment, vehicle)
    faults = [
        f"{vehicle.vehicle_id}: no active hit of its passage {passage.passage_id} at {passage.site_id}"
        for passage in missing
        if not _is_merged(passage.passage_id, runs, vehicle.active_hits)
    ]
    for passage_id, hit_count in split.items():
        run_count = sum(any(read.truth.passage_id == passage_id for read in run) for run in runs)
        if run_count < hit_count:
            faults.append(f"{vehicle.vehicle_id}: two active hits of its passage {passage_id}")
    return faults


def _check_segments(
    vehicle: Vehicle, segments: Iterable[Sequence[ActiveHit]], max_passages: int
) -> _SegmentCheck:
    """Check that each segment has a journey id of its own, and that its hits list those before them."""
    left_out, faults = 0, list[str]()
    segments_by_id: Counter[str] = Counter()
    for segment in segments:
        is_mixed = len({vehicle.is_own(active.truth) for active in segment}) > 1
        ids = {active.hit.journey.journey_id for active in segment if active.hit.journey is not None}
        segments_by_id.update(ids)
        if len(ids) > 1 and not is_mixed:
            faults.append(f"{vehicle.vehicle_id}: the hits of one journey have {len(ids)} journey ids")
        check = _check_segment(vehicle, segment, max_passages, is_mixed)
        left_out += check.left_out
        faults += check.faults
    for journey_id, count in segments_by_id.items():
        if count > 1:
            faults.append(f"{vehicle.vehicle_id}: {count} journeys have the id {journey_id}")
    return _SegmentCheck(left_out, faults)


def _check_segment(
    vehicle: Vehicle, segment: Sequence[ActiveHit], max_passages: int, is_mixed: bool
) -> _SegmentCheck:
    """Check that each hit of a journey lists the hits before it, in the order of the cameras' clocks.

    In a segment mixed with other vehicles, unreliable hits are excluded, perhaps with own ones.
    """
    faults: list[str] = []
    left_out: set[str] = set()
    hit_ids = [active.hit.hit_id for active in segment]
    own = {active.hit.hit_id for active in segment if vehicle.is_own(active.truth)}
    for index, active in enumerate(segment):
        journey = active.hit.journey
        if journey is None:
            faults.append(f"{vehicle.vehicle_id}: the hit {active.hit.hit_id} has no journey")
            continue
        listed = [passed.hit_id for passed in journey.passages]
        expected = hit_ids[: index + 1][-max_passages:]
        if is_mixed:
            in_order = [hit_id for hit_id in hit_ids[: index + 1] if hit_id in set(listed)]
            left_out |= {hit_id for hit_id in expected if hit_id in own} - set(listed)
            is_right = listed == in_order and listed[-1] == active.hit.hit_id
        else:
            is_right = listed == expected and journey.doubtful == 0
            is_right = is_right and journey.longer == (index >= max_passages)
        if not is_right:
            faults.append(f"{vehicle.vehicle_id}: the journey of {active.hit.hit_id} lists {listed}")
    return _SegmentCheck(len(left_out), faults)


def _incomplete_reason(
    vehicle: Vehicle, journey: Sequence[TruePassage], segments: Sequence[Sequence[ActiveHit]], gap_ms: int
) -> Reason | None:
    """Return why a true journey was not emitted exactly; None if it was."""
    expected = [passage.passage_id for passage in journey]
    expected_ids = set(expected)
    overlapping = [
        segment for segment in segments if any(active.truth.passage_id in expected_ids for active in segment)
    ]
    if len(overlapping) == 1 and [active.truth.passage_id for active in overlapping[0]] == expected:
        return None
    active_hits = [active for segment in overlapping for active in segment]
    if any(vehicle.is_copy(active.truth) for active in active_hits):
        return "a copy"
    if not all(vehicle.is_own(active.truth) for active in active_hits):
        return "another vehicle"
    emitted_ids = {active.truth.passage_id for active in active_hits}
    if not expected_ids <= emitted_ids:
        return "one passage"
    # A wrong clock may also add a passage before or after to this journey.
    is_clock_wrong = any(
        read.is_clock_wrong for read in vehicle.matched_reads if read.truth.passage_id in emitted_ids
    )
    # Right clocks differ by tenths of a second, which can join two journeys or divide one.
    times = [to_ms(passage.passed_at) for passage in vehicle.matched_passages()]
    is_close = any(abs(second - first - gap_ms) < GOOD_CLOCK_MS for first, second in pairwise(times))
    return "a clock" if is_clock_wrong or is_close else "unexplained"


def _is_merged(
    passage_id: str, runs: Iterable[Sequence[MatchedRead]], active_hits: Iterable[ActiveHit]
) -> bool:
    """True if all reads of a passage are in runs with another passage that have one active hit."""
    read_ids = {active.hit.read.read_id for active in active_hits}
    own_runs = [run for run in runs if any(read.truth.passage_id == passage_id for read in run)]
    return all(
        any(read.truth.passage_id != passage_id for read in run)
        and sum(read.match.read.read_id in read_ids for read in run) == 1
        for run in own_runs
    )


def _passage_runs(environment: TrafficEnvironment, vehicle: Vehicle) -> list[list[MatchedRead]]:
    """Group the matched reads at each site into runs within the passage gap: what counts as one passage."""
    gap_ms = environment.correlation.passage_gap_s * SECOND_MS
    runs: list[list[MatchedRead]] = []
    for read in sorted(vehicle.matched_reads, key=lambda read: (read.truth.site_id, read.captured_ms)):
        last = runs[-1][-1] if runs else None
        if (
            last
            and last.truth.site_id == read.truth.site_id
            and read.captured_ms - last.captured_ms <= gap_ms
        ):
            runs[-1].append(read)
        else:
            runs.append([read])
    return runs


def _segments(active_hits: Iterable[ActiveHit], gap_ms: int) -> list[list[ActiveHit]]:
    """Group active hits into journeys, by the cameras' clocks."""
    segments: list[list[ActiveHit]] = []
    for active in active_hits:
        if segments and active.captured_ms - segments[-1][-1].captured_ms <= gap_ms:
            segments[-1].append(active)
        else:
            segments.append([active])
    return segments


def _split_journeys(passages: Iterable[TruePassage], gap_ms: int) -> list[list[TruePassage]]:
    """Group passages into journeys, by the true time."""
    journeys: list[list[TruePassage]] = []
    for passage in passages:
        if journeys and to_ms(passage.passed_at) - to_ms(journeys[-1][-1].passed_at) <= gap_ms:
            journeys[-1].append(passage)
        else:
            journeys.append([passage])
    return journeys
