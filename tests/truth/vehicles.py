"""The vehicles of simulated traffic with their matched reads, their active hits and the truth."""

from collections import defaultdict
from typing import Final, NamedTuple

from streams.correlation.passages import VehicleKey
from streams.records.hit import Hit
from streams.records.match import Match
from streams.records.times import Millis, to_ms
from streams.simulation.truth import TruePassage, Truth
from tests.truth.emitted import EmittedHits, hit_key, match_key
from tests.truth.environment import TrafficEnvironment

GOOD_CLOCK_MS: Final = 2_000
"""A clock with a smaller error is right: clocks are synchronised to some tenths of a second."""


class MatchedRead(NamedTuple):
    """A matched read with the truth about it.

    `index` is its position among the matches, `now_ms` the time at which it was matched, and `captured_ms`
    the time by its camera's clock.
    """

    index: int
    now_ms: Millis
    captured_ms: Millis
    match: Match
    truth: Truth

    @property
    def is_clock_wrong(self) -> bool:
        """True if the clock of the camera is wrong."""
        return abs(self.captured_ms - to_ms(self.truth.passed_at)) >= GOOD_CLOCK_MS


class ActiveHit(NamedTuple):
    """The hit of a passage that is active at the end, with the truth about its read.

    `captured_ms` is the time by its camera's clock.
    """

    captured_ms: Millis
    hit: Hit
    truth: Truth


class Vehicle(NamedTuple):
    """A vehicle sought by an alert.

    `true_passages` are in the order of time. `matched_reads` are all reads that match its alert, also those
    of other vehicles, in order of arrival; `active_hits` are in the order of the cameras' clocks.
    """

    vehicle_id: str
    key: VehicleKey
    true_passages: list[TruePassage]
    matched_reads: list[MatchedRead]
    active_hits: list[ActiveHit]

    def is_own(self, truth: Truth) -> bool:
        """True if a read is of this vehicle."""
        return truth.vehicle_id == self.vehicle_id

    def is_copy(self, truth: Truth) -> bool:
        """True if a read is of a vehicle that carries a copy of this one's plate."""
        return truth.clone_of == self.vehicle_id

    def matched_passages(self) -> list[TruePassage]:
        """Return the passages with a matched read, in the order of time."""
        passage_ids = {read.truth.passage_id for read in self.matched_reads if self.is_own(read.truth)}
        return [passage for passage in self.true_passages if passage.passage_id in passage_ids]


class GroupedVehicles(NamedTuple):
    """The vehicles in the order of the truth.

    `unmatched_hits` counts the active hits whose vehicle was not on the road or does not exist, because a
    plate was misread.
    """

    vehicles: list[Vehicle]
    unmatched_hits: int


def group_by_vehicle(environment: TrafficEnvironment, emitted: EmittedHits) -> GroupedVehicles:
    """Group matched reads and active hits by vehicle."""
    reads: dict[VehicleKey, list[MatchedRead]] = defaultdict(list)
    hits: dict[VehicleKey, list[ActiveHit]] = defaultdict(list)
    for index, (match, now_ms) in enumerate(emitted.matches):
        truth = environment.truths[match.read.read_id]
        captured_ms = to_ms(match.read.captured_at)
        reads[match_key(match)].append(MatchedRead(index, now_ms, captured_ms, match, truth))
    for hit in emitted.active_hits():
        truth = environment.truths[hit.read.read_id]
        hits[hit_key(hit)].append(ActiveHit(to_ms(hit.read.captured_at), hit, truth))
    unmatched_hits = sum(
        len(vehicle_hits) for key, vehicle_hits in hits.items() if key not in environment.vehicle_by_key
    )
    vehicles = []
    for vehicle_id, key in environment.key_by_vehicle.items():
        hits[key].sort(key=lambda active: (active.captured_ms, active.hit.hit_id))
        true_passages = environment.passages[vehicle_id]
        vehicles.append(Vehicle(vehicle_id, key, true_passages, reads[key], hits[key]))
    return GroupedVehicles(vehicles, unmatched_hits)
