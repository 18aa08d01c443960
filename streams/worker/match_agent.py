"""The match agent: batches of reads in, matches out. It keeps no state but the lists."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from aiokafka.errors import KafkaError

from streams.alerts.index import Index
from streams.kafka.dead_letters import RejectedShare, dead_letter
from streams.kafka.faust_driver import Batch
from streams.kafka.producer import Confirmation, Letter, Outbox, refused
from streams.kafka.record_keys import key_bytes
from streams.matching.batch import match_batch
from streams.matching.matcher import Judge
from streams.records.alert import key_of
from streams.records.decode import Rejected
from streams.records.encode import encode
from streams.records.faults import Fault
from streams.runtime.clock import Clock
from streams.runtime.errors import unforeseen
from streams.worker.failure_signal import Alarm

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
        share: Callable[[str], RejectedShare],
    ) -> None:
        self._index = index
        self._judge = judge
        self._outbox = outbox
        self._clock = clock
        self._alarm = alarm
        self._matches = matches
        self._rejected = rejected
        self._share_of = share
        self._shares: dict[str, RejectedShare] = {}
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
        with self._alarm.heard(f"topic {batch.topic}: matching offsets {batch.first} to {batch.last}"):
            letters = self._letters(batch)
            if not letters:
                event.ack()
                return
            sent = await self._outbox.send(letters)
            task = asyncio.create_task(confirm(letters, sent, event.ack, self._alarm))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _letters(self, batch: Batch) -> list[Letter]:
        matched = match_batch([record.value or b"" for record in batch.records], self._index, self._judge)
        share = self._shares.get(batch.topic)
        if share is None:
            share = self._shares[batch.topic] = self._share_of(batch.topic)
        share.take(len(batch), len(matched.rejected))
        letters = [self._dead_letter(batch, each) for each in matched.rejected]
        for match, newest in zip(matched.matches, matched.newest, strict=True):
            key = key_bytes(key_of(match.alert))
            self.newest = max(self.newest, newest)
            letters.append(
                Letter(self._matches, key, encode(match), timestamp=max(self._clock(self.newest), 0))
            )
        if matched.newest_of_all is not None:
            self.newest = max(self.newest, matched.newest_of_all)
        self.records += len(batch)
        self.matches += len(matched.matches)
        return letters

    def _dead_letter(self, batch: Batch, rejected: Rejected) -> Letter:
        record = batch.records[rejected.place]
        faults = (_NO_VALUE,) if record.value is None else rejected.faults
        return dead_letter(self._rejected, batch.topic, batch.partition, record, STAGE, faults)


async def confirm(
    letters: Sequence[Letter], sent: Sequence[Confirmation], done: Callable[[], object], alarm: Alarm
) -> None:
    """Waits until the broker has confirmed all, then calls `done`; if one is refused, raises the alarm."""
    answers = await asyncio.gather(*sent, return_exceptions=True)
    wrong = next(
        (each for each in zip(letters, answers, strict=True) if isinstance(each[1], BaseException)), None
    )
    if wrong is None:
        done()
        return
    letter, error = wrong
    if isinstance(error, KafkaError):
        alarm.raise_(refused(letter.topic, error))
    else:
        alarm.raise_(unforeseen(f"topic {letter.topic}: sending", error))
