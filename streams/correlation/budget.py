"""Budgets: how many false hits a list may cause a day, followed as hits are told, and what follows.

The expected false hits of a list and UTC day (of `captured_at`) so far, which are what is spent, are the sum
over its hits told of 1 - posterior. When the next one would break the budget, or when the budget goes faster
than the day, only hits of a higher posterior are told; docs/budgets.md has the rule. What was told stays.

All sums are in whole millionths, so that they are the same in whatever order they were added up.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

from streams.correlation.passages import Sighting
from streams.matching.config import Policies
from streams.records.hit import Hit
from streams.records.times import DAY_MS, from_ms, to_ms

SURE: Final = 0.99
"""A hit of this posterior or more is told whatever was spent: no vehicle surely read is missed."""
TIGHTENED: Final = "budget.tightened"
"""The rule's id on hits that were told while the tolerance was tightened."""
TIGHTENED_WORDS: Final = (
    "the list's budget of false hits for the day was running out: only its likelier hits were told"
)
"""The same among the reasons of a hit."""

ONE: Final = 1_000_000
"""One false hit, in the unit in which they are added up."""

Ruling = Literal["told", "tightened", "withheld"]
"""What becomes of a passage: told; told while the tolerance is tightened; not told."""
Outcome = Literal["replaced", "rejected", "confirmed", "open"]
"""What became of a hit: another stands for its passage or alert; a centre's verdict; none of these."""


class Budget(NamedTuple):
    """What one list may cost a day: expected false hits, and its lowest posterior as long as they last."""

    false_hits: float
    min_posterior: float = 0.0


class Notice(NamedTuple):
    """Something for the operator's log about a list on a day, in words.

    `tightening` says that the tolerance was tightened, which is worth saying once for list and day; else the
    day is over, and it says how many passages were withheld.
    """

    list_id: str
    day: str
    tightening: bool
    words: str


class _Day(NamedTuple):
    """A list and a UTC day, counted from 1970-01-01."""

    list_id: str
    number: int

    @property
    def date(self) -> str:
        return from_ms(self.number * DAY_MS).date().isoformat()


def budgets_of(policies: Policies, parts: int = 1) -> dict[str, Budget]:
    """The budgets of the lists that have one, for one of `parts` that share nothing.

    Parts of a list's budget are equal: each knows only its own hits, and together they must not break it.
    """
    return {
        list_id: Budget(policy.false_hits_per_day / parts, policy.min_posterior or 0.0)
        for list_id, policy in policies.lists.items()
        if policy.false_hits_per_day is not None
    }


