"""Budgets: how many false hits a list may cause a day, followed as hits are told, and what follows.

The expected false hits of a list and UTC day (of `captured_at`) so far, which are what is spent, are the sum
over its hits told of 1 - posterior. When the next one would break the budget, or when the budget goes faster
than the day, only hits of a higher posterior are told; docs/guides/budgets.md has the rule.
What was emitted stays.

All sums are in whole millionths, so that they are the same in whatever order they were added up.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

from streams.correlation.passages import Sighting
from streams.matching.config import MatchingRules
from streams.records.hit import Hit
from streams.records.times import DAY_MS, from_ms, to_ms

ALWAYS_EMIT_POSTERIOR: Final = 0.99
"""A hit of this posterior or more is told whatever was spent: no vehicle surely read is missed."""
TIGHTENED_RULE: Final = "budget.tightened"
"""The rule's id on hits that were told while the tolerance was tightened."""
TIGHTENED_REASON: Final = (
    "the list's budget of false hits for the day was running out: only its likelier hits were told"
)
"""The same among the reasons of a hit."""

MILLIONTHS: Final = 1_000_000
"""One false hit, in the unit in which they are added up."""

BudgetDecision = Literal["told", "tightened", "withheld"]
"""What becomes of a passage: told; told while the tolerance is tightened; not told."""
HitOutcome = Literal["replaced", "rejected", "confirmed", "open"]
"""What became of a hit: another stands for its passage or alert; a centre's verdict; none of these."""


class Budget(NamedTuple):
    """What one list may cost a day: expected false hits, and its lowest posterior as long as they last."""

    false_hits: float
    min_posterior: float = 0.0


class BudgetNotice(NamedTuple):
    """Something for the operator's log about a list on a day, in words.

    `tightening` says that the tolerance was tightened, which is worth saying once for list and day; else the
    day is over, and it says how many passages were withheld.
    """

    list_id: str
    day: str
    is_tightening: bool
    text: str


class _ListDay(NamedTuple):
    """A list and a UTC day, counted from 1970-01-01."""

    list_id: str
    epoch_day: int

    @property
    def iso_date(self) -> str:
        return from_ms(self.epoch_day * DAY_MS).date().isoformat()


def build_budgets(rules: MatchingRules, partitions: int = 1) -> dict[str, Budget]:
    """The budgets of the lists that have one, for one of `parts` that share nothing.

    Parts of a list's budget are equal: each knows only its own hits, and together they must not break it.
    """
    return {
        list_id: Budget(policy.false_hits_per_day / partitions, policy.min_posterior or 0.0)
        for list_id, policy in rules.lists.items()
        if policy.false_hits_per_day is not None
    }


