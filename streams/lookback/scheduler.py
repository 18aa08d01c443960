"""The keeper: follows the alerts and what is recorded of look backs, and does those that are ours and due."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Final, NamedTuple

from aiokafka.partitioner import murmur2

from streams.confusions.model import Models
from streams.kafka.alert_topic.decoding import taken
from streams.kafka.client import Connection
from streams.kafka.faust_driver.batch import Record
from streams.kafka.follower import Follower
from streams.kafka.producer import Outbox
from streams.kafka.record_keys import key_bytes
from streams.kafka.topics import TopicsPolicy
from streams.lookback.queue import Docket, Due, came
from streams.lookback.scan import Way, sweep
from streams.matching.config import Policies
from streams.matching.lookback import Asked, LookingBack
from streams.matching.matcher import Judge
from streams.records.alert import Alert, AlertKey
from streams.records.decode import decode_looked_back
from streams.records.lookback import LookedBack
from streams.records.times import HOUR_MS, from_ms
from streams.rules.jurisdictions import Jurisdiction, scope
from streams.runtime.clock import now_ms

_ASKS: Final = b'"lookback_hours"'
_TOGETHER_S: Final = 0.5
"""Alerts that come within this time are looked back for in one sweep."""
_STOPPED_WITHIN_S: Final = 3.0


class Rules(NamedTuple):
    """The parts of the settings that looking back needs."""

    topics: TopicsPolicy
    policies: Policies
    jurisdictions: Mapping[str, Jurisdiction]
    models: Models | None = None
    """How readers misread; None for the models shipped."""


class Keeper:
    """Looks back for the alerts whose matches lie in partitions that are ours. `say` is given lines."""

    def __init__(self, connection: Connection, rules: Rules, say: Callable[[str], None]) -> None:
        self._options = connection.for_aiokafka("lookback")
        self._rules = rules
        self._names = rules.topics.names()
        self._say = say
        self._docket = Docket()
        self._ours: Collection[int] = ()
        self._partitions = 1
        self._news = asyncio.Event()
        self._judge: Judge | None = None

    def ours(self, partitions: Collection[int]) -> None:
        """Takes the partitions of the matches that are ours from now on."""
        self._ours = frozenset(partitions)
        self._news.set()

    async def run(self) -> None:
        """Goes on without end. Raises what Follower and `sweep` raise; what is not done then is begun again
        by whoever runs next."""
        async with AsyncExitStack() as stack:
            outbox = Outbox(self._options)
            stack.push_async_callback(_stop, outbox)
            await outbox.start()
            self._partitions = await outbox.partitions(self._names.matches)
            records = await stack.enter_async_context(
                Follower(self._options, self._names.lookbacks, pass_deleted=True)
            )
            await records.open()
            async for _, batch in records.whole():
                self._recorded(batch)
            alerts = await stack.enter_async_context(
                Follower(self._options, self._names.alerts, pass_deleted=True)
            )
            # What came before the oldest read there may be has nothing to look back at.
            await alerts.open(max(_now() - round(self._rules.topics.longest_reads_hours * HOUR_MS), 0))
            async for _, batch in alerts.whole():
                self._alerts(batch)
                await asyncio.sleep(0)
            self._news.set()
            await _first_of(
                self._follow(records, self._recorded),
                self._follow(alerts, self._alerts),
                self._sweeps(outbox),
            )

    async def _follow(self, follower: Follower, take: Callable[[Sequence[Record]], None]) -> None:
        async for _, records in follower.go_on():
            take(records)
            await asyncio.sleep(0)

    def _recorded(self, records: Sequence[Record]) -> None:
        for record in records:
            looked = decode_looked_back(record.value or b"")
            # Only workers and the command write there; what is none of theirs is nobody's look back.
            if isinstance(looked, LookedBack):
                self._docket.record(looked)

    def _alerts(self, records: Sequence[Record]) -> None:
        # The last of a key is what holds.
        latest = {record.key: record for record in records}.values()
        asking = [record for record in latest if record.value is not None and _ASKS in record.value]
        if len(self._docket):
            # Withdrawn, or in a version that does not ask.
            for record in latest:
                if record.value is None or _ASKS not in record.value:
                    list_id, _, alert_id = (record.key or b"").decode("utf-8", "replace").partition("/")
                    self._docket.drop((list_id, alert_id))
        if asking:
            batch = taken(asking)
            for entry, record in zip(batch.entries, batch.records, strict=True):
                if isinstance(entry, Alert):
                    self._docket.alert(entry, came(record.timestamp, _now()))
            self._news.set()

    async def _sweeps(self, outbox: Outbox) -> None:
        while True:
            await self._news.wait()
            await asyncio.sleep(_TOGETHER_S)
            self._news.clear()
            due = self._docket.due(self._is_ours, from_ms(_now()))
            if due:
                await self._sweep(due, outbox)

    def _is_ours(self, key: AlertKey) -> bool:
        # As the outbox chooses a partition for the matches, which is Java's way: murmur2, the sign bit off.
        return (murmur2(key_bytes(key)) & 0x7FFFFFFF) % self._partitions in self._ours

    async def _sweep(self, due: Sequence[Due], outbox: Outbox) -> None:
        rules = self._rules
        asked = [
            Asked(
                each.alert,
                each.alert.lookback_hours or 0.0,
                each.asked_at,
                scope(
                    each.alert,
                    each.alert.lookback_hours or 0.0,
                    rules.jurisdictions,
                    rules.topics.reads_hours,
                    _now(),
                ),
            )
            for each in due
        ]
        if self._judge is None:
            self._judge = Judge(rules.policies, models=rules.models)
        began = _now()
        looking = LookingBack(asked, self._judge, rules.policies.fuzzy)
        done = await sweep(asked, looking, "worker", Way(self._options, rules.topics, outbox, _now))
        for each in done:
            self._docket.record(each)
        self._tell(done, (_now() - began) / 1000)

    def _tell(self, done: Sequence[LookedBack], seconds: float) -> None:
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


async def _first_of(*endless: Coroutine[None, None, None]) -> None:
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


def _now() -> int:
    return now_ms()


async def _stop(outbox: Outbox) -> None:
    # While brokers are away it would wait for what is not confirmed.
    stopping = asyncio.create_task(outbox.stop())
    done, _ = await asyncio.wait({stopping}, timeout=_STOPPED_WITHIN_S)
    if done:
        stopping.result()
    else:
        stopping.cancel()
