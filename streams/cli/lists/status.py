"""`anpr lists status`: contents, expected false hits and budget use of alert lists."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import click
import orjson

from streams.cli.common.forecast_text import forecast_fields
from streams.cli.common.options import INPUT_FILE, config_option, now_option, read_settings, resolve_now
from streams.cli.common.progress import say
from streams.cli.common.text import counted, wrap_line
from streams.cli.lists.budget_use import (
    DailyBudgetUse,
    budget_use_fields,
    budget_use_from_files,
    budget_use_from_kafka,
    budget_warnings,
    describe_budget_use,
    print_budget_use,
)
from streams.cli.lists.inventory import (
    ListInventory,
    count_fields,
    list_config_fields,
    print_inventory,
    read_inventory,
)
from streams.files.jsonl import STANDARD_INPUT
from streams.matching.forecast.traffic import REFERENCE_READS
from streams.records.times import Millis, from_ms, to_rfc3339
from streams.settings.model import Settings


class _Status(NamedTuple):
    """What the command shows: the lists in files and the budgets used, if they were asked for."""

    settings: Settings
    at: datetime
    inventory: ListInventory | None
    day: DailyBudgetUse | None


@click.command(short_help="Show contents, false hits and budgets of alert lists.")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@config_option
@now_option
@click.option(
    "--hits",
    multiple=True,
    metavar="FILE",
    type=INPUT_FILE,
    help="Hits, JSON lines (.gz; - is standard input), of which to show the budgets used on the day; may be "
    "repeated.",
)
@click.option("--kafka", is_flag=True, help="Budgets used by the hits on Kafka.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def status(
    files: tuple[str, ...],
    config: Path | None,
    now_ms: Millis | None,
    hits: tuple[str, ...],
    kafka: bool,
    as_json: bool,
) -> None:
    """Show the contents of alert lists, their expected false hits, and the budgets they have used.

    Each alert is counted once, by its highest version, as effective, not yet effective, expired or
    withdrawn; one that is both expired and withdrawn counts as withdrawn. A list of the settings without
    alerts is shown too. A line that is not a valid alert or withdrawal is reported and left out.

    With --hits or --kafka it shows what each list has used of its false_hits_per_day on the UTC day of --now;
    without FILE, only that.

    Exit codes: 0 done, 1 Kafka cannot be read, 2 wrong use, or a file cannot be read.
    """
    if hits and kafka:
        raise click.UsageError("--hits and --kafka both name the hits; give one")
    if not files and not hits and not kafka:
        raise click.UsageError("name a FILE of alerts, or give --hits FILE or --kafka for the budgets used")
    if STANDARD_INPUT in files and STANDARD_INPUT in hits:
        raise click.UsageError("alerts and hits cannot both come from standard input; name a file for one")
    settings = read_settings(config)
    at_ms = resolve_now(now_ms)
    day = None
    if kafka:
        day = budget_use_from_kafka(settings, at_ms)
    elif hits:
        day = budget_use_from_files(hits, settings, at_ms)
    inventory = read_inventory(files, settings, from_ms(at_ms), day.used if day else ()) if files else None
    if day:
        day = day.with_lists(inventory.lists if inventory else ())
        for warning in budget_warnings(day, settings.matching_rules):
            say(warning)
    shown = _Status(settings, from_ms(at_ms), inventory, day)
    if as_json:
        click.echo(orjson.dumps(_to_json(shown)))
    else:
        _print_tables(shown)


def _to_json(status: _Status) -> Mapping[str, Any]:
    """Return what is shown, for JSON, without what was not asked for."""
    settings, at, inventory, day = status
    fields: dict[str, Any] = {"now": to_rfc3339(at)}
    lists = {
        list_id: {"list_id": list_id} | list_config_fields(settings.lists.get(list_id))
        for list_id in (inventory.lists if inventory else day.used if day else ())
    }
    for list_id, row in lists.items():
        row.update(
            forecast_fields(
                settings.matching_rules.for_list(list_id),
                inventory.forecasts.get(list_id) if inventory else None,
            )
        )
        if inventory:
            row.update(count_fields(inventory.lists[list_id]))
        if day:
            row["spending"] = budget_use_fields(day.used[list_id])
    fields["lists"] = list(lists.values())
    if inventory:
        fields |= {
            "total": count_fields(inventory.total),
            "withdrawals": inventory.withdrawals,
            "rejected": inventory.rejected,
            "snapshot_bytes": inventory.snapshot_bytes,
        }
    if day:
        fields["spending"] = {"day": day.date, "no_hits": day.undecodable}
    return fields


def _print_tables(status: _Status) -> None:
    """Print what is shown as tables, and below them what they count."""
    settings, at, inventory, day = status
    lines = []
    if inventory:
        print_inventory(inventory, settings)
        click.echo()
        lines += [
            f"{counted(inventory.total.alerts, 'alert')} and "
            f"{counted(inventory.withdrawals, 'withdrawal')} at {to_rfc3339(at)}; "
            f"{counted(inventory.rejected, 'line')} rejected; snapshot {inventory.snapshot_bytes:,} bytes",
            f"False hits, and reads that fit patterns: expected number in {REFERENCE_READS:,} reads",
        ]
    if day:
        print_budget_use(day, settings.matching_rules)
        click.echo()
        lines += describe_budget_use(day, settings.matching_rules)
    for line in lines:
        click.echo(wrap_line(line, 0))
