"""The gateway under load, Kafka away and itself killed: what it accepted is on Kafka, in order."""

import json
from collections import Counter
from collections.abc import Iterator
from time import monotonic, sleep
from typing import Final
from urllib.request import urlopen

import pytest

from streams.kafka.dev_cluster import Cluster
from tests.chaos.conftest import SOAK
from tests.support.cameras import CameraFleet, GatewayProcess, free_port, write_gateway_config
from tests.support.kafka import KafkaEnvironment, ProductTopics
from tests.support.processes import ProcessSupervisor, random_delays, start_brokers, stop_broker, wait_until

pytestmark = pytest.mark.chaos
CAMERAS: Final = 20
AWAY_S: Final = 60
_KILLS: Final = 50 if SOAK else 10


class GatewayChaosEnvironment:
    """Topics and a gateway that is started again whenever it ends."""

    def __init__(self, stage: KafkaEnvironment, name: str) -> None:
        self.stage = stage
        self.topics: ProductTopics = stage.create_product_topics(name)
        self.port = free_port()
        makers = {f"c{number}": "read" for number in range(CAMERAS)}
        self._config = write_gateway_config(stage, self.topics, self.port, makers, "late_after_s = 20")

    def start_gateway(self) -> GatewayProcess:
        return GatewayProcess(self._config, self.stage.folder / f"{self.topics.prefix}.log")

    def read_topic(self) -> dict[str, list[dict[str, object]]]:
        """All reads on the topic by camera, in order."""
        found: dict[str, list[dict[str, object]]] = {}
        ends = sum(self.stage.end_offsets(self.topics.reads))
        consumer = self.stage.open_consumer(self.topics.reads, from_start=True)
        count = 0
        while count < ends:
            for message in consumer.consume(10_000, 1):
                found.setdefault(message.key().decode(), []).append(json.loads(message.value()))
                count += 1
        consumer.close()
        return found

    def check_delivered(self, cameras: CameraFleet) -> dict[str, list[dict[str, object]]]:
        """Holds what is on Kafka against what cameras were told; what is there."""
        found = self.read_topic()
        for name, accepted in cameras.accepted.items():
            there = list(dict.fromkeys(str(each["read_id"]) for each in found.get(name, [])))
            assert there == accepted, name
        every = Counter(str(each["read_id"]) for reads in found.values() for each in reads)
        # More than once only what a camera sent again because it got no answer.
        assert sum(every.values()) - len(every) <= cameras.unanswered
        return found


@pytest.fixture
def ground(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[GatewayChaosEnvironment]:
    name = request.node.name.removeprefix("test_").replace("_", "-")
    yield GatewayChaosEnvironment(KafkaEnvironment(tmp_path_factory.mktemp(name), cluster.servers), name)


def test_kafka_away_under_load(ground: GatewayChaosEnvironment, cluster: Cluster) -> None:
    """A minute without Kafka at 500 events a second: the cameras notice nothing; afterwards all is there."""
    with ProcessSupervisor(ground.start_gateway) as gateway:
        gateway.current.wait_ready()
        with CameraFleet(ground.port, CAMERAS, 500) as cameras:
            sleep(3)
            stop_broker(cluster)
            sleep(AWAY_S)
            start_brokers(cluster)
            sleep(3)
        assert (cameras.unanswered, dict(cameras.refused)) == (0, {})
        assert gateway.exits == []
        _wait_empty(ground)
    found = ground.check_delivered(cameras)
    sent = sum(map(len, cameras.accepted.values()))
    late = sum(bool(each.get("retransmitted")) for reads in found.values() for each in reads)
    print(f"{sent:,} events, {late:,} of them marked late; longest answer {cameras.longest_answer_s:.3f} s")
    assert sent > 300 * AWAY_S
    # Those of the first 40 seconds or so were late, those at the end were not.
    assert 0.3 * sent < late < 0.9 * sent
    assert not any(reads[-1].get("retransmitted") for reads in found.values())


def test_killed_under_load(ground: GatewayChaosEnvironment) -> None:
    """SIGKILL of the gateway again and again, under load; a supervisor starts it anew."""
    wait = random_delays(7, 0.5, 2.5)
    with ProcessSupervisor(ground.start_gateway) as gateway:
        gateway.current.wait_ready()
        with CameraFleet(ground.port, CAMERAS, 500) as cameras:
            for _ in range(_KILLS):
                _wait_ready(gateway)
                sleep(wait())
                gateway.current.kill()
        _wait_ready(gateway)
        _wait_empty(ground)
    ground.check_delivered(cameras)
    sent = sum(map(len, cameras.accepted.values()))
    print(f"{sent:,} events accepted, {cameras.unanswered} sendings unanswered in {_KILLS} kills")
    assert sent > 200 * _KILLS
    assert len(gateway.exits) == _KILLS


def _wait_ready(gateway: ProcessSupervisor) -> None:
    """Waits until the one that was started last is ready."""
    wait_until(lambda: gateway.current.alive, 10, "the gateway is started again")
    gateway.current.wait_ready()


def _wait_empty(ground: GatewayChaosEnvironment, within_s: float = 60) -> None:
    """Waits until all that is in the spool is delivered."""
    deadline = monotonic() + within_s
    while monotonic() < deadline:
        with urlopen(f"http://127.0.0.1:{ground.port}/health/ready", timeout=5) as answer:
            if json.load(answer)["spool"]["entries"] == 0:
                return
        sleep(0.2)
    raise TimeoutError(f"not all was delivered within {within_s} s")
