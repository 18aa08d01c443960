"""Each vehicle with what was matched of it and what stands of it at the end, beside the truth."""

from collections import defaultdict
from typing import Final, NamedTuple

from streams.correlation.passages import VehicleKey
from streams.records.hit import Hit
from streams.records.match import Match
from streams.records.times import to_ms
from streams.simulation.truth import TruePassage, Truth
from tests.truth.emitted import EmittedHits, hit_key, match_key
from tests.truth.environment import TrafficEnvironment

GOOD_CLOCK_MS: Final = 2_000
"""A clock less wrong than this is right: the network sets it to some tenths of a second."""


class MatchedRead(NamedTuple):
    """A read that was matched: its place in the order of matches, the time then (ms since 1970 UTC), when
    its camera's clock said it was (ms too), the match and the truth."""

    index: int
    now_ms: int
    captured_ms: int
    match: Match
    truth: Truth

    @property
    def is_clock_wrong(self) -> bool:
        """Whether its camera's clock is wrong."""
        return abs(self.captured_ms - to_ms(self.truth.passed_at)) >= GOOD_CLOCK_MS


class ActiveHit(NamedTuple):
    """A hit of a passage that stands at the end, when its camera's clock said it was (ms since 1970 UTC), and
    the truth about its read."""

    captured_ms: int
    hit: Hit
    truth: Truth


class Vehicle(NamedTuple):
    """A vehicle that is meant by an alert.

    `true` are all its passages in order of time. `caught` are all reads that were matched with its alert,
    also those of others, in order of arrival; `stood` are the hits that stand, in the order of clocks.
    """

    vehicle_id: str
    key: VehicleKey
    true_passages: list[TruePassage]
    matched_reads: list[MatchedRead]
    active_hits: list[ActiveHit]

    def is_own(self, truth: Truth) -> bool:
        """Whether a read is of this vehicle."""
        return truth.vehicle_id == self.vehicle_id

    def is_copy(self, truth: Truth) -> bool:
        """Whether a read is of a vehicle that carries this one's plate."""
        return truth.clone_of == self.vehicle_id

    def matched_passages(self) -> list[TruePassage]:
        """Its passages of which a read was matched, in order of time."""
        found = {each.truth.passage_id for each in self.matched_reads if self.is_own(each.truth)}
        return [passage for passage in self.true_passages if passage.passage_id in found]


class GroupedVehicles(NamedTuple):
    """The vehicles, in the order of the truth; and how many hits stand of vehicles that were not on the road
    or are none, for a plate was misread."""

    vehicles: list[Vehicle]
    unmatched_hits: int


def group_by_vehicle(environment: TrafficEnvironment, emitted: EmittedHits) -> GroupedVehicles:
    """What was matched and what stands, vehicle by vehicle."""
    caught: dict[VehicleKey, list[MatchedRead]] = defaultdict(list)
    stood: dict[VehicleKey, list[ActiveHit]] = defaultdict(list)
    for number, (match, now) in enumerate(emitted.matches):
        truth = environment.truths[match.read.read_id]
        captured = to_ms(match.read.captured_at)
        caught[match_key(match)].append(MatchedRead(number, now, captured, match, truth))
    for hit in emitted.active_hits():
        truth = environment.truths[hit.read.read_id]
        stood[hit_key(hit)].append(ActiveHit(to_ms(hit.read.captured_at), hit, truth))
    of_none = sum(len(found) for key, found in stood.items() if key not in environment.vehicle_by_key)
    found = []
    for vehicle_id, key in environment.key_by_vehicle.items():
        stood[key].sort(key=lambda each: (each.captured_ms, each.hit.hit_id))
        found.append(Vehicle(vehicle_id, key, environment.passages[vehicle_id], caught[key], stood[key]))
    return GroupedVehicles(found, of_none)
