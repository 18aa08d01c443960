"""Budget used by lists on a day, computed from emitted hits in the same way as by the correlator.

Lists without a budget are included: what they use shows how large a budget would have to be.
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
from streams.records.latest import LatestHits
from streams.records.times import DAY_MS, Millis, from_ms, to_ms


class ListBudgetUse(NamedTuple):
    """The emitted hits of one list on one UTC day (of `captured_at`).

    `false_hits` are the expected false hits, which is the budget used. `hits` are the emitted hits, without
    those replaced by another. `tightened` hits were emitted while the budget was tightened, whatever their
    outcome; `latest_tightened` is the time of the latest read among them. `rejected` and `confirmed` are the
    hits adjudicated by centres.
    """

    false_hits: float = 0.0
    hits: int = 0
    tightened: int = 0
    latest_tightened: datetime | None = None
    rejected: int = 0
    confirmed: int = 0


class _CountedHit(NamedTuple):
    """What counts of the latest revision of a hit."""

    list_id: str
    expected_false_hits: int
    outcome: HitOutcome
    tightened_at: datetime | None

    def order(self) -> tuple[object, ...]:
        return self.list_id, self.expected_false_hits, self.outcome, self.tightened_at is not None


class BudgetUse:
    """The budget used by lists on the UTC day of a time, from hits in any order and with repetitions."""

    def __init__(self, at_ms: Millis) -> None:
        self._epoch_day = at_ms // DAY_MS
        self._hits = LatestHits(_count_hit, _CountedHit.order)

    @property
    def day(self) -> date:
        """The day, in UTC."""
        return from_ms(self.begins_ms).date()

    @property
    def begins_ms(self) -> Millis:
        """The beginning of the day."""
        return self._epoch_day * DAY_MS

    def add_hit(self, hit: Hit) -> None:
        """Add an emitted revision of a hit; one of another day is ignored."""
        if to_ms(hit.read.captured_at) // DAY_MS == self._epoch_day:
            self._hits.add_hit(hit)

    def by_list(self) -> dict[str, ListBudgetUse]:
        """Return the budget used by each list with emitted hits, sorted by list_id."""
        grouped: dict[str, list[_CountedHit]] = {}
        for hit in self._hits.values():
            grouped.setdefault(hit.list_id, []).append(hit)
        return {list_id: _total(grouped[list_id]) for list_id in sorted(grouped)}


def _count_hit(hit: Hit) -> _CountedHit:
    tightened_at = hit.read.captured_at if TIGHTENED_RULE in hit.rules else None
    return _CountedHit(hit.alert.list_id, expected_false_hits(hit), hit_outcome(hit), tightened_at)


def _total(hits: list[_CountedHit]) -> ListBudgetUse:
    tightened = [hit.tightened_at for hit in hits if hit.tightened_at is not None]
    outcomes = [hit.outcome for hit in hits]
    return ListBudgetUse(
        false_hits=sum(hit.expected_false_hits for hit in hits) / MILLIONTHS,
        hits=len(hits) - outcomes.count("replaced"),
        tightened=len(tightened),
        latest_tightened=max(tightened, default=None),
        rejected=outcomes.count("rejected"),
        confirmed=outcomes.count("confirmed"),
    )
