"""Trails: the passages of a vehicle that stand at known places, in event time; the journeys they form."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct

from streams.correlation.passages import Passage, PassageKey, Sighting
from streams.records.alert import AlertKey
from streams.records.journey import PassedSite
from streams.records.times import HOUR_MS


class VehicleKey(NamedTuple):
    """One vehicle of one alert; of a pattern, which many vehicles fit, the plate read as well."""

    alert: AlertKey
    plate: str


def vehicle_key(passage_key: PassageKey) -> VehicleKey:
    """The vehicle of a passage."""
    return VehicleKey(passage_key.alert, passage_key.plate)


class Stop(Struct, frozen=True, gc=False):
    """A passage that stands: when and where, and the sighting that stands for it.

    Stops are ordered by their times (ms since 1970 UTC), those of one time by their hits' ids.
    """

    captured_ms: int
    hit_id: str
    sighting: Sighting
    site_id: str | None
    territory: str | None
    best_reliable: Sighting | None
    """The best sighting of the passage that is so sure that it may speak against another one, if any is."""


class Leg(Struct, frozen=True, gc=False):
    """The way from one stop to another: km, the time it took, and the best and usual travel times (ms).

    Where the network has no way but both places are known, km is as the crow flies and there is no usual
    time.
    """

    km: float
    elapsed_ms: int
    best_ms: float
    usual_ms: float | None

    @property
    def kmh(self) -> float | None:
        """The mean speed in km/h; None if no time has passed."""
        return self.km / self.elapsed_ms * HOUR_MS if self.elapsed_ms > 0 else None


class PassedStop(Struct, frozen=True, gc=False):
    """A stop as a journey tells it, and the leg that led to it, if any."""

    stop: Stop
    leg: Leg | None
    record: PassedSite


class CachedPrefix(Struct, frozen=True, gc=False):
    """What a stop of a trail told: the journey, the passings, its own last, how many stops were left
    out."""

    journey_id: str
    passed_stops: list[PassedStop]
    excluded_count: int


class Itinerary:
    """The stops of one vehicle, sorted. Those within the gap (ms) of the next are one journey."""

    __slots__ = ("_by_hit", "_gap_ms", "_starts", "_stops", "prefix", "previous_prefix")

    def __init__(self, gap_ms: float) -> None:
        self._gap_ms = gap_ms
        self._stops: list[Stop] = []
        self._starts: list[Stop] = []
        self._by_hit: dict[str, Stop] = {}
        self.prefix: CachedPrefix | None = None
        """What was told of some stop, as long as no stop up to it has changed."""
        self.previous_prefix: CachedPrefix | None = None
        """What was told of the stop before that one, likewise."""

    def __len__(self) -> int:
        return len(self._stops)

    def __iter__(self) -> Iterator[Stop]:
        return iter(self._stops)

    def __getitem__(self, index: int) -> Stop:
        return self._stops[index]

    def positions_of(self, hit_ids: Iterable[str]) -> list[int]:
        """The numbers of the stops of hits, as far as they are stops, rising."""
        by_hit = self._by_hit
        stops = [by_hit[hit_id] for hit_id in hit_ids if hit_id in by_hit]
        if len(stops) == 1 and stops[0] is self._stops[-1]:
            return [len(self._stops) - 1]
        return sorted(bisect_left(self._stops, _sort_key(stop), key=_sort_key) for stop in stops)

    def journey_start(self, index: int) -> int:
        """The number of the first stop of the journey of a stop."""
        place = bisect_right(self._starts, _sort_key(self._stops[index]), key=_sort_key) - 1
        return bisect_left(self._stops, _sort_key(self._starts[place]), key=_sort_key)

    def starts_journey(self, index: int) -> bool:
        """Whether a stop is the first of its journey."""
        stops = self._stops
        return index == 0 or stops[index].captured_ms - stops[index - 1].captured_ms > self._gap_ms

    def replace_stops(
        self, hit_ids: Sequence[str], passages: Sequence[Passage], build_stop: Callable[[Passage], Stop]
    ) -> list[str] | None:
        """Takes which of the hits at a place stand now, with their passages; `stop_of` makes the stop of one.

        Returns the hits of the stops whose journey is another now, the new stops among them; None if nothing
        has changed.
        """
        by_hit = self._by_hit
        if len(hit_ids) == len(passages) == 1 and hit_ids[0] not in by_hit:
            # A new stop where there was none: what most matches come to.
            stop = by_hit[hit_ids[0]] = build_stop(passages[0])
            return [stop.hit_id] if self._append(stop) else self._rebuild((stop,))
        known = [by_hit[hit_id] for hit_id in hit_ids if hit_id in by_hit]
        gone: list[Stop] = []
        if known:
            standing = {each.best.hit_id: each for each in passages}
            for stop in known:
                passage = standing.get(stop.hit_id)
                if (
                    passage is None
                    or passage.best is not stop.sighting
                    or passage.best_reliable is not stop.best_reliable
                ):
                    gone.append(by_hit.pop(stop.hit_id))
        come = [build_stop(each) for each in passages if each.best.hit_id not in by_hit]
        if not gone and not come:
            return None
        for stop in come:
            by_hit[stop.hit_id] = stop
        if len(come) == 1:
            if not gone and self._append(come[0]):
                return [come[0].hit_id]
            if len(gone) == 1 and self._replace_last(gone[0], come[0]):
                return [come[0].hit_id]
        return self._rebuild((*gone, *come))

    def _rebuild(self, changed_stops: Sequence[Stop]) -> list[str]:
        """Sorts all stops anew after some came or went; returns the hits as `settle` does."""
        self.prefix = self.previous_prefix = None
        before = {start.hit_id for start in self._starts}
        self._stops = sorted(self._by_hit.values(), key=_sort_key)
        self._starts = [stop for number, stop in enumerate(self._stops) if self.starts_journey(number)]
        changed = [_sort_key(stop) for stop in changed_stops]
        first, last = min(changed), max(changed)
        # What comes after a start that was one before depends on nothing earlier.
        end = next((each for each in self._starts if _sort_key(each) > last and each.hit_id in before), None)
        number = bisect_left(self._stops, first, key=_sort_key)
        until = len(self) if end is None else bisect_left(self._stops, _sort_key(end), key=_sort_key)
        return [stop.hit_id for stop in self._stops[number:until]]

    def _replace_last(self, old: Stop, new: Stop) -> bool:
        """Puts a stop in place of the last one, if it is the last too and no first of a journey is concerned;
        whether that was so. A better read of a passage that goes on is one."""
        stops = self._stops
        if len(stops) < 2 or stops[-1] is not old or self.starts_journey(len(stops) - 1):
            return False
        before = stops[-2]
        if not before.captured_ms < new.captured_ms <= before.captured_ms + self._gap_ms:
            return False
        stops[-1] = new
        if self.prefix is not None and self.prefix.passed_stops[-1].stop is old:
            self.prefix, self.previous_prefix = self.previous_prefix, None
        return True

    def _append(self, stop: Stop) -> bool:
        """Puts a stop behind all others, if it is later; whether it was."""
        stops = self._stops
        if stops and stop.captured_ms <= stops[-1].captured_ms:
            return False
        stops.append(stop)
        if self.starts_journey(len(stops) - 1):
            self._starts.append(stop)
        return True


def _sort_key(stop: Stop) -> tuple[int, str]:
    return stop.captured_ms, stop.hit_id
