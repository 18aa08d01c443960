"""`anpr operation rank`: which vehicles the crews are to go for, the best first."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click
import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from streams.analysis.crew_allocation import Slot, Why
from streams.analysis.vehicle_ranking import Ranked, Ranking
from streams.cli.common.hit_table import match_words
from streams.cli.common.options import config_option, connection_of
from streams.cli.common.progress import say
from streams.cli.common.record_sources import take_files, take_hits, take_verdicts
from streams.cli.common.text import printable, words
from streams.cli.common.times import TIME
from streams.cli.lists.loading import empty
from streams.cli.operation.selection import Chosen, check_told, chosen, told_options
from streams.records.decode import decode_hit, decode_verdict
from streams.records.hit import Hit
from streams.records.times import from_ms, rfc3339, to_ms
from streams.records.verdict import Verdict
from streams.runtime.clock import now_ms

_COMMAND: Final = "operation rank"
_LOOKED_AGAIN_S: Final = 1.0
_OVERLAP_MS: Final = 60_000
_WHY: Final[dict[Why, str]] = {
    "full": "better ones take the crew's time",
    "no-crew": "no crew can be ready on its way",
    "over": "comes when the operation is over",
}


@click.command()
@click.argument("operation_id", metavar="ID")
@config_option
@told_options
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
    check_told(kafka, hits, verdicts)
    if follow and (not kafka or now is not None):
        raise click.UsageError("--follow is for --kafka, and goes by the clock; leave --now out")
    what = chosen(config, operation_id)
    shown = _Shown(what, as_json)
    if not kafka:
        at = _take_files(hits, verdicts, now, shown)
        shown.show(at)
        return
    at = _clock() if now is None else now
    try:
        since = what.told_since(at)
        take_hits(_COMMAND, what.settings, since, lambda hit: shown.note(hit, now))
        take_verdicts(_COMMAND, what.settings, since, lambda verdict: shown.judge(verdict, now))
        shown.show(at)
        if follow:
            _follow(what, at - _OVERLAP_MS, shown)
    except KeyboardInterrupt:
        # It is how one ends it.
        sys.exit(0)


class _Shown:
    """The ranking, and what was last printed of it."""

    def __init__(self, what: Chosen, as_json: bool) -> None:
        self._what = what
        self._as_json = as_json
        self._ranking = Ranking(what.operation_id, what.operation, what.settings.places.sites)
        self._printed: Sequence[Ranked] | None = None

    def note(self, hit: Hit, now: int | None = None) -> None:
        """Takes a hit, unless it was told after a time (ms since 1970 UTC)."""
        if now is None or to_ms(hit.emitted_at) <= now:
            self._ranking.note(hit)

    def judge(self, verdict: Verdict, now: int | None = None) -> None:
        """Takes a verdict, unless it was given after a time."""
        if now is None or to_ms(verdict.at) <= now:
            self._ranking.judge(verdict)

    def show(self, now: int) -> None:
        """Prints the ranking at a time, unless it was printed last and is the same."""
        found = self._ranking.at(now)
        if found == self._printed:
            return
        again, self._printed = self._printed is not None, found
        if self._as_json:
            for each in found:
                click.echo(orjson.dumps(_row(each, now)))
            return
        if again:
            click.echo()
        click.secho(_heading(self._what, found, now), bold=True)
        if found:
            Console().print(_table(found))


def _take_files(hits: tuple[str, ...], verdicts: tuple[str, ...], now: int | None, shown: _Shown) -> int:
    """Takes what is in files; when all is to be seen, in ms since 1970 UTC."""
    last = 0

    def take(hit: Hit) -> None:
        nonlocal last
        last = max(last, to_ms(hit.emitted_at))
        shown.note(hit, now)

    take_files(_COMMAND, "hits", hits, decode_hit, take)
    if verdicts:
        take_files(_COMMAND, "verdicts", verdicts, decode_verdict, lambda each: shown.judge(each, now))
    return last if now is None else now


def _follow(what: Chosen, begin: int, shown: _Shown) -> None:
    """Prints the ranking when it changes, until Ctrl-C; takes the hits told at a time (ms) or later.

    A verdict comes as a revision of its hit. Ends the command with exit code 1 if Kafka cannot be read.
    """
    from streams.kafka.hit_tail import NoHit, tail
    from streams.kafka.scan import ReadingError

    topic = what.settings.topics.names().hits
    options = connection_of(what.settings).for_aiokafka("operation-rank")

    def take(hit: Hit | NoHit) -> None:
        if isinstance(hit, Hit):
            shown.note(hit)
        else:
            say(hit.told(topic))

    async def follow() -> None:
        following = tail(options, topic, begin, until_end=False, take=take, say=say)
        tasks = [asyncio.create_task(following), asyncio.create_task(_show_again(shown))]
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
    except ReadingError as error:
        say(f"anpr {_COMMAND}: {error}")
        sys.exit(1)


async def _show_again(shown: _Shown) -> None:
    while True:
        await asyncio.sleep(_LOOKED_AGAIN_S)
        shown.show(_clock())


def _heading(what: Chosen, found: Sequence[Ranked], now: int) -> str:
    taken = sum(each.slot is not None for each in found)
    group = what.operation.talkgroup
    parts = [
        f"{what.operation_id} at {rfc3339(from_ms(now))[:19].replace('T', ' ')} (UTC): "
        f"{words(len(found), 'vehicle')}, {taken:,} for the crews"
    ]
    return printable("; ".join([*parts, f"talkgroup {group}"] if group else parts))


def _table(found: Sequence[Ranked]) -> Table:
    table = empty("#", "score", "plate read", "list/alert", "prio", "match", "do", "seen (UTC)")
    for heading in ("comes by (UTC)", "crew"):
        table.add_column(heading, overflow="fold")
    for each in found:
        table.add_row(*(Text(printable(cell)) for cell in _cells(each)), style=None if each.slot else "dim")
    return table


def _cells(each: Ranked) -> tuple[str, ...]:
    hit, admission = each.hit, each.admission
    comes = ""
    if admission.site_id is not None and admission.earliest is not None and admission.latest is not None:
        comes = f"{admission.site_id} {_minute(admission.earliest)}-{_minute(admission.latest)}"
    return (
        str(each.rank),
        f"{admission.score:.3f}",
        f"{hit.match.read_plate} {hit.read.country or '?'}",
        f"{hit.alert.list_id}/{hit.alert.alert_id}",
        str(hit.priority),
        match_words(hit.match),
        hit.action,
        f"{_minute(hit.read.captured_at)} {hit.place.site_id or hit.place.camera_id}",
        comes,
        _crew_words(each.slot) if each.slot is not None else _WHY[each.why or "full"],
    )


def _crew_words(slot: Slot) -> str:
    crew = f" {slot.crew}" if slot.crew > 1 else ""
    return f"goes{crew}: {_minute(from_ms(slot.begins))}-{_minute(from_ms(slot.ends))}"


def _minute(time: Any) -> str:
    return rfc3339(time)[11:16]


def _row(each: Ranked, now: int) -> dict[str, Any]:
    """A vehicle of the ranking, for JSON."""
    hit, admission, slot = each.hit, each.admission, each.slot
    return {
        "at": rfc3339(from_ms(now)),
        "rank": each.rank,
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
        "captured_at": rfc3339(hit.read.captured_at),
        "seen_at": hit.place.site_id or hit.place.camera_id,
        "site_id": admission.site_id,
        "earliest": admission.earliest and rfc3339(admission.earliest),
        "latest": admission.latest and rfc3339(admission.latest),
        "talkgroup": admission.talkgroup,
        "chosen": slot is not None,
        "slot": slot
        and {"crew": slot.crew, "begins": rfc3339(from_ms(slot.begins)), "ends": rfc3339(from_ms(slot.ends))},
        "why_not": each.why,
    }


def _clock() -> int:
    return now_ms()
