"""`anpr outcome`: how precise what was told is, by what centres said of it."""

import textwrap
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final

import click
import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from streams.analysis.precision import CameraKey, Confusion, EmittedCounts, PrecisionCounts
from streams.cli.common.options import INPUT_FILE, config_option, read_settings
from streams.cli.common.record_sources import read_files, read_hits, read_verdicts
from streams.cli.common.text import counted, printable
from streams.cli.lists.loading import empty_table, now_option, resolve_now
from streams.files.jsonl import STANDARD_INPUT
from streams.records.decode import decode_hit, decode_verdict
from streams.records.times import DAY_MS

_COMMAND: Final = "outcome"
_GROUPINGS: Final = ("list", "camera", "confusion")
_NAME_WIDTH: Final = 36
_WIDTH: Final = 120
_GroupKey = str | CameraKey | Confusion
"""What a row is of; the text is a list_id."""


@click.command()
@config_option
@now_option
@click.option(
    "--hits",
    multiple=True,
    metavar="FILE",
    type=INPUT_FILE,
    help="Hits told, JSON lines (.gz; - is standard input); several times for several files.",
)
@click.option(
    "--verdicts",
    multiple=True,
    metavar="FILE",
    type=INPUT_FILE,
    help="Verdicts, the same; those that stand on the hits count without it.",
)
@click.option("--kafka", is_flag=True, help="The hits and verdicts on Kafka.")
@click.option(
    "--since",
    type=click.FloatRange(min=0, min_open=True),
    metavar="DAYS",
    help="With --kafka: only hits of reads captured so many days before --now, or later; else all there are.",
)
@click.option(
    "--by",
    type=click.Choice((*_GROUPINGS, "all")),
    default="all",
    show_default=True,
    help="What the hits are told apart by.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON lines instead of tables.")
def outcome(
    config: Path | None,
    now: int | None,
    hits: tuple[str, ...],
    verdicts: tuple[str, ...],
    kafka: bool,
    since: float | None,
    by: str,
    as_json: bool,
) -> None:
    """Show what became of the hits told: how many centres confirmed and rejected, by list, camera and
    confusion.

    A confusion is a listed character and what was read for it. Precision is the share confirmed of those
    judged; beside it are where it lies with 95 % confidence and the mean posterior of those judged. No plates
    are shown. A record that is no hit or verdict is reported and left out.

    Exit codes: 0 done, 1 Kafka cannot be read, 2 wrong use or a file that cannot be read.
    """
    _check_options(now, hits, verdicts, kafka, since)
    if kafka:
        begin = None if since is None else resolve_now(now) - round(since * DAY_MS)
        outcomes, not_taken = _outcomes_from_kafka(config, begin)
    else:
        outcomes, not_taken = _outcomes_from_files(hits, verdicts)
    chosen = _GROUPINGS if by == "all" else (by,)
    if as_json:
        for row in (
            *chain.from_iterable(_rows(outcomes, each) for each in chosen),
            _total_fields(outcomes, not_taken),
        ):
            click.echo(orjson.dumps(row))
        return
    Console().print(*(_table(outcomes, each) for each in chosen), sep="\n")
    click.echo("\n".join(_summary_lines(outcomes, not_taken)))


def _check_options(
    now: int | None, hits: tuple[str, ...], verdicts: tuple[str, ...], kafka: bool, since: float | None
) -> None:
    """Raises click.UsageError for options that make no sense together."""
    if kafka and (hits or verdicts):
        raise click.UsageError("--kafka has hits and verdicts; give it, or --hits FILE with --verdicts FILE")
    if not kafka and not hits:
        raise click.UsageError("say where the hits are: give --hits FILE, or --kafka")
    if since is not None and not kafka:
        raise click.UsageError("--since is for --kafka; of files all hits count")
    if now is not None and since is None:
        raise click.UsageError("--now is where --since counts from; give --since DAYS")
    if STANDARD_INPUT in hits and STANDARD_INPUT in verdicts:
        raise click.UsageError("hits and verdicts cannot both come from standard input; name a file for one")


def _outcomes_from_files(hits: tuple[str, ...], verdicts: tuple[str, ...]) -> tuple[PrecisionCounts, int]:
    """What became of the hits in files, and how many lines were not taken."""
    outcomes = PrecisionCounts()
    not_taken = read_files(_COMMAND, "hits", hits, decode_hit, outcomes.add_hit)
    if verdicts:
        not_taken += read_files(_COMMAND, "verdicts", verdicts, decode_verdict, outcomes.add_verdict)
    return outcomes, not_taken


