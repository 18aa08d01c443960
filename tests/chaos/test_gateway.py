"""The gateway under load, without Kafka and killed: every accepted event reaches Kafka, in order."""

import json
from collections import Counter
from collections.abc import Iterator
from time import sleep
from typing import Final
from urllib.request import urlopen

import pytest

from streams.kafka.dev_cluster import Cluster
from tests.chaos.conftest import SOAK
from tests.support.cameras import CameraFleet, GatewayProcess, free_port, write_gateway_config
from tests.support.kafka import KafkaEnvironment, ProductTopics
from tests.support.processes import ProcessSupervisor, random_delays, start_brokers, stop_broker
from tests.support.waiting import HANG_LIMIT_S, wait_until

pytestmark = pytest.mark.chaos
CAMERAS: Final = 20
AWAY_S: Final = 60
_KILLS: Final = 50 if SOAK else 10


class GatewayChaosEnvironment:
    """Topics, and the settings of a gateway that writes to them."""

    def __init__(self, kafka: KafkaEnvironment, name: str) -> None:
        self.kafka = kafka
        self.topics: ProductTopics = kafka.create_product_topics(name)
        self.port = free_port()
        vendors = {f"c{number}": "read" for number in range(CAMERAS)}
        self._config = write_gateway_config(kafka, self.topics, self.port, vendors, "late_after_s = 20")

    def start_gateway(self) -> GatewayProcess:
        return GatewayProcess(self._config, self.kafka.folder / f"{self.topics.prefix}.log")

    def read_topic(self) -> dict[str, list[dict[str, object]]]:
        """Return the reads on the topic by camera, in order."""
        reads: dict[str, list[dict[str, object]]] = {}
        ends = sum(self.kafka.end_offsets(self.topics.reads))
        consumer = self.kafka.open_consumer(self.topics.reads, from_start=True)
        count = 0
        while count < ends:
            for message in consumer.consume(10_000, 1):
                reads.setdefault(message.key().decode(), []).append(json.loads(message.value()))
                count += 1
        consumer.close()
        return reads

    def check_delivered(self, cameras: CameraFleet) -> dict[str, list[dict[str, object]]]:
        """Assert that the topic has the accepted reads of each camera, in order; return what it has."""
        delivered = self.read_topic()
        for camera_id, accepted in cameras.accepted.items():
            read_ids = list(dict.fromkeys(str(read["read_id"]) for read in delivered.get(camera_id, [])))
            assert read_ids == accepted, camera_id
        counts = Counter(str(read["read_id"]) for reads in delivered.values() for read in reads)
        # Only an event that a camera repeated because it got no answer may be there twice.
        assert sum(counts.values()) - len(counts) <= cameras.unanswered
        return delivered


@pytest.fixture
def environment(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[GatewayChaosEnvironment]:
    name = request.node.name.removeprefix("test_").replace("_", "-")
    yield GatewayChaosEnvironment(KafkaEnvironment(tmp_path_factory.mktemp(name), cluster.servers), name)


def test_kafka_away_under_load(environment: GatewayChaosEnvironment, cluster: Cluster) -> None:
    """A minute without Kafka at 500 events per second: every event is answered, and delivered afterwards."""
    with ProcessSupervisor(environment.start_gateway) as gateway:
        gateway.current.wait_ready()
        with CameraFleet(environment.port, CAMERAS, 500) as cameras:
            sleep(3)
            stop_broker(cluster)
            sleep(AWAY_S)
            start_brokers(cluster)
            sleep(3)
        assert (cameras.unanswered, dict(cameras.refused)) == (0, {})
        assert gateway.exits == []
        _wait_empty(environment)
    delivered = environment.check_delivered(cameras)
    sent = sum(map(len, cameras.accepted.values()))
    late = sum(bool(read.get("retransmitted")) for reads in delivered.values() for read in reads)
    print(f"{sent:,} events, {late:,} of them marked late; longest answer {cameras.longest_answer_s:.3f} s")
    # On a busy machine cameras send less often.
    assert sent > 50 * AWAY_S
    # Reads of the first 40 seconds or so are late, those at the end are not.
    assert 0.3 * sent < late < 0.9 * sent
    assert not any(reads[-1].get("retransmitted") for reads in delivered.values())


def test_killed_under_load(environment: GatewayChaosEnvironment) -> None:
    """SIGKILL of the gateway again and again under load; a supervisor restarts it."""
    wait = random_delays(7, 0.5, 2.5)
    with ProcessSupervisor(environment.start_gateway) as gateway:
        gateway.current.wait_ready()
        with CameraFleet(environment.port, CAMERAS, 500) as cameras:
            for _ in range(_KILLS):
                _wait_ready(gateway)
                sleep(wait())
                gateway.current.kill()
        _wait_ready(gateway)
        _wait_empty(environment)
    environment.check_delivered(cameras)
    sent = sum(map(len, cameras.accepted.values()))
    print(f"{sent:,} events accepted, {cameras.unanswered} requests unanswered in {_KILLS} kills")
    # On a busy machine cameras send less often.
    assert sent > 50 * _KILLS
    assert len(gateway.exits) == _KILLS


def _wait_ready(gateway: ProcessSupervisor) -> None:
    """Wait until the gateway that was started last is ready."""
    wait_until(lambda: gateway.current.alive, "the gateway is restarted")
    gateway.current.wait_ready()


def _wait_empty(environment: GatewayChaosEnvironment) -> None:
    """Wait until everything in the spool is delivered."""

    def is_empty() -> bool:
        with urlopen(f"http://127.0.0.1:{environment.port}/health/ready", timeout=HANG_LIMIT_S) as response:
            return bool(json.load(response)["spool"]["entries"] == 0)

    wait_until(is_empty, "the spool is delivered")
