"""Verdicts of centres on hits, and the read-alert pairs that they confirm or reject."""

from collections.abc import Container
from datetime import datetime

from msgspec.structs import replace

from streams.correlation.passages import Pair
from streams.records.times import truncate_to_ms
from streams.records.verdict import Verdict, verdict_order


class Verdicts:
    """The latest verdict on each hit, and the latest adjudication of each pair of plate read and alert.

    `confirmed` and `rejected` are adjudications. `acknowledged` only states that the hit was seen, so it
    never replaces one.
    """

    def __init__(self) -> None:
        self._latest: dict[str, Verdict] = {}
        self._adjudications: dict[str, Verdict] = {}
        self._pair_by_hit: dict[str, Pair] = {}
        self._hits_by_pair: dict[Pair, set[str]] = {}

    def add(self, verdict: Verdict) -> bool:
        """Record a verdict; return True if it is newer than the one on record."""
        # Truncated as on a hit: a verdict that was read back from one must compare equal.
        verdict = replace(verdict, at=truncate_to_ms(verdict.at))
        changed = _store_if_newer(self._latest, verdict)
        if verdict.verdict != "acknowledged":
            changed |= _store_if_newer(self._adjudications, verdict)
        return changed

    def is_adjudicated(self, hit_id: str) -> bool:
        """True if a hit was confirmed or rejected; its pair must then be recorded with `set_pair`."""
        return hit_id in self._adjudications

    def set_pair(self, hit_id: str, pair: Pair) -> None:
        """Record the read-alert pair of an adjudicated hit, replacing the pair of an earlier text."""
        self._unset_pair(hit_id)
        self._pair_by_hit[hit_id] = pair
        self._hits_by_pair.setdefault(pair, set()).add(hit_id)

    def pair_for(self, hit_id: str) -> Pair | None:
        """Return the recorded pair of a hit, if any."""
        return self._pair_by_hit.get(hit_id)

    def expire(self, hit_id: str) -> None:
        """Expire the verdict and pair of a hit, unless it is adjudicated."""
        if hit_id not in self._adjudications:
            self._unset_pair(hit_id)
            self._latest.pop(hit_id, None)

    def expire_before(self, before: datetime, retained: Container[str]) -> None:
        """Expire verdicts given before a time, with the pairs of hits that are not in `retained`."""
        for verdicts in (self._latest, self._adjudications):
            for hit_id in [hit_id for hit_id, verdict in verdicts.items() if verdict.at < before]:
                del verdicts[hit_id]
                if hit_id not in retained and hit_id not in self._adjudications:
                    self._unset_pair(hit_id)

    def latest_for(self, hit_id: str) -> Verdict | None:
        """Return the latest verdict on a hit, if any."""
        return self._latest.get(hit_id)

    @property
    def has_adjudications(self) -> bool:
        """True if any hit was confirmed or rejected."""
        return bool(self._adjudications)

    def is_hit_rejected(self, hit_id: str) -> bool:
        """True if the latest adjudication of the hit itself is `rejected`."""
        adjudication = self._adjudications.get(hit_id)
        return adjudication is not None and adjudication.verdict == "rejected"

    def is_pair_rejected(self, pair: Pair) -> bool:
        """True if the latest adjudication of any hit of a pair is `rejected`."""
        adjudications = [
            self._adjudications[hit_id]
            for hit_id in self._hits_by_pair.get(pair, ())
            if hit_id in self._adjudications
        ]
        return bool(adjudications) and max(adjudications, key=verdict_order).verdict == "rejected"

    def _unset_pair(self, hit_id: str) -> None:
        pair = self._pair_by_hit.pop(hit_id, None)
        if pair is not None:
            hit_ids = self._hits_by_pair[pair]
            hit_ids.discard(hit_id)
            if not hit_ids:
                del self._hits_by_pair[pair]


def _store_if_newer(stored: dict[str, Verdict], verdict: Verdict) -> bool:
    current = stored.get(verdict.hit_id)
    if current is not None and verdict_order(current) >= verdict_order(verdict):
        return False
    stored[verdict.hit_id] = verdict
    return True
