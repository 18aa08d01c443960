"""All that is in a spool, to its topics."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

from streams.gateway.delivery.topic_delivery import Lane
from streams.gateway.spool.spool import Entry, reading


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
        forget: Callable[[Sequence[int]], None],
        late: Callable[[Entry], bool],
    ) -> None:
        with reading(path) as db:
            there = {topic for (topic,) in db.execute("SELECT DISTINCT topic FROM waiting")}
        self._lanes = [
            Lane(path, spool_id, topic, options, forget, late) for topic in sorted(there.union(topics))
        ]

    @property
    def confirmed(self) -> int:
        """Entries that Kafka confirmed."""
        return sum(lane.confirmed for lane in self._lanes)

    @property
    def troubles(self) -> dict[str, str]:
        """By topic, why Kafka did not take entries when it was last tried."""
        return {lane.topic: lane.trouble for lane in self._lanes if lane.trouble}

    def start(self) -> None:
        """Begins."""
        for lane in self._lanes:
            lane.start()

    def look(self, topics: Collection[str]) -> None:
        """There is more in the spool for some topics. From any thread."""
        for lane in self._lanes:
            if lane.topic in topics:
                lane.more.set()

    def stop(self, within_s: float) -> None:
        """Delivers what can be within a time, and ends; the rest stays in the spool."""
        deadline = monotonic() + within_s
        for lane in self._lanes:
            lane.stop(deadline)
        for lane in self._lanes:
            lane.join()
