"""Arrivals: the sites that a vehicle may come to, as every hit of a way there shares them."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple, overload

from streams.records.countries import Country
from streams.records.journey import NextSite
from streams.records.times import from_ms

_MS: Final = timedelta(milliseconds=1)


class ArrivalWindow(NamedTuple):
    """A site that a vehicle may come to, and when, in whole ms after it was where it is now."""

    site_id: str
    km: float
    earliest_ms: int
    expected_ms: int
    latest_ms: int
    share: float
    territory: Country | None


class ArrivalWindows(tuple[ArrivalWindow, ...]):
    """What lies ahead of a place, nearest first; one and the same for all vehicles that go on alike.

    Two are equal only if they are one: they are looked up often.
    """

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


class Arrivals(Sequence[NextSite]):
    """Windows after a time `at` (ms since 1970 UTC), as the sites that come next; equal to a list of them."""

    __slots__ = ("at_ms", "windows")

    def __init__(self, at_ms: int, windows: ArrivalWindows) -> None:
        self.at_ms = at_ms
        self.windows = windows

    def __len__(self) -> int:
        return len(self.windows)

    @overload
    def __getitem__(self, index: int) -> NextSite: ...
    @overload
    def __getitem__(self, place: slice) -> list[NextSite]: ...
    def __getitem__(self, place: int | slice) -> NextSite | list[NextSite]:
        at = from_ms(self.at_ms)
        if isinstance(place, slice):
            return [_next_site(at, each) for each in self.windows[place]]
        return _next_site(at, self.windows[place])

    def __iter__(self) -> Iterator[NextSite]:
        at = from_ms(self.at_ms)
        return iter([_next_site(at, each) for each in self.windows])

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Arrivals) and self.windows is other.windows:
            return self.at_ms == other.at_ms
        if isinstance(other, list | Arrivals):
            return len(self) == len(other) and list(self) == list(other)
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self))


def _next_site(at: datetime, window: ArrivalWindow) -> NextSite:
    site_id, km, earliest, expected, latest, share, territory = window
    return NextSite(
        site_id,
        km,
        at + earliest * _MS,
        at + expected * _MS,
        at + latest * _MS,
        share,
        territory,
    )
