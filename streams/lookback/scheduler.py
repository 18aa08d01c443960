"""The keeper: follows the alerts and what is recorded of look backs, and does those that are ours and due."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Final, NamedTuple

from streams.confusions.model import ConfusionModels
from streams.kafka.alert_topic.decoding import decode_alert_records
from streams.kafka.client import Connection
from streams.kafka.faust_driver.batch import Record
from streams.kafka.follower import TopicFollower
from streams.kafka.producer import Producer
from streams.kafka.record_keys import encode_alert_key, partition_of
from streams.kafka.topics import TopicsConfig
from streams.lookback.queue import LookbackQueue, QueuedLookback, arrival_ms
from streams.lookback.scan import ScanContext, scan_retained_reads
from streams.matching.config import MatchingRules
from streams.matching.lookback import LookbackRequest, LookbackSearch
from streams.matching.matcher import Matcher
from streams.records.alert import Alert, AlertKey
from streams.records.decode import decode_lookback_run
from streams.records.lookback import LookbackRun
from streams.records.times import HOUR_MS, from_ms
from streams.rules.jurisdictions import JurisdictionConfig, determine_scope
from streams.runtime.clock import now_ms

_LOOKBACK_FIELD: Final = b'"lookback_hours"'
_GATHER_S: Final = 0.5
"""Alerts that come within this time are looked back for in one sweep."""
_STOP_TIMEOUT_S: Final = 3.0


class LookbackSettings(NamedTuple):
    """The parts of the settings that looking back needs."""

    topics: TopicsConfig
    matching: MatchingRules
    jurisdictions: Mapping[str, JurisdictionConfig]
    models: ConfusionModels | None = None
    """How readers misread; None for the models shipped."""


class LookbackScheduler:
    """Looks back for the alerts whose matches lie in partitions that are ours. `say` is given lines."""

    def __init__(
        self, connection: Connection, settings: LookbackSettings, say: Callable[[str], None]
    ) -> None:
        self._options = connection.for_aiokafka("lookback")
        self._settings = settings
        self._names = settings.topics.names()
        self._say = say
        self._queue = LookbackQueue()
        self._owned_partitions: Collection[int] = ()
        self._partition_count = 1
        self._changed = asyncio.Event()
        self._matcher: Matcher | None = None

    def assign(self, partitions: Collection[int]) -> None:
        """Takes the partitions of the matches that are ours from now on."""
        self._owned_partitions = frozenset(partitions)
        self._changed.set()

    async def run(self) -> None:
        """Goes on without end. Raises what Follower and `sweep` raise; what is not done then is begun again
        by whoever runs next."""
        async with AsyncExitStack() as stack:
            outbox = Producer(self._options)
            stack.push_async_callback(_stop_producer, outbox)
            await outbox.start()
            self._partition_count = await outbox.partition_count(self._names.matches)
            records = await stack.enter_async_context(
                TopicFollower(self._options, self._names.lookbacks, skip_deleted=True)
            )
            await records.open()
            async for _, batch in records.read_to_end():
                self._handle_lookbacks(batch)
            alerts = await stack.enter_async_context(
                TopicFollower(self._options, self._names.alerts, skip_deleted=True)
            )
            # What came before the oldest read there may be has nothing to look back at.
            await alerts.open(max(_now_ms() - round(self._settings.topics.max_reads_hours * HOUR_MS), 0))
            async for _, batch in alerts.read_to_end():
                self._handle_alerts(batch)
                await asyncio.sleep(0)
            self._changed.set()
            await _run_until_first_fails(
                self._follow(records, self._handle_lookbacks),
                self._follow(alerts, self._handle_alerts),
                self._run_scans(outbox),
            )

    async def _follow(self, follower: TopicFollower, handle: Callable[[Sequence[Record]], None]) -> None:
        async for _, records in follower.follow():
            handle(records)
            await asyncio.sleep(0)

    def _handle_lookbacks(self, records: Sequence[Record]) -> None:
        for record in records:
            looked = decode_lookback_run(record.value or b"")
            # Only workers and the command write there; what is none of theirs is nobody's look back.
            if isinstance(looked, LookbackRun):
                self._queue.record(looked)

    def _handle_alerts(self, records: Sequence[Record]) -> None:
        # The last of a key is what holds.
        latest = {record.key: record for record in records}.values()
        asking = [record for record in latest if record.value is not None and _LOOKBACK_FIELD in record.value]
        if len(self._queue):
            # Withdrawn, or in a version that does not ask.
            for record in latest:
                if record.value is None or _LOOKBACK_FIELD not in record.value:
                    list_id, _, alert_id = (record.key or b"").decode("utf-8", "replace").partition("/")
                    self._queue.remove((list_id, alert_id))
        if asking:
            batch = decode_alert_records(asking)
            for entry, record in zip(batch.entries, batch.records, strict=True):
                if isinstance(entry, Alert):
                    self._queue.add_alert(entry, arrival_ms(record.timestamp, _now_ms()))
            self._changed.set()

    async def _run_scans(self, producer: Producer) -> None:
        while True:
            await self._changed.wait()
            await asyncio.sleep(_GATHER_S)
            self._changed.clear()
            due = self._queue.due(self._is_owned, from_ms(_now_ms()))
            if due:
                await self._scan(due, producer)

    def _is_owned(self, key: AlertKey) -> bool:
        return partition_of(encode_alert_key(key), self._partition_count) in self._owned_partitions

    async def _scan(self, due: Sequence[QueuedLookback], producer: Producer) -> None:
        rules = self._settings
        asked = [
            LookbackRequest(
                each.alert,
                each.alert.lookback_hours or 0.0,
                each.asked_ms,
                determine_scope(
                    each.alert,
                    each.alert.lookback_hours or 0.0,
                    rules.jurisdictions,
                    rules.topics.reads_hours,
                    _now_ms(),
                ),
            )
            for each in due
        ]
        if self._matcher is None:
            self._matcher = Matcher(rules.matching, models=rules.models)
        began = _now_ms()
        looking = LookbackSearch(asked, self._matcher, rules.matching.fuzzy_lists)
        done = await scan_retained_reads(
            asked, looking, "worker", ScanContext(self._options, rules.topics, producer, _now_ms)
        )
        for each in done:
            self._queue.record(each)
        self._report(done, (_now_ms() - began) / 1000)

    def _report(self, done: Sequence[LookbackRun], seconds: float) -> None:
        reads = {at.country: at.reads for each in done for at in each.countries}
        matches = sum(at.matches for each in done for at in each.countries)
        where = ", ".join(f"{country} {count:,}" for country, count in sorted(reads.items())) or "none"
        self._say(
            f"looked back for {len(done):,} alert{'' if len(done) == 1 else 's'}: reads looked at: {where}; "
            f"{matches:,} matched; {seconds:.1f} s"
        )
        refused = Counter((at.country, at.why) for each in done for at in each.refused)
        for (country, why), count in sorted(refused.items()):
            self._say(f"not looked back in {country} for {count:,} alert{'' if count == 1 else 's'}: {why}")


async def _run_until_first_fails(*endless: Coroutine[None, None, None]) -> None:
    """Does several things without end; when one fails, the others are ended and its error is raised."""
    tasks = [asyncio.create_task(each) for each in endless]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for each in done:
            each.result()
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _now_ms() -> int:
    return now_ms()


async def _stop_producer(producer: Producer) -> None:
    # While brokers are away it would wait for what is not confirmed.
    stopping = asyncio.create_task(producer.stop())
    done, _ = await asyncio.wait({stopping}, timeout=_STOP_TIMEOUT_S)
    if done:
        stopping.result()
    else:
        stopping.cancel()
