"""Delivery of everything in a spool to its topics."""

from collections.abc import Callable, Collection, Mapping, Sequence
from time import monotonic
from typing import Any, Final

from streams.gateway.context import GatewayContext
from streams.gateway.delivery.topic_delivery import DeliveryContext, TopicDelivery
from streams.gateway.spool.spool import Entry, Spool, open_reader
from streams.records.times import SECOND_MS

_TOPICS_QUERY: Final = "SELECT DISTINCT topic FROM waiting"


class Delivery:
    """Delivers the entries of a spool, each topic in its own thread, so that no topic holds up another.

    Topics of entries that an earlier gateway left in the spool are delivered too. `kafka_options` are the
    connection options of kafka-python. `on_acknowledged` is called with the sequence numbers of entries that
    Kafka has acknowledged, from the thread of their topic.
    """

    def __init__(
        self,
        context: GatewayContext,
        spool: Spool,
        kafka_options: Mapping[str, Any],
        on_acknowledged: Callable[[Sequence[int]], None],
    ) -> None:
        self._context = context
        with open_reader(spool.path) as db:
            topics = {topic for (topic,) in db.execute(_TOPICS_QUERY)}
        topics.update(context.topics.reads.values(), [context.topics.dead_letters])
        shared = DeliveryContext(spool.path, spool.id, kafka_options, self._is_late, on_acknowledged)
        self._topic_deliveries = [TopicDelivery(topic, shared) for topic in sorted(topics)]

    @property
    def acknowledged_count(self) -> int:
        """Entries that Kafka has acknowledged."""
        return sum(delivery.acknowledged_count for delivery in self._topic_deliveries)

    @property
    def last_errors(self) -> dict[str, str]:
        """Why Kafka did not accept entries at the last attempt, by topic; empty if it did."""
        return {
            delivery.topic: delivery.last_error for delivery in self._topic_deliveries if delivery.last_error
        }

    def start(self) -> None:
        """Start the threads."""
        for delivery in self._topic_deliveries:
            delivery.start()

    def notify(self, topics: Collection[str]) -> None:
        """Signal new entries for these topics. Thread-safe."""
        for delivery in self._topic_deliveries:
            if delivery.topic in topics:
                delivery.control.signal_work()

    def stop(self, timeout_s: float) -> None:
        """Deliver what can be delivered within a time, then end; the rest stays in the spool."""
        deadline_s = monotonic() + timeout_s
        for delivery in self._topic_deliveries:
            delivery.control.stop(deadline_s)
        for delivery in self._topic_deliveries:
            delivery.join()

    def _is_late(self, entry: Entry) -> bool:
        """True if a read is sent so long after its capture that nobody is to be dispatched for it."""
        if entry.captured_ms is None:
            return False
        return self._context.now_ms() - entry.captured_ms > self._context.config.late_after_s * SECOND_MS
