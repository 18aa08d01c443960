"""The scheduler: follows alerts and recorded lookbacks, and runs those that are due in this worker's part."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import AsyncExitStack
from functools import cached_property
from typing import Final

from streams.kafka.alert_topic.decoding import decode_alert_records
from streams.kafka.client import Connection
from streams.kafka.faust_driver.batch import Record
from streams.kafka.follower import TopicFollower
from streams.kafka.producer import Producer
from streams.kafka.record_keys import encode_alert_key, partition_of
from streams.lookback.config import LookbackConfig
from streams.lookback.queue import LookbackQueue, QueuedLookback, arrival_ms
from streams.lookback.scan import ScanContext, scan_retained_reads
from streams.matching.lookback import LookbackRequest, LookbackSearch
from streams.matching.matcher import Matcher
from streams.pipeline import build_matcher
from streams.records.alert import Alert, AlertKey
from streams.records.decode import decode_lookback_run
from streams.records.lookback import LookbackRun
from streams.records.times import HOUR_MS, SECOND_MS, from_ms
from streams.rules.jurisdictions import determine_scope
from streams.runtime.clock import now_ms
from streams.runtime.waiting import finish_within

_LOOKBACK_FIELD: Final = b'"lookback_hours"'
_GATHER_S: Final = 0.5
"""Alerts that arrive within this time share one scan."""
_STOP_TIMEOUT_S: Final = 3.0
_log: Final = logging.getLogger(__name__)


class LookbackScheduler:
    """Runs the lookbacks of alerts whose matches are in the assigned partitions."""

    def __init__(self, connection: Connection, config: LookbackConfig) -> None:
        self._options = connection.for_aiokafka("lookback")
        self._config = config
        self._names = config.topics.names()
        self._queue = LookbackQueue()
        self._owned_partitions: Collection[int] = ()
        self._partition_count = 1
        self._changed = asyncio.Event()

    def assign(self, partitions: Collection[int]) -> None:
        """Set the partitions of the matches whose lookbacks to run from now on."""
        self._owned_partitions = frozenset(partitions)
        self._changed.set()

    async def run(self) -> None:
        """Run until cancelled. Raises what TopicFollower and `scan_retained_reads` raise.

        A lookback that is not done by then is repeated by the worker that has the partition next.
        """
        async with AsyncExitStack() as stack:
            producer = Producer(self._options)
            # While brokers are away, a stop would wait for acknowledgements.
            stack.push_async_callback(lambda: finish_within(_STOP_TIMEOUT_S, producer.stop()))
            await producer.start()
            self._partition_count = await producer.partition_count(self._names.matches)
            runs = await stack.enter_async_context(
                TopicFollower(self._options, self._names.lookbacks, skip_deleted=True)
            )
            await runs.open()
            async for _, records in runs.read_to_end():
                self._handle_runs(records)
            alerts = await stack.enter_async_context(
                TopicFollower(self._options, self._names.alerts, skip_deleted=True)
            )
            # For an alert older than the oldest retained read there is nothing to search.
            await alerts.open(max(now_ms() - round(self._config.topics.max_reads_hours * HOUR_MS), 0))
            async for _, records in alerts.read_to_end():
                self._handle_alerts(records)
                await asyncio.sleep(0)
            self._changed.set()
            await self._run_tasks(runs, alerts, producer)

    async def _run_tasks(self, runs: TopicFollower, alerts: TopicFollower, producer: Producer) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_follow(runs, self._handle_runs))
                tasks.create_task(_follow(alerts, self._handle_alerts))
                tasks.create_task(self._run_scans(producer))
        except ExceptionGroup as failed:
            # The other tasks were cancelled because of the first failure.
            raise failed.exceptions[0] from None

    def _handle_runs(self, records: Sequence[Record]) -> None:
        for record in records:
            run = decode_lookback_run(record.value or b"")
            # Only workers and the command may write there; another record is no lookback of theirs.
            if isinstance(run, LookbackRun):
                self._queue.record(run)

    def _handle_alerts(self, records: Sequence[Record]) -> None:
        # The last record of a key is the present version.
        latest = {record.key: record for record in records}.values()
        asking = [record for record in latest if record.value is not None and _LOOKBACK_FIELD in record.value]
        if len(self._queue):
            # Alerts that were withdrawn, or whose present version does not ask for a lookback.
            for record in latest:
                if record.value is None or _LOOKBACK_FIELD not in record.value:
                    list_id, _, alert_id = (record.key or b"").decode("utf-8", "replace").partition("/")
                    self._queue.remove((list_id, alert_id))
        if asking:
            batch = decode_alert_records(asking)
            for entry, record in zip(batch.entries, batch.records, strict=True):
                if isinstance(entry, Alert):
                    self._queue.add_alert(entry, arrival_ms(record.timestamp, now_ms()))
            self._changed.set()

    async def _run_scans(self, producer: Producer) -> None:
        while True:
            await self._changed.wait()
            await asyncio.sleep(_GATHER_S)
            self._changed.clear()
            due = self._queue.due(self._is_owned, from_ms(now_ms()))
            if due:
                await self._scan(due, producer)

    def _is_owned(self, key: AlertKey) -> bool:
        return partition_of(encode_alert_key(key), self._partition_count) in self._owned_partitions

    @cached_property
    def _matcher(self) -> Matcher:
        """The matcher, built for the first scan."""
        return build_matcher(self._config.pipeline)

    async def _scan(self, due: Sequence[QueuedLookback], producer: Producer) -> None:
        requests = [self._build_request(queued) for queued in due]
        began_ms = now_ms()
        search = LookbackSearch(requests, self._matcher, self._config.pipeline.matching.fuzzy_lists)
        context = ScanContext(self._options, self._config.topics, producer, now_ms)
        runs = await scan_retained_reads(requests, search, "worker", context)
        for run in runs:
            self._queue.record(run)
        _report(runs, (now_ms() - began_ms) / SECOND_MS)

    def _build_request(self, queued: QueuedLookback) -> LookbackRequest:
        hours = queued.alert.lookback_hours or 0.0
        scope = determine_scope(
            queued.alert, hours, self._config.jurisdictions, self._config.topics.reads_hours, now_ms()
        )
        return LookbackRequest(queued.alert, hours, queued.asked_ms, scope)


async def _follow(follower: TopicFollower, handle: Callable[[Sequence[Record]], None]) -> None:
    async for _, records in follower.follow():
        handle(records)
        await asyncio.sleep(0)


def _report(runs: Sequence[LookbackRun], duration_s: float) -> None:
    """Log what a scan searched and matched, and where lookback was refused."""
    reads = {searched.country: searched.reads for run in runs for searched in run.countries}
    match_count = sum(searched.matches for run in runs for searched in run.countries)
    searched_reads = ", ".join(f"{country} {count:,}" for country, count in sorted(reads.items())) or "none"
    _log.info(
        "lookback done for %s: reads searched: %s; %s matched; %.1f s",
        _count_alerts(len(runs)),
        searched_reads,
        f"{match_count:,}",
        duration_s,
    )
    refused = Counter((refusal.country, refusal.why) for run in runs for refusal in run.refused)
    for (country, reason), count in sorted(refused.items()):
        _log.info("lookback refused in %s for %s: %s", country, _count_alerts(count), reason)


def _count_alerts(count: int) -> str:
    return f"{count:,} alert{'' if count == 1 else 's'}"
