"""`anpr lookback` on Kafka: alerts of its topic over the reads it still has; the workers tell the hits."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from streams.cli.common.options import connection_of, models_of
from streams.cli.common.progress import say
from streams.cli.common.requirements import require
from streams.cli.common.text import printable
from streams.cli.lookback.request import Wish, named, none_allowed, tell_denied
from streams.matching.lookback import Asked, LookingBack
from streams.matching.matcher import Judge
from streams.records.encode import encode
from streams.records.lookback import LookedBack
from streams.records.times import from_ms
from streams.runtime.clock import now_ms
from streams.settings.model import Settings

if TYPE_CHECKING:
    from streams.lookback.queue import Due
    from streams.lookback.retained_reads import Progress as Told

_LOWEST: Final = 19
_PATIENCE_S: Final = 10.0


def over_topics(settings: Settings, wish: Wish, as_json: bool) -> None:
    """Looks back on Kafka. Ends the command where it cannot go on."""
    require("lookback", ("aiokafka",), "stream")
    from streams.lookback.errors import LookbackError, told

    # Beside a worker on the same machine the live stream goes first.
    os.nice(_LOWEST)
    options = connection_of(settings).for_aiokafka("lookback")
    try:
        with told(", ".join(settings.kafka.servers)):
            done = asyncio.run(_look_back(settings, wish, options))
    except LookbackError as error:
        say(f"anpr lookback: {error}")
        sys.exit(1)
    if as_json:
        for each in done:
            click.echo(encode(each))
    else:
        Console().print(_table(done))
    if not any(each.countries for each in done):
        sys.exit(1)
    matches = sum(at.matches for each in done for at in each.countries)
    say(
        f"{matches:,} reads matched and were sent to {settings.topics.names().matches}; the workers make the "
        "hits of them"
    )


async def _look_back(settings: Settings, wish: Wish, options: dict[str, Any]) -> list[LookedBack]:
    from streams.kafka.producer import Outbox
    from streams.lookback.alert_lookup import find
    from streams.lookback.gc_tuning import settle
    from streams.lookback.scan import Way, sweep

    now = now_ms()
    found = await find(options, settings.topics.names().alerts, wish.keys, now)
    faults = [f"{named(key)}: {why}" for key in wish.keys if (why := _why_not(found.get(key), wish, now))]
    if faults:
        say("\n".join(f"anpr lookback: {fault}; nothing was looked at" for fault in faults))
        sys.exit(1)
    asked = [
        wish.of(due.alert, settings, settings.topics.reads_hours, due.asked_at, now) for due in found.values()
    ]
    tell_denied(asked)
    none_allowed(asked)
    looking = _looking(settings, asked)
    outbox = Outbox(options)
    settle()
    await outbox.start()
    try:
        with _bars(looking.countries) as progress:
            way = Way(options, settings.topics, outbox, now_ms, progress)
            return await sweep(asked, looking, "operator", way)
    finally:
        await asyncio.wait({asyncio.create_task(outbox.stop())}, timeout=_PATIENCE_S)


def _why_not(due: "Due | None", wish: Wish, now: int) -> str | None:
    """Why an alert cannot be looked back for, before any law is asked."""
    if due is None:
        return "there is no such alert on the topic, or it was withdrawn"
    if due.alert.valid_until <= from_ms(now):
        return "it has expired"
    if not due.alert.lookback_hours and wish.hours is None:
        return "it asks for no hours (`lookback_hours`); give --hours"
    return None


def _looking(settings: Settings, asked: list[Asked]) -> LookingBack:
    judge = Judge(settings.policies, models=models_of(settings))
    return LookingBack(asked, judge, settings.policies.fuzzy)


@contextmanager
def _bars(countries: list[str]) -> Iterator[Callable[[str], "Told"]]:
    """A progress bar for the reads of each country, if stderr is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: lambda _, __: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks = {country: bars.add_task(f"reads {country}", total=None) for country in countries}
        yield lambda country: _moving(bars, tasks[country])


def _moving(bars: Progress, task: TaskID) -> "Told":
    return lambda done, total: bars.update(task, completed=done, total=total)


def _table(done: list[LookedBack]) -> Table:
    """A row for each alert and country: what was looked at and by what right, or why not."""
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    for heading in (
        "list/alert",
        "version",
        "country",
        "hours",
        "reads",
        "matched",
        "by what right, or why not",
    ):
        right = heading in ("version", "hours", "reads", "matched")
        table.add_column(heading, justify="right" if right else "left", overflow="fold")
    for each in done:
        first = (Text(named(each.key)), str(each.version))
        for at in each.countries:
            counts = (f"{at.hours:g}", f"{at.reads:,}", f"{at.matches:,}")
            table.add_row(*first, at.country, *counts, Text(printable(at.source)))
        for refused in each.refused:
            table.add_row(*first, refused.country, "", "", "", Text(f"refused: {printable(refused.why)}"))
    return table
