"""Verdicts: what centres said, and the memory of rejected pairs."""

from collections.abc import Container
from datetime import datetime

from msgspec.structs import replace

from streams.correlation.passages import Pair
from streams.records.encode import encode
from streams.records.times import whole_ms
from streams.records.verdict import Verdict


class Verdicts:
    """The latest verdict on each hit, and the latest judgement on each pair of a plate read and an alert.

    `confirmed` and `rejected` are judgements; `acknowledged` only says that the hit was seen, so it never
    hides one.
    """

    def __init__(self) -> None:
        self._latest: dict[str, Verdict] = {}
        self._judgement: dict[str, Verdict] = {}
        self._pair: dict[str, Pair] = {}
        self._hits: dict[Pair, set[str]] = {}

    def add(self, verdict: Verdict) -> bool:
        """Takes a verdict; whether it changed anything. An earlier one, or one known already, does not."""
        # As it is written on a hit, or one read back would differ from it.
        verdict = replace(verdict, at=whole_ms(verdict.at))
        changed = _keep(self._latest, verdict)
        if verdict.verdict != "acknowledged":
            changed |= _keep(self._judgement, verdict)
        return changed

    def is_judged(self, hit_id: str) -> bool:
        """Whether a judgement on a hit is known: then it must be said to which pair it belongs."""
        return hit_id in self._judgement

    def belongs(self, hit_id: str, pair: Pair) -> None:
        """Says to which pair a judged hit belongs; with a revised text it leaves the pair it was of."""
        self._part(hit_id)
        self._pair[hit_id] = pair
        self._hits.setdefault(pair, set()).add(hit_id)

    def pair_of(self, hit_id: str) -> Pair | None:
        """The pair to which a hit belongs, if it was said."""
        return self._pair.get(hit_id)

    def forget(self, hit_id: str) -> None:
        """Lets go of a hit that is no longer remembered; a pair that was judged is kept."""
        if hit_id not in self._judgement:
            self._part(hit_id)
            self._latest.pop(hit_id, None)

    def forget_said(self, before: datetime, kept: Container[str]) -> None:
        """Lets go of all that was said before a time, and of the pairs of hits that are not kept."""
        for said in (self._latest, self._judgement):
            for hit_id in [each for each, verdict in said.items() if verdict.at < before]:
                del said[hit_id]
                if hit_id not in kept and hit_id not in self._judgement:
                    self._part(hit_id)

    def of(self, hit_id: str) -> Verdict | None:
        """The latest verdict on a hit."""
        return self._latest.get(hit_id)

    @property
    def any_judged(self) -> bool:
        """Whether there is any judgement at all."""
        return bool(self._judgement)

    def rejects(self, hit_id: str) -> bool:
        """Whether the latest judgement on a hit itself is `rejected`."""
        judgement = self._judgement.get(hit_id)
        return judgement is not None and judgement.verdict == "rejected"

    def rejected(self, pair: Pair) -> bool:
        """Whether the latest judgement on any hit of a pair is `rejected`."""
        judgements = [self._judgement[hit] for hit in self._hits.get(pair, ()) if hit in self._judgement]
        return bool(judgements) and max(judgements, key=_order).verdict == "rejected"

    def _part(self, hit_id: str) -> None:
        pair = self._pair.pop(hit_id, None)
        if pair is not None:
            hits = self._hits[pair]
            hits.discard(hit_id)
            if not hits:
                del self._hits[pair]


def _keep(kept: dict[str, Verdict], verdict: Verdict) -> bool:
    known = kept.get(verdict.hit_id)
    if known is not None and _order(known) >= _order(verdict):
        return False
    kept[verdict.hit_id] = verdict
    return True


def _order(verdict: Verdict) -> tuple[object, ...]:
    return (verdict.at, encode(verdict))
