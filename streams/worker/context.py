"""What the parts of one worker share."""

from typing import NamedTuple

from streams.kafka.producer import Producer
from streams.kafka.topics import TopicNames
from streams.records.times import Millis
from streams.runtime.clock import Clock
from streams.worker.config import WorkerConfig
from streams.worker.failure_signal import FailureSignal


class WorkerContext(NamedTuple):
    """The settings, topic names, producer, clock and failure signal of one worker."""

    config: WorkerConfig
    topics: TopicNames
    producer: Producer
    clock: Clock
    failure: FailureSignal

    def now_ms(self) -> Millis:
        """Return the present time where no record is at hand; 0 in a run over past events."""
        return self.clock(0)
