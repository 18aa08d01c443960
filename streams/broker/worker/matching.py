"""The match agent: batches of reads in, matches out. It keeps no state but the lists."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from aiokafka.errors import KafkaError

from streams.broker.driver import Batch
from streams.broker.worker.clock import Clock
from streams.broker.worker.outbox import Confirmation, Letter, Outbox, refused
from streams.broker.worker.rejected import Share, dead_letter
from streams.broker.worker.trouble import Alarm, WorkerError
from streams.lists.index import Index
from streams.matching.judge import Judge
from streams.matching.stage import match_batch
from streams.records.encode import encode
from streams.records.faults import Fault

STAGE: Final = "match"
_NO_VALUE: Final = Fault("", "is a JSON object", "a null value")


class Matching:
    """What the match agent does with a batch: matches and dead letters, sent, confirmed, acknowledged.

    Reads count as done when all that came of them is confirmed. Several batches are under way at a time.
    """

    @property
    def waiting(self) -> int:
        """Batches whose confirmation is awaited."""
        return len(self._tasks)

    def __init__(
        self,
        index: Index,
        judge: Judge,
        outbox: Outbox,
        clock: Clock,
        alarm: Alarm,
        *,
        matches: str,
        rejected: str,
        share: Callable[[str], Share],
    ) -> None:
        self._index = index
        self._judge = judge
        self._outbox = outbox
        self._clock = clock
        self._alarm = alarm
        self._matches = matches
        self._rejected = rejected
        self._share_of = share
        self._shares: dict[str, Share] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.records = 0
        """Records of reads taken so far."""
        self.matches = 0
        """Matches sent so far."""
        self.newest = 0
        """The latest `captured_at` so far, in ms since 1970 UTC."""

    async def take(self, event: Any) -> None:
        """Takes an event of Faust's whose value is a Batch of reads."""
        batch: Batch = event.value
        if self._alarm.raised:
            return  # the worker ends, and what it takes now would only come twice
        sent: list[Confirmation] | None = None
        with self._alarm.heard(f"topic {batch.topic}: matching offsets {batch.first} to {batch.last}"):
            sent = await self._send(batch)
        if sent is None:
            return
        if sent:
            task = asyncio.create_task(confirm(sent, batch.topic, event.ack, self._alarm))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            event.ack()

    async def _send(self, batch: Batch) -> list[Confirmation]:
        values = batch.values
        matched = match_batch([value or b"" for value in values], self._index, self._judge)
        share = self._shares.get(batch.topic)
        if share is None:
            share = self._shares[batch.topic] = self._share_of(batch.topic)
        share.take(len(values), len(matched.rejected))
        letters = [
            dead_letter(
                self._rejected,
                batch.topic,
                batch.partition,
                batch.records[place],
                STAGE,
                faults if values[place] is not None else (_NO_VALUE,),
            )
            for place, faults, _ in matched.rejected
        ]
        for match, newest in zip(matched.matches, matched.newest, strict=True):
            key = f"{match.alert.list_id}/{match.alert.alert_id}".encode()
            self.newest = max(self.newest, newest)
            letters.append(
                Letter(self._matches, key, encode(match), timestamp=max(self._clock(self.newest), 0))
            )
        if matched.newest_of_all is not None:
            self.newest = max(self.newest, matched.newest_of_all)
        self.records += len(values)
        self.matches += len(matched.matches)
        return await self._outbox.send(letters)


async def confirm(sent: list[Confirmation], topic: str, done: Callable[[], object], alarm: Alarm) -> None:
    """Waits until the broker has confirmed all, then calls `done`; if one is refused, raises the alarm."""
    answers = await asyncio.gather(*sent, return_exceptions=True)
    wrong = next((answer for answer in answers if isinstance(answer, BaseException)), None)
    if wrong is None:
        done()
    elif isinstance(wrong, KafkaError):
        alarm.raise_(refused(topic, wrong))
    else:
        alarm.raise_(WorkerError(f"what came of topic {topic} was not sent: {type(wrong).__name__}"))
