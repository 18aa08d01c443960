"""What lists in files hold and are expected to cost, as `anpr lists status` shows it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

from rich.table import Table
from rich.text import Text

from streams.alerts.list_counts import AlertState, ListCounts, count_lists
from streams.cli.common.forecast_text import (
    budget_warning,
    build_forecast,
    describe_sufficient_reads,
    format_number,
)
from streams.cli.common.progress import say
from streams.cli.lists.loading import empty_table, read_lists
from streams.matching.config import ListConfig
from streams.matching.forecast.expectation import ListForecast
from streams.matching.forecast.sample import PlateSamples
from streams.records.alert import Alert
from streams.settings.model import Settings

_STATES: Final[tuple[AlertState, ...]] = ("in_force", "not_yet", "expired", "withdrawn")
_MAX_COUNTRIES: Final = 3
_NO_COST: Final = ListForecast(0.0, 0.0, 0.0, None)


class ListInventory(NamedTuple):
    """What lists hold, by list_id in order, what they are expected to cost, and what the files are.

    `costs` has the lists with alerts in force; `rejected` lines were not taken.
    """

    lists: dict[str, ListCounts]
    costs: dict[str, ListForecast]
    withdrawals: int
    rejected: int
    snapshot_bytes: int

    @property
    def total(self) -> ListCounts:
        """What all lists hold together."""
        total = ListCounts()
        for tally in self.lists.values():
            total.merge(tally)
        return total


def read_inventory(
    files: tuple[str, ...], settings: Settings, at: datetime, extra_lists: Iterable[str]
) -> ListInventory:
    """What is held by the lists in files, those of the settings and others.

    Lines that were not taken, and lists that would break their budgets, are named on stderr. Ends the command
    with exit code 2 for a file that cannot be read.
    """
    plates: dict[str, PlateSamples] = {}

    def take(alert: Alert, state: AlertState) -> None:
        if state == "in_force":
            plates.setdefault(alert.list_id, PlateSamples()).add(alert)

    loaded = read_lists("status", files)
    found = count_lists(loaded.alert_index, at, [*settings.lists, *extra_lists], take)
    return ListInventory(
        found,
        _forecast_costs(plates, settings),
        loaded.withdrawal_count,
        len(loaded.rejected),
        loaded.snapshot_bytes,
    )


def _forecast_costs(plates: dict[str, PlateSamples], settings: Settings) -> dict[str, ListForecast]:
    expectation = build_forecast(settings)
    costs = {list_id: expectation.for_plates(each) for list_id, each in plates.items()}
    for list_id, expected in sorted(costs.items()):
        policy = settings.matching_rules.for_list(list_id)
        if warning := budget_warning(list_id, policy, expectation, plates[list_id], expected):
            say(warning)
    return costs


def inventory_tables(inventory: ListInventory, settings: Settings) -> list[Table]:
    """The tables of what is held and what it costs."""
    return [
        _count_table(inventory.lists, inventory.total, settings),
        _detail_table(inventory.lists, settings),
        _cost_table(inventory.lists, settings, inventory.costs),
    ]


def list_config_fields(policy: ListConfig | None) -> dict[str, Any]:
    """What the settings say of a list, or the defaults, for JSON."""
    known = policy or ListConfig()
    return {
        "title": known.title,
        "configured": policy is not None,
        "mode": known.mode,
        "audience": known.audience,
    }


def count_fields(tally: ListCounts) -> dict[str, Any]:
    """The counts of a list's alerts, for JSON."""
    return {
        "alerts": tally.alerts,
        **{state: tally.states[state] for state in _STATES},
        "wildcards": tally.wildcards,
        "own_audience": tally.own_audience,
        "countries": {country or "unknown": count for country, count in _countries_by_count(tally)},
    }


def _countries_by_count(tally: ListCounts) -> list[tuple[str, int]]:
    return sorted(tally.countries.items(), key=lambda item: (-item[1], item[0]))


def _count_table(tallies_by_list: dict[str, ListCounts], total: ListCounts, settings: Settings) -> Table:
    """How many alerts of each list are in which state."""
    table = empty_table("list", "mode")
    for heading in ("alerts", "in force", "not yet", "expired", "withdrawn", "wildcards"):
        table.add_column(heading, justify="right", no_wrap=True)
    for list_id, tally in tallies_by_list.items():
        mode = settings.lists.get(list_id, ListConfig()).mode
        table.add_row(Text(list_id), mode, *_count_cells(tally))
    if len(tallies_by_list) != 1:
        table.add_row("all lists", "", *_count_cells(total), style="bold")
    return table


def _detail_table(tallies_by_list: dict[str, ListCounts], settings: Settings) -> Table:
    """What each list is, where its plates are from, who is told."""
    table = empty_table("list", "title", "countries", "audience")
    for list_id, tally in tallies_by_list.items():
        policy = settings.lists.get(list_id)
        title = (policy.title or "") if policy else "(not in the settings: the defaults hold)"
        audience = _format_audience(tally, policy.audience if policy else [])
        table.add_row(*map(Text, (list_id, title, _format_countries(tally), audience)))
    return table


def _cost_table(
    tallies_by_list: dict[str, ListCounts], settings: Settings, expected: dict[str, ListForecast]
) -> Table:
    """What each list is expected to cost in false hits, and what it may."""
    table = empty_table("list")
    for heading in ("least posterior", "false hits", "a day", "budget", "fit patterns"):
        table.add_column(heading, justify="right", overflow="fold")
    for list_id in tallies_by_list:
        policy, costs = settings.matching_rules.for_list(list_id), expected.get(list_id, _NO_COST)
        spread = f" ± {format_number(costs.standard_error)}" if costs.standard_error else ""
        table.add_row(
            Text(list_id),
            "any" if policy.effective_min_posterior is None else f"{policy.effective_min_posterior:g}",
            f"{format_number(costs.false_hits)}{spread}",
            "?" if costs.false_hits_per_day is None else format_number(costs.false_hits_per_day),
            _format_budget(policy, costs),
            format_number(costs.pattern_reads) if costs.pattern_reads else "",
        )
    return table


def _format_budget(policy: ListConfig, costs: ListForecast) -> str:
    if policy.false_hits_per_day is None:
        return "none"
    enough = describe_sufficient_reads(policy, costs)
    return f"{policy.false_hits_per_day:g} a day" + (f", enough for {enough}" if enough else "")


def _count_cells(tally: ListCounts) -> list[str]:
    counts = [tally.alerts, *(tally.states[state] for state in _STATES), tally.wildcards]
    return [f"{count:,}" for count in counts]


def _format_countries(tally: ListCounts) -> str:
    ranked = _countries_by_count(tally)
    shown = [f"{country or 'unknown'} {count:,}" for country, count in ranked[:_MAX_COUNTRIES]]
    rest = len(ranked) - _MAX_COUNTRIES
    return ", ".join(shown) + (f" and {rest} more" if rest > 0 else "")


def _format_audience(tally: ListCounts, centres: list[str]) -> str:
    own = f"{tally.own_audience:,} name their own" if tally.own_audience else ""
    return "; ".join(part for part in (", ".join(centres), own) if part)
