"""`anpr hits`: what the centres are told, as it comes."""

import asyncio
import sys
import textwrap
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from streams.cli.common.hit_table import describe_differences, describe_state, hit_cells
from streams.cli.common.journey_text import detail_lines
from streams.cli.common.options import config_option, read_settings, resolve_connection
from streams.cli.common.progress import say
from streams.cli.common.requirements import require_packages
from streams.cli.common.text import printable
from streams.cli.common.times import TIME
from streams.records.decode import decode_hit
from streams.records.encode import encode
from streams.records.hit import Hit

if TYPE_CHECKING:
    from streams.kafka.scan import ScanStart, UndecodableRecord
    from streams.settings.model import Settings

# What a terminal that is 120 wide holds; the last column gets what is left.
_COLUMNS: Final = (
    ("captured (UTC)", 14),
    ("where", 10),
    ("read", 12),
    ("listed", 12),
    ("match", 15),
    ("do", 14),
    ("p", 1),
    ("hit", 9),
)
_WIDTH: Final = 120
_INDENT: Final = 16


@click.group()
def hits() -> None:
    """Shows what the centres are told."""


@hits.command()
@config_option
@click.option("--since", type=TIME, help="Begin with what was told at this time or later.")
@click.option("--from-start", is_flag=True, help="Begin with the oldest there is.")
@click.option("--until-end", is_flag=True, help="End where the topic ends now; else it goes on until Ctrl-C.")
@click.option("--centre", metavar="ID", help="Only hits of which this centre is told.")
@click.option(
    "--all-revisions", is_flag=True, help="Also what came twice, and revisions older than one shown."
)
@click.option("--json", "as_json", is_flag=True, help="JSON lines; else a table.")
def tail(
    config: Path | None,
    since: int | None,
    from_start: bool,
    until_end: bool,
    centre: str | None,
    all_revisions: bool,
    as_json: bool,
) -> None:
    """Shows hits as they come, each revision once.

    It reads the topic of hits beside the centres and takes nothing from them. A record that is no hit is said
    on stderr and passed over. What it prints is personal data.

    Exit codes: 0 done, also by Ctrl-C; 1 Kafka cannot be reached or refuses, or the topic is not there.
    """
    if since is not None and from_start:
        raise click.UsageError("--since and --from-start both say where to begin; give one")
    require_packages("hits tail", ("aiokafka",), "stream")
    settings = read_settings(config)
    if centre is not None and settings.centres and centre not in settings.centres:
        say(f"note: the settings have no [centres.{centre}]; they have {', '.join(sorted(settings.centres))}")
    begin: ScanStart = "start" if from_start else "now" if since is None else since
    shown = _HitPrinter(settings.topics.names().hits, centre, all_revisions, as_json)
    try:
        _follow_hits(settings, begin, until_end, shown)
    except KeyboardInterrupt:
        # It is how one ends it.
        sys.exit(0)


def _follow_hits(settings: "Settings", start: "ScanStart", until_end: bool, printer: "_HitPrinter") -> None:
    from streams.kafka.hit_tail import follow_hits
    from streams.kafka.scan import ScanError, scan

    options = resolve_connection(settings).for_aiokafka("hits-tail")

    async def print_hits() -> None:
        hits = (
            scan(options, printer.topic, decode_hit, start, skip_deleted=False)
            if until_end
            else follow_hits(options, printer.topic, start)
        )
        async with aclosing(hits):
            async for hit in hits:
                printer.handle(hit)

    try:
        asyncio.run(print_hits())
    except ScanError as error:
        say(f"anpr hits tail: {error}")
        sys.exit(1)


class _HitPrinter:
    """What is printed of the hits: those of a centre or all, each revision once or all, as JSON or rows."""

    def __init__(self, topic: str, centre: str | None, all_revisions: bool, as_json: bool) -> None:
        from streams.kafka.hit_tail import LatestRevisions

        self.topic = topic
        self._centre = centre
        self._new_revisions = None if all_revisions else LatestRevisions()
        self._as_json = as_json
        self._header_printed = False

    def handle(self, hit: "Hit | UndecodableRecord") -> None:
        """Takes a record of the topic."""
        if not isinstance(hit, Hit):
            say(hit.describe())
        elif self._is_wanted(hit):
            self._print(hit)

    def _is_wanted(self, hit: Hit) -> bool:
        if self._centre is not None and self._centre not in hit.audience:
            return False
        return self._new_revisions is None or self._new_revisions.add(hit)

    def _print(self, hit: Hit) -> None:
        if self._as_json:
            sys.stdout.buffer.write(encode(hit) + b"\n")
            sys.stdout.buffer.flush()
            return
        if not self._header_printed:
            self._header_printed = True
            click.secho(_format_row([heading for heading, _ in _COLUMNS], "list/alert"), bold=True)
        dim = hit.kind == "withdrawn" or hit.mode == "historical"
        for line in _hit_lines(hit):
            click.secho(line, dim=dim)


def _hit_lines(hit: Hit) -> Iterator[str]:
    """The row of a hit, and below it what is not plain: how the plates differ, and what became of it."""
    captured, where, read, listed, match, action, priority, alert, _ = map(printable, hit_cells(hit))
    where = _shorten(where, dict(_COLUMNS)["where"])
    # Without the year: the topic holds a month.
    yield _format_row([captured[5:], where, read, listed, match, action, priority, hit.kind], alert)
    words = describe_state(hit)
    notes = [] if words == f"{hit.kind}, live" else [words]
    if hit.kind != "withdrawn":
        notes += [*describe_differences(hit.match), *detail_lines(hit)]
    for note in notes:
        yield from textwrap.wrap(
            printable(note), _WIDTH, initial_indent=" " * _INDENT, subsequent_indent=" " * _INDENT
        )


def _format_row(row: list[str], last: str) -> str:
    """A row; plates are never cut, so a long one takes its room from the last column."""
    line = "".join(f"{cell:<{width}}  " for cell, (_, width) in zip(row, _COLUMNS, strict=True))
    return line + _shorten(last, _WIDTH - len(line))


def _shorten(text: str, width: int) -> str:
    """A text with its middle left out, so that it fits."""
    if len(text) <= width:
        return text
    end = (width - 1) // 2
    return f"{text[: width - 1 - end]}…{text[len(text) - end :]}"
