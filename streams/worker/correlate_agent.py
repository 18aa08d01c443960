"""The correlate agent: this worker's partitions of the matches, and the events that concern all of them."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from streams.correlation.budget import BudgetNotice
from streams.correlation.correlator import Correlator
from streams.records.alert import AlertKey
from streams.records.times import Millis, to_ms
from streams.records.verdict import Verdict
from streams.rules.verdicts import RefusalRule, VerdictRefusal, VerdictRules
from streams.worker.context import WorkerContext
from streams.worker.partition import Partition
from streams.worker.restore import EffectiveVerdict, StateRestorer

_log: Final = logging.getLogger(__name__)


class CorrelateAgent:
    """The partitions of the matches that are assigned to this worker.

    Alert changes, verdicts and time reach every partition; each emits the hits of its own vehicles.
    """

    def __init__(self, context: WorkerContext, restorer: StateRestorer, verdict_rules: VerdictRules) -> None:
        self._context = context
        self._restorer = restorer
        self._verdict_rules = verdict_rules
        self.refused_verdicts: Counter[RefusalRule] = Counter()
        """The verdicts refused so far, by rule."""
        self._partitions: dict[int, Partition] = {}
        self._background = asyncio.Lock()
        self._generation = -1
        self._effective_verdicts: list[EffectiveVerdict] = []
        self._tightened: set[tuple[str, str]] = set()

    @property
    def partitions(self) -> Mapping[int, Partition]:
        """The partitions by number."""
        return self._partitions

    async def handle_batch(self, event: Any) -> None:
        """Handle an event of Faust's whose value is a Batch of matches."""
        with self._context.failure.signal_failure("handling matches"):
            self._partitions[event.value.partition].handle_batch(event)

    def handle_alert_change(self, key: AlertKey) -> None:
        """Handle a changed or withdrawn alert."""
        for partition in self._partitions.values():
            partition.handle_alert_change(key)

    def handle_verdict(self, verdict: Verdict, effective_ms: Millis) -> None:
        """Handle a verdict that takes effect at a time, when it was written to its topic."""
        rules = self._verdict_rules
        refusal = rules.check_centre(verdict) or rules.check_time(verdict, effective_ms)
        if refusal is not None:
            # Once here, and not once by each partition.
            self._report_refusal(refusal)
            return
        self._effective_verdicts.append(EffectiveVerdict(verdict, effective_ms))
        for partition in self._partitions.values():
            partition.handle_verdict(verdict, effective_ms)

    def handle_time(self) -> None:
        """Handle the passing of time."""
        for partition in self._partitions.values():
            partition.handle_time()

    def expire(self, before_ms: Millis, verdicts_before_ms: Millis) -> None:
        """Drop passages and verdicts older than their retention."""
        self._effective_verdicts = [
            effective
            for effective in self._effective_verdicts
            if to_ms(effective.verdict.at) >= verdicts_before_ms
        ]
        for partition in self._partitions.values():
            partition.expire(before_ms, verdicts_before_ms)

    def flush(self, watermark_ms: Millis) -> None:
        """Emit what is due after the last read, at the end of a run over past events."""
        for partition in self._partitions.values():
            partition.flush(watermark_ms)

    def handle_revoked(self) -> None:
        """Handle the start of a rebalance: emit nothing until it is known who owns which partition."""
        for partition in self._partitions.values():
            partition.pause()

    async def handle_assigned(self, partitions: Iterable[int], generation: int) -> None:
        """Handle the assignment of partitions to this worker in a generation of its consumer group.

        A partition that it also had in the generation before keeps its state: no other worker had it.
        """
        assigned = set(partitions)
        kept = assigned & self._partitions.keys() if generation <= self._generation + 1 else set()
        self._generation = generation
        for number in self._partitions.keys() - kept:
            await self._partitions.pop(number).stop()
        for number in sorted(assigned - kept):
            self._partitions[number] = Partition(
                number,
                self._context,
                self._restore,
                self._report_budget_notice,
                self._report_refusal,
                self._background,
            )
        for number in kept:
            self._partitions[number].resume()

    async def stop(self) -> None:
        """Stop all partitions."""
        while self._partitions:
            await self._partitions.popitem()[1].stop()

    async def _restore(self, partition: int) -> Correlator:
        return await self._restorer.restore(partition, self._effective_verdicts, self._context.now_ms())

    def _report_refusal(self, refusal: VerdictRefusal) -> None:
        """Log and count a refused verdict."""
        self.refused_verdicts[refusal.rule] += 1
        _log.warning("%s: %s", self._context.topics.verdicts, refusal)

    def _report_budget_notice(self, partition: int, notice: BudgetNotice) -> None:
        """Log a notice; of the tightening of a list on a day only the first, not one for each partition."""
        key = (notice.list_id, notice.day)
        if not notice.is_tightening or key not in self._tightened:
            _log.info("%s, partition %d: %s", self._context.topics.matches, partition, notice.text)
        if notice.is_tightening:
            self._tightened.add(key)
