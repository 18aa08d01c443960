"""Looking back: reads that were taken before an alert came, against that alert.

An alert counts for reads from its `valid_from` on, so the live stream has nothing to say of what was before.
A look back is for just that. It goes by its own term instead: a read counts if `captured_at` lies in the
hours before the look back was asked for, that instant itself being the live stream's already. Whether the
alert's term had begun then, does not matter; that it has not ended is for the caller to see.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from streams.alerts.index import Index
from streams.matching.batch import match_batch
from streams.matching.matcher import Judge
from streams.records.alert import Alert, AlertKey, key_of
from streams.records.decode import Rejected
from streams.records.journey import Lookback
from streams.records.match import Match
from streams.records.read import Read
from streams.records.times import HOUR_MS, from_ms, to_ms
from streams.rules.jurisdictions import Scope


class Asked(NamedTuple):
    """An alert to be looked back for: over so many hours before a time (ms since 1970 UTC), and where."""

    alert: Alert
    hours: float
    at: int
    scope: Scope


class Found(NamedTuple):
    """What a batch gave: the matches in the order of the reads, how many reads, and what is no read.

    `unplaced`: how many reads would have matched, but the country of their camera is not known.
    """

    matches: list[Match]
    reads: int
    rejected: list[Rejected]
    unplaced: int


class _Right(NamedTuple):
    """From when on reads of a country may match, and what a match of them says of it."""

    since: datetime
    lookback: Lookback


class LookingBack:
    """The alerts that are looked back for in one pass over reads, in an index of only them.

    `near` as in `Index`. An alert whose plate is none matches nothing, as in the lists.
    """

    def __init__(self, asked: Sequence[Asked], judge: Judge, near: Collection[str] = ()) -> None:
        self._judge = judge
        self._index = Index(near=near)
        self._alerts: dict[AlertKey, Alert] = {}
        self._rights: dict[tuple[AlertKey, str], _Right] = {}
        self._since: dict[str, datetime] = {}
        for each in asked:
            if each.scope.granted:
                self._enter(each)

    @property
    def countries(self) -> list[str]:
        """The countries whose reads are to be looked at, in order of their codes."""
        return sorted(self._since)

    def since(self, country: str) -> int:
        """The first instant of which reads of a country count, in ms since 1970 UTC."""
        return to_ms(self._since[country])

    def take(self, records: Sequence[bytes], country_of: Callable[[Read], str | None]) -> Found:
        """The matches in a batch of reads given as JSON records; `country_of` is that of a read's camera.

        Each match has the alert as it is in force, and the authority under which its read was looked at.
        """
        matched = match_batch(records, self._index, self._judge)
        matches, unplaced = [], 0
        for match in matched.matches:
            country, key = country_of(match.read), key_of(match.alert)
            if country is None:
                unplaced += 1
                continue
            right = self._rights.get((key, country))
            if right is not None and match.read.captured_at >= right.since:
                matches.append(Match(match.read, self._alerts[key], match.result, right.lookback))
        return Found(matches, matched.reads, matched.rejected, unplaced)

    def _enter(self, each: Asked) -> None:
        alert, at, key = each.alert, from_ms(each.at), key_of(each.alert)
        longest = max(granted.hours for granted in each.scope.granted)
        # The index refuses reads outside an alert's term, so here its term is that of the look back.
        self._index.put(replace(alert, valid_from=_before(each.at, longest), valid_until=at))
        self._alerts[key] = alert
        for granted in each.scope.granted:
            since = _before(each.at, granted.hours)
            lookback = Lookback(granted.country, granted.hours, granted.source, at)
            self._rights[key, granted.country] = _Right(since, lookback)
            self._since[granted.country] = min(since, self._since.get(granted.country, since))


def _before(at: int, hours: float) -> datetime:
    """So many hours before a time in ms since 1970 UTC, at least one ms."""
    return from_ms(at - max(round(hours * HOUR_MS), 1))
