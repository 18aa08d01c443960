"""What lists have spent of their budgets on a day, counted from the hits told, as `Budgets` counts it.

Lists without a budget are counted too: what they spend says what a budget would have to be.
"""

from datetime import date, datetime
from typing import NamedTuple

from streams.correlation.budget import (
    MILLIONTHS,
    TIGHTENED_RULE,
    HitOutcome,
    expected_false_hits,
    hit_outcome,
)
from streams.records.hit import Hit
from streams.records.times import DAY_MS, from_ms, to_ms


class ListBudgetUse(NamedTuple):
    """What the hits told of one list on one UTC day (of `captured_at`) come to.

    `false_hits` are those to expect of them, which are what is spent. `hits` has one for each passage: not
    those in whose place another hit stands. `tightened` were told while the tolerance was tightened,
    whatever became of them, and the latest read of those is of the time `latest_tightened`. `rejected` and
    `confirmed` were so by a centre.
    """

    false_hits: float = 0.0
    hits: int = 0
    tightened: int = 0
    latest_tightened: datetime | None = None
    rejected: int = 0
    confirmed: int = 0


class _CountedHit(NamedTuple):
    """What counts of a hit: its list, its latest revision known, and what that comes to."""

    list_id: str
    revision: int
    expected_false_hits: int
    outcome: HitOutcome
    tightened_at: datetime | None


class BudgetUse:
    """What lists have spent on the UTC day of a time, given in ms since 1970 UTC.

    It takes hits of any day, in any order, and again and again; of a hit the highest revision counts.
    """

    def __init__(self, at_ms: int) -> None:
        self._epoch_day = at_ms // DAY_MS
        self._hits: dict[str, _CountedHit] = {}

    @property
    def day(self) -> date:
        """The day, in UTC."""
        return from_ms(self.begins_ms).date()

    @property
    def begins_ms(self) -> int:
        """When the day begins, in ms since 1970 UTC."""
        return self._epoch_day * DAY_MS

    def add_hit(self, hit: Hit) -> None:
        """Takes a revision of a hit that was told; one of another day counts nothing."""
        if to_ms(hit.read.captured_at) // DAY_MS != self._epoch_day:
            return
        known = self._hits.get(hit.hit_id)
        if known is None or hit.revision >= known.revision:
            tightened_at = hit.read.captured_at if TIGHTENED_RULE in hit.rules else None
            self._hits[hit.hit_id] = _CountedHit(
                hit.alert.list_id, hit.revision, expected_false_hits(hit), hit_outcome(hit), tightened_at
            )

    def by_list(self) -> dict[str, ListBudgetUse]:
        """What was spent by each list of which hits were told, by list_id in order."""
        of_list: dict[str, list[_CountedHit]] = {}
        for told in self._hits.values():
            of_list.setdefault(told.list_id, []).append(told)
        return {list_id: _total(of_list[list_id]) for list_id in sorted(of_list)}


def _total(hits: list[_CountedHit]) -> ListBudgetUse:
    tightened = [each.tightened_at for each in hits if each.tightened_at is not None]
    outcomes = [each.outcome for each in hits]
    return ListBudgetUse(
        false_hits=sum(each.expected_false_hits for each in hits) / MILLIONTHS,
        hits=len(hits) - outcomes.count("replaced"),
        tightened=len(tightened),
        latest_tightened=max(tightened, default=None),
        rejected=outcomes.count("rejected"),
        confirmed=outcomes.count("confirmed"),
    )
