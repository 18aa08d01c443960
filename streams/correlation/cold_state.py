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
from streams.records.hit_header import Outline
from streams.records.match import Match
from streams.records.times import to_ms

_NO_HITS: Final[dict[str, tuple[Outline, bytes]]] = {}


class Rest:
    """The records of one alert: matches with the time at which they were made (ms since 1970 UTC), and the
    highest revision of each hit."""

    __slots__ = ("_hits", "_matches", "newest")

    def __init__(self) -> None:
        self._matches: list[tuple[int, bytes]] = []
        # Of some alerts nothing was told.
        self._hits = _NO_HITS
        self.newest = 0
        """When the latest match was made or hit told, in ms since 1970 UTC."""

    @property
    def outlines(self) -> Iterable[Outline]:
        """The outlines of the hits."""
        return [outline for outline, _ in self._hits.values()]

    def add_match(self, record: bytes, seen: int) -> None:
        """Takes a match as JSON, and when it was made."""
        self._matches.append((seen, record))
        self.newest = max(self.newest, seen)

    def add_hit(self, outline: Outline, record: bytes) -> None:
        """Takes a revision of a hit as JSON; of several of a hit the highest counts."""
        if self._hits is _NO_HITS:
            self._hits = {}
        known = self._hits.get(outline.hit_id)
        if known is None or outline.revision >= known[0].revision:
            self._hits[outline.hit_id] = outline, record
            self.newest = max(self.newest, to_ms(outline.emitted_at))

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


class Resting:
    """The alerts that rest."""

    def __init__(self) -> None:
        self._alerts: dict[AlertKey, Rest] = {}
        self._of_hit: dict[str, AlertKey] = {}

    def __len__(self) -> int:
        return len(self._alerts)

    def __contains__(self, key: object) -> bool:
        return key in self._alerts

    def add_match(self, key: AlertKey, record: bytes, seen: int) -> None:
        """Takes a match of an alert as JSON, made at a time in ms since 1970 UTC."""
        self._of(key).add_match(record, seen)

    def add_hit(self, outline: Outline, record: bytes) -> None:
        """Takes a revision of a hit as JSON."""
        key = outline.key
        self._of(key).add_hit(outline, record)
        self._of_hit[outline.hit_id] = key

    def alert_of(self, hit_id: str) -> AlertKey | None:
        """The alert that rests to which a hit belongs, if there is one."""
        return self._of_hit.get(hit_id)

    def any(self) -> AlertKey | None:
        """One of the alerts that rest, if there are any."""
        return next(iter(self._alerts), None)

    def alerts(self) -> list[AlertKey]:
        """The alerts that rest, in a fixed order."""
        return sorted(self._alerts)

    def pop(self, key: AlertKey) -> Rest | None:
        """The records of an alert, which does not rest from now on."""
        rest = self._alerts.pop(key, None)
        if rest is not None:
            for outline in rest.outlines:
                del self._of_hit[outline.hit_id]
        return rest

    def due(self, index: Index) -> Iterator[tuple[AlertKey, int]]:
        """When to look at each alert, in ms since 1970 UTC, as far as time alone decides it.

        At once (0) if something stands of it that does not go with its version in `index`, for that may have
        changed meanwhile; at the end of the alert or of a handover, if something stands.
        """
        for key in self.alerts():
            standing = [outline for outline in self._alerts[key].outlines if outline.stands]
            if not standing:
                continue
            latest = index.get(key)
            if latest is None or any(outline.alert.version != latest.version for outline in standing):
                yield key, 0
                continue
            handovers = [each.handover for each in standing if each.handover is not None]
            yield key, min((index.ends_at(latest), *(to_ms(each.ends) for each in handovers)))

    def forget(self, before: int) -> bool:
        """Drops the alerts of which all records are from before a time, in ms since 1970 UTC; whether there
        were any."""
        old = [key for key, rest in self._alerts.items() if rest.newest < before]
        for key in old:
            self.pop(key)
        return bool(old)

    def _of(self, key: AlertKey) -> Rest:
        rest = self._alerts.get(key)
        if rest is None:
            rest = self._alerts[key] = Rest()
        return rest
