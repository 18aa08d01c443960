"""The match agent: batches of reads in, matches out. It keeps no state but the lists."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from aiokafka.errors import KafkaError

from streams.alerts.index import Index
from streams.kafka.faust_driver import Batch
from streams.kafka.producer import Acknowledgement, Producer, ProducerRecord, refusal_error
from streams.kafka.record_keys import encode_alert_key
from streams.matching.batch import match_batch
from streams.matching.matcher import Matcher
from streams.records.alert import alert_key
from streams.records.decode import RejectedRecord
from streams.records.encode import encode
from streams.records.faults import Fault
from streams.runtime.clock import Clock
from streams.runtime.errors import unexpected_error
from streams.worker.dead_letters import dead_letter
from streams.worker.failure_signal import FailureSignal
from streams.worker.reject_rate import RejectRate

_NO_VALUE: Final = Fault("", "must be a JSON object", "a null value")


class MatchAgent:
    """What the match agent does with a batch: matches and dead letters, sent, confirmed, acknowledged.

    Reads count as done when all that came of them is confirmed. Several batches are under way at a time.
    """

    @property
    def pending_count(self) -> int:
        """Batches whose confirmation is awaited."""
        return len(self._tasks)

    def __init__(
        self,
        index: Index,
        matcher: Matcher,
        producer: Producer,
        clock: Clock,
        failure: FailureSignal,
        *,
        matches_topic: str,
        rejected_topic: str,
        new_reject_rate: Callable[[str], RejectRate],
    ) -> None:
        self._index = index
        self._matcher = matcher
        self._producer = producer
        self._clock = clock
        self._failure = failure
        self._matches_topic = matches_topic
        self._rejected_topic = rejected_topic
        self._new_reject_rate = new_reject_rate
        self._reject_rates: dict[str, RejectRate] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.read_count = 0
        """Records of reads taken so far."""
        self.match_count = 0
        """Matches sent so far."""
        self.watermark_ms = 0
        """The latest `captured_at` so far, in ms since 1970 UTC."""

    async def handle_batch(self, event: Any) -> None:
        """Takes an event of Faust's whose value is a Batch of reads."""
        batch: Batch = event.value
        if self._failure.is_set:
            return  # the worker ends, and what it takes now would only come twice
        with self._failure.signal_failure(
            f"topic {batch.topic}: matching offsets {batch.first} to {batch.last}"
        ):
            letters = self._build_records(batch)
            if not letters:
                event.ack()
                return
            sent = await self._producer.send(letters)
            task = asyncio.create_task(await_acknowledgements(letters, sent, event.ack, self._failure))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _build_records(self, batch: Batch) -> list[ProducerRecord]:
        matched = match_batch([record.value or b"" for record in batch.records], self._index, self._matcher)
        share = self._reject_rates.get(batch.topic)
        if share is None:
            share = self._reject_rates[batch.topic] = self._new_reject_rate(batch.topic)
        share.add_batch(len(batch), len(matched.rejected))
        letters = [self._dead_letter(batch, each) for each in matched.rejected]
        for match, newest in zip(matched.matches, matched.watermarks_ms, strict=True):
            key = encode_alert_key(alert_key(match.alert))
            self.watermark_ms = max(self.watermark_ms, newest)
            letters.append(
                ProducerRecord(
                    self._matches_topic,
                    key,
                    encode(match),
                    timestamp_ms=max(self._clock(self.watermark_ms), 0),
                )
            )
        if matched.watermark_ms is not None:
            self.watermark_ms = max(self.watermark_ms, matched.watermark_ms)
        self.read_count += len(batch)
        self.match_count += len(matched.matches)
        return letters

    def _dead_letter(self, batch: Batch, rejected: RejectedRecord) -> ProducerRecord:
        record = batch.records[rejected.position]
        faults = (_NO_VALUE,) if record.value is None else rejected.faults
        return dead_letter(self._rejected_topic, batch.topic, batch.partition, record, faults)


async def await_acknowledgements(
    records: Sequence[ProducerRecord],
    pending: Sequence[Acknowledgement],
    on_done: Callable[[], object],
    failure: FailureSignal,
) -> None:
    """Waits until the broker has confirmed all, then calls `done`; if one is refused, raises the alarm."""
    answers = await asyncio.gather(*pending, return_exceptions=True)
    wrong = next(
        (each for each in zip(records, answers, strict=True) if isinstance(each[1], BaseException)), None
    )
    if wrong is None:
        on_done()
        return
    letter, error = wrong
    if isinstance(error, KafkaError):
        failure.fail(refusal_error(letter.topic, error))
    else:
        failure.fail(unexpected_error(f"topic {letter.topic}: sending", error))