def _outcomes_from_kafka(config: Path | None, begin_ms: int | None) -> tuple[PrecisionCounts, int]:
    """The same of the hits on Kafka, of reads captured at a time (ms since 1970 UTC) or later."""
    settings = read_settings(config)
    outcomes = PrecisionCounts(begin_ms)
    # A camera's clock may be ahead by a wrong time zone, and its hits told before.
    told = None if begin_ms is None else max(begin_ms - DAY_MS, 0)
    not_taken = read_hits(_COMMAND, settings, told, outcomes.add_hit)
    return outcomes, not_taken + read_verdicts(_COMMAND, settings, told, outcomes.add_verdict)


def _rows(outcomes: PrecisionCounts, by: str) -> Iterator[dict[str, Any]]:
    """What became of hits told apart in one way, for JSON."""
    for key, told in _group_counts(outcomes, by):
        names = {"list_id": key} if isinstance(key, str) else key._asdict()
        yield {"by": by, **names, **_count_fields(told)}


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


def _total_fields(outcomes: PrecisionCounts, not_taken: int) -> dict[str, Any]:
    """What became of all hits, and what was not counted, for JSON."""
    return {
        "by": "all",
        **_count_fields(outcomes.total()),
        "fallen": outcomes.fallen,
        "uncounted": outcomes.uncounted,
        "unknown": outcomes.unknown,
        "not_taken": not_taken,
    }


def _group_counts(outcomes: PrecisionCounts, by: str) -> Sequence[tuple[_GroupKey, EmittedCounts]]:
    if by == "list":
        return list(outcomes.by_list().items())
    return list((outcomes.by_camera() if by == "camera" else outcomes.by_confusion()).items())


def _table(outcomes: PrecisionCounts, by: str) -> Table:
    headings = {"list": ("list",), "camera": ("camera", "site"), "confusion": ("confusion", "kind")}[by]
    table = empty_table(*headings)
    for column in table.columns:
        column.max_width = _NAME_WIDTH
    for heading in ("hits", "confirmed", "rejected", "open", "precision", "95 %", "posterior"):
        table.add_column(heading, justify="right", overflow="fold")
    found = _group_counts(outcomes, by)
    for key, told in found:
        table.add_row(*(Text(printable(name)) for name in _name_cells(key)), *_count_cells(told))
    if by == "list" and len(found) != 1:
        table.add_row("all lists", *_count_cells(outcomes.total()), style="bold")
    return table


def _name_cells(key: _GroupKey) -> tuple[str, ...]:
    """What a row is of, in words."""
    if isinstance(key, str):
        return (key,)
    if isinstance(key, CameraKey):
        return key.camera_id, key.site_id or ""
    if key.listed and key.read:
        return f"{key.read} read for {key.listed}", key.kind
    if key.listed or key.read:
        return f"{key.listed} not read" if key.listed else f"{key.read} read, not listed", key.kind
    return "none", key.kind


def _count_cells(counts: EmittedCounts) -> list[str]:
    cells = [f"{count:,}" for count in (counts.hits, counts.confirmed, counts.rejected, counts.open)]
    if counts.precision is None or counts.interval is None:
        return [*cells, "?", "", ""]
    posterior = "" if counts.mean_posterior is None else f"{counts.mean_posterior:.3f}"
    if counts.mean_posterior is not None and counts.scored < counts.adjudicated:
        posterior += f" of {counts.scored:,}"
    least, most = counts.interval
    return [*cells, f"{counts.precision:.3f}", f"{least:.3f} to {most:.3f}", posterior]


def _summary_lines(outcomes: PrecisionCounts, not_taken: int) -> list[str]:
    """What the tables are of."""
    total = outcomes.total()
    said = [
        f"{counted(total.hits, 'hit')} told, {total.adjudicated:,} of them judged; "
        f"{counted(not_taken, 'record')} rejected as no hits or verdicts",
        "precision: the share confirmed of those judged; 95 %: where it lies with that confidence; "
        "posterior: the mean of those judged",
    ]
    if outcomes.uncounted:
        said.append(
            f"Not counted: {counted(outcomes.uncounted, 'hit')}, for others tell of the same passages "
            "(better "
            "reads, later versions of the alert, handovers)"
        )
    if outcomes.fallen:
        said.append(
            f"Of the open, {outcomes.fallen:,} were withdrawn when another hit of the same plate read and "
            "alert was rejected"
        )
    if outcomes.unknown:
        said.append(f"Not among these: {counted(outcomes.unknown, 'hit')} on which there are judgements")
    return [line for text in said for line in textwrap.wrap(text, _WIDTH, break_long_words=False)]