class Budgets:
    """What was spent of the budgets of lists, by UTC day, and what was withheld; lists without one are free.

    What is spent is a function of the latest revisions of the hits told, so who takes over and recalls those
    goes on as the one before.
    """

    def __init__(self, budgets: Mapping[str, Budget]) -> None:
        self._budgets = budgets
        self._used: dict[_ListDay, int] = {}
        self._charges: dict[str, tuple[_ListDay, int]] = {}
        self._suppressed: dict[_ListDay, set[str]] = {}
        self._expired_suppressed: dict[_ListDay, int] = {}
        self._notified: set[tuple[_ListDay, bool]] = set()
        self._notices: list[BudgetNotice] = []

    def charge(self, hit: Hit) -> None:
        """Takes the latest revision of a hit that was told, now or before this began."""
        if hit.alert.list_id not in self._budgets:
            return
        day = _ListDay(hit.alert.list_id, to_ms(hit.read.captured_at) // DAY_MS)
        self._book(hit.hit_id, day, expected_false_hits(hit))

    def decide(self, passage: Sequence[Sighting], best: Sighting, was_emitted: bool) -> BudgetDecision:
        """What becomes of a passage whose hit is that of `chosen`; `told`: a hit of it was told before.

        A passage of which anything was told goes on as without a budget. The highest posterior of a passage
        counts; one without any, as of a pattern, is told. What is to be told is charged at once: the telling
        comes when all that is due together has been ruled on.
        """
        list_id = best.match.alert.list_id
        if list_id not in self._budgets:
            return "told"
        day = _ListDay(list_id, best.captured_ms // DAY_MS)
        withheld = self._suppressed.setdefault(day, set())
        withheld.difference_update(each.hit_id for each in passage)
        posteriors = [each.match.result.posterior for each in passage]
        highest = max((each for each in posteriors if each is not None), default=None)
        if was_emitted or highest is None:
            return "told"
        least = self._min_posterior(day, best.captured_ms % DAY_MS)
        tightened = least > _to_millionths(self._budgets[list_id].min_posterior)
        if tightened:
            self._notify_tightened(day, least)
            if _to_millionths(highest) < least:
                withheld.add(best.hit_id)
                return "withheld"
        posterior = best.match.result.posterior
        self._book(best.hit_id, day, 0 if posterior is None else MILLIONTHS - _to_millionths(posterior))
        return "tightened" if tightened else "told"

    def min_posterior(self, list_id: str, at_ms: int) -> float:
        """The lowest posterior told of a list for reads captured at a time, in ms since 1970 UTC; 0 to 1."""
        if list_id not in self._budgets:
            return 0.0
        least = self._min_posterior(_ListDay(list_id, at_ms // DAY_MS), at_ms % DAY_MS) / MILLIONTHS
        return max(least, self._budgets[list_id].min_posterior)

    def used(self, list_id: str, at_ms: int) -> float:
        """The false hits expected so far of a list on the day of a time, in ms since 1970 UTC."""
        return self._used.get(_ListDay(list_id, at_ms // DAY_MS), 0) / MILLIONTHS

    def suppressed_counts(self) -> dict[tuple[str, str], int]:
        """How many passages are withheld, by list and UTC day as in 2026-05-21."""
        counts = ((day, self._count_suppressed(day)) for day in sorted(self._suppressed))
        return {(day.list_id, day.iso_date): count for day, count in counts if count}

    def close_days(self, now_ms: int) -> None:
        """Takes the time, in ms since 1970 UTC: days that are over are summed up in a notice."""
        for day in self._suppressed:
            count = self._count_suppressed(day)
            if count and (day.epoch_day + 1) * DAY_MS <= now_ms:
                words = (
                    f"list {day.list_id}: {count:,} passages withheld on {day.iso_date} (UTC) by its budget"
                )
                self._notify(day, False, words)

    def pop_notices(self) -> list[BudgetNotice]:
        """What there is for the operator's log; each is given once."""
        notices, self._notices = self._notices, []
        return notices

    def expire(self, hit_ids: Sequence[str], before_ms: int) -> None:
        """Lets go of hits and of days that were over before a time, in ms since 1970 UTC.

        What hits cost their day stays with it, and that they were withheld.
        """
        for hit_id in hit_ids:
            self._charges.pop(hit_id, None)
        for day, held in self._suppressed.items():
            known = held.intersection(hit_ids)
            if known:
                held -= known
                self._expired_suppressed[day] = self._expired_suppressed.get(day, 0) + len(known)
        for days in (self._used, self._suppressed, self._expired_suppressed):
            for day in [each for each in days if (each.epoch_day + 1) * DAY_MS <= before_ms]:
                del days[day]
        self._notified = {each for each in self._notified if (each[0].epoch_day + 1) * DAY_MS > before_ms}

    def _book(self, hit_id: str, day: _ListDay, amount: int) -> None:
        before = self._charges.get(hit_id)
        if before is not None:
            self._used[before[0]] -= before[1]
        self._charges[hit_id] = day, amount
        self._used[day] = self._used.get(day, 0) + amount

    def _count_suppressed(self, day: _ListDay) -> int:
        return len(self._suppressed[day]) + self._expired_suppressed.get(day, 0)

    def _min_posterior(self, day: _ListDay, elapsed_ms: int) -> int:
        """The lowest posterior told, in millionths; 0 while nothing needs to be tightened.

        One hit may cost what is left. While more of the budget is spent than of the day has passed, it may
        not cost more than twice the share that is left: nothing changes in the first half of the budget.
        """
        limit = max(_to_millionths(self._budgets[day.list_id].false_hits), 1)
        spent = self._used.get(day, 0)
        left = max(limit - spent, 0)
        most = left
        if spent * DAY_MS > limit * elapsed_ms:
            most = min(left, 2 * MILLIONTHS * left // limit)
        return min(max(MILLIONTHS - most, 0), _to_millionths(ALWAYS_EMIT_POSTERIOR))

    def _notify_tightened(self, day: _ListDay, min_posterior: int) -> None:
        limit, spent = self._budgets[day.list_id].false_hits, self._used.get(day, 0) / MILLIONTHS
        words = (
            f"list {day.list_id}: {spent:.2f} of {limit:.2f} false hits a day are expected so far on "
            f"{day.iso_date} (UTC); its hits need a posterior of {min_posterior / MILLIONTHS:.2f} "
            "now, and more as the budget "
            f"goes, up to {ALWAYS_EMIT_POSTERIOR}; what is below is withheld and counted"
        )
        self._notify(day, True, words)

    def _notify(self, day: _ListDay, is_tightening: bool, text: str) -> None:
        if (day, is_tightening) not in self._notified:
            self._notified.add((day, is_tightening))
            self._notices.append(BudgetNotice(day.list_id, day.iso_date, is_tightening, text))


def hit_outcome(hit: Hit) -> HitOutcome:
    """What became of what a hit told, by the latest revision of it."""
    if hit.withdrawn is not None:
        if hit.withdrawn.reason in ("superseded", "alert-replaced"):
            return "replaced"
        if hit.withdrawn.reason == "rejected":
            return "rejected"
    if hit.verdict is not None and hit.verdict.verdict == "confirmed":
        return "confirmed"
    return "open"


def expected_false_hits(hit: Hit) -> int:
    """The false hits, in millionths, to expect of what was told of a hit, by the latest revision of it."""
    if hit.match.class_ == "pattern":
        return 0  # the vehicle does fit what is sought
    outcome = hit_outcome(hit)
    if outcome == "rejected":
        return MILLIONTHS
    if outcome != "open":
        return 0  # if replaced, the hit that stands in its place counts
    return 0 if hit.match.posterior is None else MILLIONTHS - _to_millionths(hit.match.posterior)


def _to_millionths(value: float) -> int:
    return max(round(value * MILLIONTHS), 0)