class Budgets:
    """What was spent of the budgets of lists, by UTC day, and what was withheld; lists without one are free.

    What is spent is a function of the latest revisions of the hits told, so who takes over and recalls those
    goes on as the one before.
    """

    def __init__(self, budgets: Mapping[str, Budget]) -> None:
        self._budgets = budgets
        self._spent: dict[_Day, int] = {}
        self._costs: dict[str, tuple[_Day, int]] = {}
        self._withheld: dict[_Day, set[str]] = {}
        self._gone: dict[_Day, int] = {}
        self._said: set[tuple[_Day, bool]] = set()
        self._notices: list[Notice] = []

    def note(self, hit: Hit) -> None:
        """Takes the latest revision of a hit that was told, now or before this began."""
        if hit.alert.list_id not in self._budgets:
            return
        day = _Day(hit.alert.list_id, to_ms(hit.read.captured_at) // DAY_MS)
        self._charge(hit.hit_id, day, cost_of(hit))

    def rule(self, passage: Sequence[Sighting], chosen: Sighting, told: bool) -> Ruling:
        """What becomes of a passage whose hit is that of `chosen`; `told`: a hit of it was told before.

        A passage of which anything was told goes on as without a budget. The highest posterior of a passage
        counts; one without any, as of a pattern, is told. What is to be told is charged at once: the telling
        comes when all that is due together has been ruled on.
        """
        list_id = chosen.match.alert.list_id
        if list_id not in self._budgets:
            return "told"
        day = _Day(list_id, chosen.captured // DAY_MS)
        withheld = self._withheld.setdefault(day, set())
        withheld.difference_update(each.hit_id for each in passage)
        posteriors = [each.match.result.posterior for each in passage]
        highest = max((each for each in posteriors if each is not None), default=None)
        if told or highest is None:
            return "told"
        least = self._least(day, chosen.captured % DAY_MS)
        tightened = least > _millionths(self._budgets[list_id].min_posterior)
        if tightened:
            self._tightened(day, least)
            if _millionths(highest) < least:
                withheld.add(chosen.hit_id)
                return "withheld"
        posterior = chosen.match.result.posterior
        self._charge(chosen.hit_id, day, 0 if posterior is None else ONE - _millionths(posterior))
        return "tightened" if tightened else "told"

    def least(self, list_id: str, at: int) -> float:
        """The lowest posterior told of a list for reads captured at a time, in ms since 1970 UTC; 0 to 1."""
        if list_id not in self._budgets:
            return 0.0
        least = self._least(_Day(list_id, at // DAY_MS), at % DAY_MS) / ONE
        return max(least, self._budgets[list_id].min_posterior)

    def spent(self, list_id: str, at: int) -> float:
        """The false hits expected so far of a list on the day of a time, in ms since 1970 UTC."""
        return self._spent.get(_Day(list_id, at // DAY_MS), 0) / ONE

    def withheld(self) -> dict[tuple[str, str], int]:
        """How many passages are withheld, by list and UTC day as in 2026-05-21."""
        counts = ((day, self._count(day)) for day in sorted(self._withheld))
        return {(day.list_id, day.date): count for day, count in counts if count}

    def end_days(self, now: int) -> None:
        """Takes the time, in ms since 1970 UTC: days that are over are summed up in a notice."""
        for day in self._withheld:
            count = self._count(day)
            if count and (day.number + 1) * DAY_MS <= now:
                words = f"list {day.list_id}: {count:,} passages withheld on {day.date} (UTC) by its budget"
                self._notice(day, False, words)

    def notices(self) -> list[Notice]:
        """What there is for the operator's log; each is given once."""
        notices, self._notices = self._notices, []
        return notices

    def forget(self, hit_ids: Sequence[str], before: int) -> None:
        """Lets go of hits and of days that were over before a time, in ms since 1970 UTC.

        What hits cost their day stays with it, and that they were withheld.
        """
        for hit_id in hit_ids:
            self._costs.pop(hit_id, None)
        for day, held in self._withheld.items():
            known = held.intersection(hit_ids)
            if known:
                held -= known
                self._gone[day] = self._gone.get(day, 0) + len(known)
        for days in (self._spent, self._withheld, self._gone):
            for day in [each for each in days if (each.number + 1) * DAY_MS <= before]:
                del days[day]
        self._said = {each for each in self._said if (each[0].number + 1) * DAY_MS > before}

    def _charge(self, hit_id: str, day: _Day, cost: int) -> None:
        before = self._costs.get(hit_id)
        if before is not None:
            self._spent[before[0]] -= before[1]
        self._costs[hit_id] = day, cost
        self._spent[day] = self._spent.get(day, 0) + cost

    def _count(self, day: _Day) -> int:
        return len(self._withheld[day]) + self._gone.get(day, 0)

    def _least(self, day: _Day, elapsed_ms: int) -> int:
        """The lowest posterior told, in millionths; 0 while nothing needs to be tightened.

        One hit may cost what is left. While more of the budget is spent than of the day has passed, it may
        not cost more than twice the share that is left: nothing changes in the first half of the budget.
        """
        limit = max(_millionths(self._budgets[day.list_id].false_hits), 1)
        spent = self._spent.get(day, 0)
        left = max(limit - spent, 0)
        most = left
        if spent * DAY_MS > limit * elapsed_ms:
            most = min(left, 2 * ONE * left // limit)
        return min(max(ONE - most, 0), _millionths(SURE))

    def _tightened(self, day: _Day, least: int) -> None:
        limit, spent = self._budgets[day.list_id].false_hits, self._spent.get(day, 0) / ONE
        words = (
            f"list {day.list_id}: {spent:.2f} of {limit:.2f} false hits a day are expected so far on "
            f"{day.date} (UTC); its hits need a posterior of {least / ONE:.2f} now, and more as the budget "
            f"goes, up to {SURE}; what is below is withheld and counted"
        )
        self._notice(day, True, words)

    def _notice(self, day: _Day, tightening: bool, words: str) -> None:
        if (day, tightening) not in self._said:
            self._said.add((day, tightening))
            self._notices.append(Notice(day.list_id, day.date, tightening, words))


def outcome_of(hit: Hit) -> Outcome:
    """What became of what a hit told, by the latest revision of it."""
    if hit.withdrawn is not None:
        if hit.withdrawn.reason in ("superseded", "alert-replaced"):
            return "replaced"
        if hit.withdrawn.reason == "rejected":
            return "rejected"
    if hit.verdict is not None and hit.verdict.verdict == "confirmed":
        return "confirmed"
    return "open"


def cost_of(hit: Hit) -> int:
    """The false hits, in millionths, to expect of what was told of a hit, by the latest revision of it."""
    if hit.match.class_ == "pattern":
        return 0  # the vehicle does fit what is sought
    outcome = outcome_of(hit)
    if outcome == "rejected":
        return ONE
    if outcome != "open":
        return 0  # if replaced, the hit that stands in its place counts
    return 0 if hit.match.posterior is None else ONE - _millionths(hit.match.posterior)


def _millionths(number: float) -> int:
    return max(round(number * ONE), 0)
