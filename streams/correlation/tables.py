"""The tables of the state: alerts, their vehicles and passages, and hits. Only `State` writes them."""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct

from streams.correlation.effective_versions import EffectiveVersion
from streams.correlation.handovers import VehicleHandovers
from streams.correlation.journeys.itinerary import Itinerary
from streams.correlation.passages import Passage, PlaceKey, VehicleKey
from streams.records.alert import AlertKey, alert_key
from streams.records.hit import Hit, identity_digest
from streams.records.match import MatchResult
from streams.records.verdict import Verdict


class PassageEnd(NamedTuple):
    """A check whether a passage is over."""

    alert: AlertKey
    plate: str
    """The plate of the vehicle key."""
    passage: Passage


Timer = AlertKey | VehicleKey | PassageEnd | Verdict
"""An entry due at a time: the end of an alert, a check of a vehicle or of a passage, or a verdict."""


class Pair(NamedTuple):
    """A plate read and a vehicle of an alert: what an adjudication applies to."""

    alert: AlertKey
    identity: str
    """The digest of what identifies the vehicle, the same for all versions that seek the same one."""
    plate: str


class HitState(Struct, gc=False):
    """One hit: of a passage, of a handover, or known only from a verdict."""

    emitted: Hit | None = None
    """The last emitted revision."""
    verdict: Verdict | None = None
    """The newest verdict."""
    adjudication: Verdict | None = None
    """The newest verdict that is `confirmed` or `rejected`."""
    pair: Pair | None = None
    """The pair to which its adjudication applies, if it has one and the pair is known."""
    passage: Passage | None = None
    """The passage, while it is retained."""

    @property
    def is_active(self) -> bool:
        """True if the hit was emitted and not retracted since."""
        return self.emitted is not None and self.emitted.kind != "withdrawn"

    @property
    def is_rejected(self) -> bool:
        """True if its newest adjudication is `rejected`."""
        return self.adjudication is not None and self.adjudication.verdict == "rejected"


class VehicleState(Struct, gc=False):
    """One vehicle of an alert: its passages at each place in event time, its journey and its handovers."""

    key: VehicleKey
    places: dict[PlaceKey, list[Passage]]
    itinerary: Itinerary | None = None
    handovers: VehicleHandovers | None = None

    def passages(self) -> Iterator[Passage]:
        """Yield the passages, place by place in a fixed order."""
        for place in sorted(self.places):
            yield from self.places[place]


class AlertState(Struct, gc=False):
    """One sighted alert: its effective version, its vehicles, and the passage of each retained read."""

    key: AlertKey
    version: EffectiveVersion
    vehicles: dict[str, VehicleState]
    """By plate read for a pattern, which many vehicles fit; otherwise one under the empty text."""
    reads: dict[tuple[str, str], Passage]
    """By camera and read id."""

    def vehicle_of(self, result: MatchResult) -> VehicleState | None:
        """Return the vehicle of a match, if it is known."""
        return self.vehicles.get(result.read_plate if result.class_ == "pattern" else "")

    def all_passages(self) -> Iterator[tuple[VehicleState, Passage]]:
        """Yield the passages of all vehicles in a fixed order."""
        for plate in sorted(self.vehicles):
            vehicle = self.vehicles[plate]
            for passage in vehicle.passages():
                yield vehicle, passage


def pair_of(passage: Passage) -> Pair:
    """Return the pair of a passage: the vehicle of its alert, and its best plate read."""
    match = passage.best.match
    return Pair(alert_key(match.alert), identity_digest(match.alert), match.result.read_plate)
