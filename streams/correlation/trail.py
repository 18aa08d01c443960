"""Trails: the passages of a vehicle that stand at known places, in event time; the journeys they form."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final, NamedTuple

from streams.correlation.sightings import PassageKey, Sighting
from streams.records.alert import AlertKey
from streams.records.journey import Passed

_HOUR_MS: Final = 3_600_000


class VehicleKey(NamedTuple):
    """One vehicle of one alert; of a pattern, which many vehicles fit, the plate read as well."""

    alert: AlertKey
    plate: str


def vehicle_of(place: PassageKey) -> VehicleKey:
    """The vehicle of a passage."""
    return VehicleKey(place.alert, place.plate)


class Stop(NamedTuple):
    """A passage that stands: when and where, and the sighting that stands for it.

    Stops are ordered by their times (ms since 1970 UTC), those of one time by their hits' ids.
    """

    captured: int
    hit_id: str
    sighting: Sighting
    site: str | None
    territory: str | None
    sure: bool
    """Whether the read is so sure that it may speak against another one."""


class Leg(NamedTuple):
    """The way from one stop to another: km, the time it took, and the best and usual travel times (ms).

    Where the network has no way but both places are known, km is as the crow flies and there is no usual
    time.
    """

    km: float
    elapsed: int
    best: float
    usual: float | None

    @property
    def kmh(self) -> float | None:
        """The mean speed in km/h; None if no time has passed."""
        return self.km / self.elapsed * _HOUR_MS if self.elapsed > 0 else None


class Passing(NamedTuple):
    """A stop as a journey tells it: the stop before, if any, the leg between the two and what is told."""

    before: Stop | None
    stop: Stop
    leg: Leg | None
    passed: Passed


class Trail:
    """The stops of one vehicle, sorted. Those within the gap (ms) of the next are one journey."""

    __slots__ = ("_by_hit", "_gap", "_starts", "_stops", "passings")

    def __init__(self, gap_ms: float) -> None:
        self._gap = gap_ms
        self._stops: list[Stop] = []
        self._starts: list[tuple[int, str]] = []
        self._by_hit: dict[str, Stop] = {}
        self.passings: dict[str, Passing] = {}
        """What was told last of stops, by their hits: the hits of later stops tell the same."""

    def __len__(self) -> int:
        return len(self._stops)

    def __iter__(self) -> Iterator[Stop]:
        return iter(self._stops)

    def __getitem__(self, number: int) -> Stop:
        return self._stops[number]

    def numbers(self, hit_ids: Iterable[str]) -> list[int]:
        """The numbers of the stops of hits, as far as they are stops."""
        stops = (self._by_hit[hit_id] for hit_id in hit_ids if hit_id in self._by_hit)
        return [bisect_left(self._stops, _order(stop), key=_order) for stop in stops]

    def start(self, number: int) -> int:
        """The number of the first stop of the journey of a stop."""
        first = self._starts[bisect_right(self._starts, _order(self._stops[number])) - 1]
        return bisect_left(self._stops, first, key=_order)

    def settle(
        self, here: Iterable[str], chosen: Collection[Sighting], stop_of: Callable[[Sighting], Stop]
    ) -> range | None:
        """Takes which of the hits at a place stand now; `stop_of` makes the stop of a sighting.

        Returns the numbers of the stops whose journey is another now, the new stops among them; None if
        nothing has changed.
        """
        by_hit = self._by_hit
        standing = {each.hit_id: each for each in chosen}
        known = [by_hit[hit_id] for hit_id in here if hit_id in by_hit]
        gone = [stop for stop in known if standing.get(stop.hit_id) is not stop.sighting]
        for stop in gone:
            del by_hit[stop.hit_id]
            self.passings.pop(stop.hit_id, None)
        come = [stop_of(each) for each in chosen if each.hit_id not in by_hit]
        if not gone and not come:
            return None
        by_hit.update((stop.hit_id, stop) for stop in come)
        stops = self._stops
        if not gone and len(come) == 1 and (not stops or _order(stops[-1]) < _order(come[0])):
            self._append(come[0])
            return range(len(stops) - 1, len(stops))
        before = set(self._starts)
        self._stops = sorted(by_hit.values(), key=_order)
        self._starts = list(self._find_starts())
        first = min(_order(stop) for stop in (*gone, *come))
        # What comes after a start that was one before depends on nothing earlier.
        end = next((start for start in self._starts if start > first and start in before), None)
        number = bisect_left(self._stops, first, key=_order)
        return range(number, len(self) if end is None else bisect_left(self._stops, end, key=_order))

    def _append(self, stop: Stop) -> None:
        if not self._stops or stop.captured - self._stops[-1].captured > self._gap:
            self._starts.append(_order(stop))
        self._stops.append(stop)

    def _find_starts(self) -> Iterator[tuple[int, str]]:
        last: Stop | None = None
        for stop in self._stops:
            if last is None or stop.captured - last.captured > self._gap:
                yield _order(stop)
            last = stop


def _order(stop: Stop) -> tuple[int, str]:
    return stop.captured, stop.hit_id
