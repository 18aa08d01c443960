"""Newest revision of each hit and newest verdicts on it, in whatever order the records arrive."""

from collections.abc import Callable, Iterator, KeysView, Mapping
from typing import Any, TypeVar

from msgspec.structs import replace

from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.times import truncate_to_ms
from streams.records.verdict import Verdict, verdict_order

Summary = TypeVar("Summary")


class LatestVerdicts:
    """The newest verdict on each hit, and the newest adjudication: one that is `confirmed` or `rejected`.

    `acknowledged` only says that the hit was seen, so it never hides an adjudication. The centre that gave a
    verdict does not matter.
    """

    def __init__(self) -> None:
        self._latest: dict[str, Verdict] = {}
        self._adjudications: dict[str, Verdict] = {}

    def add(self, verdict: Verdict) -> bool:
        """Add a verdict; return True if it is newer than those known on its hit."""
        # A verdict read back from a hit has whole milliseconds; without this the two would differ.
        verdict = replace(verdict, at=truncate_to_ms(verdict.at))
        changed = _store_if_newer(self._latest, verdict)
        if verdict.verdict != "acknowledged":
            changed |= _store_if_newer(self._adjudications, verdict)
        return changed

    def latest(self, hit_id: str) -> Verdict | None:
        """Return the newest verdict on a hit."""
        return self._latest.get(hit_id)

    def adjudication(self, hit_id: str) -> Verdict | None:
        """Return the newest adjudication of a hit."""
        return self._adjudications.get(hit_id)

    @property
    def adjudicated_ids(self) -> KeysView[str]:
        """The ids of the hits that were adjudicated."""
        return self._adjudications.keys()


class LatestHits(Mapping[str, Summary]):
    """What counts of the newest revision of each hit, by hit id, and the newest verdicts on it.

    Whole hits are large, so a caller that needs little of them gives `summarise`. When one worker replaces
    another, the two may write different revisions of one number: of these the one whose summary has the
    greater `order`, a sort key, counts.
    """

    def __init__(self, summarise: Callable[[Hit], Summary], order: Callable[[Summary], Any]) -> None:
        self._summarise = summarise
        self._order = order
        self._latest: dict[str, tuple[int, Summary]] = {}
        self.verdicts = LatestVerdicts()

    def add_hit(self, hit: Hit) -> None:
        """Add a revision of a hit, and the verdict on it."""
        revision, stored = self._latest.get(hit.hit_id, (0, None))
        if hit.revision >= revision:
            summary = self._summarise(hit)
            if hit.revision > revision or self._is_greater(summary, stored):
                self._latest[hit.hit_id] = hit.revision, summary
        if hit.verdict is not None:
            self.verdicts.add(hit.verdict)

    def add_verdict(self, verdict: Verdict) -> None:
        """Add a verdict, on a hit that is known or not."""
        self.verdicts.add(verdict)

    def __getitem__(self, hit_id: str) -> Summary:
        return self._latest[hit_id][1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._latest)

    def __len__(self) -> int:
        return len(self._latest)

    def _is_greater(self, summary: Summary, stored: Any) -> bool:
        # Most records of one number are the same record once more; comparing is cheaper than the key.
        return bool(summary != stored and self._order(summary) > self._order(stored))


def latest_whole_hits() -> LatestHits[Hit]:
    """Return an empty fold that keeps whole hits; its values are the newest revision of each."""
    return LatestHits(lambda hit: hit, encode)


def _store_if_newer(newest: dict[str, Verdict], verdict: Verdict) -> bool:
    stored = newest.get(verdict.hit_id)
    if stored is not None and verdict_order(stored) >= verdict_order(verdict):
        return False
    newest[verdict.hit_id] = verdict
    return True
