"""`anpr hits`: hits on Kafka as they are emitted."""

import asyncio
import sys
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from streams.cli.common.groups import CommandGroup
from streams.cli.common.hit_output import wide_option
from streams.cli.common.hit_printer import HitPrinter
from streams.cli.common.options import config_option, options_object, read_settings, resolve_connection
from streams.cli.common.progress import say
from streams.cli.common.requirements import require_packages
from streams.cli.common.times import TIME
from streams.records.decode import decode_hit
from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.times import Millis

if TYPE_CHECKING:
    from streams.kafka.scan import ScanStart, UndecodableRecord
    from streams.settings.model import Settings


class _TailOptions(NamedTuple):
    """The options of `anpr hits tail`."""

    config: Path | None
    since_ms: Millis | None
    from_start: bool
    until_end: bool
    centre: str | None
    all_revisions: bool
    as_json: bool
    wide: bool


@click.group(cls=CommandGroup)
def hits() -> None:
    """Show the hits on Kafka."""


@hits.command(short_help="Print hits as they are emitted.")
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
@click.option("--json", "as_json", is_flag=True, help="JSON lines instead of text.")
@wide_option
@options_object(_TailOptions)
def tail(options: _TailOptions) -> None:
    """Print hits as they are emitted, each revision once, as blocks of text with the action first.

    It reads the topic of hits independently of the centres and takes nothing from them. A record that is not
    a valid hit is reported on stderr and skipped. The output is personal data.

    Exit codes: 0 done, also by Ctrl-C; 1 Kafka cannot be reached or refuses, or the topic does not exist.
    """
    since_ms, centre = options.since_ms, options.centre
    if options.as_json and options.wide:
        raise click.UsageError("--json and --wide are two forms of the hits; give one")
    if since_ms is not None and options.from_start:
        raise click.UsageError("--since and --from-start both say where to begin; give one")
    require_packages(("aiokafka",), "stream")
    settings = read_settings(options.config)
    if centre is not None and settings.centres and centre not in settings.centres:
        say(f"note: the settings have no [centres.{centre}]; they have {', '.join(sorted(settings.centres))}")
    start: ScanStart = "start" if options.from_start else "now" if since_ms is None else since_ms
    printer = _TailPrinter(settings.topics.names().hits, options)
    try:
        _follow_hits(settings, start, options.until_end, printer)
    except KeyboardInterrupt:
        # The usual way to end it.
        sys.exit(0)


def _follow_hits(settings: "Settings", start: "ScanStart", until_end: bool, printer: "_TailPrinter") -> None:
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


class _TailPrinter:
    """Prints hits: those for a centre or all, each revision once or all, as JSON lines or as text."""

    def __init__(self, topic: str, options: _TailOptions) -> None:
        from streams.kafka.hit_tail import LatestRevisions

        self.topic = topic
        self._centre = options.centre
        self._new_revisions = None if options.all_revisions else LatestRevisions()
        self._text = None if options.as_json else HitPrinter(options.wide)

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
        if self._text is not None:
            self._text.print(hit)
            return
        sys.stdout.buffer.write(encode(hit) + b"\n")
        sys.stdout.buffer.flush()
