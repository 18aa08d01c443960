"""`anpr lists status`: what alert lists hold, what they are expected to cost, and what they have spent."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console

from streams.cli.common.forecast_text import fields
from streams.cli.common.options import INPUT, config_option, settings_of
from streams.cli.common.progress import say
from streams.cli.common.text import words
from streams.cli.lists.budget_use import (
    Day,
    above_budget,
    count_files,
    count_topic,
    spent_fields,
    spent_table,
    spent_words,
)
from streams.cli.lists.inventory import Held, counts, held_of, held_tables, policy_fields
from streams.cli.lists.loading import clock, now_option
from streams.files.jsonl import STANDARD_INPUT
from streams.matching.forecast.traffic import PER_READS
from streams.records.times import from_ms, rfc3339
from streams.settings.model import Settings


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE]...")
@config_option
@now_option
@click.option(
    "--hits",
    multiple=True,
    metavar="FILE",
    type=INPUT,
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
    settings = settings_of(config)
    at = clock(now)
    day = None
    if kafka:
        day = count_topic(settings, at)
    elif hits:
        day = count_files(hits, settings, at)
    held = held_of(files, settings, from_ms(at), day.spent if day else ()) if files else None
    if day:
        day = day.with_lists(held.lists if held else ())
        for warning in above_budget(day, settings.policies):
            say(warning)
    if as_json:
        click.echo(orjson.dumps(_object(settings, from_ms(at), held, day)))
    else:
        _print(settings, from_ms(at), held, day)


def _object(settings: Settings, at: datetime, held: Held | None, day: Day | None) -> Mapping[str, Any]:
    """All that is shown, for JSON; what was not asked for is not in it."""
    shown: dict[str, Any] = {"now": rfc3339(at)}
    lists = {
        list_id: {"list_id": list_id} | policy_fields(settings.lists.get(list_id))
        for list_id in (held.lists if held else day.spent if day else ())
    }
    for list_id, row in lists.items():
        row.update(fields(settings.policies.of(list_id), held.costs.get(list_id) if held else None))
        if held:
            row.update(counts(held.lists[list_id]))
        if day:
            row["spending"] = spent_fields(day.spent[list_id])
    shown["lists"] = list(lists.values())
    if held:
        shown |= {
            "total": counts(held.total),
            "withdrawals": held.withdrawals,
            "rejected": held.rejected,
            "snapshot_bytes": held.snapshot_bytes,
        }
    if day:
        shown["spending"] = {"day": day.date, "no_hits": day.no_hits}
    return shown


def _print(settings: Settings, at: datetime, held: Held | None, day: Day | None) -> None:
    """All that is shown, as tables, and below them what they are of."""
    tables, lines = [], []
    if held:
        tables += held_tables(held, settings)
        lines += [
            f"{words(held.total.alerts, 'alert')} and {words(held.withdrawals, 'withdrawal')} at "
            f"{rfc3339(at)}; {words(held.rejected, 'line')} rejected; snapshot {held.snapshot_bytes:,} bytes",
            f"False hits, and reads that fit patterns, are those expected of {PER_READS:,} reads",
        ]
    if day:
        tables.append(spent_table(day, settings.policies))
        lines += spent_words(day, settings.policies)
    Console().print(*tables, sep="\n")
    click.echo("\n".join(lines))
