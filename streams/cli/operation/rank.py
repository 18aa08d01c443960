"""`anpr operation rank`: the vehicles that crews are to go for, the best first."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Final, NamedTuple

import click
import orjson

from streams.analysis.vehicle_ranking import RankedVehicle, VehicleRanking
from streams.cli.common.options import config_option, options_object, resolve_connection
from streams.cli.common.progress import say
from streams.cli.common.record_sources import TopicRecords, read_files
from streams.cli.common.times import TIME
from streams.cli.operation.rank_text import ranking_heading, vehicle_fields, vehicle_lines
from streams.cli.operation.selection import (
    SelectedOperation,
    check_hit_sources,
    hit_source_options,
    select_operation,
)
from streams.records.decode import decode_hit, decode_verdict
from streams.records.hit import Hit
from streams.records.times import MINUTE_MS, Millis, to_ms
from streams.records.verdict import Verdict
from streams.runtime.clock import now_ms

_CLIENT_ID: Final = "operation-rank"
_REFRESH_S: Final = 1.0
_OVERLAP_MS: Final = MINUTE_MS


class _RankOptions(NamedTuple):
    """The argument and options of the command."""

    operation_id: str
    config: Path | None
    hits: tuple[str, ...]
    verdicts: tuple[str, ...]
    kafka: bool
    now_ms: Millis | None
    follow: bool
    as_json: bool


@click.command(short_help="Show the vehicles for crews to go for, the best first.")
@click.argument("operation_id", metavar="ID")
@config_option
@hit_source_options
@click.option(
    "--now",
    "now_ms",
    type=TIME,
    help="Reference time; later hits and verdicts do not count. Default: with --kafka the current "
    "time, with files the emission of the last hit.",
)
@click.option("--follow", is_flag=True, help="With --kafka: the ranking again each time it changes.")
@click.option("--json", "as_json", is_flag=True, help="JSON lines instead of text.")
@options_object(_RankOptions)
def rank(options: _RankOptions) -> None:
    """Show the vehicles that the crews of the operation ID are to go for, the best first.

    The order is that of the score: priority, posterior, and the chance that the vehicle comes by a crew that
    is ready. Crews go for as many as their capacity allows; for each of the others the reason is shown why
    none does. The output is personal data. A record that is not a valid hit or verdict is reported and left
    out.

    Exit codes: 0 done, also by Ctrl-C; 1 Kafka cannot be read; 2 wrong use, no such operation, or a file
    cannot be read.
    """
    check_hit_sources(options.kafka, options.hits, options.verdicts)
    if options.follow and (not options.kafka or options.now_ms is not None):
        raise click.UsageError("--follow needs --kafka and uses the current time; leave --now out")
    selected = select_operation(options.config, options.operation_id)
    printer = _RankingPrinter(selected, options.as_json, options.now_ms)
    if not options.kafka:
        printer.print_if_changed(_read_files(options, printer))
        return
    at_ms = now_ms() if options.now_ms is None else options.now_ms
    try:
        since_ms = selected.emitted_since_ms(at_ms)
        topics = TopicRecords(selected.settings, _CLIENT_ID)
        topics.read_hits(since_ms, printer.add_hit)
        topics.read_verdicts(since_ms, printer.add_verdict)
        printer.print_if_changed(at_ms)
        if options.follow:
            _follow_hits(selected, at_ms - _OVERLAP_MS, printer)
    except KeyboardInterrupt:
        # The usual way to end it.
        sys.exit(0)


class _RankingPrinter:
    """The ranking of hits and verdicts up to a time, if there is one, and what was last printed of it."""

    def __init__(self, selected: SelectedOperation, as_json: bool, until_ms: Millis | None) -> None:
        self._selected = selected
        self._as_json = as_json
        self._until_ms = until_ms
        self._ranking = VehicleRanking(
            selected.operation_id, selected.operation, selected.settings.places.sites
        )
        self._last_printed: Sequence[RankedVehicle] | None = None

    def add_hit(self, hit: Hit) -> None:
        """Add a hit, unless it was emitted too late."""
        if self._until_ms is None or to_ms(hit.emitted_at) <= self._until_ms:
            self._ranking.add_hit(hit)

    def add_verdict(self, verdict: Verdict) -> None:
        """Add a verdict, unless it was given too late."""
        if self._until_ms is None or to_ms(verdict.at) <= self._until_ms:
            self._ranking.add_verdict(verdict)

    def print_if_changed(self, at_ms: Millis) -> None:
        """Print the ranking at a time, unless it is the one printed last."""
        ranking = self._ranking.rank(at_ms)
        if ranking == self._last_printed:
            return
        is_first, self._last_printed = self._last_printed is None, ranking
        if self._as_json:
            for ranked in ranking:
                click.echo(orjson.dumps(vehicle_fields(ranked, at_ms)))
            return
        if not is_first:
            click.echo()
        click.secho(ranking_heading(self._selected, ranking, at_ms), bold=True)
        for ranked in ranking:
            first, *lines = vehicle_lines(ranked)
            click.secho(first, bold=ranked.slot is not None, dim=ranked.slot is None)
            for line in lines:
                click.secho(line, dim=ranked.slot is None)


def _read_files(options: _RankOptions, printer: _RankingPrinter) -> Millis:
    """Add the records in files; return the reference time. Raises InputFileError."""
    latest_ms = 0

    def add_hit(hit: Hit) -> None:
        nonlocal latest_ms
        latest_ms = max(latest_ms, to_ms(hit.emitted_at))
        printer.add_hit(hit)

    read_files("hits", options.hits, decode_hit, add_hit)
    if options.verdicts:
        read_files("verdicts", options.verdicts, decode_verdict, printer.add_verdict)
    return latest_ms if options.now_ms is None else options.now_ms


def _follow_hits(selected: SelectedOperation, begin_ms: Millis, printer: _RankingPrinter) -> None:
    """Print the ranking when it changes, until Ctrl-C; add the hits emitted at a time or later.

    A verdict arrives as a revision of its hit. Raises ScanError if the topic cannot be read.
    """
    from streams.kafka.hit_tail import follow_hits

    topic = selected.settings.topics.names().hits
    options = resolve_connection(selected.settings).for_aiokafka(_CLIENT_ID)

    async def add_hits() -> None:
        async with aclosing(follow_hits(options, topic, begin_ms)) as hits:
            async for hit in hits:
                if isinstance(hit, Hit):
                    printer.add_hit(hit)
                else:
                    say(hit.describe())

    async def follow() -> None:
        tasks = [asyncio.create_task(add_hits()), asyncio.create_task(_refresh(printer))]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(follow())


async def _refresh(printer: _RankingPrinter) -> None:
    while True:
        await asyncio.sleep(_REFRESH_S)
        printer.print_if_changed(now_ms())
