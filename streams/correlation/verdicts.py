"""Verdicts: what centres said, and the memory of rejected pairs."""

from collections.abc import Container
from datetime import datetime

from msgspec.structs import replace

from streams.correlation.passages import Pair
from streams.records.encode import encode
from streams.records.times import truncate_to_ms
from streams.records.verdict import Verdict


class Verdicts:
    """The latest verdict on each hit, and the latest judgement on each pair of a plate read and an alert.

    `confirmed` and `rejected` are judgements; `acknowledged` only says that the hit was seen, so it never
    hides one.
    """

    def __init__(self) -> None:
        self._latest: dict[str, Verdict] = {}
        self._adjudications: dict[str, Verdict] = {}
        self._pair_by_hit: dict[str, Pair] = {}
        self._hits_by_pair: dict[Pair, set[str]] = {}

    def add(self, verdict: Verdict) -> bool:
        """Takes a verdict; whether it changed anything. An earlier one, or one known already, does not."""
        # As it is written on a hit, or one read back would differ from it.
        verdict = replace(verdict, at=truncate_to_ms(verdict.at))
        changed = _store_if_newer(self._latest, verdict)
        if verdict.verdict != "acknowledged":
            changed |= _store_if_newer(self._adjudications, verdict)
        return changed

    def is_adjudicated(self, hit_id: str) -> bool:
        """Whether a judgement on a hit is known: then it must be said to which pair it belongs."""
        return hit_id in self._adjudications

    def set_pair(self, hit_id: str, pair: Pair) -> None:
        """Says to which pair a judged hit belongs; with a revised text it leaves the pair it was of."""
        self._unset_pair(hit_id)
        self._pair_by_hit[hit_id] = pair
        self._hits_by_pair.setdefault(pair, set()).add(hit_id)

    def pair_for(self, hit_id: str) -> Pair | None:
        """The pair to which a hit belongs, if it was said."""
        return self._pair_by_hit.get(hit_id)

    def expire(self, hit_id: str) -> None:
        """Lets go of a hit that is no longer remembered; a pair that was judged is kept."""
        if hit_id not in self._adjudications:
            self._unset_pair(hit_id)
            self._latest.pop(hit_id, None)

    def expire_before(self, before: datetime, retained: Container[str]) -> None:
        """Lets go of all that was said before a time, and of the pairs of hits that are not kept."""
        for said in (self._latest, self._adjudications):
            for hit_id in [each for each, verdict in said.items() if verdict.at < before]:
                del said[hit_id]
                if hit_id not in retained and hit_id not in self._adjudications:
                    self._unset_pair(hit_id)

    def latest_for(self, hit_id: str) -> Verdict | None:
        """The latest verdict on a hit."""
        return self._latest.get(hit_id)

    @property
    def has_adjudications(self) -> bool:
        """Whether there is any judgement at all."""
        return bool(self._adjudications)

    def is_hit_rejected(self, hit_id: str) -> bool:
        """Whether the latest judgement on a hit itself is `rejected`."""
        judgement = self._adjudications.get(hit_id)
        return judgement is not None and judgement.verdict == "rejected"

    def is_pair_rejected(self, pair: Pair) -> bool:
        """Whether the latest judgement on any hit of a pair is `rejected`."""
        judgements = [
            self._adjudications[hit] for hit in self._hits_by_pair.get(pair, ()) if hit in self._adjudications
        ]
        return bool(judgements) and max(judgements, key=_sort_key).verdict == "rejected"

    def _unset_pair(self, hit_id: str) -> None:
        pair = self._pair_by_hit.pop(hit_id, None)
        if pair is not None:
            hits = self._hits_by_pair[pair]
            hits.discard(hit_id)
            if not hits:
                del self._hits_by_pair[pair]


def _store_if_newer(stored: dict[str, Verdict], verdict: Verdict) -> bool:
    known = stored.get(verdict.hit_id)
    if known is not None and _sort_key(known) >= _sort_key(verdict):
        return False
    stored[verdict.hit_id] = verdict
    return True


def _sort_key(verdict: Verdict) -> tuple[object, ...]:
    return (verdict.at, encode(verdict))
