"""What lists in files hold and are expected to cost, as `anpr lists status` shows it."""

import tempfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from rich.table import Table
from rich.text import Text

from streams.alerts.list_counts import State, Tally, tallies
from streams.cli.common.forecast_text import above, enough_for, expectation_of, number
from streams.cli.common.progress import say
from streams.cli.lists.loading import empty, read_lists
from streams.matching.config import ListPolicy
from streams.matching.forecast.expectation import Expected
from streams.matching.forecast.sample import Plates
from streams.records.alert import Alert
from streams.settings.model import Settings

_STATES: Final[tuple[State, ...]] = ("in_force", "not_yet", "expired", "withdrawn")
_COUNTRIES_SHOWN: Final = 3
_NO_COST: Final = Expected(0.0, 0.0, 0.0, None)


class Held(NamedTuple):
    """What lists hold, by list_id in order, what they are expected to cost, and what the files are.

    `costs` has the lists with alerts in force; `rejected` lines were not taken.
    """

    lists: dict[str, Tally]
    costs: dict[str, Expected]
    withdrawals: int
    rejected: int
    snapshot_bytes: int

    @property
    def total(self) -> Tally:
        """What all lists hold together."""
        total = Tally()
        for tally in self.lists.values():
            total.include(tally)
        return total


def held_of(files: tuple[str, ...], settings: Settings, at: datetime, others: Iterable[str]) -> Held:
    """What is held by the lists in files, those of the settings and others.

    Lines that were not taken, and lists that would break their budgets, are named on stderr. Ends the command
    with exit code 2 for a file that cannot be read.
    """
    plates: dict[str, Plates] = {}

    def take(alert: Alert, state: State) -> None:
        if state == "in_force":
            plates.setdefault(alert.list_id, Plates()).add(alert)

    with tempfile.TemporaryDirectory(prefix="anpr-lists-") as folder:
        snapshot = Path(folder) / "lists.snapshot"
        loaded = read_lists("status", files, snapshot)
        found = tallies(loaded.lists, at, [*settings.lists, *others], take)
        size = snapshot.stat().st_size
    return Held(found, _costs_of(plates, settings), loaded.withdrawals, len(loaded.rejected), size)


def _costs_of(plates: dict[str, Plates], settings: Settings) -> dict[str, Expected]:
    expectation = expectation_of(settings)
    costs = {list_id: expectation.of(each) for list_id, each in plates.items()}
    for list_id, expected in sorted(costs.items()):
        policy = settings.policies.of(list_id)
        if warning := above(list_id, policy, expectation, plates[list_id], expected):
            say(warning)
    return costs


def held_tables(held: Held, settings: Settings) -> list[Table]:
    """The tables of what is held and what it costs."""
    return [
        _numbers(held.lists, held.total, settings),
        _details(held.lists, settings),
        _costs(held.lists, settings, held.costs),
    ]


def policy_fields(policy: ListPolicy | None) -> dict[str, Any]:
    """What the settings say of a list, or the defaults, for JSON."""
    known = policy or ListPolicy()
    return {
        "title": known.title,
        "configured": policy is not None,
        "mode": known.mode,
        "audience": known.audience,
    }


def counts(tally: Tally) -> dict[str, Any]:
    """The counts of a list's alerts, for JSON."""
    return {
        "alerts": tally.alerts,
        **{state: tally.states[state] for state in _STATES},
        "wildcards": tally.wildcards,
        "own_audience": tally.own_audience,
        "countries": {country or "unknown": count for country, count in _by_count(tally)},
    }


def _by_count(tally: Tally) -> list[tuple[str, int]]:
    return sorted(tally.countries.items(), key=lambda item: (-item[1], item[0]))


def _numbers(found: dict[str, Tally], total: Tally, settings: Settings) -> Table:
    """How many alerts of each list are in which state."""
    table = empty("list", "mode")
    for heading in ("alerts", "in force", "not yet", "expired", "withdrawn", "wildcards"):
        table.add_column(heading, justify="right", no_wrap=True)
    for list_id, tally in found.items():
        mode = settings.lists.get(list_id, ListPolicy()).mode
        table.add_row(Text(list_id), mode, *_cells(tally))
    if len(found) != 1:
        table.add_row("all lists", "", *_cells(total), style="bold")
    return table


def _details(found: dict[str, Tally], settings: Settings) -> Table:
    """What each list is, where its plates are from, who is told."""
    table = empty("list", "title", "countries", "audience")
    for list_id, tally in found.items():
        policy = settings.lists.get(list_id)
        title = (policy.title or "") if policy else "(not in the settings: the defaults hold)"
        audience = _audience(tally, policy.audience if policy else [])
        table.add_row(*map(Text, (list_id, title, _countries(tally), audience)))
    return table


def _costs(found: dict[str, Tally], settings: Settings, expected: dict[str, Expected]) -> Table:
    """What each list is expected to cost in false hits, and what it may."""
    table = empty("list")
    for heading in ("least posterior", "false hits", "a day", "budget", "fit patterns"):
        table.add_column(heading, justify="right", overflow="fold")
    for list_id in found:
        policy, costs = settings.policies.of(list_id), expected.get(list_id, _NO_COST)
        spread = f" ± {number(costs.spread)}" if costs.spread else ""
        table.add_row(
            Text(list_id),
            "any" if policy.least is None else f"{policy.least:g}",
            f"{number(costs.false_hits)}{spread}",
            "?" if costs.per_day is None else number(costs.per_day),
            _budget(policy, costs),
            number(costs.fitting) if costs.fitting else "",
        )
    return table


def _budget(policy: ListPolicy, costs: Expected) -> str:
    if policy.false_hits_per_day is None:
        return "none"
    enough = enough_for(policy, costs)
    return f"{policy.false_hits_per_day:g} a day" + (f", enough for {enough}" if enough else "")


def _cells(tally: Tally) -> list[str]:
    counts = [tally.alerts, *(tally.states[state] for state in _STATES), tally.wildcards]
    return [f"{count:,}" for count in counts]


def _countries(tally: Tally) -> str:
    ranked = _by_count(tally)
    shown = [f"{country or 'unknown'} {count:,}" for country, count in ranked[:_COUNTRIES_SHOWN]]
    rest = len(ranked) - _COUNTRIES_SHOWN
    return ", ".join(shown) + (f" and {rest} more" if rest > 0 else "")


def _audience(tally: Tally, centres: list[str]) -> str:
    own = f"{tally.own_audience:,} name their own" if tally.own_audience else ""
    return "; ".join(part for part in (", ".join(centres), own) if part)
