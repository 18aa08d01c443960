"""Sightings, and the passages that they form at one site or camera.

A passage is a run of sightings of one vehicle at one place, each within the gap of the next in event time.
What is needed of it is bounded, however long the vehicle stands there: its first sighting, its bounds in
time, its best reliable sighting, and its `MAX_SIGHTINGS` best sightings. Each of these is the extreme of a
total order, so they are the same for every order of arrival and repetition.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from streams.matching.scoring.passage_posterior import passage_posterior
from streams.records.alert import AlertKey, alert_key
from streams.records.encode import encode
from streams.records.hit import MOST_READS_COUNTED, compute_hit_id
from streams.records.match import Match
from streams.records.times import Millis
from streams.records.types import MatchClass

MAX_SIGHTINGS: Final = MOST_READS_COUNTED
"""How many sightings of a passage are retained: its best ones."""

MATERIAL_POSTERIOR_CHANGE: Final = 0.05
"""A change of a posterior by which an officer may decide otherwise."""

_CLASS_RANK: Final[dict[MatchClass, int]] = {"exact": 0, "confusable": 1, "fuzzy": 2, "pattern": 3}


class VehicleKey(NamedTuple):
    """One vehicle of an alert; `plate` is the plate read if many vehicles fit (a pattern), else empty."""

    alert: AlertKey
    plate: str


class PlaceKey(NamedTuple):
    """A place: the site, or the camera if its site is unknown."""

    kind: Literal["site", "camera"]
    id: str


class Sighting(Struct, frozen=True, gc=False):
    """One match, placed in time and space."""

    match: Match
    captured_ms: Millis
    matched_ms: Millis
    """When the match was made; retention counts from here."""
    site_id: str | None
    """The site of the camera at the time of the read, if known."""
    place: PlaceKey
    is_reliable: bool
    """True if the read is reliable enough to contradict another one."""

    @property
    def read_key(self) -> tuple[str, str]:
        """What identifies the read: its camera and its id."""
        read = self.match.read
        return read.camera_id, read.read_id

    @property
    def plate(self) -> str:
        """The plate of the vehicle key: the plate read for a pattern, else empty."""
        result = self.match.result
        return result.read_plate if result.class_ == "pattern" else ""

    @property
    def has_location(self) -> bool:
        """True if the location is known, so that the sighting is part of a journey."""
        return self.site_id is not None or self.match.read.position is not None

    def quality_key(self) -> tuple[object, ...]:
        """Return a sort key by which the best sighting of a passage comes first.

        A match of the live stream comes before one of a lookback, which nobody may act on. Then, in this
        order: posterior, match class, number of contradictions, number of edits, confidence of the
        recogniser, and time, so that an equally good later read changes nothing.
        """
        match = self.match
        result, read = match.result, match.read
        return (
            match.lookback is not None,
            -(result.posterior or 0.0),
            _CLASS_RANK[result.class_],
            len(result.contradictions),
            len(result.edits),
            -(read.confidence or 0.0),
            self.captured_ms,
            read.camera_id,
            read.read_id,
        )

    def first_key(self) -> tuple[object, ...]:
        """Return a sort key by which the first sighting of a passage comes first.

        A match of the live stream comes before any of a lookback: what is found later in retained reads does
        not change the id of a hit that was emitted live.
        """
        read = self.match.read
        return self.match.lookback is not None, self.captured_ms, read.camera_id, read.read_id


class Passage(Struct, gc=False):
    """What is retained of a passage. It is changed by `State` alone."""

    place: PlaceKey
    hit_id: str
    first: Sighting
    first_ms: Millis
    last_ms: Millis
    matched_ms: Millis
    """When the latest of its matches was made."""
    sightings: tuple[Sighting, ...]
    """The best sightings, at most `MAX_SIGHTINGS`, the best first."""
    best_reliable: Sighting | None
    posterior: float | None
    """P(the vehicle is the listed one | its retained reads); None for a pattern."""
    is_truncated: bool = False
    """True if it has had more sightings than are retained."""
    lacks_first: bool = False
    """True if it was restored without its first read, from which its hit has the id."""
    is_end_scheduled: bool = False
    """True if a timer is due when it is over."""

    @property
    def best(self) -> Sighting:
        """The best sighting, which represents the passage."""
        return self.sightings[0]

    @property
    def alert_key(self) -> AlertKey:
        """The key of its alert."""
        return alert_key(self.first.match.alert)

    def is_stay(self, stay_ms: Millis) -> bool:
        """True if the vehicle stayed: it was there for at least a time."""
        return self.last_ms - self.first_ms >= stay_ms

    def left_ms(self, stay_ms: Millis) -> Millis:
        """Return when the vehicle left: the time of the last read after a stay, otherwise of the first."""
        return self.last_ms if self.is_stay(stay_ms) else self.first_ms

    def says_more(self, stay_ms: Millis) -> bool:
        """True if its reads together say more than the best one.

        They do if the vehicle stayed, or if the posterior differs by as much as an officer should know.
        """
        if len(self.sightings) == 1:
            return False
        if self.is_stay(stay_ms):
            return True
        best = self.sightings[0].match.result.posterior
        return (
            self.posterior is not None
            and best is not None
            and abs(self.posterior - best) >= MATERIAL_POSTERIOR_CHANGE
        )

    def retained(self) -> list[Sighting]:
        """Return the retained sightings, each once."""
        retained = list(self.sightings)
        for sighting in (self.first, self.best_reliable):
            if sighting is not None and not any(sighting is other for other in retained):
                retained.append(sighting)
        return retained


def pick_resend(first: Sighting, second: Sighting) -> Sighting:
    """Return which of two sightings of the same read counts.

    A camera may send one read twice, with different text. The result does not depend on their order.
    """
    return min(first, second, key=_resend_key)


def new_passage(sighting: Sighting) -> Passage:
    """Return the passage of a single sighting."""
    return Passage(
        sighting.place,
        compute_hit_id(sighting.match.alert, sighting.match.read),
        sighting,
        sighting.captured_ms,
        sighting.captured_ms,
        sighting.matched_ms,
        (sighting,),
        sighting if sighting.is_reliable else None,
        sighting.match.result.posterior,
    )


def extend(passage: Passage, sighting: Sighting) -> bool:
    """Add a sighting to a passage; return True if its first, best or best reliable sighting changed.

    The work does not depend on the number of sightings: one that is worse than all retained ones only extends
    the bounds in time.
    """
    changed = sighting.captured_ms < passage.first_ms
    lacks_first = passage.lacks_first and sighting.captured_ms > passage.first_ms
    passage.first_ms = min(passage.first_ms, sighting.captured_ms)
    passage.last_ms = max(passage.last_ms, sighting.captured_ms)
    passage.matched_ms = max(passage.matched_ms, sighting.matched_ms)
    if not lacks_first and sighting.first_key() < passage.first.first_key():
        passage.first = sighting
        passage.lacks_first = False
        passage.hit_id = compute_hit_id(sighting.match.alert, sighting.match.read)
        changed = True
    reliable = passage.best_reliable
    if sighting.is_reliable and (reliable is None or sighting.quality_key() < reliable.quality_key()):
        passage.best_reliable = sighting
        changed = True
    return _retain(passage, sighting) or changed


def merge(passage: Passage, other: Passage) -> None:
    """Add the sightings of another passage at the same place to a passage."""
    for sighting in other.retained():
        extend(passage, sighting)
    passage.first_ms = min(passage.first_ms, other.first_ms)
    passage.last_ms = max(passage.last_ms, other.last_ms)
    passage.matched_ms = max(passage.matched_ms, other.matched_ms)
    passage.is_truncated = passage.is_truncated or other.is_truncated


def connected(passages: Sequence[Passage], captured_ms: Millis, gap_ms: float) -> tuple[int, int]:
    """Return the range of the passages at a place to which a sighting of a time belongs.

    `passages` are in event time. The range, begin and end, is empty if the sighting forms a passage of its
    own there; it has two passages if the sighting joins them.
    """
    begin = end = bisect_right(passages, captured_ms, key=_first_ms)
    if begin and captured_ms - passages[begin - 1].last_ms <= gap_ms:
        begin -= 1
    if end < len(passages) and passages[end].first_ms - captured_ms <= gap_ms:
        end += 1
    return begin, end


def split_passages(sightings: Iterable[Sighting], gap_ms: float) -> list[Passage]:
    """Return the passages that sightings of one vehicle at one place form, in event time."""
    passages: list[Passage] = []
    for sighting in sorted(sightings, key=lambda each: each.captured_ms):
        if passages and sighting.captured_ms - passages[-1].last_ms <= gap_ms:
            extend(passages[-1], sighting)
        else:
            passages.append(new_passage(sighting))
    return passages


def _retain(passage: Passage, sighting: Sighting) -> bool:
    """Put a sighting among the best ones, if it is; return True if it is the best."""
    sightings = passage.sightings
    key = sighting.quality_key()
    if len(sightings) == MAX_SIGHTINGS:
        passage.is_truncated = True
        if key >= sightings[-1].quality_key():
            return False
    index = bisect_left(sightings, key, key=Sighting.quality_key)
    passage.sightings = (*sightings[:index], sighting, *sightings[index:])[:MAX_SIGHTINGS]
    before, passage.posterior = passage.posterior, _combined_posterior(passage.sightings)
    return index == 0 or passage.posterior != before


def _first_ms(passage: Passage) -> Millis:
    return passage.first_ms


def _resend_key(sighting: Sighting) -> tuple[object, ...]:
    # A retransmission adds nothing to the read as first sent, so that one comes first. For the same reason a
    # match of the live stream comes before one of a lookback.
    match = sighting.match
    return (sighting.quality_key(), match.read.retransmitted, encode(match.read))


def _combined_posterior(sightings: Sequence[Sighting]) -> float | None:
    """Return P(the vehicle is the listed one | the sightings); None for a pattern."""
    return passage_posterior([sighting.match.result for sighting in sightings])
