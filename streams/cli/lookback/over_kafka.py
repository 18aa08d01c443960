"""`anpr lookback` on Kafka: alerts matched against the retained reads; the workers emit the hits."""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import click

from streams.cli.common.options import read_models, resolve_connection
from streams.cli.common.progress import progress_bars, say
from streams.cli.common.requirements import require_packages
from streams.cli.common.text import counted, labelled, wrap
from streams.cli.lookback.request import LookbackOptions, any_permitted, format_key, report_refused
from streams.matching.lookback import LookbackRequest, LookbackSearch
from streams.pipeline import build_matcher
from streams.records.encode import encode
from streams.records.lookback import LookbackRun
from streams.records.times import Millis, from_ms
from streams.runtime.clock import now_ms
from streams.runtime.errors import OperatorError
from streams.settings.model import Settings

if TYPE_CHECKING:
    from streams.lookback.queue import QueuedLookback
    from streams.lookback.retained_reads import ProgressCallback

_LOWEST_PRIORITY: Final = 19
_STOP_TIMEOUT_S: Final = 10.0


def run_over_kafka(settings: Settings, selection: LookbackOptions, as_json: bool) -> None:
    """Match alerts against the reads on Kafka and send the matches to the workers.

    Raises OperatorError if Kafka fails or an alert does not exist, click.exceptions.Exit if no reads were
    searched.
    """
    require_packages(("aiokafka",), "stream")
    from streams.lookback.errors import as_lookback_error

    # The live stream comes first if a worker runs on the same machine.
    os.nice(_LOWEST_PRIORITY)
    options = resolve_connection(settings).for_aiokafka("lookback")
    with as_lookback_error(", ".join(settings.kafka.servers)):
        runs = asyncio.run(_run_scan(settings, selection, options))
    if as_json:
        for run in runs:
            click.echo(encode(run))
    else:
        click.echo("\n".join(line for run in runs for line in _describe_run(run)))
    if not any(run.countries for run in runs):
        raise click.exceptions.Exit(1)
    match_count = sum(country.matches for run in runs for country in run.countries)
    topic = settings.topics.names().matches
    say(f"{counted(match_count, 'read')} matched and were sent to {topic}; the workers emit the hits")


async def _run_scan(
    settings: Settings, selection: LookbackOptions, options: dict[str, Any]
) -> list[LookbackRun]:
    from streams.kafka.producer import Producer
    from streams.lookback.scan import ScanContext, scan_retained_reads
    from streams.runtime.gc_tuning import GcProfile, tune_gc

    requests = await _build_requests(settings, selection, options)
    report_refused(requests)
    any_permitted(requests)
    matcher = build_matcher(settings.pipeline(read_models(settings)))
    search = LookbackSearch(requests, matcher, settings.matching_rules.fuzzy_lists)
    producer = Producer(options)
    tune_gc(GcProfile.SCAN)
    await producer.start()
    try:
        with _country_progress(search.countries) as progress:
            context = ScanContext(options, settings.topics, producer, now_ms, progress)
            return await scan_retained_reads(requests, search, "operator", context)
    finally:
        await asyncio.wait({asyncio.create_task(producer.stop())}, timeout=_STOP_TIMEOUT_S)


async def _build_requests(
    settings: Settings, selection: LookbackOptions, options: dict[str, Any]
) -> list[LookbackRequest]:
    """Return the lookbacks for the alerts named. Raises OperatorError with all that stand against it."""
    from streams.lookback.alert_lookup import alerts_by_key

    at_ms = now_ms()
    queued = await alerts_by_key(options, settings.topics.names().alerts, selection.keys, at_ms)
    faults = [
        f"{format_key(key)}: {reason}; nothing was searched"
        for key in selection.keys
        if (reason := _refusal_reason(queued.get(key), selection, at_ms))
    ]
    if faults:
        raise OperatorError("\n".join(faults))
    return [
        selection.build_request(due.alert, settings, settings.topics.reads_hours, due.asked_ms, at_ms)
        for due in queued.values()
    ]


def _refusal_reason(queued: "QueuedLookback | None", selection: LookbackOptions, at_ms: Millis) -> str | None:
    """Return why an alert cannot be searched for in any country, or None."""
    if queued is None:
        return "there is no such alert on the topic, or it was withdrawn"
    if queued.alert.valid_until <= from_ms(at_ms):
        return "the alert has expired"
    if not queued.alert.lookback_hours and selection.hours is None:
        return "the alert asks for no hours (`lookback_hours`); give --hours"
    return None


@contextmanager
def _country_progress(countries: list[str]) -> Iterator[Callable[[str], "ProgressCallback"]]:
    """Show a progress bar for the reads of each country."""
    with progress_bars([f"reads {country}" for country in countries]) as bars:
        updates = {country: bar.update for country, bar in zip(countries, bars, strict=True)}
        yield updates.__getitem__


def _describe_run(run: LookbackRun) -> Iterator[str]:
    """Yield lines for an alert: what was searched in each country and under which authority, or why not."""
    yield from wrap(f"{format_key(run.alert_key)}, version {run.version}", "  ")
    for searched in run.countries:
        counts = f"{searched.hours:g} h, {counted(searched.reads, 'read')}, {searched.matches:,} matched"
        yield from labelled(searched.country, f"{counts}: {searched.source}")
    for refused in run.refused:
        yield from labelled(refused.country, f"refused: {refused.why}")
