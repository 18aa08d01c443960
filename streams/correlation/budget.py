"""Daily budgets of expected false hits per list.

The budget used by a list on a UTC day (of `captured_at`) is the sum over its emitted hits of 1 - posterior,
their expected number of false hits. When the next hit would exceed the budget, or when the budget is used up
faster than the day passes, only hits with a higher posterior are emitted; docs/guides/budgets.md has the
rule. Emitted hits are never retracted for a budget.

All sums are whole millionths, so that they do not depend on the order of addition.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

from streams.correlation.passages import Passage
from streams.matching.config import MatchingRules
from streams.records.hit import Hit
from streams.records.times import DAY_MS, Millis, from_ms, to_ms

ALWAYS_EMIT_POSTERIOR: Final = 0.99
"""A hit with at least this posterior is emitted whatever the budget, so that no certain hit is lost."""
TIGHTENED_RULE: Final = "budget.tightened"
"""The rule id in hits that were emitted while the budget was tightened."""
TIGHTENED_REASON: Final = (
    "the list's budget of false hits for the day was running out: only its likelier hits were told"
)
"""The same as a match reason of the hit."""

MILLIONTHS: Final = 1_000_000
"""One false hit in the unit of the sums."""

BudgetDecision = Literal["emit", "emit tightened", "suppress"]
"""Whether a passage is emitted, is emitted while the budget is tightened, or is suppressed."""
HitOutcome = Literal["replaced", "rejected", "confirmed", "open"]
"""Outcome of a hit: replaced by another hit of its passage or alert, adjudicated by a centre, or open."""


class Budget(NamedTuple):
    """The daily limit of a list: expected false hits, and the minimum posterior while the budget lasts."""

    false_hits: float
    min_posterior: float = 0.0


class BudgetNotice(NamedTuple):
    """A log line for the operator about a list on a day.

    If `is_tightening`, the minimum posterior was raised, which is worth one line per list and day; otherwise
    the day is over and the line says how many passages were suppressed.
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

    def is_over(self, now_ms: Millis) -> bool:
        return (self.epoch_day + 1) * DAY_MS <= now_ms


def build_budgets(rules: MatchingRules, partitions: int = 1) -> dict[str, Budget]:
    """Return one partition's budgets, by the id of each list that has one.

    Each partition knows its own hits only, so a budget is divided equally among them.
    """
    return {
        list_id: Budget(config.false_hits_per_day / partitions, config.min_posterior or 0.0)
        for list_id, config in rules.lists.items()
        if config.false_hits_per_day is not None
    }


