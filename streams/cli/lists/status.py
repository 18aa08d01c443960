"""`anpr lists status`: what alert lists hold, what they are expected to cost, and what they have spent."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console

from streams.cli.common.forecast_text import forecast_fields
from streams.cli.common.options import INPUT_FILE, config_option, read_settings
from streams.cli.common.progress import say
from streams.cli.common.text import counted
from streams.cli.lists.budget_use import (
    DailyBudgetUse,
    budget_use_fields,
    budget_use_from_files,
    budget_use_from_kafka,
    budget_use_table,
    budget_warnings,
    describe_budget_use,
)
from streams.cli.lists.inventory import (
    ListInventory,
    count_fields,
    inventory_tables,
    list_config_fields,
    read_inventory,
)
from streams.cli.lists.loading import now_option, resolve_now
from streams.files.jsonl import STANDARD_INPUT
from streams.matching.forecast.traffic import REFERENCE_READS
from streams.records.times import from_ms, to_rfc3339
from streams.settings.model import Settings


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE]...")
@config_option
@now_option
@click.option(
    "--hits",
    multiple=True,
    metavar="FILE",
    type=INPUT_FILE,
    help="Hits told, JSON lines (.gz; - is standard input): show what lists have spent of their budgets on "
    "the day; several times for several files.",
)
@click.option("--kafka", is_flag=True, help="The same of the hits on Kafka.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def status(
    files: tuple[str, ...],
    config: Path | None,
    now: int | None,
    hits: tuple[str, ...],
    kafka: bool,
    as_json: bool,
) -> None:
    """Show what alert lists hold, how many false hits to expect of them, and how many they have spent.

    An alert counts in its highest version: in force, not yet, expired or withdrawn, and withdrawn before
    expired. A list of the settings without alerts is shown too. A line that is no alert or withdrawal is
    reported and left out.

    With --hits or --kafka it shows what each list has spent of its false_hits_per_day on the UTC day of
    --now; without FILE, that alone.

    Exit codes: 0 done, 1 Kafka cannot be read, 2 wrong use or a file that cannot be read.
    """
    if hits and kafka:
        raise click.UsageError("--hits and --kafka both say where the hits are; give one")
    if not files and not hits and not kafka:
        raise click.UsageError("name a FILE of alerts, or give --hits FILE or --kafka for what was spent")
    if STANDARD_INPUT in files and STANDARD_INPUT in hits:
        raise click.UsageError("alerts and hits cannot both come from standard input; name a file for one")
    settings = read_settings(config)
    at = resolve_now(now)
    day = None
    if kafka:
        day = budget_use_from_kafka(settings, at)
    elif hits:
        day = budget_use_from_files(hits, settings, at)
    held = read_inventory(files, settings, from_ms(at), day.used if day else ()) if files else None
    if day:
        day = day.with_lists(held.lists if held else ())
        for warning in budget_warnings(day, settings.matching_rules):
            say(warning)
    if as_json:
        click.echo(orjson.dumps(_to_json(settings, from_ms(at), held, day)))
    else:
        _print_tables(settings, from_ms(at), held, day)


def _to_json(
    settings: Settings, at: datetime, inventory: ListInventory | None, day: DailyBudgetUse | None
) -> Mapping[str, Any]:
    """All that is shown, for JSON; what was not asked for is not in it."""
    shown: dict[str, Any] = {"now": to_rfc3339(at)}
    lists = {
        list_id: {"list_id": list_id} | list_config_fields(settings.lists.get(list_id))
        for list_id in (inventory.lists if inventory else day.used if day else ())
    }
    for list_id, row in lists.items():
        row.update(
            forecast_fields(
                settings.matching_rules.for_list(list_id), inventory.costs.get(list_id) if inventory else None
            )
        )
        if inventory:
            row.update(count_fields(inventory.lists[list_id]))
        if day:
            row["spending"] = budget_use_fields(day.used[list_id])
    shown["lists"] = list(lists.values())
    if inventory:
        shown |= {
            "total": count_fields(inventory.total),
            "withdrawals": inventory.withdrawals,
            "rejected": inventory.rejected,
            "snapshot_bytes": inventory.snapshot_bytes,
        }
    if day:
        shown["spending"] = {"day": day.date, "no_hits": day.undecodable}
    return shown


def _print_tables(
    settings: Settings, at: datetime, inventory: ListInventory | None, day: DailyBudgetUse | None
) -> None:
    """All that is shown, as tables, and below them what they are of."""
    tables, lines = [], []
    if inventory:
        tables += inventory_tables(inventory, settings)
        lines += [
            f"{counted(inventory.total.alerts, 'alert')} and "
            f"{counted(inventory.withdrawals, 'withdrawal')} at "
            f"{to_rfc3339(at)}; {counted(inventory.rejected, 'line')} rejected; snapshot "
            f"{inventory.snapshot_bytes:,} bytes",
            f"False hits, and reads that fit patterns, are those expected of {REFERENCE_READS:,} reads",
        ]
    if day:
        tables.append(budget_use_table(day, settings.matching_rules))
        lines += describe_budget_use(day, settings.matching_rules)
    Console().print(*tables, sep="\n")
    click.echo("\n".join(lines))
