"""What lists have spent of their budgets on a day, counted from the hits told, as `Budgets` counts it.

Lists without a budget are counted too: what they spend says what a budget would have to be.
"""

from datetime import date, datetime
from typing import NamedTuple

from streams.correlation.budget import ONE, TIGHTENED, Outcome, cost_of, outcome_of
from streams.records.hit import Hit
from streams.records.times import DAY_MS, from_ms, to_ms


class Spent(NamedTuple):
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


class _Told(NamedTuple):
    """What counts of a hit: its list, its latest revision known, and what that comes to."""

    list_id: str
    revision: int
    cost: int
    outcome: Outcome
    tightened_at: datetime | None


class Spending:
    """What lists have spent on the UTC day of a time, given in ms since 1970 UTC.

    It takes hits of any day, in any order, and again and again; of a hit the highest revision counts.
    """

    def __init__(self, at: int) -> None:
        self._number = at // DAY_MS
        self._told: dict[str, _Told] = {}

    @property
    def day(self) -> date:
        """The day, in UTC."""
        return from_ms(self.begins).date()

    @property
    def begins(self) -> int:
        """When the day begins, in ms since 1970 UTC."""
        return self._number * DAY_MS

    def note(self, hit: Hit) -> None:
        """Takes a revision of a hit that was told; one of another day counts nothing."""
        if to_ms(hit.read.captured_at) // DAY_MS != self._number:
            return
        known = self._told.get(hit.hit_id)
        if known is None or hit.revision >= known.revision:
            tightened_at = hit.read.captured_at if TIGHTENED in hit.rules else None
            self._told[hit.hit_id] = _Told(
                hit.alert.list_id, hit.revision, cost_of(hit), outcome_of(hit), tightened_at
            )

    def by_list(self) -> dict[str, Spent]:
        """What was spent by each list of which hits were told, by list_id in order."""
        of_list: dict[str, list[_Told]] = {}
        for told in self._told.values():
            of_list.setdefault(told.list_id, []).append(told)
        return {list_id: _sum(of_list[list_id]) for list_id in sorted(of_list)}


def _sum(told: list[_Told]) -> Spent:
    tightened = [each.tightened_at for each in told if each.tightened_at is not None]
    outcomes = [each.outcome for each in told]
    return Spent(
        false_hits=sum(each.cost for each in told) / ONE,
        hits=len(told) - outcomes.count("replaced"),
        tightened=len(tightened),
        latest_tightened=max(tightened, default=None),
        rejected=outcomes.count("rejected"),
        confirmed=outcomes.count("confirmed"),
    )
