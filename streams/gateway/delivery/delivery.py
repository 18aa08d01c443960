"""All that is in a spool, to its topics."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

from streams.gateway.delivery.topic_delivery import TopicDelivery
from streams.gateway.spool.spool import Entry, open_reader


class Delivery:
    """Delivers what is in a spool: each topic in a thread of its own, so that one that does not go holds up
    no other.

    `topics` are those that entries may have; others that are in the spool are added. `options` are
    kafka-python's, for the connection. `forget` is given the numbers of entries that Kafka has. `late` says
    of an entry whether it is to be marked as sent late.
    """

    def __init__(
        self,
        path: Path,
        spool_id: str,
        topics: Iterable[str],
        options: Mapping[str, Any],
        on_acknowledged: Callable[[Sequence[int]], None],
        is_late: Callable[[Entry], bool],
    ) -> None:
        with open_reader(path) as db:
            there = {topic for (topic,) in db.execute("SELECT DISTINCT topic FROM waiting")}
        self._topic_deliveries = [
            TopicDelivery(path, spool_id, topic, options, on_acknowledged, is_late)
            for topic in sorted(there.union(topics))
        ]

    @property
    def acknowledged_count(self) -> int:
        """Entries that Kafka confirmed."""
        return sum(lane.acknowledged_count for lane in self._topic_deliveries)

    @property
    def last_errors(self) -> dict[str, str]:
        """By topic, why Kafka did not take entries when it was last tried."""
        return {lane.topic: lane.last_error for lane in self._topic_deliveries if lane.last_error}

    def start(self) -> None:
        """Begins."""
        for lane in self._topic_deliveries:
            lane.start()

    def notify(self, topics: Collection[str]) -> None:
        """There is more in the spool for some topics. From any thread."""
        for lane in self._topic_deliveries:
            if lane.topic in topics:
                lane.new_entries.set()

    def stop(self, timeout_s: float) -> None:
        """Delivers what can be within a time, and ends; the rest stays in the spool."""
        deadline = monotonic() + timeout_s
        for lane in self._topic_deliveries:
            lane.stop(deadline)
        for lane in self._topic_deliveries:
            lane.join()
