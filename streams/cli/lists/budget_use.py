"""What lists have spent of their budgets today, as `anpr lists status` counts and shows it."""

import textwrap
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from rich.table import Table
from rich.text import Text

from streams.analysis.budget_use import Spending, Spent
from streams.cli.common.forecast_text import number
from streams.cli.common.record_sources import take_files, take_hits
from streams.cli.common.text import words
from streams.cli.lists.loading import empty
from streams.matching.config import Policies
from streams.records.decode import decode_hit
from streams.records.times import DAY_MS, rfc3339
from streams.settings.model import Settings

_LIST_WIDTH: Final = 40
_WIDTH: Final = 120


class Day(NamedTuple):
    """What lists have spent on a UTC day, by list_id in order, and how many records were no hits."""

    date: str
    spent: dict[str, Spent]
    no_hits: int

    def with_lists(self, lists: Iterable[str]) -> "Day":
        """The same, with lists that have spent nothing."""
        spent = dict.fromkeys(lists, Spent()) | self.spent
        return self._replace(spent=dict(sorted(spent.items())))


def count_files(files: tuple[str, ...], settings: Settings, at: int) -> Day:
    """What the lists of the settings, and others, have spent on the day of a time, by the hits in files.

    `at` is in ms since 1970 UTC. A line that is no hit is reported. Ends the command with exit code 2 for a
    file that cannot be read.
    """
    spending = Spending(at)
    no_hits = take_files("lists status", "hits", files, decode_hit, spending.note)
    return _day(spending, settings, no_hits)


def count_topic(settings: Settings, at: int) -> Day:
    """The same by the hits on Kafka, up to the end of their topic.

    A record that is no hit is reported. Ends the command with exit code 1 if Kafka cannot be read.
    """
    spending = Spending(at)
    # A camera's clock may be ahead by a wrong time zone, and its hits told before the day began.
    no_hits = take_hits("lists status", settings, spending.begins - DAY_MS, spending.note)
    return _day(spending, settings, no_hits)


def _day(spending: Spending, settings: Settings, no_hits: int) -> Day:
    return Day(spending.day.isoformat(), spending.by_list(), no_hits).with_lists(settings.lists)


def spent_fields(spent: Spent) -> dict[str, Any]:
    """What a list has spent, for JSON."""
    latest = spent.latest_tightened
    return {
        "spent": spent.false_hits,
        "hits": spent.hits,
        "tightened": spent.tightened,
        "latest_tightened": None if latest is None else rfc3339(latest),
        "rejected": spent.rejected,
        "confirmed": spent.confirmed,
    }


def above_budget(day: Day, policies: Policies) -> list[str]:
    """A warning for each list that has spent more than its budget on a day."""
    warnings = []
    for list_id, each in day.spent.items():
        budget = policies.of(list_id).false_hits_per_day
        if budget is not None and each.false_hits > budget:
            warnings.append(
                f"list {list_id}: {_shown(each.false_hits)} false hits are expected among its hits told of "
                f"{day.date} (UTC), {each.rejected:,} of them rejected by centres; its budget is {budget:g} "
                "(false_hits_per_day); a higher min_posterior or a stricter mode makes them fewer"
            )
    return warnings


def spent_table(day: Day, policies: Policies) -> Table:
    """What each list has spent of its budget, and of which hits."""
    table = empty("list")
    table.columns[0].max_width = _LIST_WIDTH
    for heading in ("spent", "budget", "share", "hits", "tightened", "rejected", "confirmed"):
        table.add_column(heading, justify="right", overflow="fold")
    for list_id, each in day.spent.items():
        budget = policies.of(list_id).false_hits_per_day
        table.add_row(
            Text(list_id),
            _shown(each.false_hits),
            "none" if budget is None else f"{budget:g} a day",
            f"{each.false_hits / budget * 100:,.0f} %" if budget else "",
            *(f"{count:,}" for count in (each.hits, each.tightened, each.rejected, each.confirmed)),
        )
    return table


def spent_words(day: Day, policies: Policies) -> list[str]:
    """What the table means, and what is known of lists whose tolerance was tightened."""
    found = [
        f"Spent, and what follows, are of the hits told of reads of {day.date} (UTC); "
        f"{words(day.no_hits, 'record')} rejected as no hits"
    ]
    for list_id, each in day.spent.items():
        if each.latest_tightened is None:
            continue
        budget = policies.of(list_id).false_hits_per_day
        of = "" if budget is None else f" of {budget:g} a day"
        at = rfc3339(each.latest_tightened)[11:19]
        found.append(
            f"list {list_id}: {words(each.tightened, 'hit')} told while its tolerance was tightened, the "
            f"latest of a read of {at} (UTC); {_shown(each.false_hits)}{of} spent"
        )
    if len(found) > 1:
        found.append(
            "Hits do not say whether it is tightened now: each partition goes by its equal part of the "
            "budget. The worker's log says when it tightened, and how many passages were withheld"
        )
    return [line for text in found for line in textwrap.wrap(text, _WIDTH, break_long_words=False)]


def _shown(false_hits: float) -> str:
    """Two digits after the point; of less than that, two figures."""
    return f"{false_hits:,.2f}" if false_hits >= 0.1 or not false_hits else number(false_hits)
