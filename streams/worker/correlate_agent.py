"""The correlate agent: this worker's partitions of the matches, and what reaches all of them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from streams.records.alert import AlertKey
from streams.records.times import to_ms
from streams.records.verdict import Verdict
from streams.worker.partition import Partition
from streams.worker.restore import EffectiveVerdict


class CorrelateAgent:
    """The partitions of the matches that this worker has. `new` starts one.

    Changes of alerts, verdicts and the time reach every partition; each tells what concerns its vehicles.
    """

    def __init__(self, new_partition: Callable[[int], Partition]) -> None:
        self._new_partition = new_partition
        self._partitions: dict[int, Partition] = {}
        self._generation = -1
        self._effective_verdicts: list[EffectiveVerdict] = []

    @property
    def partitions(self) -> Mapping[int, Partition]:
        """The partitions by number."""
        return self._partitions

    @property
    def effective_verdicts(self) -> Iterable[EffectiveVerdict]:
        """The verdicts so far."""
        return self._effective_verdicts

    def handle_batch(self, event: Any) -> None:
        """Takes an event of Faust's whose value is a Batch of matches."""
        self._partitions[event.value.partition].handle_batch(event)

    def handle_alert_change(self, key: AlertKey) -> None:
        """Takes the news that an alert has changed."""
        for partition in self._partitions.values():
            partition.handle_alert_change(key)

    def handle_verdict(self, verdict: Verdict, effective_ms: int) -> None:
        """Takes a verdict that is in force from a time on, in ms since 1970 UTC."""
        self._effective_verdicts.append(EffectiveVerdict(verdict, effective_ms))
        for partition in self._partitions.values():
            partition.handle_verdict(verdict, effective_ms)

    def handle_time(self) -> None:
        """Takes the time."""
        for partition in self._partitions.values():
            partition.handle_time()

    def expire(self, before_ms: int, verdicts_before_ms: int) -> None:
        """Drops what is too old to be kept up to date; times in ms since 1970 UTC."""
        self._effective_verdicts = [
            each for each in self._effective_verdicts if to_ms(each.verdict.at) >= verdicts_before_ms
        ]
        for partition in self._partitions.values():
            partition.expire(before_ms, verdicts_before_ms)

    def flush(self, watermark_ms: int) -> None:
        """Tells what is known to follow after the latest time of all reads, in ms since 1970 UTC.

        For runs over events of the past, at their end.
        """
        for partition in self._partitions.values():
            partition.flush(watermark_ms)

    def handle_revoked(self) -> None:
        """A rebalance begins: nothing is told until it is known whose the partitions are."""
        for partition in self._partitions.values():
            partition.pause()

    async def handle_assigned(self, partitions: Iterable[int], generation: int) -> None:
        """Takes the partitions that are this worker's in a generation of the group.

        The state of one that it had in the generation just before is as it should be: nobody else had it.
        """
        ours = set(partitions)
        kept = ours & self._partitions.keys() if generation <= self._generation + 1 else set()
        self._generation = generation
        for number in self._partitions.keys() - kept:
            await self._partitions.pop(number).stop()
        for number in sorted(ours - kept):
            self._partitions[number] = self._new_partition(number)
        for number in kept:
            self._partitions[number].resume()

    async def stop(self) -> None:
        """Ends all partitions."""
        while self._partitions:
            await self._partitions.popitem()[1].stop()
