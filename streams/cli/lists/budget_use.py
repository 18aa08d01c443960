"""What lists have spent of their budgets today, as `anpr lists status` counts and shows it."""

import textwrap
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from rich.table import Table
from rich.text import Text

from streams.analysis.budget_use import BudgetUse, ListBudgetUse
from streams.cli.common.forecast_text import format_number
from streams.cli.common.record_sources import read_files, read_hits
from streams.cli.common.text import counted
from streams.cli.lists.loading import empty_table
from streams.matching.config import MatchingRules
from streams.records.decode import decode_hit
from streams.records.times import DAY_MS, to_rfc3339
from streams.settings.model import Settings

_LIST_WIDTH: Final = 40
_WIDTH: Final = 120


class DailyBudgetUse(NamedTuple):
    """What lists have spent on a UTC day, by list_id in order, and how many records were no hits."""

    date: str
    used: dict[str, ListBudgetUse]
    undecodable: int

    def with_lists(self, lists: Iterable[str]) -> "DailyBudgetUse":
        """The same, with lists that have spent nothing."""
        spent = dict.fromkeys(lists, ListBudgetUse()) | self.used
        return self._replace(used=dict(sorted(spent.items())))


def budget_use_from_files(files: tuple[str, ...], settings: Settings, at_ms: int) -> DailyBudgetUse:
    """What the lists of the settings, and others, have spent on the day of a time, by the hits in files.

    `at` is in ms since 1970 UTC. A line that is no hit is reported. Ends the command with exit code 2 for a
    file that cannot be read.
    """
    spending = BudgetUse(at_ms)
    no_hits = read_files("lists status", "hits", files, decode_hit, spending.add_hit)
    return _daily_use(spending, settings, no_hits)


def budget_use_from_kafka(settings: Settings, at_ms: int) -> DailyBudgetUse:
    """The same by the hits on Kafka, up to the end of their topic.

    A record that is no hit is reported. Ends the command with exit code 1 if Kafka cannot be read.
    """
    spending = BudgetUse(at_ms)
    # A camera's clock may be ahead by a wrong time zone, and its hits told before the day began.
    no_hits = read_hits("lists status", settings, spending.begins_ms - DAY_MS, spending.add_hit)
    return _daily_use(spending, settings, no_hits)


def _daily_use(use: BudgetUse, settings: Settings, no_hits: int) -> DailyBudgetUse:
    return DailyBudgetUse(use.day.isoformat(), use.by_list(), no_hits).with_lists(settings.lists)


def budget_use_fields(used: ListBudgetUse) -> dict[str, Any]:
    """What a list has spent, for JSON."""
    latest = used.latest_tightened
    return {
        "spent": used.false_hits,
        "hits": used.hits,
        "tightened": used.tightened,
        "latest_tightened": None if latest is None else to_rfc3339(latest),
        "rejected": used.rejected,
        "confirmed": used.confirmed,
    }


def budget_warnings(day: DailyBudgetUse, policies: MatchingRules) -> list[str]:
    """A warning for each list that has spent more than its budget on a day."""
    warnings = []
    for list_id, each in day.used.items():
        budget = policies.for_list(list_id).false_hits_per_day
        if budget is not None and each.false_hits > budget:
            warnings.append(
                f"list {list_id}: {_format_false_hits(each.false_hits)} false hits are expected among "
                "its hits told of "
                f"{day.date} (UTC), {each.rejected:,} of them rejected by centres; its budget is {budget:g} "
                "(false_hits_per_day); a higher min_posterior or a stricter mode makes them fewer"
            )
    return warnings


def budget_use_table(day: DailyBudgetUse, policies: MatchingRules) -> Table:
    """What each list has spent of its budget, and of which hits."""
    table = empty_table("list")
    table.columns[0].max_width = _LIST_WIDTH
    for heading in ("spent", "budget", "share", "hits", "tightened", "rejected", "confirmed"):
        table.add_column(heading, justify="right", overflow="fold")
    for list_id, each in day.used.items():
        budget = policies.for_list(list_id).false_hits_per_day
        table.add_row(
            Text(list_id),
            _format_false_hits(each.false_hits),
            "none" if budget is None else f"{budget:g} a day",
            f"{each.false_hits / budget * 100:,.0f} %" if budget else "",
            *(f"{count:,}" for count in (each.hits, each.tightened, each.rejected, each.confirmed)),
        )
    return table


def describe_budget_use(day: DailyBudgetUse, policies: MatchingRules) -> list[str]:
    """What the table means, and what is known of lists whose tolerance was tightened."""
    found = [
        f"Spent, and what follows, are of the hits told of reads of {day.date} (UTC); "
        f"{counted(day.undecodable, 'record')} rejected as no hits"
    ]
    for list_id, each in day.used.items():
        if each.latest_tightened is None:
            continue
        budget = policies.for_list(list_id).false_hits_per_day
        of = "" if budget is None else f" of {budget:g} a day"
        at = to_rfc3339(each.latest_tightened)[11:19]
        found.append(
            f"list {list_id}: {counted(each.tightened, 'hit')} told while its tolerance was tightened, the "
            f"latest of a read of {at} (UTC); {_format_false_hits(each.false_hits)}{of} spent"
        )
    if len(found) > 1:
        found.append(
            "Hits do not say whether it is tightened now: each partition goes by its equal part of the "
            "budget. The worker's log says when it tightened, and how many passages were withheld"
        )
    return [line for text in found for line in textwrap.wrap(text, _WIDTH, break_long_words=False)]


def _format_false_hits(false_hits: float) -> str:
    """Two digits after the point; of less than that, two figures."""
    return f"{false_hits:,.2f}" if false_hits >= 0.1 or not false_hits else format_number(false_hits)
