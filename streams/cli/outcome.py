"""`anpr outcome`: the precision of hits, by the verdicts of centres."""

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple

import click
import orjson

from streams.analysis.precision import CameraKey, Confusion, EmittedCounts, PrecisionCounts
from streams.cli.common.options import (
    INPUT_FILE,
    config_option,
    now_option,
    options_object,
    read_settings,
    resolve_now,
)
from streams.cli.common.record_sources import TopicRecords, read_files
from streams.cli.common.tables import print_table
from streams.cli.common.text import counted, wrap_line
from streams.files.jsonl import STANDARD_INPUT
from streams.records.decode import decode_hit, decode_verdict
from streams.records.times import DAY_MS, Millis

_GROUPINGS: Final = ("list", "camera", "confusion")
_HEADINGS: Final = ("hits", "confirmed", "rejected", "open", "precision", "95 %", "posterior")
_GroupKey = str | CameraKey | Confusion
"""The key of a row; text is a list_id."""


class _OutcomeOptions(NamedTuple):
    """The options of the command."""

    config: Path | None
    now_ms: Millis | None
    hits: tuple[str, ...]
    verdicts: tuple[str, ...]
    kafka: bool
    since_days: float | None
    by: str
    as_json: bool


@click.command(short_help="Show how many hits centres confirmed and rejected.")
@config_option
@now_option
@click.option(
    "--hits",
    multiple=True,
    metavar="FILE",
    type=INPUT_FILE,
    help="Hits, JSON lines (.gz; - is standard input); may be repeated.",
)
@click.option(
    "--verdicts",
    multiple=True,
    metavar="FILE",
    type=INPUT_FILE,
    help="Verdicts, JSON lines; verdicts already on the hits count without this option.",
)
@click.option("--kafka", is_flag=True, help="Hits and verdicts on Kafka.")
@click.option(
    "--since",
    "since_days",
    type=click.FloatRange(min=0, min_open=True),
    metavar="DAYS",
    help="With --kafka: days before --now from which hits count, by capture time; by default all.",
)
@click.option(
    "--by",
    type=click.Choice((*_GROUPINGS, "all")),
    default="all",
    show_default=True,
    help="Grouping of the hits.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON lines instead of tables.")
@options_object(_OutcomeOptions)
def outcome(options: _OutcomeOptions) -> None:
    """Show how many hits centres confirmed and rejected, by list, camera and confusion.

    A confusion is a listed character and what was read in its place. Precision is the confirmed share of the
    adjudicated hits; next to it are its 95 % confidence interval and the mean posterior of these hits. No
    plates are shown. A record that is not a valid hit or verdict is reported and left out.

    Exit codes: 0 done, 1 Kafka cannot be read, 2 wrong use, or a file cannot be read.
    """
    _check_options(options)
    counts, rejected_count = _counts_from_kafka(options) if options.kafka else _counts_from_files(options)
    groupings = _GROUPINGS if options.by == "all" else (options.by,)
    if options.as_json:
        rows = chain.from_iterable(_rows(counts, by) for by in groupings)
        for row in (*rows, _total_fields(counts, rejected_count)):
            click.echo(orjson.dumps(row))
        return
    for by in groupings:
        _print_counts(counts, by)
        click.echo()
    for line in _summary_lines(counts, rejected_count):
        click.echo(wrap_line(line, 0))


def _check_options(options: _OutcomeOptions) -> None:
    """Raise click.UsageError for options that contradict one another."""
    if options.kafka and (options.hits or options.verdicts):
        raise click.UsageError("--kafka has hits and verdicts; give it, or --hits FILE with --verdicts FILE")
    if not options.kafka and not options.hits:
        raise click.UsageError("no hits are named; give --hits FILE, or --kafka")
    if options.since_days is not None and not options.kafka:
        raise click.UsageError("--since needs --kafka; of files all hits count")
    if options.now_ms is not None and options.since_days is None:
        raise click.UsageError("--now needs --since DAYS, which counts from it")
    if STANDARD_INPUT in options.hits and STANDARD_INPUT in options.verdicts:
        raise click.UsageError("hits and verdicts cannot both come from standard input; name a file for one")


def _counts_from_files(options: _OutcomeOptions) -> tuple[PrecisionCounts, int]:
    """Return the counts of the hits in files, and the number of rejected lines. Raises InputFileError."""
    counts = PrecisionCounts()
    rejected_count = read_files("hits", options.hits, decode_hit, counts.add_hit)
    if options.verdicts:
        rejected_count += read_files("verdicts", options.verdicts, decode_verdict, counts.add_verdict)
    return counts, rejected_count


