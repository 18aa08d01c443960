"""Contents and expected false hits of lists in files, as `anpr lists status` shows them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

import click

from streams.alerts.list_counts import AlertState, ListCounts, count_lists
from streams.cli.common.forecast_text import (
    budget_warning,
    build_forecast,
    describe_sufficient_reads,
    format_number,
)
from streams.cli.common.progress import say
from streams.cli.common.tables import print_table
from streams.cli.common.text import labelled, printable, wrap_line
from streams.cli.lists.loading import read_lists
from streams.matching.config import ListConfig
from streams.matching.forecast.expectation import ListForecast
from streams.matching.forecast.sample import PlateSamples
from streams.records.alert import Alert
from streams.settings.model import Settings

_STATES: Final[tuple[AlertState, ...]] = ("in_force", "not_yet", "expired", "withdrawn")
_COUNT_HEADINGS: Final = (
    "list",
    "mode",
    "alerts",
    "effective",
    "not yet",
    "expired",
    "withdrawn",
    "wildcards",
)
_COST_HEADINGS: Final = ("list", "min posterior", "false hits", "a day", "budget", "fit patterns")
_MAX_COUNTRIES: Final = 3
_NO_FALSE_HITS: Final = ListForecast(0.0, 0.0, 0.0, None)


class ListInventory(NamedTuple):
    """Contents of lists and their expected false hits, by list_id in order."""

    lists: dict[str, ListCounts]
    forecasts: dict[str, ListForecast]
    """Of the lists with effective alerts."""
    withdrawals: int
    rejected: int
    """The number of lines that are no valid alerts or withdrawals."""
    snapshot_bytes: int

    @property
    def total(self) -> ListCounts:
        """The contents of all lists together."""
        total = ListCounts()
        for counts in self.lists.values():
            total.merge(counts)
        return total


def read_inventory(
    files: tuple[str, ...], settings: Settings, at: datetime, extra_lists: Iterable[str]
) -> ListInventory:
    """Return the contents of the lists in files, with the lists of the settings and extra ones.

    Rejected lines, and lists that are expected to exceed their budgets, are reported on stderr. Raises
    InputFileError for a file that cannot be read.
    """
    plates: dict[str, PlateSamples] = {}

    def sample(alert: Alert, state: AlertState) -> None:
        if state == "in_force":
            plates.setdefault(alert.list_id, PlateSamples()).add(alert)

    loaded = read_lists(files)
    lists = count_lists(loaded.alert_index, at, [*settings.lists, *extra_lists], sample)
    return ListInventory(
        lists,
        _forecast_lists(plates, settings),
        loaded.withdrawal_count,
        len(loaded.rejected),
        loaded.snapshot_bytes,
    )


def _forecast_lists(plates: dict[str, PlateSamples], settings: Settings) -> dict[str, ListForecast]:
    forecast = build_forecast(settings)
    forecasts = {list_id: forecast.for_plates(samples) for list_id, samples in plates.items()}
    for list_id, list_forecast in sorted(forecasts.items()):
        list_config = settings.matching_rules.for_list(list_id)
        if warning := budget_warning(list_id, list_config, forecast, plates[list_id], list_forecast):
            say(warning)
    return forecasts


def print_inventory(inventory: ListInventory, settings: Settings) -> None:
    """Print contents, details and expected false hits of the lists."""
    _print_counts(inventory, settings)
    click.echo()
    for list_id, counts in inventory.lists.items():
        _print_details(list_id, counts, settings.lists.get(list_id))
    click.echo()
    _print_costs(inventory, settings)


def list_config_fields(configured: ListConfig | None) -> dict[str, Any]:
    """Return what the settings say of a list, or the defaults, for JSON."""
    list_config = configured or ListConfig()
    return {
        "title": list_config.title,
        "configured": configured is not None,
        "mode": list_config.mode,
        "audience": list_config.audience,
    }


def count_fields(counts: ListCounts) -> dict[str, Any]:
    """Return the counts of a list's alerts, for JSON."""
    return {
        "alerts": counts.alerts,
        **{state: counts.states[state] for state in _STATES},
        "wildcards": counts.wildcards,
        "own_audience": counts.own_audience,
        "countries": {country or "unknown": count for country, count in _countries_by_count(counts)},
    }


def _countries_by_count(counts: ListCounts) -> list[tuple[str, int]]:
    return sorted(counts.countries.items(), key=lambda item: (-item[1], item[0]))


def _print_counts(inventory: ListInventory, settings: Settings) -> None:
    """Print the table of the alerts of each list by state."""
    rows = [
        (list_id, settings.lists.get(list_id, ListConfig()).mode, *_count_cells(counts))
        for list_id, counts in inventory.lists.items()
    ]
    if len(rows) != 1:
        rows.append(("all lists", "", *_count_cells(inventory.total)))
    print_table(_COUNT_HEADINGS, rows, text_columns=2)


def _print_details(list_id: str, counts: ListCounts, configured: ListConfig | None) -> None:
    """Print a list's title, countries and notified centres."""
    title = (configured.title or "") if configured else "(not in the settings: the defaults apply)"
    audience = _format_audience(counts, configured.audience if configured else [])
    click.echo(printable(list_id))
    fields = (("title", title), ("countries", _format_countries(counts)), ("audience", audience))
    for label, text in fields:
        for line in labelled(label, text) if text else ():
            click.echo(line)


def _print_costs(inventory: ListInventory, settings: Settings) -> None:
    """Print the table of expected false hits and budgets, and for how many reads budgets are enough."""
    rows, notes = [], []
    for list_id in inventory.lists:
        list_config = settings.matching_rules.for_list(list_id)
        forecast = inventory.forecasts.get(list_id, _NO_FALSE_HITS)
        min_posterior, budget = list_config.effective_min_posterior, list_config.false_hits_per_day
        spread = f" ± {format_number(forecast.standard_error)}" if forecast.standard_error else ""
        cells = (
            "any" if min_posterior is None else f"{min_posterior:g}",
            f"{format_number(forecast.false_hits)}{spread}",
            "?" if forecast.false_hits_per_day is None else format_number(forecast.false_hits_per_day),
            "none" if budget is None else f"{budget:g} a day",
            format_number(forecast.pattern_reads) if forecast.pattern_reads else "",
        )
        rows.append((list_id, *cells))
        if sufficient := describe_sufficient_reads(list_config, forecast):
            notes.append(f"list {printable(list_id)}: its budget is enough for {sufficient}")
    print_table(_COST_HEADINGS, rows)
    for note in notes:
        click.echo(wrap_line(note, 2))


def _count_cells(counts: ListCounts) -> list[str]:
    numbers = [counts.alerts, *(counts.states[state] for state in _STATES), counts.wildcards]
    return [f"{number:,}" for number in numbers]


def _format_countries(counts: ListCounts) -> str:
    ranked = _countries_by_count(counts)
    shown = [f"{country or 'unknown'} {count:,}" for country, count in ranked[:_MAX_COUNTRIES]]
    rest = len(ranked) - _MAX_COUNTRIES
    return ", ".join(shown) + (f" and {rest} more" if rest > 0 else "")


def _format_audience(counts: ListCounts, centres: list[str]) -> str:
    own = f"{counts.own_audience:,} name their own" if counts.own_audience else ""
    return "; ".join(part for part in (", ".join(centres), own) if part)
