"""Scores of doubts: copies found, copies missed, and doubts without a copy."""

from collections.abc import Iterable
from typing import NamedTuple

from streams.correlation.config import CorrelationConfig
from streams.network.routing import Network
from streams.records.times import SECOND_MS
from tests.truth.emitted import EmittedHits, hit_key
from tests.truth.environment import TrafficEnvironment
from tests.truth.vehicles import MatchedRead, Vehicle


class DoubtScore(NamedTuple):
    """The doubts of one vehicle.

    `copied`: a copy of its plate was matched too. `detectable`: two reliable reads of the two vehicles are
    closer in time than one vehicle can be, whatever the clocks. `too_fast`, `looks`: an active hit has such
    a doubt.
    """

    copied: bool
    detectable: bool
    too_fast: bool
    looks: bool


def score_doubts(environment: TrafficEnvironment, network: Network, vehicle: Vehicle) -> DoubtScore:
    """Score the doubts of a vehicle."""
    config = environment.correlation
    kinds = {doubt.kind for active in vehicle.active_hits for doubt in active.hit.doubts}
    reliable = [read for read in vehicle.matched_reads if _is_reliable(read, config)]
    copied = any(vehicle.is_copy(read.truth) for read in vehicle.matched_reads)
    return DoubtScore(
        copied,
        copied and _is_too_fast(vehicle, reliable, network, config),
        "too-fast" in kinds,
        "looks" in kinds,
    )


def all_too_fast(environment: TrafficEnvironment, emitted: EmittedHits) -> list[str]:
    """Describe all hits that were ever emitted with the doubt `too-fast`, with their reads."""
    reads = {hit.hit_id: hit.read for hit in emitted.hits}
    described = []
    for hit in emitted.hits:
        for doubt in hit.doubts:
            if doubt.kind == "too-fast":
                truth, earlier = environment.truths[hit.read.read_id], reads.get(doubt.hit_id)
                described.append(f"{hit_key(hit)}: {earlier} and {hit.read} of {truth}: {doubt}")
    return described


def _is_reliable(matched: MatchedRead, config: CorrelationConfig) -> bool:
    """True if a read is reliable, as configured."""
    read, result = matched.match.read, matched.match.result
    return (
        result.class_ == "exact"
        and not result.contradictions
        and (result.posterior or 0.0) >= config.sure_posterior
        and (read.confidence is None or read.confidence >= config.sure_confidence)
    )


def _is_too_fast(
    vehicle: Vehicle, reads: Iterable[MatchedRead], network: Network, config: CorrelationConfig
) -> bool:
    """True if a read of the vehicle and one of a copy are closer in time than one vehicle can be.

    That is below `clone_share` of the best travel time, with both clocks wrong by the maximum error.
    """
    ordered = sorted(reads, key=lambda read: read.captured_ms)
    errors_ms = 2 * SECOND_MS * config.clock_error_s
    for index, first in enumerate(ordered):
        for second in ordered[index + 1 :]:
            if vehicle.is_own(first.truth) == vehicle.is_own(second.truth):
                continue
            route = network.route(first.truth.site_id, second.truth.site_id)
            elapsed_ms = second.captured_ms - first.captured_ms + errors_ms
            if route is not None and elapsed_ms < config.clone_share * route.best_ms:
                return True
    return False
