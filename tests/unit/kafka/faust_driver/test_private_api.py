"""What the driver relies on in Faust and aiokafka is as it was; if not, that is said."""

import faust
from aiokafka.structs import ConsumerRecord
from faust.types import TP

from streams.kafka.faust_driver import Batch, private_api
from streams.kafka.faust_driver.in_flight import InFlightWindow
from streams.kafka.faust_driver.message import BatchMessage


def test_what_is_installed_holds() -> None:
    assert list(private_api.broken_versions()) == []
    assert list(private_api.broken_names()) == []
    private_api.check()


def test_another_version_is_told() -> None:
    told = list(private_api.broken_versions(lambda _: "9.9"))
    assert told == [
        "faust-streaming is 9.9, the driver was written for 0.15.3",
        "aiokafka is 9.9, the driver was written for 0.14.0",
    ]


def test_what_is_broken_is_told() -> None:
    class Changed:
        def taking(self, other: int) -> None:
            self.set_by_it = other

    told = list(
        private_api.broken_names(
            [(Changed, "gone", ["self"]), (Changed, "taking", ["self", "one"])],
            [(Changed, "taking", ["set_by_it", "no_more"]), (Changed, "gone", [])],
        )
    )
    path = f"{__name__}.test_what_is_broken_is_told.<locals>.Changed"
    assert told == [
        f"{path}.gone is missing",
        f"{path}.taking takes ['self', 'other'], not ['self', 'one']",
        f"{path}.taking does not use no_more any more",
        f"{path}.gone is missing",
    ]


def record(offset: int, value: bytes | None) -> ConsumerRecord[bytes, bytes]:
    """A record as aiokafka makes it."""
    size = len(value) if value is not None else -1
    return ConsumerRecord("topic", 1, offset, 1_000 + offset, 0, b"key", value, None, 3, size, (("h", b"x"),))


def test_a_batch_says_no_values() -> None:
    batch = Batch("topic", 1, [record(5, b"AB123CD"), record(7, None)])
    assert (batch.first, batch.last, len(batch)) == (5, 7, 2)
    assert batch.values == [b"AB123CD", None]
    assert batch.timestamps == [1_005, 1_007]
    assert batch.records[0].headers == (("h", b"x"),)
    assert repr(batch) == "<Batch topic/1 5-7, 2 records>"


def test_a_message_is_acknowledged_with_its_claim() -> None:
    window = InFlightWindow(1)
    claim, _ = window.open(5, 7)
    batch = Batch("topic", 1, [record(5, b"a"), record(7, b"b")])
    message = BatchMessage(batch, TP("topic", 1), claim, 3)
    assert (message.offset, message.timestamp, message.generation_id) == (7, 1.007, 3)
    assert not message.acked
    message.acked = True
    assert message.acked
    assert window.committable == 8


def test_the_scheme_finds_the_driver() -> None:
    from faust.transport import by_url

    from streams.kafka.faust_driver import Transport

    assert by_url("batch://localhost:9092") is Transport
    assert isinstance(faust.App("any", broker="batch://localhost:9").transport, Transport)
