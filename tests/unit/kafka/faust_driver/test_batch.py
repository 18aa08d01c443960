"""A batch, the message that carries it, and the transport that delivers it."""

import faust
from aiokafka.structs import ConsumerRecord
from faust.transport import by_url
from faust.types import TP

from streams.kafka.faust_driver import Batch, Transport
from streams.kafka.faust_driver.in_flight import InFlightWindow
from streams.kafka.faust_driver.message import BatchMessage


def a_record(offset: int, value: bytes | None) -> ConsumerRecord[bytes, bytes]:
    """Return a record as aiokafka builds it."""
    size = len(value) if value is not None else -1
    return ConsumerRecord("topic", 1, offset, 1_000 + offset, 0, b"key", value, None, 3, size, (("h", b"x"),))


def test_a_batch_does_not_print_its_values() -> None:
    batch = Batch("topic", 1, [a_record(5, b"AB123CD"), a_record(7, None)])
    assert (batch.first, batch.last, len(batch)) == (5, 7, 2)
    assert batch.values == [b"AB123CD", None]
    assert batch.timestamps == [1_005, 1_007]
    assert batch.records[0].headers == (("h", b"x"),)
    assert repr(batch) == "<Batch topic/1 5-7, 2 records>"


def test_acknowledging_a_message_acknowledges_its_batch() -> None:
    window = InFlightWindow(1)
    in_flight, _ = window.open(5, 7)
    batch = Batch("topic", 1, [a_record(5, b"a"), a_record(7, b"b")])
    message = BatchMessage(batch, TP("topic", 1), in_flight, 3)
    assert (message.offset, message.timestamp, message.generation_id) == (7, 1.007, 3)
    assert not message.acked
    message.acked = True
    assert message.acked
    assert window.committable == 8


def test_the_scheme_of_the_url_chooses_the_driver() -> None:
    assert by_url("batch://localhost:9092") is Transport
    assert isinstance(faust.App("any", broker="batch://localhost:9").transport, Transport)
