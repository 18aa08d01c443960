"""Sightings, and the passages that they form at one site or camera."""

from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from streams.correlation.config import CorrelationConfig
from streams.network.config import Places
from streams.records.alert import AlertKey, alert_key
from streams.records.encode import encode
from streams.records.hit import compute_hit_id
from streams.records.match import Match
from streams.records.times import Millis, to_ms
from streams.records.types import MatchClass

_CLASS_RANK: Final[dict[MatchClass, int]] = {"exact": 0, "confusable": 1, "fuzzy": 2, "pattern": 3}


class VehicleKey(NamedTuple):
    """One vehicle of an alert; `plate` is the plate read if many vehicles fit (a pattern), else empty."""

    alert: AlertKey
    plate: str


class PassageKey(NamedTuple):
    """One vehicle of an alert at one place: the site, or the camera if the site is unknown.

    `plate` is as in `VehicleKey`.
    """

    alert: AlertKey
    plate: str
    kind: Literal["site", "camera"]
    place: str


class Pair(NamedTuple):
    """A plate read and a version of an alert: what an adjudication applies to."""

    plate: str
    alert: AlertKey
    version: int


class Sighting(Struct, frozen=True, gc=False):
    """One match, placed in time and space."""

    hit_id: str
    match: Match
    captured_ms: Millis
    matched_ms: Millis
    """When the match was made; retention counts from here."""
    site_id: str | None
    """The site of the camera at the time of the read, if known."""
    is_reliable: bool
    """True if the read is reliable enough to contradict another one."""

    @property
    def pair(self) -> Pair:
        """The read-alert pair to which an adjudication of this sighting applies."""
        alert = self.match.alert
        return Pair(self.match.result.read_plate, alert_key(alert), alert.version)

    def quality_key(self) -> tuple[object, ...]:
        """Return a sort key by which the best sighting of a passage comes first.

        In this order: match class, posterior, number of contradictions, number of edits, confidence of the
        recogniser, and time, so that an equally good later read changes nothing.
        """
        result, read = self.match.result, self.match.read
        return (
            _CLASS_RANK[result.class_],
            -(result.posterior or 0.0),
            len(result.contradictions),
            len(result.edits),
            -(read.confidence or 0.0),
            self.captured_ms,
            read.camera_id,
            read.read_id,
        )


class Passage(Struct, frozen=True, gc=False):
    """A passage: the sighting that represents it, and its best reliable sighting, if any."""

    best: Sighting
    best_reliable: Sighting | None


class SightingFactory:
    """Factory of sightings."""

    def __init__(self, places: Places, config: CorrelationConfig) -> None:
        self._places = places
        self._min_posterior = config.sure_posterior
        self._min_confidence = config.sure_confidence

    def from_match(self, match: Match, matched_ms: Millis) -> Sighting:
        """Build the sighting of a match that was made at a time."""
        read, result = match.read, match.result
        captured_ms = to_ms(read.captured_at)
        is_reliable = (
            result.class_ == "exact"
            and not result.contradictions
            and (result.posterior or 0.0) >= self._min_posterior
            and (read.confidence is None or read.confidence >= self._min_confidence)
        )
        site_id = self._places.site_at(read.camera_id, captured_ms)
        hit_id = compute_hit_id(match.alert, read)
        return Sighting(hit_id, match, captured_ms, matched_ms, site_id, is_reliable)


def vehicle_key(passage_key: PassageKey) -> VehicleKey:
    """Return the vehicle of a passage."""
    return VehicleKey(passage_key.alert, passage_key.plate)


def passage_key(sighting: Sighting) -> PassageKey:
    """Return the vehicle and place of a sighting."""
    match = sighting.match
    plate = match.result.read_plate if match.result.class_ == "pattern" else ""
    if sighting.site_id is not None:
        return PassageKey(alert_key(match.alert), plate, "site", sighting.site_id)
    return PassageKey(alert_key(match.alert), plate, "camera", match.read.camera_id)


def pick_resend(first: Sighting, second: Sighting) -> Sighting:
    """Return which of two sightings with the same hit id counts.

    A camera may send one read twice, with different text. The result does not depend on their order.
    """
    return min(first, second, key=_resend_key)


def _resend_key(sighting: Sighting) -> tuple[object, ...]:
    # A retransmission adds nothing to the read as first sent, so that one comes first. For the same reason a
    # match of the live stream comes before one of a lookback.
    match = sighting.match
    return (sighting.quality_key(), match.read.retransmitted, match.lookback is not None, encode(match.read))


def split_passages(sightings: Iterable[Sighting], gap_ms: float) -> list[Sequence[Sighting]]:
    """Split sightings of one vehicle at one place into passages.

    A passage is a run of sightings, in event time, in which no two neighbours are more than the gap apart.
    """
    passages: list[list[Sighting]] = []
    sightings = list(sightings)
    if len(sightings) == 1:
        return [sightings]
    for sighting in sorted(sightings, key=lambda sighting: (sighting.captured_ms, sighting.quality_key())):
        if passages and sighting.captured_ms - passages[-1][-1].captured_ms <= gap_ms:
            passages[-1].append(sighting)
        else:
            passages.append([sighting])
    return list(passages)


def pick_best(sightings: Sequence[Sighting]) -> Sighting:
    """Return the best sighting of a passage, which represents it."""
    return min(sightings, key=Sighting.quality_key) if len(sightings) > 1 else sightings[0]


def build_passage(sightings: Sequence[Sighting]) -> Passage:
    """Build a passage from its sightings, at least one."""
    best = pick_best(sightings)
    if best.is_reliable or len(sightings) == 1:
        return Passage(best, best if best.is_reliable else None)
    reliable = [sighting for sighting in sightings if sighting.is_reliable]
    return Passage(best, pick_best(reliable) if reliable else None)
