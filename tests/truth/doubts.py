"""Doubts whether it is one vehicle, beside the truth: copies found, copies not found, doubts of no copy."""

from collections.abc import Iterable
from typing import NamedTuple

from streams.correlation.config import CorrelationConfig
from streams.network.routing import Network
from tests.truth.emitted import EmittedHits, hit_key
from tests.truth.environment import TrafficEnvironment
from tests.truth.vehicles import MatchedRead, Vehicle


class DoubtScore(NamedTuple):
    """The doubts of one vehicle.

    `copied`: a copy of its plate was matched too; `possible`: two sure reads of the two are sooner apart than
    one vehicle can be, whatever the clocks; `too_fast`, `looks`: a hit that stands has such a doubt.
    """

    copied: bool
    possible: bool
    too_fast: bool
    looks: bool


def score_doubts(environment: TrafficEnvironment, network: Network, vehicle: Vehicle) -> DoubtScore:
    """The doubts of a vehicle, beside the truth."""
    policy = environment.correlation
    kinds = {doubt.kind for each in vehicle.active_hits for doubt in each.hit.doubts}
    sure = [each for each in vehicle.matched_reads if _is_reliable(each, policy)]
    copied = any(vehicle.is_copy(each.truth) for each in vehicle.matched_reads)
    return DoubtScore(
        copied,
        copied and _is_too_fast(vehicle, sure, network, policy),
        "too-fast" in kinds,
        "looks" in kinds,
    )


def all_too_fast(environment: TrafficEnvironment, emitted: EmittedHits) -> list[str]:
    """All hits that were ever told with the doubt `too-fast`, in words with the reads."""
    reads = {hit.hit_id: hit.read for hit in emitted.hits}
    found = []
    for hit in emitted.hits:
        for doubt in hit.doubts:
            if doubt.kind == "too-fast":
                truth = environment.truths[hit.read.read_id]
                found.append(f"{hit_key(hit)}: {reads.get(doubt.hit_id)} and {hit.read} of {truth}: {doubt}")
    return found


def _is_reliable(caught: MatchedRead, policy: CorrelationConfig) -> bool:
    """As the policy has it: a read that may speak against another."""
    read, result = caught.match.read, caught.match.result
    return (
        result.class_ == "exact"
        and not result.contradictions
        and (result.posterior or 0.0) >= policy.sure_posterior
        and (read.confidence is None or read.confidence >= policy.sure_confidence)
    )


def _is_too_fast(
    vehicle: Vehicle, reads: Iterable[MatchedRead], network: Network, policy: CorrelationConfig
) -> bool:
    """Whether a read of the vehicle and one of a copy are sooner apart than one vehicle can be.

    That is less than `clone_share` of the best travel time, also if both clocks are as wrong as they may be.
    """
    its = sorted(reads, key=lambda each: each.captured_ms)
    errors_ms = 2000 * policy.clock_error_s
    for number, one in enumerate(its):
        for other in its[number + 1 :]:
            if vehicle.is_own(one.truth) == vehicle.is_own(other.truth):
                continue
            way = network.route(one.truth.site_id, other.truth.site_id)
            elapsed = other.captured_ms - one.captured_ms + errors_ms
            if way is not None and elapsed < policy.clone_share * way.best_ms:
                return True
    return False
