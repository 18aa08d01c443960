"""Use of the lists' budgets on a day, as `anpr lists status` counts and shows it."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from streams.analysis.budget_use import BudgetUse, ListBudgetUse
from streams.cli.common.forecast_text import format_number
from streams.cli.common.record_sources import TopicRecords, read_files
from streams.cli.common.tables import print_table
from streams.cli.common.text import counted
from streams.cli.common.times import format_second
from streams.matching.config import MatchingRules
from streams.records.decode import decode_hit
from streams.records.times import DAY_MS, Millis, to_rfc3339
from streams.settings.model import Settings

_HEADINGS: Final = ("list", "spent", "budget", "share", "hits", "tightened", "rejected", "confirmed")


class DailyBudgetUse(NamedTuple):
    """The budgets used on a UTC day, by list_id in order, and the number of records that are no hits."""

    date: str
    used: dict[str, ListBudgetUse]
    undecodable: int

    def with_lists(self, lists: Iterable[str]) -> "DailyBudgetUse":
        """Return the same with lists added that have used nothing."""
        used = dict.fromkeys(lists, ListBudgetUse()) | self.used
        return self._replace(used=dict(sorted(used.items())))


def budget_use_from_files(files: tuple[str, ...], settings: Settings, at_ms: Millis) -> DailyBudgetUse:
    """Return the budgets used on the day of a time, by the hits in files.

    A line that is not a valid hit is reported. Raises InputFileError for a file that cannot be read.
    """
    budget_use = BudgetUse(at_ms)
    undecodable = read_files("hits", files, decode_hit, budget_use.add_hit)
    return _daily_use(budget_use, settings, undecodable)


def budget_use_from_kafka(settings: Settings, at_ms: Millis) -> DailyBudgetUse:
    """Return the budgets used on the day of a time, by the hits on Kafka.

    A record that is not a valid hit is reported. Raises ScanError if the topic cannot be read.
    """
    budget_use = BudgetUse(at_ms)
    # The clock of a camera may be ahead by a wrong time zone, and its hits emitted before the day began.
    begin_ms = budget_use.begins_ms - DAY_MS
    undecodable = TopicRecords(settings, "lists-status").read_hits(begin_ms, budget_use.add_hit)
    return _daily_use(budget_use, settings, undecodable)


def _daily_use(budget_use: BudgetUse, settings: Settings, undecodable: int) -> DailyBudgetUse:
    used = budget_use.by_list()
    return DailyBudgetUse(budget_use.day.isoformat(), used, undecodable).with_lists(settings.lists)


def budget_use_fields(used: ListBudgetUse) -> dict[str, Any]:
    """Return the budget use of a list, for JSON."""
    latest = used.latest_tightened
    return {
        "spent": used.false_hits,
        "hits": used.hits,
        "tightened": used.tightened,
        "latest_tightened": None if latest is None else to_rfc3339(latest),
        "rejected": used.rejected,
        "confirmed": used.confirmed,
    }


def budget_warnings(day: DailyBudgetUse, rules: MatchingRules) -> list[str]:
    """Return a warning for each list that has exceeded its budget on a day."""
    warnings = []
    for list_id, used in day.used.items():
        budget = rules.for_list(list_id).false_hits_per_day
        if budget is not None and used.false_hits > budget:
            warnings.append(
                f"list {list_id}: {_format_false_hits(used.false_hits)} false hits are expected among its "
                f"hits of {day.date} (UTC), {used.rejected:,} of them rejected by centres; its budget is "
                f"{budget:g} (false_hits_per_day); raise min_posterior or choose a stricter mode"
            )
    return warnings


def print_budget_use(day: DailyBudgetUse, rules: MatchingRules) -> None:
    """Print the table of the budget used by each list, and of the hits that used it."""
    rows = []
    for list_id, used in day.used.items():
        budget = rules.for_list(list_id).false_hits_per_day
        cells = (
            _format_false_hits(used.false_hits),
            "none" if budget is None else f"{budget:g} a day",
            f"{used.false_hits / budget * 100:,.0f} %" if budget else "",
            *(f"{count:,}" for count in (used.hits, used.tightened, used.rejected, used.confirmed)),
        )
        rows.append((list_id, *cells))
    print_table(_HEADINGS, rows)


def describe_budget_use(day: DailyBudgetUse, rules: MatchingRules) -> list[str]:
    """Return lines on what the table counts, and on lists whose tolerance was tightened."""
    lines = [
        f"Spent and the columns after it count the hits of reads of {day.date} (UTC); "
        f"{counted(day.undecodable, 'record')} rejected as no valid hits"
    ]
    for list_id, used in day.used.items():
        if used.latest_tightened is None:
            continue
        budget = rules.for_list(list_id).false_hits_per_day
        spent = _format_false_hits(used.false_hits)
        if budget is not None:
            spent += f" of {budget:g} a day"
        lines.append(
            f"list {list_id}: {counted(used.tightened, 'hit')} while its tolerance was tightened, the latest "
            f"of a read of {format_second(used.latest_tightened)} (UTC); {spent} spent"
        )
    if len(lines) > 1:
        lines.append(
            "Hits do not show if it is tightened now: each partition has an equal part of the budget. The "
            "worker's log says when it tightened, and how many passages were suppressed"
        )
    return lines


def _format_false_hits(false_hits: float) -> str:
    """Return a number with two decimals, below 0.1 with two significant figures."""
    return f"{false_hits:,.2f}" if false_hits >= 0.1 or not false_hits else format_number(false_hits)
