"""The Faust message that carries a batch."""

from typing import Any, cast

from faust.types import TP, ConsumerMessage

from streams.kafka.faust_driver.batch import Batch
from streams.kafka.faust_driver.in_flight import InFlightBatch


class BatchMessage(ConsumerMessage):
    """A message whose `acked` is that of its claim, and whose offset is the batch's last.

    Faust marks a message as done in two places, in `Consumer.ack` and in the compiled stream iterator,
    which does not call it. Both set `acked`; so this is where the claim hears of it, whichever it was. The
    claim outlives the message, and the other way round nothing holds the message: Faust counts on those
    that nobody works on any more to vanish.
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
            cast(bytes, batch),  # what Faust passes on without looking, see BatchSchema
            None,
            # Sizes of the first key and value would say nothing of the batch.
            0,
            0,
            tp,
            generation_id=generation_id,
        )

    @property
    def acked(self) -> bool:
        """Whether the batch was acknowledged."""
        return self._in_flight.acknowledged

    @acked.setter
    def acked(self, done: bool) -> None:
        # Faust's constructor sets False.
        if done:
            self._in_flight.acknowledge()
