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

from streams.analysis.precision import Camera, Confusion, Outcomes, Told
from streams.cli.common.options import INPUT, config_option, settings_of
from streams.cli.common.record_sources import take_files, take_hits, take_verdicts
from streams.cli.common.text import printable, words
from streams.cli.lists.loading import clock, empty, now_option
from streams.files.jsonl import STANDARD_INPUT
from streams.records.decode import decode_hit, decode_verdict
from streams.records.times import DAY_MS

_COMMAND: Final = "outcome"
_ALL: Final = ("list", "camera", "confusion")
_NAME_WIDTH: Final = 36
_WIDTH: Final = 120
_Key = str | Camera | Confusion
"""What a row is of; the text is a list_id."""


@click.command()
@config_option
@now_option
@click.option(
    "--hits",
    multiple=True,
    metavar="FILE",
    type=INPUT,
    help="Hits told, JSON lines (.gz; - is standard input); several times for several files.",
)
@click.option(
    "--verdicts",
    multiple=True,
    metavar="FILE",
    type=INPUT,
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
    type=click.Choice((*_ALL, "all")),
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
    _check(now, hits, verdicts, kafka, since)
    if kafka:
        begin = None if since is None else clock(now) - round(since * DAY_MS)
        outcomes, not_taken = _of_kafka(config, begin)
    else:
        outcomes, not_taken = _of_files(hits, verdicts)
    chosen = _ALL if by == "all" else (by,)
    if as_json:
        for row in (
            *chain.from_iterable(_rows(outcomes, each) for each in chosen),
            _sums(outcomes, not_taken),
        ):
            click.echo(orjson.dumps(row))
        return
    Console().print(*(_table(outcomes, each) for each in chosen), sep="\n")
    click.echo("\n".join(_lines(outcomes, not_taken)))


def _check(
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


def _of_files(hits: tuple[str, ...], verdicts: tuple[str, ...]) -> tuple[Outcomes, int]:
    """What became of the hits in files, and how many lines were not taken."""
    outcomes = Outcomes()
    not_taken = take_files(_COMMAND, "hits", hits, decode_hit, outcomes.note)
    if verdicts:
        not_taken += take_files(_COMMAND, "verdicts", verdicts, decode_verdict, outcomes.judge)
    return outcomes, not_taken


def _of_kafka(config: Path | None, begin: int | None) -> tuple[Outcomes, int]:
    """The same of the hits on Kafka, of reads captured at a time (ms since 1970 UTC) or later."""
    settings = settings_of(config)
    outcomes = Outcomes(begin)
    # A camera's clock may be ahead by a wrong time zone, and its hits told before.
    told = None if begin is None else max(begin - DAY_MS, 0)
    not_taken = take_hits(_COMMAND, settings, told, outcomes.note)
    return outcomes, not_taken + take_verdicts(_COMMAND, settings, told, outcomes.judge)


def _rows(outcomes: Outcomes, by: str) -> Iterator[dict[str, Any]]:
    """What became of hits told apart in one way, for JSON."""
    for key, told in _found(outcomes, by):
        names = {"list_id": key} if isinstance(key, str) else key._asdict()
        yield {"by": by, **names, **_fields(told)}


def _fields(told: Told) -> dict[str, Any]:
    return {
        "hits": told.hits,
        "confirmed": told.confirmed,
        "rejected": told.rejected,
        "open": told.open,
        "precision": told.precision,
        "interval": told.interval and list(told.interval),
        "mean_posterior": told.mean_posterior,
        "weighed": told.weighed,
    }


def _sums(outcomes: Outcomes, not_taken: int) -> dict[str, Any]:
    """What became of all hits, and what was not counted, for JSON."""
    return {
        "by": "all",
        **_fields(outcomes.total()),
        "fallen": outcomes.fallen,
        "uncounted": outcomes.uncounted,
        "unknown": outcomes.unknown,
        "not_taken": not_taken,
    }


def _found(outcomes: Outcomes, by: str) -> Sequence[tuple[_Key, Told]]:
    if by == "list":
        return list(outcomes.by_list().items())
    return list((outcomes.by_camera() if by == "camera" else outcomes.by_confusion()).items())


def _table(outcomes: Outcomes, by: str) -> Table:
    headings = {"list": ("list",), "camera": ("camera", "site"), "confusion": ("confusion", "kind")}[by]
    table = empty(*headings)
    for column in table.columns:
        column.max_width = _NAME_WIDTH
    for heading in ("hits", "confirmed", "rejected", "open", "precision", "95 %", "posterior"):
        table.add_column(heading, justify="right", overflow="fold")
    found = _found(outcomes, by)
    for key, told in found:
        table.add_row(*(Text(printable(name)) for name in _names(key)), *_cells(told))
    if by == "list" and len(found) != 1:
        table.add_row("all lists", *_cells(outcomes.total()), style="bold")
    return table


def _names(key: _Key) -> tuple[str, ...]:
    """What a row is of, in words."""
    if isinstance(key, str):
        return (key,)
    if isinstance(key, Camera):
        return key.camera_id, key.site_id or ""
    if key.listed and key.read:
        return f"{key.read} read for {key.listed}", key.kind
    if key.listed or key.read:
        return f"{key.listed} not read" if key.listed else f"{key.read} read, not listed", key.kind
    return "none", key.kind


def _cells(told: Told) -> list[str]:
    cells = [f"{count:,}" for count in (told.hits, told.confirmed, told.rejected, told.open)]
    if told.precision is None or told.interval is None:
        return [*cells, "?", "", ""]
    posterior = "" if told.mean_posterior is None else f"{told.mean_posterior:.3f}"
    if told.mean_posterior is not None and told.weighed < told.judged:
        posterior += f" of {told.weighed:,}"
    least, most = told.interval
    return [*cells, f"{told.precision:.3f}", f"{least:.3f} to {most:.3f}", posterior]


def _lines(outcomes: Outcomes, not_taken: int) -> list[str]:
    """What the tables are of."""
    total = outcomes.total()
    said = [
        f"{words(total.hits, 'hit')} told, {total.judged:,} of them judged; "
        f"{words(not_taken, 'record')} rejected as no hits or verdicts",
        "precision: the share confirmed of those judged; 95 %: where it lies with that confidence; "
        "posterior: the mean of those judged",
    ]
    if outcomes.uncounted:
        said.append(
            f"Not counted: {words(outcomes.uncounted, 'hit')}, for others tell of the same passages (better "
            "reads, later versions of the alert, handovers)"
        )
    if outcomes.fallen:
        said.append(
            f"Of the open, {outcomes.fallen:,} were withdrawn when another hit of the same plate read and "
            "alert was rejected"
        )
    if outcomes.unknown:
        said.append(f"Not among these: {words(outcomes.unknown, 'hit')} on which there are judgements")
    return [line for text in said for line in textwrap.wrap(text, _WIDTH, break_long_words=False)]
