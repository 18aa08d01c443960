"""The match agent: batches of reads in, matches out. Its only state is the index of the alert lists."""

from collections.abc import Callable
from typing import Any, Final

from streams.alerts.index import Index
from streams.kafka.faust_driver import Batch
from streams.kafka.producer import ProducerRecord
from streams.kafka.record_keys import encode_alert_key
from streams.matching.batch import match_batch
from streams.matching.matcher import Matcher
from streams.matching.plausible_time import TimeCheck
from streams.records.alert import alert_key
from streams.records.decode import RejectedRecord
from streams.records.encode import encode
from streams.records.faults import Fault
from streams.records.times import Millis
from streams.worker.context import WorkerContext
from streams.worker.dead_letters import dead_letter
from streams.worker.implausible_reads import ImplausibleReads
from streams.worker.pending_records import PendingRecords
from streams.worker.reject_rate import RejectRate

_NULL_VALUE: Final = Fault("", "must be a JSON object", "a null value")


class MatchAgent:
    """Matches batches of reads, and sends their matches and dead letters.

    A batch is acknowledged, and its offsets can be committed, when the broker has acknowledged all records
    that follow from it. Several batches are in progress at a time.
    """

    def __init__(
        self,
        context: WorkerContext,
        index: Index,
        matcher: Matcher,
        check_times: Callable[[Millis], TimeCheck],
    ) -> None:
        """`check_times` returns the check of the times of reads at a present time."""
        self._context = context
        self._index = index
        self._matcher = matcher
        self._check_times = check_times
        self._reject_rates: dict[str, RejectRate] = {}
        self._pending = PendingRecords(context.producer, context.failure)
        self.read_count = 0
        """Records of the topics of reads handled so far."""
        self.match_count = 0
        """Matches sent so far."""
        self.watermark_ms: Millis = 0
        """The greatest plausible `captured_at` so far."""
        self.implausible = ImplausibleReads()
        """The reads that were set aside for their times."""

    @property
    def pending_count(self) -> int:
        """The number of batches whose records are not acknowledged yet."""
        return len(self._pending)

    async def handle_batch(self, event: Any) -> None:
        """Handle an event of Faust's whose value is a Batch of reads."""
        batch: Batch = event.value
        failure = self._context.failure
        if failure.is_set:
            return  # The worker stops; what this batch sent now would be sent again after the restart.
        with failure.signal_failure(f"topic {batch.topic}: matching offsets {batch.first} to {batch.last}"):
            records = self._match(batch)
            if records:
                await self._pending.send(records, event.ack)
            else:
                event.ack()

    def _match(self, batch: Batch) -> list[ProducerRecord]:
        """Return the matches and dead letters of a batch. Raises WorkerError for too many dead letters."""
        # A run over past events has no present to judge by: its clock is that of its reads.
        now_ms = self._context.now_ms()
        times = self._check_times(now_ms) if now_ms else None
        values = [record.value or b"" for record in batch.records]
        result = match_batch(values, self._index, self._matcher, times)
        # One camera with a wrong clock must not stop the topic, so its reads do not count as rejected here.
        self._reject_rate(batch.topic).add_batch(len(batch), len(result.rejected))
        self.implausible.add(batch.topic, result.implausible)
        rejects = [*result.rejected, *(read.record for read in result.implausible)]
        records = [self._dead_letter(batch, rejected) for rejected in rejects]
        for match, watermark_ms in zip(result.matches, result.watermarks_ms, strict=True):
            self.watermark_ms = max(self.watermark_ms, watermark_ms)
            records.append(
                ProducerRecord(
                    self._context.topics.matches,
                    encode_alert_key(alert_key(match.alert)),
                    encode(match),
                    timestamp_ms=max(self._context.clock(self.watermark_ms), 0),
                )
            )
        if result.watermark_ms is not None:
            self.watermark_ms = max(self.watermark_ms, result.watermark_ms)
        self.read_count += len(batch)
        self.match_count += len(result.matches)
        return records

    def _reject_rate(self, topic: str) -> RejectRate:
        rate = self._reject_rates.get(topic)
        if rate is None:
            config = self._context.config
            rate = RejectRate(topic, config.rejected_share, config.rejected_over)
            self._reject_rates[topic] = rate
        return rate

    def _dead_letter(self, batch: Batch, rejected: RejectedRecord) -> ProducerRecord:
        record = batch.records[rejected.position]
        faults = (_NULL_VALUE,) if record.value is None else rejected.faults
        return dead_letter(self._context.topics.rejected, batch.topic, batch.partition, record, faults)
