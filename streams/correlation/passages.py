"""Sightings: the matches of an alert, kept by vehicle and place, and the passages they form."""

from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from streams.correlation.config import CorrelationConfig
from streams.network.config import Places
from streams.records.alert import AlertKey, alert_key
from streams.records.encode import encode
from streams.records.hit import compute_hit_id
from streams.records.match import Match
from streams.records.times import to_ms
from streams.records.types import MatchClass

_CLASS_RANK: Final[dict[MatchClass, int]] = {"exact": 0, "confusable": 1, "fuzzy": 2, "pattern": 3}


class PassageKey(NamedTuple):
    """One vehicle of one alert at one place.

    The vehicle is the alert's; for a pattern, which many vehicles fit, it is the plate read as well. The
    place is the site, or the camera where the site is not known.
    """

    alert: AlertKey
    plate: str
    kind: Literal["site", "camera"]
    place: str


class Pair(NamedTuple):
    """A plate read and a version of an alert: what a verdict is remembered for."""

    plate: str
    alert: AlertKey
    version: int


class Sighting(Struct, frozen=True, gc=False):
    """One match, with what is asked of it often."""

    hit_id: str
    match: Match
    captured_ms: int
    """When the read was captured, in ms since 1970 UTC."""
    matched_ms: int
    """When its match was made, in ms since 1970 UTC: how long it is remembered counts from here."""
    site_id: str | None
    """The site at which the camera stood then, if it is known."""
    is_reliable: bool
    """Whether the read is so sure that it may speak against another one."""

    @property
    def pair(self) -> Pair:
        """What a verdict on this sighting is remembered for."""
        alert = self.match.alert
        return Pair(self.match.result.read_plate, alert_key(alert), alert.version)

    def quality_key(self) -> tuple[object, ...]:
        """A sort key: the best sighting of a passage is the least.

        The class of the match, the posterior, what contradicts it, how many characters differ, the
        recogniser's confidence; then the earliest, so that an equal later read changes nothing.
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
    """A passage that stands, by the sighting whose hit does; and its best sure sighting, if it has one."""

    best: Sighting
    best_reliable: Sighting | None


class SightingFactory:
    """Makes sightings of matches."""

    def __init__(self, places: Places, config: CorrelationConfig) -> None:
        self._places = places
        self._min_posterior = config.sure_posterior
        self._min_confidence = config.sure_confidence

    def from_match(self, match: Match, matched_ms: int) -> Sighting:
        """The sighting of a match that was made at a time, in ms since 1970 UTC."""
        read, result = match.read, match.result
        captured = to_ms(read.captured_at)
        sure = (
            result.class_ == "exact"
            and not result.contradictions
            and (result.posterior or 0.0) >= self._min_posterior
            and (read.confidence is None or read.confidence >= self._min_confidence)
        )
        site = self._places.site_at(read.camera_id, captured)
        return Sighting(compute_hit_id(match.alert, read), match, captured, matched_ms, site, sure)


def passage_key(sighting: Sighting) -> PassageKey:
    """Where a sighting is kept: its vehicle and its place."""
    match = sighting.match
    vehicle = match.result.read_plate if match.result.class_ == "pattern" else ""
    if sighting.site_id is not None:
        return PassageKey(alert_key(match.alert), vehicle, "site", sighting.site_id)
    return PassageKey(alert_key(match.alert), vehicle, "camera", match.read.camera_id)


def pick_resend(first: Sighting, second: Sighting) -> Sighting:
    """Which of two sightings with one hit id counts: a camera sent one read twice, perhaps with other text.

    The answer does not depend on which came first.
    """
    return min(first, second, key=_resend_key)


def _resend_key(sighting: Sighting) -> tuple[object, ...]:
    # A late replay of a read that has come already tells nothing new, so the read as first sent goes before;
    # and one found by looking back is one that was matched when it came, if it was.
    match = sighting.match
    return (sighting.quality_key(), match.read.retransmitted, match.lookback is not None, encode(match.read))


def split_passages(sightings: Iterable[Sighting], gap_ms: float) -> list[Sequence[Sighting]]:
    """Sightings of one vehicle at one place as passages: runs with no more than the gap between two."""
    runs: list[list[Sighting]] = []
    sightings = list(sightings)
    if len(sightings) == 1:
        return [sightings]
    for each in sorted(sightings, key=lambda each: (each.captured_ms, each.quality_key())):
        if runs and each.captured_ms - runs[-1][-1].captured_ms <= gap_ms:
            runs[-1].append(each)
        else:
            runs.append([each])
    return list(runs)


def pick_best(sightings: Sequence[Sighting]) -> Sighting:
    """The best of the sightings of a passage, whose hit stands for it."""
    return min(sightings, key=Sighting.quality_key) if len(sightings) > 1 else sightings[0]


def build_passage(sightings: Sequence[Sighting]) -> Passage:
    """The passage that sightings form; there is at least one."""
    chosen = pick_best(sightings)
    if chosen.is_reliable or len(sightings) == 1:
        return Passage(chosen, chosen if chosen.is_reliable else None)
    sure = [each for each in sightings if each.is_reliable]
    return Passage(chosen, pick_best(sure) if sure else None)
