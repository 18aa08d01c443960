"""`anpr hits`: hits on Kafka as they are emitted."""

import asyncio
import sys
import textwrap
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from streams.cli.common.groups import CommandGroup
from streams.cli.common.hit_table import describe_differences, describe_state, hit_cells
from streams.cli.common.journey_text import detail_lines
from streams.cli.common.options import config_option, options_object, read_settings, resolve_connection
from streams.cli.common.progress import say
from streams.cli.common.requirements import require_packages
from streams.cli.common.text import printable
from streams.cli.common.times import TIME
from streams.records.decode import decode_hit
from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.times import Millis

if TYPE_CHECKING:
    from streams.kafka.scan import ScanStart, UndecodableRecord
    from streams.settings.model import Settings

# For a terminal of 120 columns; the last column gets the rest.
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


class _TailOptions(NamedTuple):
    """The options of `anpr hits tail`."""

    config: Path | None
    since_ms: Millis | None
    from_start: bool
    until_end: bool
    centre: str | None
    all_revisions: bool
    as_json: bool


@click.group(cls=CommandGroup)
def hits() -> None:
    """Show the hits on Kafka."""


@hits.command()
@config_option
@click.option("--since", "since_ms", type=TIME, help="Earliest time of emission; by default now.")
@click.option("--from-start", is_flag=True, help="From the oldest hit there is.")
@click.option(
    "--until-end", is_flag=True, help="Up to the present end of the topic, instead of until Ctrl-C."
)
@click.option("--centre", metavar="ID", help="Only hits for this centre.")
@click.option(
    "--all-revisions", is_flag=True, help="Also duplicates, and revisions older than one already shown."
)
@click.option("--json", "as_json", is_flag=True, help="JSON lines instead of a table.")
@options_object(_TailOptions)
def tail(options: _TailOptions) -> None:
    """Print hits as they are emitted, each revision once.

    It reads the topic of hits independently of the centres and takes nothing from them. A record that is not
    a valid hit is reported on stderr and skipped. The output is personal data.

    Exit codes: 0 done, also by Ctrl-C; 1 Kafka cannot be reached or refuses, or the topic does not exist.
    """
    since_ms, centre = options.since_ms, options.centre
    if since_ms is not None and options.from_start:
        raise click.UsageError("--since and --from-start both say where to begin; give one")
    require_packages(("aiokafka",), "stream")
    settings = read_settings(options.config)
    if centre is not None and settings.centres and centre not in settings.centres:
        say(f"note: the settings have no [centres.{centre}]; they have {', '.join(sorted(settings.centres))}")
    start: ScanStart = "start" if options.from_start else "now" if since_ms is None else since_ms
    printer = _HitPrinter(settings.topics.names().hits, centre, options.all_revisions, options.as_json)
    try:
        _follow_hits(settings, start, options.until_end, printer)
    except KeyboardInterrupt:
        # The usual way to end it.
        sys.exit(0)


def _follow_hits(settings: "Settings", start: "ScanStart", until_end: bool, printer: "_HitPrinter") -> None:
    from streams.kafka.hit_tail import follow_hits
    from streams.kafka.scan import scan

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

    asyncio.run(print_hits())


class _HitPrinter:
    """Prints hits: those for a centre or all, each revision once or all, as JSON lines or as rows."""

    def __init__(self, topic: str, centre: str | None, all_revisions: bool, as_json: bool) -> None:
        from streams.kafka.hit_tail import LatestRevisions

        self.topic = topic
        self._centre = centre
        self._new_revisions = None if all_revisions else LatestRevisions()
        self._as_json = as_json
        self._header_printed = False

    def handle(self, hit: "Hit | UndecodableRecord") -> None:
        """Print a record of the topic, or report it on stderr if it is not a valid hit."""
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
    """Yield the row of a hit, and below it how the plates differ, its state and its journey."""
    captured, where, read, listed, match, action, priority, alert, _ = map(printable, hit_cells(hit))
    where = _shorten(where, dict(_COLUMNS)["where"])
    # Without the year: the topic holds a month.
    yield _format_row([captured[5:], where, read, listed, match, action, priority, hit.kind], alert)
    state = describe_state(hit)
    notes = [] if state == f"{hit.kind}, live" else [state]
    if hit.kind != "withdrawn":
        notes += [*describe_differences(hit.match), *detail_lines(hit)]
    for note in notes:
        yield from textwrap.wrap(
            printable(note), _WIDTH, initial_indent=" " * _INDENT, subsequent_indent=" " * _INDENT
        )


def _format_row(row: list[str], last: str) -> str:
    """Return a row; plates are never cut, so a long one leaves less room for the last column."""
    line = "".join(f"{cell:<{width}}  " for cell, (_, width) in zip(row, _COLUMNS, strict=True))
    return line + _shorten(last, _WIDTH - len(line))


def _shorten(text: str, width: int) -> str:
    """Return text with its middle left out so that it fits."""
    if len(text) <= width:
        return text
    end = (width - 1) // 2
    return f"{text[: width - 1 - end]}…{text[len(text) - end :]}"
