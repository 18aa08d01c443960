"""`anpr lists status`: what alert lists hold."""

import tempfile
from pathlib import Path
from typing import Any, Final

import click
import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from streams.cli.expecting import above, enough_for, expectation_of, fields, number
from streams.cli.lists.shared import clock, empty, files_argument, now_option, read_lists
from streams.cli.options import config_option, settings_of
from streams.cli.progress import say
from streams.cli.words import words
from streams.lists.tally import State, Tally, tallies
from streams.matching.expected import Expected
from streams.matching.policy import ListPolicy
from streams.matching.sample import Plates
from streams.matching.traffic import PER_READS
from streams.records.alert import Alert
from streams.records.times import from_ms, rfc3339
from streams.settings.model import Settings

_STATES: Final[tuple[State, ...]] = ("in_force", "not_yet", "expired", "withdrawn")
_COUNTRIES_SHOWN: Final = 3
_NO_COST: Final = Expected(0.0, 0.0, 0.0, None)


@click.command()
@files_argument
@config_option
@now_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def status(files: tuple[str, ...], config: Path | None, now: int | None, as_json: bool) -> None:
    """Show what alert lists hold and how many false hits to expect of them.

    An alert counts in its highest version: in force, not yet, expired or withdrawn, and withdrawn before
    expired. A list of the settings without alerts is shown too. A line that is no alert or withdrawal is
    reported and left out.

    Exit codes: 0 done, 2 a file that cannot be read.
    """
    settings = settings_of(config)
    at = from_ms(clock(now))
    with tempfile.TemporaryDirectory(prefix="anpr-lists-") as folder:
        snapshot = Path(folder) / "lists.snapshot"
        loaded = read_lists("status", files, snapshot)
        in_force: dict[str, Plates] = {}

        def take(alert: Alert, state: State) -> None:
            if state == "in_force":
                in_force.setdefault(alert.list_id, Plates()).add(alert)

        found = tallies(loaded.lists, at, settings.lists, take)
        size = snapshot.stat().st_size
    expectation = expectation_of(settings)
    expected = {list_id: (plates, expectation.of(plates)) for list_id, plates in in_force.items()}
    for list_id, (plates, costs) in sorted(expected.items()):
        if warning := above(list_id, settings.policies.of(list_id), expectation, plates, costs):
            say(warning)
    costs_of = {list_id: costs for list_id, (_, costs) in expected.items()}
    total = Tally()
    for tally in found.values():
        total.include(tally)
    if as_json:
        shown = {
            "now": rfc3339(at),
            "lists": [
                {"list_id": list_id}
                | _policy(settings.lists.get(list_id))
                | fields(settings.policies.of(list_id), costs_of.get(list_id))
                | _counts(tally)
                for list_id, tally in found.items()
            ],
            "total": _counts(total),
            "withdrawals": loaded.withdrawals,
            "rejected": len(loaded.rejected),
            "snapshot_bytes": size,
        }
        click.echo(orjson.dumps(shown))
        return
    console = Console()
    console.print(
        _numbers(found, total, settings),
        _details(found, settings),
        _costs(found, settings, costs_of),
        sep="\n",
    )
    click.echo(
        f"{words(total.alerts, 'alert')} and {words(loaded.withdrawals, 'withdrawal')} at {rfc3339(at)}; "
        f"{words(len(loaded.rejected), 'line')} rejected; snapshot {size:,} bytes\n"
        f"False hits, and reads that fit patterns, are those expected of {PER_READS:,} reads"
    )


def _policy(policy: ListPolicy | None) -> dict[str, Any]:
    known = policy or ListPolicy()
    return {
        "title": known.title,
        "configured": policy is not None,
        "mode": known.mode,
        "audience": known.audience,
    }


def _counts(tally: Tally) -> dict[str, Any]:
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
