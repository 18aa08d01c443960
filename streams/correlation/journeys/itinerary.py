"""The itinerary of a vehicle: its stops in event time, grouped into journeys."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from streams.correlation.passages import Passage, Sighting
from streams.records.journey import PassedSite
from streams.records.times import HOUR_MS, Millis

SortKey = tuple[Millis, str]
"""Stops are ordered by time, then by hit id."""


class Stop(Struct, frozen=True, gc=False):
    """An active passage at a known location; `sighting` represents it."""

    captured_ms: Millis
    """When the first read of the passage was captured."""
    hit_id: str
    sighting: Sighting
    site_id: str | None
    territory: str | None
    best_reliable: Sighting | None
    """The best reliable sighting of the passage, if it has one."""
    passage: Passage
    stay_ms: Millis
    """How long a vehicle must be read at a place to have stayed there."""
    noted_left_ms: Millis
    """What `left_ms` was when the journeys of later stops were built."""

    @property
    def key(self) -> SortKey:
        """The key by which stops are ordered."""
        return self.captured_ms, self.hit_id

    def is_same(self, other: "Stop") -> bool:
        """True if another stop of the same passage shows the same sighting at the same time."""
        return (
            self.captured_ms == other.captured_ms
            and self.hit_id == other.hit_id
            and self.sighting is other.sighting
            and self.best_reliable is other.best_reliable
        )

    @property
    def left_ms(self) -> Millis:
        """When the vehicle left."""
        return self.passage.left_ms(self.stay_ms)


class Leg(Struct, frozen=True, gc=False):
    """The leg from one stop to another: distance, elapsed time, best and usual travel time.

    If the network has no route but both positions are known, the distance is the great-circle distance, and
    there is no usual time.
    """

    km: float
    elapsed_ms: int
    best_ms: float
    usual_ms: float | None

    @property
    def kmh(self) -> float | None:
        """The mean speed in km/h; None if no time elapsed."""
        return self.km / self.elapsed_ms * HOUR_MS if self.elapsed_ms > 0 else None


class PassedStop(Struct, frozen=True, gc=False):
    """A stop of a journey with the leg that led to it, if any, and the record of both."""

    stop: Stop
    leg: Leg | None
    record: PassedSite


class CachedPrefix(Struct, frozen=True, gc=False):
    """A journey up to a stop, which is the last of `passed_stops`."""

    journey_id: str
    passed_stops: tuple[PassedStop, ...]
    excluded: tuple[SortKey, ...]
    """The stops that were left out; of those before the first of `passed_stops`, some may be missing."""
    forward_stops: tuple[Stop, ...]
    """The latest stops by which the vehicle moved on."""
    last_reliable: Stop | None
    """The last reliable stop."""
    is_infeasible: bool = False
    """True if the vehicle cannot have come to the stop, which is then a journey of its own."""


class ItineraryChange(Struct, frozen=True, gc=False):
    """What changed in an itinerary: the indexes of the first and the last changed stop.

    Whether a stop starts a journey has changed for none after the one that follows the last.
    """

    first: int
    last: int
    is_appended: bool = False
    """True if all that changed is that one stop was added at the end."""


class Itinerary:
    """The stops of one vehicle, sorted; stops within `gap_ms` of the next belong to one journey."""

    __slots__ = ("_by_passage", "_gap_ms", "_reliable", "_starts", "_stops", "prefix", "previous_prefix")

    def __init__(self, gap_ms: float) -> None:
        self._gap_ms = gap_ms
        self._stops: list[Stop] = []
        self._starts: list[SortKey] = []
        """The keys of the stops that start a journey, sorted."""
        self._reliable: list[SortKey] = []
        """The keys of the reliable stops, sorted."""
        self._by_passage: dict[int, Stop] = {}
        self.prefix: CachedPrefix | None = None
        """The journey up to some stop; dropped when a stop up to that one changes."""
        self.previous_prefix: CachedPrefix | None = None
        """The journey up to the stop before that one, likewise."""

    def __len__(self) -> int:
        return len(self._stops)

    def __getitem__(self, index: int) -> Stop:
        return self._stops[index]

    def is_latest(self, passage: Passage) -> bool:
        """True if a passage is the latest stop, so that no other stop depends on it."""
        return bool(self._stops) and self._stops[-1].passage is passage

    def is_at_end(self, passage: Passage) -> bool:
        """True if a passage is the latest stop, or would be if it were added."""
        if not self._stops:
            return True
        latest = self._stops[-1]
        if latest.passage is passage:
            return latest.captured_ms == passage.first_ms
        return passage.first_ms > latest.captured_ms and id(passage) not in self._by_passage

    def starts_journey(self, index: int) -> bool:
        """True if a stop is the first of its journey."""
        stops = self._stops
        return index == 0 or stops[index].captured_ms - stops[index - 1].left_ms > self._gap_ms

    def journey_start(self, index: int) -> int:
        """Return the index of the first stop of the journey of a stop."""
        return self._index_of(self._starts[bisect_right(self._starts, self._stops[index].key) - 1])

    def last_reliable(self, index: int) -> Stop | None:
        """Return the last reliable stop before a stop in its journey, if any."""
        position = bisect_left(self._reliable, self._stops[index].key)
        if position == 0:
            return None
        reliable = self._index_of(self._reliable[position - 1])
        return self._stops[reliable] if reliable >= self.journey_start(index) else None

    def changed_stops(self, change: ItineraryChange) -> Iterator[int]:
        """Yield the indexes of the stops whose journey may have changed, in order."""
        for index in range(change.first, len(self._stops)):
            if index > change.last + 1 and self.starts_journey(index):
                return
            yield index

    def update(
        self, passage: Passage, stop: Stop | None, change: ItineraryChange | None
    ) -> ItineraryChange | None:
        """Replace the stop of a passage; `stop` is the new one, None if the passage has none any more.

        Return what has changed, together with an earlier `change`; None if nothing has.
        """
        old = self._by_passage.get(id(passage))
        if old is None and stop is None:
            return change
        if change is None and old is None and stop is not None and self._append(stop):
            index = len(self._stops) - 1
            return ItineraryChange(index, index, True)
        if old is None and stop is not None and self._append(stop):
            index = len(self._stops) - 1
            return _extend_change(change, index, index)
        if old is not None and stop is not None and old.is_same(stop):
            index = self._index_of(old.key) + 1
            if index == len(self._stops) or old.noted_left_ms == stop.noted_left_ms:
                return change
            # The leg to the next stop depends on when the vehicle left.
            self._replace(index - 1, stop)
            self._set_start(index)
            self._drop_prefix(index, None, None)
            return _extend_change(change, index, index)
        shift = 0
        positions: list[int] = []
        if old is not None:
            index = self._index_of(old.key)
            del self._stops[index], self._by_passage[id(passage)]
            _discard(self._starts, old.key)
            _discard(self._reliable, old.key)
            positions.append(index)
            shift -= 1
        if stop is not None:
            index = self._index_of(stop.key)
            self._stops.insert(index, stop)
            self._by_passage[id(passage)] = stop
            if stop.best_reliable:
                _add(self._reliable, stop.key)
            positions.append(index)
            shift += 1
        first, last = min(positions), max(positions)
        for index in range(first, min(last + 2, len(self._stops))):
            self._set_start(index)
        self._drop_prefix(first, old, stop)
        if change is not None and change.last >= first:
            # Positions behind this one have moved.
            last = max(last, change.last + shift)
        return _extend_change(change, first, last)

    def _append(self, stop: Stop) -> bool:
        """Append a stop if it is later than all others; return True if it was."""
        stops = self._stops
        if stops:
            latest = stops[-1]
            if stop.captured_ms <= latest.captured_ms:
                return False
            if latest.noted_left_ms != latest.left_ms:
                self._replace(len(stops) - 1, replace(latest, noted_left_ms=latest.left_ms))
        stops.append(stop)
        self._by_passage[id(stop.passage)] = stop
        if stop.best_reliable:
            self._reliable.append(stop.key)
        if self.starts_journey(len(stops) - 1):
            self._starts.append(stop.key)
        return True

    def _index_of(self, key: SortKey) -> int:
        return bisect_left(self._stops, key, key=_sort_key)

    def _replace(self, index: int, stop: Stop) -> None:
        self._stops[index] = self._by_passage[id(stop.passage)] = stop

    def _drop_prefix(self, first: int, old: Stop | None, new: Stop | None) -> None:
        """Drop the cached journeys that contain a changed stop."""
        previous = self.previous_prefix
        is_last = first == len(self._stops) - 1 and old is not None and new is not None
        if is_last and self.prefix is not None and self.prefix.passed_stops[-1].stop is old:
            # A better read of the latest passage: the journey before it is the same.
            self.prefix, self.previous_prefix = previous, None
        else:
            self.prefix = self.previous_prefix = None

    def _set_start(self, index: int) -> None:
        key = self._stops[index].key
        if self.starts_journey(index):
            _add(self._starts, key)
        else:
            _discard(self._starts, key)


def _extend_change(change: ItineraryChange | None, first: int, last: int) -> ItineraryChange:
    if change is not None:
        first, last = min(first, change.first), max(last, change.last)
    return ItineraryChange(first, last)


def _sort_key(stop: Stop) -> SortKey:
    return stop.captured_ms, stop.hit_id


def _add(keys: list[SortKey], key: SortKey) -> None:
    """Add a key to sorted ones, unless it is one of them."""
    position = bisect_left(keys, key)
    if position == len(keys) or keys[position] != key:
        keys.insert(position, key)


def _discard(keys: list[SortKey], key: SortKey) -> None:
    """Remove a key from sorted ones, if it is one of them."""
    position = bisect_left(keys, key)
    if position < len(keys) and keys[position] == key:
        del keys[position]
