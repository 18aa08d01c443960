"""Resting: what is known of alerts, kept as it was written until something is asked of them.

A state that is made anew has a day of records to take, and few of their vehicles are seen again at once. So
the records of each alert rest together, unread, and are read when the alert is touched.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from streams.alerts.index import Index
from streams.records.alert import AlertKey
from streams.records.decode import decode_hit, decode_matches
from streams.records.hit import Hit
from streams.records.hit_header import HitHeader
from streams.records.match import Match
from streams.records.times import to_ms

_NO_HITS: Final[dict[str, tuple[HitHeader, bytes]]] = {}


class ColdAlert:
    """The records of one alert: matches with the time at which they were made (ms since 1970 UTC), and the
    highest revision of each hit."""

    __slots__ = ("_hits", "_matches", "latest_ms")

    def __init__(self) -> None:
        self._matches: list[tuple[int, bytes]] = []
        # Of some alerts nothing was told.
        self._hits = _NO_HITS
        self.latest_ms = 0
        """When the latest match was made or hit told, in ms since 1970 UTC."""

    @property
    def headers(self) -> Iterable[HitHeader]:
        """The outlines of the hits."""
        return [outline for outline, _ in self._hits.values()]

    def add_match(self, record: bytes, matched_ms: int) -> None:
        """Takes a match as JSON, and when it was made."""
        self._matches.append((matched_ms, record))
        self.latest_ms = max(self.latest_ms, matched_ms)

    def add_hit(self, header: HitHeader, record: bytes) -> None:
        """Takes a revision of a hit as JSON; of several of a hit the highest counts."""
        if self._hits is _NO_HITS:
            self._hits = {}
        known = self._hits.get(header.hit_id)
        if known is None or header.revision >= known[0].revision:
            self._hits[header.hit_id] = header, record
            self.latest_ms = max(self.latest_ms, to_ms(header.emitted_at))

    def matches(self) -> Iterator[tuple[Match, int]]:
        """The matches that can be read, each with the time at which it was made."""
        decoded = decode_matches([record for _, record in self._matches])
        for (seen, _), match in zip(self._matches, decoded, strict=True):
            if isinstance(match, Match):
                yield match, seen

    def hits(self) -> Iterator[Hit]:
        """The highest revisions of hits that can be read."""
        for _, record in self._hits.values():
            hit = decode_hit(record)
            if isinstance(hit, Hit):
                yield hit


class ColdAlerts:
    """The alerts that rest."""

    def __init__(self) -> None:
        self._alerts: dict[AlertKey, ColdAlert] = {}
        self._key_by_hit: dict[str, AlertKey] = {}

    def __len__(self) -> int:
        return len(self._alerts)

    def __contains__(self, key: object) -> bool:
        return key in self._alerts

    def add_match(self, key: AlertKey, record: bytes, matched_ms: int) -> None:
        """Takes a match of an alert as JSON, made at a time in ms since 1970 UTC."""
        self._get_or_create(key).add_match(record, matched_ms)

    def add_hit(self, header: HitHeader, record: bytes) -> None:
        """Takes a revision of a hit as JSON."""
        key = header.alert_key
        self._get_or_create(key).add_hit(header, record)
        self._key_by_hit[header.hit_id] = key

    def key_for_hit(self, hit_id: str) -> AlertKey | None:
        """The alert that rests to which a hit belongs, if there is one."""
        return self._key_by_hit.get(hit_id)

    def any_key(self) -> AlertKey | None:
        """One of the alerts that rest, if there are any."""
        return next(iter(self._alerts), None)

    def keys(self) -> list[AlertKey]:
        """The alerts that rest, in a fixed order."""
        return sorted(self._alerts)

    def pop(self, key: AlertKey) -> ColdAlert | None:
        """The records of an alert, which does not rest from now on."""
        rest = self._alerts.pop(key, None)
        if rest is not None:
            for outline in rest.headers:
                del self._key_by_hit[outline.hit_id]
        return rest

    def evaluation_times(self, index: Index) -> Iterator[tuple[AlertKey, int]]:
        """When to look at each alert, in ms since 1970 UTC, as far as time alone decides it.

        At once (0) if something stands of it that does not go with its version in `index`, for that may have
        changed meanwhile; at the end of the alert or of a handover, if something stands.
        """
        for key in self.keys():
            standing = [outline for outline in self._alerts[key].headers if outline.is_active]
            if not standing:
                continue
            latest = index.get(key)
            if latest is None or any(outline.alert.version != latest.version for outline in standing):
                yield key, 0
                continue
            handovers = [each.handover for each in standing if each.handover is not None]
            yield key, min((index.valid_until_ms(latest), *(to_ms(each.ends) for each in handovers)))

    def expire(self, before_ms: int) -> bool:
        """Drops the alerts of which all records are from before a time, in ms since 1970 UTC; whether there
        were any."""
        old = [key for key, rest in self._alerts.items() if rest.latest_ms < before_ms]
        for key in old:
            self.pop(key)
        return bool(old)

    def _get_or_create(self, key: AlertKey) -> ColdAlert:
        rest = self._alerts.get(key)
        if rest is None:
            rest = self._alerts[key] = ColdAlert()
        return rest