def _counts_from_kafka(options: _OutcomeOptions) -> tuple[PrecisionCounts, int]:
    """Return the counts of the hits on Kafka, and the number of records that are none. Raises ScanError."""
    since_days = options.since_days
    begin_ms = None if since_days is None else resolve_now(options.now_ms) - round(since_days * DAY_MS)
    counts = PrecisionCounts(begin_ms)
    # The clock of a camera may be ahead by a wrong time zone, and its hits emitted before.
    emitted_ms = None if begin_ms is None else max(begin_ms - DAY_MS, 0)
    topics = TopicRecords(read_settings(options.config), "outcome")
    rejected_count = topics.read_hits(emitted_ms, counts.add_hit)
    return counts, rejected_count + topics.read_verdicts(emitted_ms, counts.add_verdict)


def _rows(counts: PrecisionCounts, by: str) -> Iterator[dict[str, Any]]:
    """Yield the counts of each group of a grouping, for JSON."""
    for key, group in _group_counts(counts, by):
        names = {"list_id": key} if isinstance(key, str) else key._asdict()
        yield {"by": by, **names, **_count_fields(group)}


def _count_fields(counts: EmittedCounts) -> dict[str, Any]:
    return {
        "hits": counts.hits,
        "confirmed": counts.confirmed,
        "rejected": counts.rejected,
        "open": counts.open,
        "precision": counts.precision,
        "interval": counts.interval and list(counts.interval),
        "mean_posterior": counts.mean_posterior,
        "weighed": counts.scored,
    }


def _total_fields(counts: PrecisionCounts, rejected_count: int) -> dict[str, Any]:
    """Return the counts of all hits, and what was not counted, for JSON."""
    return {
        "by": "all",
        **_count_fields(counts.total()),
        "fallen": counts.fallen,
        "uncounted": counts.uncounted,
        "unknown": counts.unknown,
        "not_taken": rejected_count,
    }


def _group_counts(counts: PrecisionCounts, by: str) -> Sequence[tuple[_GroupKey, EmittedCounts]]:
    if by == "list":
        return list(counts.by_list().items())
    return list((counts.by_camera() if by == "camera" else counts.by_confusion()).items())


def _print_counts(counts: PrecisionCounts, by: str) -> None:
    """Print the table of a grouping, and below that of the lists the counts of all of them."""
    groups = _group_counts(counts, by)
    rows = [(_group_name(key), *_count_cells(group)) for key, group in groups]
    if by == "list" and len(groups) != 1:
        rows.append(("all lists", *_count_cells(counts.total())))
    print_table((by, *_HEADINGS), rows)


def _group_name(key: _GroupKey) -> str:
    """Return the name of the group of a row."""
    if isinstance(key, str):
        return key
    if isinstance(key, CameraKey):
        return f"{key.camera_id} at {key.site_id}" if key.site_id else key.camera_id
    if key.listed and key.read:
        return f"{key.read} read for {key.listed}, {key.kind}"
    if key.listed or key.read:
        return f"{key.listed} not read" if key.listed else f"{key.read} read, not listed"
    return f"none, {key.kind}"


def _count_cells(counts: EmittedCounts) -> tuple[str, ...]:
    cells = [f"{count:,}" for count in (counts.hits, counts.confirmed, counts.rejected, counts.open)]
    if counts.precision is None or counts.interval is None:
        return (*cells, "?", "", "")
    posterior = "" if counts.mean_posterior is None else f"{counts.mean_posterior:.3f}"
    if counts.mean_posterior is not None and counts.scored < counts.adjudicated:
        posterior += f" of {counts.scored:,}"
    low, high = counts.interval
    return (*cells, f"{counts.precision:.3f}", f"{low:.3f} to {high:.3f}", posterior)


def _summary_lines(counts: PrecisionCounts, rejected_count: int) -> list[str]:
    """Return lines on what the tables count."""
    total = counts.total()
    lines = [
        f"{counted(total.hits, 'hit')}, {total.adjudicated:,} of them adjudicated; "
        f"{counted(rejected_count, 'record')} rejected as no valid hits or verdicts",
        "precision: the confirmed share of the adjudicated hits; 95 %: its confidence interval; posterior: "
        "the mean of the adjudicated hits",
    ]
    if counts.uncounted:
        lines.append(
            f"Not counted: {counted(counts.uncounted, 'hit')}, because other hits are of the same passages "
            "(earlier reads that came late, alerts that describe another vehicle, handovers)"
        )
    if counts.fallen:
        lines.append(
            f"Of the open hits, {counts.fallen:,} were withdrawn when another hit of the same plate read and "
            "alert was rejected"
        )
    if counts.unknown:
        lines.append(f"Not counted: verdicts on {counted(counts.unknown, 'hit')} not among those read")
    return lines
