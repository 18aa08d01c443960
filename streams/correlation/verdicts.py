"""Verdicts: what centres said, and the memory of rejected pairs."""

from streams.correlation.sightings import Pair
from streams.records.encode import encode
from streams.records.verdict import Verdict


class Verdicts:
    """The latest verdict on each hit, and on each pair of a plate read and an alert version."""

    def __init__(self) -> None:
        self._of_hit: dict[str, Verdict] = {}
        self._hits: dict[Pair, set[str]] = {}

    def add(self, verdict: Verdict) -> bool:
        """Takes a verdict; whether it changed anything. An earlier one, or one known already, does not."""
        known = self._of_hit.get(verdict.hit_id)
        if known is not None and _order(known) >= _order(verdict):
            return False
        self._of_hit[verdict.hit_id] = verdict
        return True

    def belongs(self, hit_id: str, pair: Pair) -> None:
        """Says to which pair a hit belongs."""
        self._hits.setdefault(pair, set()).add(hit_id)

    def of(self, hit_id: str) -> Verdict | None:
        """The latest verdict on a hit."""
        return self._of_hit.get(hit_id)

    def rejected(self, pair: Pair) -> bool:
        """Whether the latest judgement on any hit of a pair is `rejected`; `acknowledged` is no judgement."""
        judgements = [
            verdict
            for hit_id in self._hits.get(pair, ())
            if (verdict := self._of_hit.get(hit_id)) is not None and verdict.verdict != "acknowledged"
        ]
        return bool(judgements) and max(judgements, key=_order).verdict == "rejected"


def _order(verdict: Verdict) -> tuple[object, ...]:
    return (verdict.at, encode(verdict))
