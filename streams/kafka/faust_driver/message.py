"""The Faust message that carries a batch."""

from typing import Any, cast

from faust.types import TP, ConsumerMessage

from streams.kafka.faust_driver.batch import Batch
from streams.kafka.faust_driver.in_flight import InFlightBatch


class BatchMessage(ConsumerMessage):
    """A message whose `acked` is that of its in-flight batch, and whose offset is the last of the batch.

    Faust marks a message as done in two places: `Consumer.ack`, and the compiled stream iterator, which does
    not call it. Both set `acked`, so the in-flight batch is acknowledged here for both. It outlives the
    message, and nothing in the driver references the message: Faust relies on those that are not processed
    any more being garbage-collected.
    """

    __slots__ = ("_in_flight",)

    def __init__(self, batch: Batch, tp: TP, in_flight: InFlightBatch, generation_id: int) -> None:
        self._in_flight = in_flight
        last: Any = batch.records[-1]
        super().__init__(
            batch.topic,
            batch.partition,
            in_flight.last,
            last.timestamp / 1000.0,
            last.timestamp_type,
            None,
            None,
            cast(bytes, batch),  # Faust passes it on unchecked, see BatchSchema
            None,
            # Sizes of a key and a value, which mean nothing for a batch.
            0,
            0,
            tp,
            generation_id=generation_id,
        )

    @property
    def acked(self) -> bool:
        """True if the batch was acknowledged."""
        return self._in_flight.acknowledged

    @acked.setter
    def acked(self, done: bool) -> None:
        # Faust's constructor sets False.
        if done:
            self._in_flight.acknowledge()
