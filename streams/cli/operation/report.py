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

from streams.analysis.operation_report import (
    CREW_CHOICES,
    OperationReport,
    OperationReportBuilder,
    ReportedOutcome,
)
from streams.cli.common.options import INPUT_FILE, config_option
from streams.cli.common.progress import say
from streams.cli.common.record_sources import read_files, read_hits, read_verdicts
from streams.cli.common.requirements import require_packages
from streams.cli.common.text import counted, printable
from streams.cli.lists.loading import empty_table, resolve_now
from streams.cli.operation.reads import count_reads_in_files, count_reads_on_kafka
from streams.cli.operation.selection import check_hit_sources, hit_source_options, select_operation
from streams.records.decode import decode_hit, decode_verdict
from streams.records.encode import encode
from streams.records.times import from_ms, to_rfc3339

_COMMAND: Final = "operation report"
_WIDTH: Final = 120
_NAME_WIDTH: Final = 48


@click.command()
@click.argument("operation_id", metavar="ID")
@config_option
@hit_source_options
@click.option(
    "--reads",
    multiple=True,
    metavar="FILE",
    type=INPUT_FILE,
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
    check_hit_sources(kafka, hits, verdicts, reads)
    if as_json and page is not None:
        raise click.UsageError("--json and --page are two forms of one report; give one")
    if page is not None:
        require_packages(f"{_COMMAND} --page", ("jinja2", "matplotlib"), "report")
    what = select_operation(config, operation_id)
    reporter = OperationReportBuilder(operation_id, what.operation, what.settings.places.sites)
    if kafka:
        since = what.emitted_since_ms()
        read_hits(_COMMAND, what.settings, since, reporter.add_hit)
        read_verdicts(_COMMAND, what.settings, since, reporter.add_verdict)
        made = reporter.build(count_reads_on_kafka(_COMMAND, what))
    else:
        read_files(_COMMAND, "hits", hits, decode_hit, reporter.add_hit)
        if verdicts:
            read_files(_COMMAND, "verdicts", verdicts, decode_verdict, reporter.add_verdict)
        made = reporter.build(count_reads_in_files(_COMMAND, what, reads) if reads else None)
    if page is not None:
        _write_page(page, made)
    elif as_json:
        click.echo(encode(made))
    else:
        _print_report(made)


def _write_page(path: Path, result: OperationReport) -> None:
    from streams.analysis.report_html import render_report

    try:
        path.write_text(render_report(result, from_ms(resolve_now(None))), encoding="utf-8")
    except OSError as error:
        say(f"anpr {_COMMAND}: {path}: cannot be written: {error.strerror or error}")
        raise click.exceptions.Exit(2) from None
    say(f"wrote {path}")


def _print_report(result: OperationReport) -> None:
    click.secho(printable(result.name or result.operation_id), bold=True)
    for begins, ends in result.windows:
        click.echo(f"{_format_time(begins)} to {_format_time(ends)} (UTC)")
    if result.participants:
        click.echo(printable(f"taking part: {', '.join(result.participants)}"))
    click.echo("\n".join(textwrap.wrap(_summary(result), _WIDTH)))
    outcomes: tuple[tuple[str, Mapping[str, ReportedOutcome]], ...] = (
        ("class", {str(name): outcome for name, outcome in result.by_class.items()}),
        ("list", result.by_list),
        ("site", result.by_site),
    )
    tables = [_outcome_table(heading, found) for heading, found in outcomes]
    Console().print("", *tables, _crew_table(result), sep="\n")


def _summary(result: OperationReport) -> str:
    total = result.total
    read = "reads not counted" if result.reads is None else counted(result.reads, "read")
    return (
        f"{read}; {counted(total.hits, 'hit')}, {result.live:,} of them live, {result.withdrawn:,} "
        "withdrawn; "
        f"{total.confirmed:,} confirmed, {total.rejected:,} rejected, {total.open:,} open; "
        f"{total.intercepted:,} intercepted"
    )


def _outcome_table(heading: str, outcomes: Mapping[str, ReportedOutcome]) -> Table:
    table = _count_table(heading, "hits", "confirmed", "rejected", "open", "intercepted")
    for name, one in outcomes.items():
        counts = (one.hits, one.confirmed, one.rejected, one.open, one.intercepted)
        table.add_row(Text(printable(name)), *(f"{count:,}" for count in counts))
    return table


def _crew_table(result: OperationReport) -> Table:
    table = _count_table("crews", "vehicles", "confirmed", "rejected", "intercepted")
    for key, one in result.crews.items():
        counts = (one.vehicles, one.confirmed, one.rejected, one.intercepted)
        table.add_row(CREW_CHOICES[key], *(f"{count:,}" for count in counts))
    return table


def _count_table(first: str, *counts: str) -> Table:
    table = empty_table(first)
    table.columns[0].max_width = _NAME_WIDTH
    for heading in counts:
        table.add_column(heading, justify="right", overflow="fold")
    return table


def _format_time(time: datetime) -> str:
    return to_rfc3339(time)[:16].replace("T", " ")
