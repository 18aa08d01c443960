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

from streams.cli.common.options import read_models, resolve_connection
from streams.cli.common.progress import say
from streams.cli.common.requirements import require_packages
from streams.cli.common.text import printable
from streams.cli.lookback.request import LookbackOptions, format_key, none_permitted, report_refused
from streams.matching.lookback import LookbackRequest, LookbackSearch
from streams.pipeline import build_matcher
from streams.records.encode import encode
from streams.records.lookback import LookbackRun
from streams.records.times import from_ms
from streams.runtime.clock import now_ms
from streams.settings.model import Settings

if TYPE_CHECKING:
    from streams.lookback.queue import QueuedLookback
    from streams.lookback.retained_reads import ProgressCallback as Told

_LOWEST_PRIORITY: Final = 19
_STOP_TIMEOUT_S: Final = 10.0


def run_over_kafka(settings: Settings, lookback_options: LookbackOptions, as_json: bool) -> None:
    """Looks back on Kafka. Ends the command where it cannot go on."""
    require_packages("lookback", ("aiokafka",), "stream")
    from streams.lookback.errors import LookbackError, as_lookback_error

    # Beside a worker on the same machine the live stream goes first.
    os.nice(_LOWEST_PRIORITY)
    options = resolve_connection(settings).for_aiokafka("lookback")
    try:
        with as_lookback_error(", ".join(settings.kafka.servers)):
            done = asyncio.run(_run_scan(settings, lookback_options, options))
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


async def _run_scan(
    settings: Settings, lookback_options: LookbackOptions, options: dict[str, Any]
) -> list[LookbackRun]:
    from streams.kafka.producer import Producer
    from streams.lookback.alert_lookup import alerts_by_key
    from streams.lookback.scan import ScanContext, scan_retained_reads
    from streams.runtime.gc_tuning import GcProfile, tune_gc

    now = now_ms()
    found = await alerts_by_key(options, settings.topics.names().alerts, lookback_options.keys, now)
    faults = [
        f"{format_key(key)}: {why}"
        for key in lookback_options.keys
        if (why := _refusal_reason(found.get(key), lookback_options, now))
    ]
    if faults:
        say("\n".join(f"anpr lookback: {fault}; nothing was looked at" for fault in faults))
        sys.exit(1)
    asked = [
        lookback_options.build_request(due.alert, settings, settings.topics.reads_hours, due.asked_ms, now)
        for due in found.values()
    ]
    report_refused(asked)
    none_permitted(asked)
    looking = _build_search(settings, asked)
    outbox = Producer(options)
    tune_gc(GcProfile.SCAN)
    await outbox.start()
    try:
        with _progress_bars(looking.countries) as progress:
            way = ScanContext(options, settings.topics, outbox, now_ms, progress)
            return await scan_retained_reads(asked, looking, "operator", way)
    finally:
        await asyncio.wait({asyncio.create_task(outbox.stop())}, timeout=_STOP_TIMEOUT_S)


def _refusal_reason(
    queued: "QueuedLookback | None", lookback_options: LookbackOptions, now_ms: int
) -> str | None:
    """Why an alert cannot be looked back for, before any law is asked."""
    if queued is None:
        return "there is no such alert on the topic, or it was withdrawn"
    if queued.alert.valid_until <= from_ms(now_ms):
        return "it has expired"
    if not queued.alert.lookback_hours and lookback_options.hours is None:
        return "it asks for no hours (`lookback_hours`); give --hours"
    return None


def _build_search(settings: Settings, requests: list[LookbackRequest]) -> LookbackSearch:
    matcher = build_matcher(settings.pipeline(read_models(settings)))
    return LookbackSearch(requests, matcher, settings.matching_rules.fuzzy_lists)


@contextmanager
def _progress_bars(countries: list[str]) -> Iterator[Callable[[str], "Told"]]:
    """A progress bar for the reads of each country, if stderr is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: lambda _, __: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks = {country: bars.add_task(f"reads {country}", total=None) for country in countries}
        yield lambda country: _bar_updater(bars, tasks[country])


def _bar_updater(bars: Progress, task: TaskID) -> "Told":
    return lambda done, total: bars.update(task, completed=done, total=total)


def _table(records: list[LookbackRun]) -> Table:
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
    for each in records:
        first = (Text(format_key(each.alert_key)), str(each.version))
        for at in each.countries:
            counts = (f"{at.hours:g}", f"{at.reads:,}", f"{at.matches:,}")
            table.add_row(*first, at.country, *counts, Text(printable(at.source)))
        for refused in each.refused:
            table.add_row(*first, refused.country, "", "", "", Text(f"refused: {printable(refused.why)}"))
    return table