class Budgets:
    """Budget use and suppressed passages of lists, by UTC day; a list without a budget is not limited.

    The used budget is a function of the latest revisions of emitted hits, so it can be restored from them.
    """

    def __init__(self, budgets: Mapping[str, Budget]) -> None:
        self._budgets = budgets
        self._used: dict[_ListDay, int] = {}
        self._charges: dict[str, tuple[_ListDay, int]] = {}
        self._suppressed: dict[_ListDay, set[str]] = {}
        self._expired_suppressed: dict[_ListDay, int] = {}
        self._notified: set[tuple[_ListDay, bool]] = set()
        self._notices: list[BudgetNotice] = []

    def __bool__(self) -> bool:
        """True if any list has a budget."""
        return bool(self._budgets)

    def has_budget(self, list_id: str) -> bool:
        """True if a list is limited by a budget."""
        return list_id in self._budgets

    def charge(self, hit: Hit) -> None:
        """Charge the latest revision of an emitted hit to its list, replacing its previous charge."""
        if hit.alert.list_id not in self._budgets:
            return
        day = _ListDay(hit.alert.list_id, to_ms(hit.read.captured_at) // DAY_MS)
        self._book(hit.hit_id, day, expected_false_hits(hit))

    def decide(self, passage: Passage, former_ids: Sequence[str], was_emitted: bool) -> BudgetDecision:
        """Decide whether the hit of a passage is emitted.

        `former_ids` are those that its hit had before. `was_emitted`: it was emitted under any of them;
        then the budget no longer applies to it. The highest posterior in the passage counts; a passage
        without one, as of a pattern, is emitted. A passage to be emitted is charged at once, because its hit
        is only emitted when all passages of the same evaluation have been decided.
        """
        best = passage.best
        list_id = best.match.alert.list_id
        if list_id not in self._budgets:
            return "emit"
        day = _ListDay(list_id, best.captured_ms // DAY_MS)
        suppressed = self._suppressed.setdefault(day, set())
        suppressed.discard(passage.hit_id)
        suppressed.difference_update(former_ids)
        highest = best.match.result.posterior
        if was_emitted or highest is None:
            return "emit"
        minimum = self._min_posterior(day, best.captured_ms % DAY_MS)
        tightened = minimum > _to_millionths(self._budgets[list_id].min_posterior)
        if tightened:
            self._notify_tightened(day, minimum)
            if _to_millionths(highest) < minimum:
                suppressed.add(passage.hit_id)
                return "suppress"
        self._book(passage.hit_id, day, MILLIONTHS - _to_millionths(highest))
        return "emit tightened" if tightened else "emit"

    def min_posterior(self, list_id: str, at_ms: Millis) -> float:
        """Return the minimum posterior (0 to 1) of an emitted hit of a list, for reads captured at a time."""
        if list_id not in self._budgets:
            return 0.0
        minimum = self._min_posterior(_ListDay(list_id, at_ms // DAY_MS), at_ms % DAY_MS) / MILLIONTHS
        return max(minimum, self._budgets[list_id].min_posterior)

    def used(self, list_id: str, at_ms: Millis) -> float:
        """Return the expected false hits so far of a list on the day of a time."""
        return self._used.get(_ListDay(list_id, at_ms // DAY_MS), 0) / MILLIONTHS

    def suppressed_counts(self) -> dict[tuple[str, str], int]:
        """Return the number of suppressed passages, by list and UTC day in the form 2026-05-21."""
        counts = ((day, self._count_suppressed(day)) for day in sorted(self._suppressed))
        return {(day.list_id, day.iso_date): count for day, count in counts if count}

    def close_days(self, now_ms: Millis) -> None:
        """Add a notice for each day that is over and had suppressed passages."""
        for day in self._suppressed:
            count = self._count_suppressed(day)
            if count and day.is_over(now_ms):
                text = (
                    f"list {day.list_id}: {count:,} passages suppressed by its budget on {day.iso_date} (UTC)"
                )
                self._notify(day, False, text)

    def pop_notices(self) -> list[BudgetNotice]:
        """Return the notices since the last call."""
        notices, self._notices = self._notices, []
        return notices

    def expire(self, hit_ids: Sequence[str], before_ms: Millis) -> None:
        """Expire hits, and days that were over before a time.

        The budget used by the hits and the number of suppressed passages stay with their day.
        """
        for hit_id in hit_ids:
            self._charges.pop(hit_id, None)
        for day, suppressed in self._suppressed.items():
            expired = suppressed.intersection(hit_ids)
            if expired:
                suppressed -= expired
                self._expired_suppressed[day] = self._expired_suppressed.get(day, 0) + len(expired)
        for days in (self._used, self._suppressed, self._expired_suppressed):
            for day in [day for day in days if day.is_over(before_ms)]:
                del days[day]
        self._notified = {notified for notified in self._notified if not notified[0].is_over(before_ms)}

    def _book(self, hit_id: str, day: _ListDay, amount: int) -> None:
        previous = self._charges.get(hit_id)
        if previous is not None:
            self._used[previous[0]] -= previous[1]
        self._charges[hit_id] = day, amount
        self._used[day] = self._used.get(day, 0) + amount

    def _count_suppressed(self, day: _ListDay) -> int:
        return len(self._suppressed[day]) + self._expired_suppressed.get(day, 0)

    def _min_posterior(self, day: _ListDay, elapsed_ms: int) -> int:
        """Return the minimum posterior in millionths; 0 while the whole budget is left.

        One hit may use all that is left. While the used share of the budget exceeds the elapsed share of the
        day, it may use at most twice the share that is left; so nothing changes in the first half of the
        budget.
        """
        limit = max(_to_millionths(self._budgets[day.list_id].false_hits), 1)
        used = self._used.get(day, 0)
        left = max(limit - used, 0)
        max_charge = left
        if used * DAY_MS > limit * elapsed_ms:
            max_charge = min(left, 2 * MILLIONTHS * left // limit)
        return min(max(MILLIONTHS - max_charge, 0), _to_millionths(ALWAYS_EMIT_POSTERIOR))

    def _notify_tightened(self, day: _ListDay, min_posterior: int) -> None:
        limit, used = self._budgets[day.list_id].false_hits, self._used.get(day, 0) / MILLIONTHS
        text = (
            f"list {day.list_id}: {used:.2f} of {limit:.2f} expected false hits used on "
            f"{day.iso_date} (UTC); minimum posterior raised to {min_posterior / MILLIONTHS:.2f}, rising to "
            f"{ALWAYS_EMIT_POSTERIOR} as the budget is used up; passages below it are suppressed and counted"
        )
        self._notify(day, True, text)

    def _notify(self, day: _ListDay, is_tightening: bool, text: str) -> None:
        if (day, is_tightening) not in self._notified:
            self._notified.add((day, is_tightening))
            self._notices.append(BudgetNotice(day.list_id, day.iso_date, is_tightening, text))


def hit_outcome(hit: Hit) -> HitOutcome:
    """Return the outcome of a hit, given its latest revision."""
    if hit.withdrawn is not None:
        if hit.withdrawn.reason in ("superseded", "alert-replaced"):
            return "replaced"
        if hit.withdrawn.reason == "rejected":
            return "rejected"
    if hit.verdict is not None and hit.verdict.verdict == "confirmed":
        return "confirmed"
    return "open"


def expected_false_hits(hit: Hit) -> int:
    """Return the expected false hits of a hit in millionths, given its latest revision."""
    if hit.match.class_ == "pattern":
        return 0  # every vehicle that fits the pattern is sought
    outcome = hit_outcome(hit)
    if outcome == "rejected":
        return MILLIONTHS
    if outcome != "open":
        return 0  # of a replaced hit, the replacing one is counted
    return 0 if hit.match.posterior is None else MILLIONTHS - _to_millionths(hit.match.posterior)


def _to_millionths(value: float) -> int:
    return max(round(value * MILLIONTHS), 0)
