"""The correlate agent: this worker's partitions of the matches, and what reaches all of them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from streams.records.alert import AlertKey
from streams.records.times import to_ms
from streams.records.verdict import Verdict
from streams.worker.partition import Partition
from streams.worker.restore import Said


class Correlating:
    """The partitions of the matches that this worker has. `new` starts one.

    Changes of alerts, verdicts and the time reach every partition; each tells what concerns its vehicles.
    """

    def __init__(self, new: Callable[[int], Partition]) -> None:
        self._new = new
        self._partitions: dict[int, Partition] = {}
        self._generation = -1
        self._said: list[Said] = []

    @property
    def partitions(self) -> Mapping[int, Partition]:
        """The partitions by number."""
        return self._partitions

    @property
    def said(self) -> Iterable[Said]:
        """The verdicts so far."""
        return self._said

    def take(self, event: Any) -> None:
        """Takes an event of Faust's whose value is a Batch of matches."""
        self._partitions[event.value.partition].batch(event)

    def changed(self, key: AlertKey) -> None:
        """Takes the news that an alert has changed."""
        for partition in self._partitions.values():
            partition.changed(key)

    def verdict(self, verdict: Verdict, at: int) -> None:
        """Takes a verdict that is in force from a time on, in ms since 1970 UTC."""
        self._said.append(Said(verdict, at))
        for partition in self._partitions.values():
            partition.verdict(verdict, at)

    def advance(self) -> None:
        """Takes the time."""
        for partition in self._partitions.values():
            partition.advance()

    def forget(self, before: int, verdicts_before: int) -> None:
        """Drops what is too old to be kept up to date; times in ms since 1970 UTC."""
        self._said = [each for each in self._said if to_ms(each.verdict.at) >= verdicts_before]
        for partition in self._partitions.values():
            partition.forget(before, verdicts_before)

    def conclude(self, newest: int) -> None:
        """Tells what is known to follow after the latest time of all reads, in ms since 1970 UTC.

        For runs over events of the past, at their end.
        """
        for partition in self._partitions.values():
            partition.conclude(newest)

    def revoked(self) -> None:
        """A rebalance begins: nothing is told until it is known whose the partitions are."""
        for partition in self._partitions.values():
            partition.pause()

    async def assigned(self, numbers: Iterable[int], generation: int) -> None:
        """Takes the partitions that are this worker's in a generation of the group.

        The state of one that it had in the generation just before is as it should be: nobody else had it.
        """
        ours = set(numbers)
        kept = ours & self._partitions.keys() if generation <= self._generation + 1 else set()
        self._generation = generation
        for number in self._partitions.keys() - kept:
            await self._partitions.pop(number).stop()
        for number in sorted(ours - kept):
            self._partitions[number] = self._new(number)
        for number in kept:
            self._partitions[number].go_on()

    async def stop(self) -> None:
        """Ends all partitions."""
        while self._partitions:
            await self._partitions.popitem()[1].stop()
