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
from streams.matching.matcher import Matcher
from streams.records.alert import Alert, AlertKey, alert_key
from streams.records.decode import RejectedRecord
from streams.records.journey import Lookback
from streams.records.match import Match
from streams.records.read import Read
from streams.records.times import HOUR_MS, from_ms, to_ms
from streams.rules.jurisdictions import LookbackScope


class LookbackRequest(NamedTuple):
    """An alert to be looked back for: over so many hours before a time (ms since 1970 UTC), and where."""

    alert: Alert
    hours: float
    requested_ms: int
    scope: LookbackScope


class LookbackResult(NamedTuple):
    """What a batch gave: the matches in the order of the reads, how many reads, and what is no read.

    `unplaced`: how many reads would have matched, but the country of their camera is not known.
    """

    matches: list[Match]
    read_count: int
    rejected: list[RejectedRecord]
    unplaced: int


class _Permission(NamedTuple):
    """From when on reads of a country may match, and what a match of them says of it."""

    start: datetime
    lookback: Lookback


class LookbackSearch:
    """The alerts that are looked back for in one pass over reads, in an index of only them.

    `near` as in `Index`. An alert whose plate is none matches nothing, as in the lists.
    """

    def __init__(
        self, requests: Sequence[LookbackRequest], matcher: Matcher, fuzzy_lists: Collection[str] = ()
    ) -> None:
        self._matcher = matcher
        self._index = Index(fuzzy_lists=fuzzy_lists)
        self._alerts: dict[AlertKey, Alert] = {}
        self._permissions: dict[tuple[AlertKey, str], _Permission] = {}
        self._starts: dict[str, datetime] = {}
        for each in requests:
            if each.scope.permitted:
                self._add_request(each)

    @property
    def countries(self) -> list[str]:
        """The countries whose reads are to be looked at, in order of their codes."""
        return sorted(self._starts)

    def start_ms(self, country: str) -> int:
        """The first instant of which reads of a country count, in ms since 1970 UTC."""
        return to_ms(self._starts[country])

    def search(self, records: Sequence[bytes], get_country: Callable[[Read], str | None]) -> LookbackResult:
        """The matches in a batch of reads given as JSON records; `country_of` is that of a read's camera.

        Each match has the alert as it is in force, and the authority under which its read was looked at.
        """
        matched = match_batch(records, self._index, self._matcher)
        matches, unplaced = [], 0
        for match in matched.matches:
            country, key = get_country(match.read), alert_key(match.alert)
            if country is None:
                unplaced += 1
                continue
            right = self._permissions.get((key, country))
            if right is not None and match.read.captured_at >= right.start:
                matches.append(Match(match.read, self._alerts[key], match.result, right.lookback))
        return LookbackResult(matches, matched.read_count, matched.rejected, unplaced)

    def _add_request(self, request: LookbackRequest) -> None:
        alert, at, key = request.alert, from_ms(request.requested_ms), alert_key(request.alert)
        longest = max(granted.hours for granted in request.scope.permitted)
        # The index refuses reads outside an alert's term, so here its term is that of the look back.
        self._index.put(
            replace(alert, valid_from=_hours_before(request.requested_ms, longest), valid_until=at)
        )
        self._alerts[key] = alert
        for granted in request.scope.permitted:
            since = _hours_before(request.requested_ms, granted.hours)
            lookback = Lookback(granted.country, granted.hours, granted.source, at)
            self._permissions[key, granted.country] = _Permission(since, lookback)
            self._starts[granted.country] = min(since, self._starts.get(granted.country, since))


def _hours_before(at_ms: int, hours: float) -> datetime:
    """So many hours before a time in ms since 1970 UTC, at least one ms."""
    return from_ms(at_ms - max(round(hours * HOUR_MS), 1))
