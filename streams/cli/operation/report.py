"""`anpr operation report`: what came of an operation, as text, JSON or a page."""

import textwrap
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from streams.analysis.operation_report import CHOICES, Outcome, Report, Reporter
from streams.cli.common.options import INPUT, config_option
from streams.cli.common.progress import say
from streams.cli.common.record_sources import take_files, take_hits, take_verdicts
from streams.cli.common.requirements import require
from streams.cli.common.text import printable, words
from streams.cli.lists.loading import clock, empty
from streams.cli.operation.reads import reads_in_files, reads_on_kafka
from streams.cli.operation.selection import check_told, chosen, told_options
from streams.records.decode import decode_hit, decode_verdict
from streams.records.encode import encode
from streams.records.times import from_ms, rfc3339

_COMMAND: Final = "operation report"
_WIDTH: Final = 120
_NAME_WIDTH: Final = 48


@click.command()
@click.argument("operation_id", metavar="ID")
@config_option
@told_options
@click.option(
    "--reads",
    multiple=True,
    metavar="FILE",
    type=INPUT,
    help="Reads, the same; those of the operation's time and place are counted.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
@click.option(
    "--page",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write an HTML page with plots to FILE instead.",
)
def report(
    operation_id: str,
    config: Path | None,
    hits: tuple[str, ...],
    verdicts: tuple[str, ...],
    kafka: bool,
    reads: tuple[str, ...],
    as_json: bool,
    page: Path | None,
) -> None:
    """Show what came of the operation ID: reads, hits by class, list and site, and what centres said of them.

    No plates are shown. Reads are counted if they are given, or on Kafka. A record that is no hit, verdict or
    read is left out, and it is said how many were.

    Exit codes: 0 done; 1 Kafka cannot be read; 2 wrong use, no such operation, or a file that cannot be read
    or written.
    """
    check_told(kafka, hits, verdicts, reads)
    if as_json and page is not None:
        raise click.UsageError("--json and --page are two forms of one report; give one")
    if page is not None:
        require(f"{_COMMAND} --page", ("jinja2", "matplotlib"), "report")
    what = chosen(config, operation_id)
    reporter = Reporter(operation_id, what.operation, what.settings.places.sites)
    if kafka:
        since = what.told_since()
        take_hits(_COMMAND, what.settings, since, reporter.note)
        take_verdicts(_COMMAND, what.settings, since, reporter.judge)
        made = reporter.report(reads_on_kafka(_COMMAND, what))
    else:
        take_files(_COMMAND, "hits", hits, decode_hit, reporter.note)
        if verdicts:
            take_files(_COMMAND, "verdicts", verdicts, decode_verdict, reporter.judge)
        made = reporter.report(reads_in_files(_COMMAND, what, reads) if reads else None)
    if page is not None:
        _write(page, made)
    elif as_json:
        click.echo(encode(made))
    else:
        _print(made)


def _write(path: Path, made: Report) -> None:
    from streams.analysis.report_html import page

    try:
        path.write_text(page(made, from_ms(clock(None))), encoding="utf-8")
    except OSError as error:
        say(f"anpr {_COMMAND}: {path}: cannot be written: {error.strerror or error}")
        raise click.exceptions.Exit(2) from None
    say(f"wrote {path}")


def _print(made: Report) -> None:
    click.secho(printable(made.name or made.operation_id), bold=True)
    for begins, ends in made.windows:
        click.echo(f"{_minute(begins)} to {_minute(ends)} (UTC)")
    if made.participants:
        click.echo(printable(f"taking part: {', '.join(made.participants)}"))
    click.echo("\n".join(textwrap.wrap(_sums(made), _WIDTH)))
    outcomes: tuple[tuple[str, Mapping[str, Outcome]], ...] = (
        ("class", {str(name): outcome for name, outcome in made.by_class.items()}),
        ("list", made.by_list),
        ("site", made.by_site),
    )
    tables = [_table(heading, found) for heading, found in outcomes]
    Console().print("", *tables, _crews(made), sep="\n")


def _sums(made: Report) -> str:
    total = made.total
    read = "reads not counted" if made.reads is None else words(made.reads, "read")
    return (
        f"{read}; {words(total.hits, 'hit')}, {made.live:,} of them live, {made.withdrawn:,} withdrawn; "
        f"{total.confirmed:,} confirmed, {total.rejected:,} rejected, {total.open:,} open; "
        f"{total.intercepted:,} intercepted"
    )


def _table(heading: str, outcomes: Mapping[str, Outcome]) -> Table:
    table = _columns(heading, "hits", "confirmed", "rejected", "open", "intercepted")
    for name, one in outcomes.items():
        counts = (one.hits, one.confirmed, one.rejected, one.open, one.intercepted)
        table.add_row(Text(printable(name)), *(f"{count:,}" for count in counts))
    return table


def _crews(made: Report) -> Table:
    table = _columns("crews", "vehicles", "confirmed", "rejected", "intercepted")
    for key, one in made.crews.items():
        counts = (one.vehicles, one.confirmed, one.rejected, one.intercepted)
        table.add_row(CHOICES[key], *(f"{count:,}" for count in counts))
    return table


def _columns(first: str, *counts: str) -> Table:
    table = empty(first)
    table.columns[0].max_width = _NAME_WIDTH
    for heading in counts:
        table.add_column(heading, justify="right", overflow="fold")
    return table


def _minute(time: datetime) -> str:
    return rfc3339(time)[:16].replace("T", " ")
