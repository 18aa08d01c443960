"""`anpr operation rank`: which vehicles the crews are to go for, the best first."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final

import click
import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from streams.analysis.crew_allocation import CrewSlot, NoSlotReason
from streams.analysis.vehicle_ranking import RankedVehicle, VehicleRanking
from streams.cli.common.hit_table import describe_match
from streams.cli.common.options import config_option, resolve_connection
from streams.cli.common.progress import say
from streams.cli.common.record_sources import read_files, read_hits, read_verdicts
from streams.cli.common.text import counted, printable
from streams.cli.common.times import TIME
from streams.cli.lists.loading import empty_table
from streams.cli.operation.selection import (
    SelectedOperation,
    check_hit_sources,
    hit_source_options,
    select_operation,
)
from streams.records.decode import decode_hit, decode_verdict
from streams.records.hit import Hit
from streams.records.times import from_ms, to_ms, to_rfc3339
from streams.records.verdict import Verdict
from streams.runtime.clock import now_ms

_COMMAND: Final = "operation rank"
_REFRESH_S: Final = 1.0
_OVERLAP_MS: Final = 60_000
_REASONS: Final[dict[NoSlotReason, str]] = {
    "full": "better ones take the crew's time",
    "no-crew": "no crew can be ready on its way",
    "over": "comes when the operation is over",
}


@click.command()
@click.argument("operation_id", metavar="ID")
@config_option
@hit_source_options
@click.option(
    "--now",
    type=TIME,
    help="The time at which all is seen: what was told later does not count. Else the clock's; of files, "
    "when the last hit was told.",
)
@click.option("--follow", is_flag=True, help="With --kafka: go on, and print the ranking when it changes.")
@click.option("--json", "as_json", is_flag=True, help="JSON lines instead of a table.")
def rank(
    operation_id: str,
    config: Path | None,
    hits: tuple[str, ...],
    verdicts: tuple[str, ...],
    kafka: bool,
    now: int | None,
    follow: bool,
    as_json: bool,
) -> None:
    """Show the vehicles that the crews of the operation ID are to go for, the best first.

    A vehicle's place goes by its score: priority, posterior, and the chance that it comes by a crew that is
    ready. Crews go for as many as their capacity allows; for each of the others it is said why none does.
    What it prints is personal data. A record that is no hit or verdict is reported and left out.

    Exit codes: 0 done, also by Ctrl-C; 1 Kafka cannot be read; 2 wrong use, no such operation, or a file that
    cannot be read.
    """
    check_hit_sources(kafka, hits, verdicts)
    if follow and (not kafka or now is not None):
        raise click.UsageError("--follow is for --kafka, and goes by the clock; leave --now out")
    what = select_operation(config, operation_id)
    shown = _RankingPrinter(what, as_json)
    if not kafka:
        at = _read_files(hits, verdicts, now, shown)
        shown.print_if_changed(at)
        return
    at = _now_ms() if now is None else now
    try:
        since = what.emitted_since_ms(at)
        read_hits(_COMMAND, what.settings, since, lambda hit: shown.add_hit(hit, now))
        read_verdicts(_COMMAND, what.settings, since, lambda verdict: shown.add_verdict(verdict, now))
        shown.print_if_changed(at)
        if follow:
            _follow_hits(what, at - _OVERLAP_MS, shown)
    except KeyboardInterrupt:
        # It is how one ends it.
        sys.exit(0)


class _RankingPrinter:
    """The ranking, and what was last printed of it."""

    def __init__(self, selected: SelectedOperation, as_json: bool) -> None:
        self._selected = selected
        self._as_json = as_json
        self._ranking = VehicleRanking(
            selected.operation_id, selected.operation, selected.settings.places.sites
        )
        self._last_printed: Sequence[RankedVehicle] | None = None

    def add_hit(self, hit: Hit, until_ms: int | None = None) -> None:
        """Takes a hit, unless it was told after a time (ms since 1970 UTC)."""
        if until_ms is None or to_ms(hit.emitted_at) <= until_ms:
            self._ranking.add_hit(hit)

    def add_verdict(self, verdict: Verdict, until_ms: int | None = None) -> None:
        """Takes a verdict, unless it was given after a time."""
        if until_ms is None or to_ms(verdict.at) <= until_ms:
            self._ranking.add_verdict(verdict)

    def print_if_changed(self, now_ms: int) -> None:
        """Prints the ranking at a time, unless it was printed last and is the same."""
        found = self._ranking.rank(now_ms)
        if found == self._last_printed:
            return
        again, self._last_printed = self._last_printed is not None, found
        if self._as_json:
            for each in found:
                click.echo(orjson.dumps(_row(each, now_ms)))
            return
        if again:
            click.echo()
        click.secho(_heading(self._selected, found, now_ms), bold=True)
        if found:
            Console().print(_table(found))


def _read_files(
    hits: tuple[str, ...], verdicts: tuple[str, ...], now_ms: int | None, printer: _RankingPrinter
) -> int:
    """Takes what is in files; when all is to be seen, in ms since 1970 UTC."""
    last = 0

    def take(hit: Hit) -> None:
        nonlocal last
        last = max(last, to_ms(hit.emitted_at))
        printer.add_hit(hit, now_ms)

    read_files(_COMMAND, "hits", hits, decode_hit, take)
    if verdicts:
        read_files(
            _COMMAND, "verdicts", verdicts, decode_verdict, lambda each: printer.add_verdict(each, now_ms)
        )
    return last if now_ms is None else now_ms


def _follow_hits(selected: SelectedOperation, begin_ms: int, printer: _RankingPrinter) -> None:
    """Prints the ranking when it changes, until Ctrl-C; takes the hits told at a time (ms) or later.

    A verdict comes as a revision of its hit. Ends the command with exit code 1 if Kafka cannot be read.
    """
    from streams.kafka.hit_tail import follow_hits
    from streams.kafka.scan import ScanError

    topic = selected.settings.topics.names().hits
    options = resolve_connection(selected.settings).for_aiokafka("operation-rank")

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
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    try:
        asyncio.run(follow())
    except ScanError as error:
        say(f"anpr {_COMMAND}: {error}")
        sys.exit(1)


async def _refresh(printer: _RankingPrinter) -> None:
    while True:
        await asyncio.sleep(_REFRESH_S)
        printer.print_if_changed(_now_ms())


def _heading(selected: SelectedOperation, ranking: Sequence[RankedVehicle], now_ms: int) -> str:
    taken = sum(each.slot is not None for each in ranking)
    group = selected.operation.talkgroup
    parts = [
        f"{selected.operation_id} at {to_rfc3339(from_ms(now_ms))[:19].replace('T', ' ')} (UTC): "
        f"{counted(len(ranking), 'vehicle')}, {taken:,} for the crews"
    ]
    return printable("; ".join([*parts, f"talkgroup {group}"] if group else parts))


def _table(ranking: Sequence[RankedVehicle]) -> Table:
    table = empty_table("#", "score", "plate read", "list/alert", "prio", "match", "do", "seen (UTC)")
    for heading in ("comes by (UTC)", "crew"):
        table.add_column(heading, overflow="fold")
    for each in ranking:
        table.add_row(*(Text(printable(cell)) for cell in _cells(each)), style=None if each.slot else "dim")
    return table


def _cells(ranked: RankedVehicle) -> tuple[str, ...]:
    hit, admission = ranked.hit, ranked.admission
    comes = ""
    if admission.site_id is not None and admission.earliest is not None and admission.latest is not None:
        comes = f"{admission.site_id} {_format_time(admission.earliest)}-{_format_time(admission.latest)}"
    return (
        str(ranked.rank),
        f"{admission.score:.3f}",
        f"{hit.match.read_plate} {hit.read.country or '?'}",
        f"{hit.alert.list_id}/{hit.alert.alert_id}",
        str(hit.priority),
        describe_match(hit.match),
        hit.action,
        f"{_format_time(hit.read.captured_at)} {hit.place.site_id or hit.place.camera_id}",
        comes,
        _describe_slot(ranked.slot) if ranked.slot is not None else _REASONS[ranked.no_slot_reason or "full"],
    )


def _describe_slot(slot: CrewSlot) -> str:
    crew = f" {slot.crew}" if slot.crew > 1 else ""
    return f"goes{crew}: {_format_time(from_ms(slot.begins_ms))}-{_format_time(from_ms(slot.ends_ms))}"


def _format_time(time: Any) -> str:
    return to_rfc3339(time)[11:16]


def _row(ranked: RankedVehicle, now_ms: int) -> dict[str, Any]:
    """A vehicle of the ranking, for JSON."""
    hit, admission, slot = ranked.hit, ranked.admission, ranked.slot
    return {
        "at": to_rfc3339(from_ms(now_ms)),
        "rank": ranked.rank,
        "score": admission.score,
        "chance": admission.chance,
        "hit_id": hit.hit_id,
        "list_id": hit.alert.list_id,
        "alert_id": hit.alert.alert_id,
        "priority": hit.priority,
        "action": hit.action,
        "class": hit.match.class_,
        "posterior": hit.match.posterior,
        "read_plate": hit.match.read_plate,
        "country": hit.read.country,
        "captured_at": to_rfc3339(hit.read.captured_at),
        "seen_at": hit.place.site_id or hit.place.camera_id,
        "site_id": admission.site_id,
        "earliest": admission.earliest and to_rfc3339(admission.earliest),
        "latest": admission.latest and to_rfc3339(admission.latest),
        "talkgroup": admission.talkgroup,
        "chosen": slot is not None,
        "slot": slot
        and {
            "crew": slot.crew,
            "begins": to_rfc3339(from_ms(slot.begins_ms)),
            "ends": to_rfc3339(from_ms(slot.ends_ms)),
        },
        "why_not": ranked.no_slot_reason,
    }


def _now_ms() -> int:
    return now_ms()
