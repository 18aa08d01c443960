"""Lookback: alerts matched against retained reads from before the alerts arrived.

An alert counts for reads from its `valid_from` on, so the live stream does not match it with earlier reads. A
lookback does just that. It has a validity period of its own instead: a read counts if its `captured_at` lies
in the hours before the lookback was requested, not including that instant, which belongs to the live stream.
Whether the alert's own validity had begun by then does not matter; the caller checks that it has not ended.
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
from streams.records.lookback import Lookback
from streams.records.match import Match
from streams.records.read import Read
from streams.records.times import HOUR_MS, Millis, from_ms, to_ms
from streams.rules.jurisdictions import LookbackScope


class LookbackRequest(NamedTuple):
    """A lookback for an alert: over how many hours before the request, and what each country permits."""

    alert: Alert
    hours: float
    requested_ms: Millis
    scope: LookbackScope


class LookbackResult(NamedTuple):
    """The result of a batch: matches in the order of the reads, and the records that are not valid reads.

    `unplaced` counts the reads that would have matched but whose camera's country is unknown.
    """

    matches: list[Match]
    read_count: int
    rejected: list[RejectedRecord]
    unplaced: int


class _Permission(NamedTuple):
    """The time from which reads of a country may match, and the record of the permission in each match."""

    start: datetime
    lookback: Lookback


class LookbackSearch:
    """The alerts searched for in one pass over retained reads, in an index of their own.

    `fuzzy_lists` as in `Index`. An alert whose plate is invalid matches nothing, as in the live stream.
    """

    def __init__(
        self, requests: Sequence[LookbackRequest], matcher: Matcher, fuzzy_lists: Collection[str] = ()
    ) -> None:
        self._matcher = matcher
        self._index = Index(fuzzy_lists=fuzzy_lists)
        self._alerts: dict[AlertKey, Alert] = {}
        self._permissions: dict[tuple[AlertKey, str], _Permission] = {}
        self._starts: dict[str, datetime] = {}
        for request in requests:
            if request.scope.permitted:
                self._add_request(request)

    @property
    def countries(self) -> list[str]:
        """The countries whose reads are searched, in the order of their codes."""
        return sorted(self._starts)

    def start_ms(self, country: str) -> Millis:
        """Return the first instant from which reads of a country count."""
        return to_ms(self._starts[country])

    def search(self, records: Sequence[bytes], get_country: Callable[[Read], str | None]) -> LookbackResult:
        """Match a batch of raw reads (JSON records); `get_country` returns the country of a read's camera.

        Each match has the alert as it is in the lists, and the legal permission for its read.
        """
        batch = match_batch(records, self._index, self._matcher)
        matches, unplaced = [], 0
        for match in batch.matches:
            country, key = get_country(match.read), alert_key(match.alert)
            if country is None:
                unplaced += 1
                continue
            permission = self._permissions.get((key, country))
            if permission is not None and match.read.captured_at >= permission.start:
                matches.append(Match(match.read, self._alerts[key], match.result, permission.lookback))
        return LookbackResult(matches, batch.read_count, batch.rejected, unplaced)

    def _add_request(self, request: LookbackRequest) -> None:
        alert, key, requested_at = request.alert, alert_key(request.alert), from_ms(request.requested_ms)
        longest = max(permitted.hours for permitted in request.scope.permitted)
        # The index ignores reads outside an alert's validity, so in this index it is that of the lookback.
        start = _hours_before(request.requested_ms, longest)
        self._index.put(replace(alert, valid_from=start, valid_until=requested_at))
        self._alerts[key] = alert
        for permitted in request.scope.permitted:
            start = _hours_before(request.requested_ms, permitted.hours)
            lookback = Lookback(permitted.country, permitted.hours, permitted.source, requested_at)
            self._permissions[key, permitted.country] = _Permission(start, lookback)
            self._starts[permitted.country] = min(start, self._starts.get(permitted.country, start))


def _hours_before(time_ms: Millis, hours: float) -> datetime:
    """Return the time some hours, at least 1 ms, before another."""
    return from_ms(time_ms - max(round(hours * HOUR_MS), 1))
