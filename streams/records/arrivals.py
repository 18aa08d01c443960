"""Arrivals: the next sites of a vehicle in compact form, shared by all hits of one route."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple, overload

from streams.records.countries import Country
from streams.records.journey import NextSite
from streams.records.times import Millis, from_ms

_MS: Final = timedelta(milliseconds=1)


class ArrivalWindow(NamedTuple):
    """A site to which a vehicle may come next, and when, in ms after it passed its present site."""

    site_id: str
    km: float
    earliest_ms: int
    expected_ms: int
    latest_ms: int
    share: float
    territory: Country | None


class ArrivalWindows(tuple[ArrivalWindow, ...]):
    """The next sites from a site, nearest first; one object for all vehicles that continue alike.

    Equality is identity, because the windows are a key that is looked up often.
    """

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


class Arrivals(Sequence[NextSite]):
    """The windows after a time, as a sequence of next sites; equal to a list of the same sites."""

    __slots__ = ("at_ms", "windows")

    def __init__(self, at_ms: Millis, windows: ArrivalWindows) -> None:
        self.at_ms = at_ms
        self.windows = windows

    def __len__(self) -> int:
        return len(self.windows)

    @overload
    def __getitem__(self, index: int) -> NextSite: ...
    @overload
    def __getitem__(self, index: slice) -> list[NextSite]: ...
    def __getitem__(self, index: int | slice) -> NextSite | list[NextSite]:
        at = from_ms(self.at_ms)
        if isinstance(index, slice):
            return [_next_site(at, window) for window in self.windows[index]]
        return _next_site(at, self.windows[index])

    def __iter__(self) -> Iterator[NextSite]:
        at = from_ms(self.at_ms)
        return iter([_next_site(at, window) for window in self.windows])

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
