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
from tests.support.cameras import Cameras, Gateway, free_port, gateway_config
from tests.support.kafka import Ours, Stage
from tests.support.processes import Supervisor, at_random, end_broker, start_brokers, wait_until

pytestmark = pytest.mark.faults
CAMERAS: Final = 20
AWAY_S: Final = 60
_KILLS: Final = 50 if SOAK else 10


class Ground:
    """Topics and a gateway that is started again whenever it ends."""

    def __init__(self, stage: Stage, name: str) -> None:
        self.stage = stage
        self.ours: Ours = stage.make_ours(name)
        self.port = free_port()
        makers = {f"c{number}": "read" for number in range(CAMERAS)}
        self._config = gateway_config(stage, self.ours, self.port, makers, "late_after_s = 20")

    def start(self) -> Gateway:
        return Gateway(self._config, self.stage.folder / f"{self.ours.prefix}.log")

    def records(self) -> dict[str, list[dict[str, object]]]:
        """All reads on the topic by camera, in order."""
        found: dict[str, list[dict[str, object]]] = {}
        ends = sum(self.stage.ends(self.ours.reads))
        consumer = self.stage.tail(self.ours.reads, whole=True)
        count = 0
        while count < ends:
            for message in consumer.consume(10_000, 1):
                found.setdefault(message.key().decode(), []).append(json.loads(message.value()))
                count += 1
        consumer.close()
        return found

    def check(self, cameras: Cameras) -> dict[str, list[dict[str, object]]]:
        """Holds what is on Kafka against what cameras were told; what is there."""
        found = self.records()
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
) -> Iterator[Ground]:
    name = request.node.name.removeprefix("test_").replace("_", "-")
    yield Ground(Stage(tmp_path_factory.mktemp(name), cluster.servers), name)


def test_kafka_away_under_load(ground: Ground, cluster: Cluster) -> None:
    """A minute without Kafka at 500 events a second: the cameras notice nothing; afterwards all is there."""
    with Supervisor(ground.start) as gateway:
        gateway.now.wait_ready()
        with Cameras(ground.port, CAMERAS, 500) as cameras:
            sleep(3)
            end_broker(cluster)
            sleep(AWAY_S)
            start_brokers(cluster)
            sleep(3)
        assert (cameras.unanswered, dict(cameras.refused)) == (0, {})
        assert cameras.longest_s < 2
        assert gateway.exits == []
        _wait_empty(ground)
    found = ground.check(cameras)
    sent = sum(map(len, cameras.accepted.values()))
    late = sum(bool(each.get("retransmitted")) for reads in found.values() for each in reads)
    print(f"{sent:,} events, {late:,} of them marked late; longest answer {cameras.longest_s:.3f} s")
    assert sent > 300 * AWAY_S
    # Those of the first 40 seconds or so were late, those at the end were not.
    assert 0.3 * sent < late < 0.9 * sent
    assert not any(reads[-1].get("retransmitted") for reads in found.values())


def test_killed_under_load(ground: Ground) -> None:
    """SIGKILL of the gateway again and again, under load; a supervisor starts it anew."""
    wait = at_random(7, 0.5, 2.5)
    with Supervisor(ground.start) as gateway:
        gateway.now.wait_ready()
        with Cameras(ground.port, CAMERAS, 500) as cameras:
            for _ in range(_KILLS):
                _ready(gateway)
                sleep(wait())
                gateway.now.kill()
        _ready(gateway)
        _wait_empty(ground)
    ground.check(cameras)
    sent = sum(map(len, cameras.accepted.values()))
    print(f"{sent:,} events accepted, {cameras.unanswered} sendings unanswered in {_KILLS} kills")
    assert sent > 200 * _KILLS
    assert len(gateway.exits) == _KILLS


def _ready(gateway: Supervisor) -> None:
    """Waits until the one that was started last is ready."""
    wait_until(lambda: gateway.now.alive, 10, "the gateway is started again")
    gateway.now.wait_ready()


def _wait_empty(ground: Ground, within_s: float = 60) -> None:
    """Waits until all that is in the spool is delivered."""
    deadline = monotonic() + within_s
    while monotonic() < deadline:
        with urlopen(f"http://127.0.0.1:{ground.port}/health/ready", timeout=5) as answer:
            if json.load(answer)["spool"]["entries"] == 0:
                return
        sleep(0.2)
    raise TimeoutError(f"not all was delivered within {within_s} s")
