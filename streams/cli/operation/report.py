"""`anpr operation report`: the results of an operation, as text, JSON or a page."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

import click

from streams.analysis.operation_report import (
    CREW_CHOICES,
    OperationReport,
    OperationReportBuilder,
    ReportedOutcome,
)
from streams.cli.common.options import INPUT_FILE, config_option, options_object
from streams.cli.common.progress import say
from streams.cli.common.record_sources import TopicRecords, read_files
from streams.cli.common.requirements import require_packages
from streams.cli.common.tables import print_table
from streams.cli.common.text import counted, printable, wrap
from streams.cli.common.times import format_date_minute
from streams.cli.operation.reads import count_reads_in_files, count_reads_on_kafka
from streams.cli.operation.selection import check_hit_sources, hit_source_options, select_operation
from streams.records.decode import decode_hit, decode_verdict
from streams.records.encode import encode
from streams.records.times import from_ms
from streams.runtime.clock import now_ms
from streams.runtime.errors import InputError

_CLIENT_ID: Final = "operation-report"


class _ReportOptions(NamedTuple):
    """The argument and options of the command."""

    operation_id: str
    config: Path | None
    hits: tuple[str, ...]
    verdicts: tuple[str, ...]
    kafka: bool
    reads: tuple[str, ...]
    as_json: bool
    page: Path | None


@click.command(short_help="Show the results of an operation.")
@click.argument("operation_id", metavar="ID")
@config_option
@hit_source_options
@click.option(
    "--reads",
    multiple=True,
    metavar="FILE",
    type=INPUT_FILE,
    help="Reads, JSON lines; those at the operation's times and sites are counted.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
@click.option(
    "--page",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="HTML page with plots, written to FILE instead of tables.",
)
@options_object(_ReportOptions)
def report(options: _ReportOptions) -> None:
    """Show the results of the operation ID: reads, hits by class, list and site, and the verdicts of centres.

    No plates are shown. Reads are counted with --reads or --kafka. A record that is not a valid hit, verdict
    or read is reported and left out.

    Exit codes: 0 done; 1 Kafka cannot be read; 2 wrong use, no such operation, or a file cannot be read or
    written.
    """
    check_hit_sources(options.kafka, options.hits, options.verdicts, options.reads)
    if options.as_json and options.page is not None:
        raise click.UsageError("--json and --page are two forms of one report; give one")
    if options.page is not None:
        require_packages(("jinja2", "matplotlib"), "report")
    result = _build_report(options)
    if options.page is not None:
        _write_page(options.page, result)
    elif options.as_json:
        click.echo(encode(result))
    else:
        _print_report(result)


def _build_report(options: _ReportOptions) -> OperationReport:
    selected = select_operation(options.config, options.operation_id)
    sites = selected.settings.places.sites
    builder = OperationReportBuilder(options.operation_id, selected.operation, sites)
    if options.kafka:
        since_ms = selected.emitted_since_ms()
        topics = TopicRecords(selected.settings, _CLIENT_ID)
        topics.read_hits(since_ms, builder.add_hit)
        topics.read_verdicts(since_ms, builder.add_verdict)
        return builder.build(count_reads_on_kafka(selected, _CLIENT_ID))
    read_files("hits", options.hits, decode_hit, builder.add_hit)
    if options.verdicts:
        read_files("verdicts", options.verdicts, decode_verdict, builder.add_verdict)
    return builder.build(count_reads_in_files(selected, options.reads) if options.reads else None)


def _write_page(path: Path, result: OperationReport) -> None:
    from streams.analysis.report_html import render_report

    try:
        path.write_text(render_report(result, from_ms(now_ms())), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error
    say(f"wrote {path}")


def _print_report(result: OperationReport) -> None:
    click.secho(printable(result.name or result.operation_id), bold=True)
    for begins, ends in result.windows:
        click.echo(f"{format_date_minute(begins)} to {format_date_minute(ends)} (UTC)")
    if result.participants:
        click.echo("\n".join(wrap(f"participants: {', '.join(result.participants)}", "  ")))
    click.echo("\n".join(wrap(_summary(result), "")))
    outcomes: tuple[tuple[str, Mapping[str, ReportedOutcome]], ...] = (
        ("class", {str(name): outcome for name, outcome in result.by_class.items()}),
        ("list", result.by_list),
        ("site", result.by_site),
    )
    for heading, by_name in outcomes:
        click.echo()
        _print_outcomes(heading, by_name)
    click.echo()
    _print_crews(result)


def _summary(result: OperationReport) -> str:
    total = result.total
    reads = "reads not counted" if result.reads is None else counted(result.reads, "read")
    return (
        f"{reads}; {counted(total.hits, 'hit')}, {result.live:,} of them live, "
        f"{result.withdrawn:,} withdrawn; "
        f"{total.confirmed:,} confirmed, {total.rejected:,} rejected, {total.open:,} open; "
        f"{total.intercepted:,} intercepted"
    )


def _print_outcomes(heading: str, outcomes: Mapping[str, ReportedOutcome]) -> None:
    rows = []
    for name, outcome in outcomes.items():
        counts = (outcome.hits, outcome.confirmed, outcome.rejected, outcome.open, outcome.intercepted)
        rows.append((name, *(f"{count:,}" for count in counts)))
    print_table((heading, "hits", "confirmed", "rejected", "open", "intercepted"), rows)


def _print_crews(result: OperationReport) -> None:
    rows = []
    for key, outcome in result.crews.items():
        counts = (outcome.vehicles, outcome.confirmed, outcome.rejected, outcome.intercepted)
        rows.append((CREW_CHOICES[key], *(f"{count:,}" for count in counts)))
    print_table(("crews", "vehicles", "confirmed", "rejected", "intercepted"), rows)
