"""Delivery from the spool to a real Kafka: in order, once, marked if late, and what stays when it ends."""

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
from streams.gateway.spool.spool import Entry, Spool
from streams.kafka.dev_cluster import Cluster
from streams.runtime.clock import now_ms

NOW = now_ms()
LATE = NOW - 600_000


class Ground:
    """A topic of three partitions, and a spool."""

    def __init__(self, servers: str, folder: Path) -> None:
        self.options = {"bootstrap_servers": servers.split(",")}
        self.topic = f"reads-{uuid4().hex[:8]}"
        self.path = folder / "spool"
        self.spool = Spool(self.path, 1_000_000_000)
        admin = KafkaAdminClient(**self.options)
        admin.create_topics([NewTopic(self.topic, 3, 1)])
        admin.close()

    def entry(self, number: int, captured: int | None = NOW) -> Entry:
        return Entry(
            self.topic, b"camera-%d" % (number % 7), json.dumps({"n": number}).encode(), NOW, captured
        )

    def delivery(self, forget: Callable[..., None] | None = None) -> Delivery:
        """One that is not started; it forgets what Kafka has unless it is told otherwise."""
        context = GatewayContext(
            GatewayConfig(late_after_s=300), {}, GatewayTopics({}, self.topic), lambda: NOW
        )
        return Delivery(context, self.spool, self.options, forget or self.spool.delete)

    def deliver(self, delivery: Delivery, within_s: float = 20) -> None:
        """Runs it until it has delivered all there is."""
        delivery.start()
        delivery.stop(within_s)

    def values(self) -> dict[bytes, list[dict[str, object]]]:
        """All that is on the topic, by key, in order."""
        consumer = KafkaConsumer(**self.options, group_id=None)
        parts = [TopicPartition(self.topic, number) for number in range(3)]
        consumer.assign(parts)
        consumer.seek_to_beginning(*parts)
        ends = consumer.end_offsets(parts)
        found: dict[bytes, list[dict[str, object]]] = {}
        while any(consumer.position(part) < end for part, end in ends.items()):
            for records in consumer.poll(500).values():
                for record in records:
                    found.setdefault(record.key, []).append(json.loads(record.value))
        consumer.close()
        return found


@pytest.fixture
def ground(kafka: Cluster, tmp_path: Path) -> Iterator[Ground]:
    made = Ground(kafka.servers, tmp_path)
    yield made
    made.spool.close()


def numbers(ground: Ground) -> list[int]:
    return sorted(int(str(value["n"])) for values in ground.values().values() for value in values)


def test_all_is_delivered_in_order_of_each_camera_and_leaves_the_spool(ground: Ground) -> None:
    for start in range(0, 3000, 100):
        ground.spool.put([ground.entry(number) for number in range(start, start + 100)])
    delivery = ground.delivery()
    ground.deliver(delivery)
    found = ground.values()
    assert {key: [value["n"] for value in values] for key, values in found.items()} == {
        b"camera-%d" % camera: [number for number in range(3000) if number % 7 == camera]
        for camera in range(7)
    }
    assert ground.spool.statistics().entries == 0
    assert delivery.acknowledged_count == 3000


def test_what_came_through_before_is_not_sent_again(ground: Ground) -> None:
    """As if the process had been killed before it could forget what Kafka had confirmed."""
    ground.spool.put([ground.entry(number) for number in range(500)])
    ground.deliver(ground.delivery(forget=lambda _: None))
    ground.spool.put([ground.entry(number) for number in range(500, 600)])
    assert ground.spool.statistics().entries == 600
    ground.deliver(ground.delivery())
    assert numbers(ground) == list(range(600))
    assert ground.spool.statistics().entries == 0


def test_only_what_is_late_is_marked(ground: Ground) -> None:
    ground.spool.put([ground.entry(0), ground.entry(7, captured=LATE), ground.entry(14, captured=None)])
    ground.deliver(ground.delivery())
    assert ground.values()[b"camera-0"] == [{"n": 0}, {"n": 7, "retransmitted": True}, {"n": 14}]


def test_a_topic_that_is_not_there_is_said_and_holds_up_no_other(ground: Ground) -> None:
    ground.spool.put([ground.entry(0)._replace(topic="nowhere"), ground.entry(1)])
    delivery = ground.delivery()
    ground.deliver(delivery, within_s=3)
    assert delivery.last_errors == {
        "nowhere": "topic nowhere does not exist: create it with `anpr topics apply`"
    }
    assert numbers(ground) == [1]
    assert [each.topic for _, each in ground.spool.pending_entries(0, 9)] == ["nowhere"]


def test_without_a_broker_it_says_so_and_all_stays_in_the_spool(ground: Ground) -> None:
    ground.spool.put([ground.entry(0)])
    ground.options = {"bootstrap_servers": ["127.0.0.1:1"]}
    delivery = ground.delivery()
    ground.deliver(delivery, within_s=3)
    assert list(delivery.last_errors) == [ground.topic]
    assert ground.spool.statistics().entries == 1
