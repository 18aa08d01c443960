"""Cold state: records of alerts that were restored but not decoded yet.

Restored state holds a day of records, and few of its vehicles are seen again soon. The records of each alert
are therefore kept as JSON, and are decoded when the alert is first used.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from streams.alerts.index import Index
from streams.records.alert import AlertKey
from streams.records.decode import decode_hit, decode_matches
from streams.records.hit import Hit
from streams.records.hit_header import HitHeader
from streams.records.match import Match
from streams.records.times import MINUTE_MS, Millis, to_ms

_NO_HITS: Final[dict[str, tuple[HitHeader, bytes]]] = {}


class ColdAlert:
    """The records of one alert: its matches with their times, and the highest revision of each hit."""

    __slots__ = ("_hits", "_matches", "latest_ms")

    def __init__(self) -> None:
        self._matches: list[tuple[Millis, bytes]] = []
        # Some alerts have no hits, and an empty dict for each would take memory.
        self._hits = _NO_HITS
        self.latest_ms: Millis = 0
        """When the latest match was made or the latest revision emitted."""

    @property
    def headers(self) -> Iterable[HitHeader]:
        """The headers of the hits."""
        return [header for header, _ in self._hits.values()]

    def add_match(self, record: bytes, matched_ms: Millis) -> None:
        """Add a match as JSON, and the time at which it was made."""
        self._matches.append((matched_ms, record))
        self.latest_ms = max(self.latest_ms, matched_ms)

    def add_hit(self, header: HitHeader, record: bytes) -> None:
        """Add a revision of a hit as JSON, unless a higher one is known."""
        if self._hits is _NO_HITS:
            self._hits = {}
        stored = self._hits.get(header.hit_id)
        if stored is None or header.revision >= stored[0].revision:
            self._hits[header.hit_id] = header, record
            self.latest_ms = max(self.latest_ms, to_ms(header.emitted_at))

    def matches(self) -> Iterator[tuple[Match, Millis]]:
        """Yield the matches that can be decoded, each with the time at which it was made."""
        decoded = decode_matches([record for _, record in self._matches])
        for (matched_ms, _), match in zip(self._matches, decoded, strict=True):
            if isinstance(match, Match):
                yield match, matched_ms

    def hits(self) -> Iterator[Hit]:
        """Yield the highest revisions of the hits that can be decoded."""
        for _, record in self._hits.values():
            hit = decode_hit(record)
            if isinstance(hit, Hit):
                yield hit


class ColdAlerts:
    """The cold alerts by key, and by the ids of their hits."""

    def __init__(self) -> None:
        self._alerts: dict[AlertKey, ColdAlert] = {}
        self._key_by_hit: dict[str, AlertKey] = {}
        self._by_minute: dict[Millis, list[AlertKey]] = {}
        """The alerts by the minute of their latest record, once no more are added."""

    def __len__(self) -> int:
        return len(self._alerts)

    def __contains__(self, key: object) -> bool:
        return key in self._alerts

    def add_match(self, key: AlertKey, record: bytes, matched_ms: Millis) -> None:
        """Add a match of an alert as JSON, and the time at which it was made."""
        self._get_or_create(key).add_match(record, matched_ms)

    def add_hit(self, header: HitHeader, record: bytes) -> None:
        """Add a revision of a hit as JSON."""
        key = header.alert_key
        self._get_or_create(key).add_hit(header, record)
        self._key_by_hit[header.hit_id] = key

    def key_for_hit(self, hit_id: str) -> AlertKey | None:
        """Return the cold alert of a hit, if it has one."""
        return self._key_by_hit.get(hit_id)

    def any_key(self) -> AlertKey | None:
        """Return one of the cold alerts, or None if none is left."""
        return next(iter(self._alerts), None)

    def sorted_keys(self) -> list[AlertKey]:
        """Return the cold alerts in a fixed order."""
        return sorted(self._alerts)

    def pop(self, key: AlertKey) -> ColdAlert | None:
        """Remove and return the records of an alert, if it is cold."""
        cold = self._alerts.pop(key, None)
        if cold is not None:
            for header in cold.headers:
                del self._key_by_hit[header.hit_id]
        return cold

    def evaluation_times(self, index: Index) -> Iterator[tuple[AlertKey, Millis]]:
        """Yield when each alert with active hits must be evaluated, as far as time alone determines it.

        At once (0) if an active hit is of another version than that in `index`; otherwise at the end of the
        alert or of the first of its handovers. To be called once, when all records were added.
        """
        for key in self.sorted_keys():
            cold = self._alerts[key]
            self._by_minute.setdefault(cold.latest_ms // MINUTE_MS, []).append(key)
            active = [header for header in cold.headers if header.is_active]
            if not active:
                continue
            latest = index.get(key)
            if latest is None or any(header.alert.version != latest.version for header in active):
                yield key, 0
                continue
            handovers = [header.handover for header in active if header.handover is not None]
            yield key, min((index.valid_until_ms(latest), *(to_ms(handover.ends) for handover in handovers)))

    def expire(self, before_ms: Millis) -> None:
        """Expire the alerts of which all records are older than the minute of a time."""
        for minute in [minute for minute in self._by_minute if (minute + 1) * MINUTE_MS <= before_ms]:
            for key in self._by_minute.pop(minute):
                self.pop(key)

    def _get_or_create(self, key: AlertKey) -> ColdAlert:
        cold = self._alerts.get(key)
        if cold is None:
            cold = self._alerts[key] = ColdAlert()
        return cold
