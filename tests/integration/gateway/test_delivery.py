"""Delivery from the spool to a real Kafka: in order, once, marked if late; the rest stays in the spool."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from streams.gateway.config import GatewayConfig
from streams.gateway.context import GatewayContext, GatewayTopics
from streams.gateway.delivery import Delivery
from streams.gateway.delivery.control import DeliveryControl
from streams.gateway.delivery.session import ProducerSession, SessionContext
from streams.gateway.spool.spool import Entry, Spool, open_reader
from streams.kafka.dev_cluster import Cluster
from streams.records.times import MINUTE_MS, Millis
from streams.runtime.clock import now_ms
from tests.support.waiting import HANG_LIMIT_S, wait_until

NOW_MS = now_ms()
LATE_AFTER_S = 300.0
LATE_MS = NOW_MS - 10 * MINUTE_MS


class DeliveryEnvironment:
    """A topic with three partitions, and a spool."""

    def __init__(self, servers: str, folder: Path) -> None:
        self.options = {"bootstrap_servers": servers.split(",")}
        self.topic = f"reads-{uuid4().hex[:8]}"
        self.path = folder / "spool"
        self.spool = Spool(self.path, 1_000_000_000)
        admin = KafkaAdminClient(**self.options)
        admin.create_topics([NewTopic(self.topic, 3, 1)])
        admin.close()

    def entry(self, number: int, captured_ms: Millis | None = NOW_MS) -> Entry:
        value = json.dumps({"n": number}).encode()
        return Entry(self.topic, b"camera-%d" % (number % 7), value, NOW_MS, captured_ms)

    def delivery(self, on_acknowledged: Callable[..., None] | None = None) -> Delivery:
        """Return a delivery, not started; by default it deletes acknowledged entries."""
        config = GatewayConfig(late_after_s=LATE_AFTER_S)
        context = GatewayContext(config, {}, GatewayTopics({}, self.topic), lambda: NOW_MS)
        return Delivery(context, self.spool, self.options, on_acknowledged or self.spool.delete)

    def deliver(self, delivery: Delivery, timeout_s: float = HANG_LIMIT_S) -> None:
        """Run a delivery until everything is delivered or the time is over."""
        delivery.start()
        delivery.stop(timeout_s)

    def session(self) -> SessionContext:
        """Return the context of a session whose producer waits a minute for further entries."""
        options = {**self.options, "linger_ms": 60_000, "delivery_timeout_ms": 120_000}
        return SessionContext(
            self.topic, self.spool.id, options, lambda _: False, lambda _: None, DeliveryControl()
        )

    def values(self) -> dict[bytes, list[dict[str, object]]]:
        """Return the values on the topic by key, in order."""
        consumer = KafkaConsumer(**self.options, group_id=None)
        partitions = [TopicPartition(self.topic, number) for number in range(3)]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        values: dict[bytes, list[dict[str, object]]] = {}
        while any(consumer.position(partition) < end for partition, end in ends.items()):
            for records in consumer.poll(500).values():
                for record in records:
                    values.setdefault(record.key, []).append(json.loads(record.value))
        consumer.close()
        return values


@pytest.fixture
def environment(kafka: Cluster, tmp_path: Path) -> Iterator[DeliveryEnvironment]:
    created = DeliveryEnvironment(kafka.servers, tmp_path)
    yield created
    created.spool.close()


def numbers(environment: DeliveryEnvironment) -> list[int]:
    """Return the numbers of the entries on the topic, sorted."""
    return sorted(int(str(value["n"])) for values in environment.values().values() for value in values)


def test_entries_are_delivered_in_the_order_of_each_camera_and_deleted(
    environment: DeliveryEnvironment,
) -> None:
    for start in range(0, 3000, 100):
        environment.spool.put([environment.entry(number) for number in range(start, start + 100)])
    delivery = environment.delivery()
    environment.deliver(delivery)
    numbers_by_key = {key: [value["n"] for value in values] for key, values in environment.values().items()}
    assert numbers_by_key == {
        b"camera-%d" % camera: [number for number in range(3000) if number % 7 == camera]
        for camera in range(7)
    }
    assert environment.spool.statistics().entries == 0
    assert delivery.acknowledged_count == 3000


def test_entries_that_reached_kafka_before_are_not_sent_again(environment: DeliveryEnvironment) -> None:
    """The process may be killed before it has deleted what Kafka has acknowledged."""
    environment.spool.put([environment.entry(number) for number in range(500)])
    environment.deliver(environment.delivery(on_acknowledged=lambda _: None))
    environment.spool.put([environment.entry(number) for number in range(500, 600)])
    assert environment.spool.statistics().entries == 600
    environment.deliver(environment.delivery())
    assert numbers(environment) == list(range(600))
    assert environment.spool.statistics().entries == 0


def test_only_late_reads_are_marked(environment: DeliveryEnvironment) -> None:
    environment.spool.put(
        [
            environment.entry(0),
            environment.entry(7, captured_ms=LATE_MS),
            environment.entry(14, captured_ms=None),
        ]
    )
    environment.deliver(environment.delivery())
    assert environment.values()[b"camera-0"] == [{"n": 0}, {"n": 7, "retransmitted": True}, {"n": 14}]


def test_a_missing_topic_is_reported_and_does_not_hold_up_others(environment: DeliveryEnvironment) -> None:
    environment.spool.put([environment.entry(0)._replace(topic="nowhere"), environment.entry(1)])
    delivery = environment.delivery()
    delivery.start()
    wait_until(lambda: environment.spool.statistics().entries == 1, "the other entry is delivered")
    wait_until(lambda: bool(delivery.last_errors), "the missing topic is reported")
    delivery.stop(0)
    assert delivery.last_errors == {
        "nowhere": "topic nowhere does not exist: create it with `anpr topics apply`"
    }
    assert numbers(environment) == [1]
    assert [each.topic for _, each in environment.spool.pending_entries(0, 9)] == ["nowhere"]


def test_without_a_broker_the_error_is_reported_and_entries_stay_in_the_spool(
    environment: DeliveryEnvironment,
) -> None:
    environment.spool.put([environment.entry(0)])
    environment.options = {"bootstrap_servers": ["127.0.0.1:1"]}
    delivery = environment.delivery()
    delivery.start()
    wait_until(lambda: bool(delivery.last_errors), "the error is reported")
    delivery.stop(0)
    assert list(delivery.last_errors) == [environment.topic]
    assert environment.spool.statistics().entries == 1


def test_a_closed_session_sends_no_more_entries_and_is_in_doubt(environment: DeliveryEnvironment) -> None:
    """Entries behind one that failed must not overtake it: the next session sends them, in order."""
    environment.spool.put([environment.entry(number) for number in range(10)])
    context = environment.session()
    with open_reader(environment.path) as db:
        session = ProducerSession(context, db, 0)
        session.start(in_doubt=False)
        # The deadline is over, so the session ends once it has handed its entries to the producer.
        context.control.stop(deadline_s=0.0)
        session.run()
        session.close()
    assert session.in_doubt
    assert environment.values() == {}
    environment.deliver(environment.delivery())
    assert numbers(environment) == list(range(10))
