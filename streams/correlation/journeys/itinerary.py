"""The itinerary of a vehicle: its stops in event time, grouped into journeys."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct

from streams.correlation.passages import Passage, Sighting
from streams.records.journey import PassedSite
from streams.records.times import HOUR_MS, Millis


class Stop(Struct, frozen=True, gc=False):
    """An active passage at a known location; `sighting` represents it.

    Stops are ordered by time, then by hit id.
    """

    captured_ms: Millis
    hit_id: str
    sighting: Sighting
    site_id: str | None
    territory: str | None
    best_reliable: Sighting | None
    """The best reliable sighting of the passage, if it has one."""


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
    """A journey up to a stop, which is the last of `passed_stops`; `excluded_count` stops were left out."""

    journey_id: str
    passed_stops: list[PassedStop]
    excluded_count: int


class Itinerary:
    """The stops of one vehicle, sorted; stops within `gap_ms` of the next belong to one journey."""

    __slots__ = ("_by_hit", "_gap_ms", "_starts", "_stops", "prefix", "previous_prefix")

    def __init__(self, gap_ms: float) -> None:
        self._gap_ms = gap_ms
        self._stops: list[Stop] = []
        self._starts: list[Stop] = []
        self._by_hit: dict[str, Stop] = {}
        self.prefix: CachedPrefix | None = None
        """The journey up to some stop; dropped when a stop up to that one changes."""
        self.previous_prefix: CachedPrefix | None = None
        """The journey up to the stop before that one, likewise."""

    def __len__(self) -> int:
        return len(self._stops)

    def __iter__(self) -> Iterator[Stop]:
        return iter(self._stops)

    def __getitem__(self, index: int) -> Stop:
        return self._stops[index]

    def positions_of(self, hit_ids: Iterable[str]) -> list[int]:
        """Return the indexes of the stops of hits, ascending; hits without a stop are ignored."""
        by_hit = self._by_hit
        stops = [by_hit[hit_id] for hit_id in hit_ids if hit_id in by_hit]
        if len(stops) == 1 and stops[0] is self._stops[-1]:
            return [len(self._stops) - 1]
        return sorted(bisect_left(self._stops, _sort_key(stop), key=_sort_key) for stop in stops)

    def journey_start(self, index: int) -> int:
        """Return the index of the first stop of the journey of a stop."""
        start = self._starts[bisect_right(self._starts, _sort_key(self._stops[index]), key=_sort_key) - 1]
        return bisect_left(self._stops, _sort_key(start), key=_sort_key)

    def starts_journey(self, index: int) -> bool:
        """True if a stop is the first of its journey."""
        stops = self._stops
        return index == 0 or stops[index].captured_ms - stops[index - 1].captured_ms > self._gap_ms

    def replace_stops(
        self, hit_ids: Sequence[str], passages: Sequence[Passage], build_stop: Callable[[Passage], Stop]
    ) -> list[str] | None:
        """Replace the stops of the hits at a place by those of its active passages.

        Return the hits whose journey changed, including those of new stops; None if nothing changed.
        """
        by_hit = self._by_hit
        if len(hit_ids) == len(passages) == 1 and hit_ids[0] not in by_hit:
            # A new stop at a place that had none: the most frequent case.
            stop = by_hit[hit_ids[0]] = build_stop(passages[0])
            return [stop.hit_id] if self._append(stop) else self._rebuild((stop,))
        removed: list[Stop] = []
        existing = [by_hit[hit_id] for hit_id in hit_ids if hit_id in by_hit]
        if existing:
            active = {passage.best.hit_id: passage for passage in passages}
            for stop in existing:
                passage = active.get(stop.hit_id)
                if (
                    passage is None
                    or passage.best is not stop.sighting
                    or passage.best_reliable is not stop.best_reliable
                ):
                    removed.append(by_hit.pop(stop.hit_id))
        added = [build_stop(passage) for passage in passages if passage.best.hit_id not in by_hit]
        if not removed and not added:
            return None
        for stop in added:
            by_hit[stop.hit_id] = stop
        if len(added) == 1:
            if not removed and self._append(added[0]):
                return [added[0].hit_id]
            if len(removed) == 1 and self._replace_last(removed[0], added[0]):
                return [added[0].hit_id]
        return self._rebuild((*removed, *added))

    def _rebuild(self, changed_stops: Sequence[Stop]) -> list[str]:
        """Sort all stops again after some were added or removed; return the hits whose journey changed."""
        self.prefix = self.previous_prefix = None
        previous_starts = {start.hit_id for start in self._starts}
        self._stops = sorted(self._by_hit.values(), key=_sort_key)
        self._starts = [stop for index, stop in enumerate(self._stops) if self.starts_journey(index)]
        changed_keys = [_sort_key(stop) for stop in changed_stops]
        first_key, last_key = min(changed_keys), max(changed_keys)
        # Stops from the next start that was one before do not depend on anything earlier.
        next_start = next(
            (
                start
                for start in self._starts
                if _sort_key(start) > last_key and start.hit_id in previous_starts
            ),
            None,
        )
        begin, end = bisect_left(self._stops, first_key, key=_sort_key), len(self._stops)
        if next_start is not None:
            end = bisect_left(self._stops, _sort_key(next_start), key=_sort_key)
        return [stop.hit_id for stop in self._stops[begin:end]]

    def _replace_last(self, old: Stop, new: Stop) -> bool:
        """Replace the last stop, as when a better read of a passage in progress arrives.

        Return False, without a change, if `old` is not the last stop, if the new one would not be, or if the
        first stop of a journey is concerned.
        """
        stops = self._stops
        if len(stops) < 2 or stops[-1] is not old or self.starts_journey(len(stops) - 1):
            return False
        previous_ms = stops[-2].captured_ms
        if not previous_ms < new.captured_ms <= previous_ms + self._gap_ms:
            return False
        stops[-1] = new
        if self.prefix is not None and self.prefix.passed_stops[-1].stop is old:
            self.prefix, self.previous_prefix = self.previous_prefix, None
        return True

    def _append(self, stop: Stop) -> bool:
        """Append a stop if it is later than all others; return True if it was."""
        stops = self._stops
        if stops and stop.captured_ms <= stops[-1].captured_ms:
            return False
        stops.append(stop)
        if self.starts_journey(len(stops) - 1):
            self._starts.append(stop)
        return True


def _sort_key(stop: Stop) -> tuple[Millis, str]:
    return stop.captured_ms, stop.hit_id
