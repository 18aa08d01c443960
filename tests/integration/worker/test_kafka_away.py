"""Brokers that are away, start late, refuse the login, or hang."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from streams.cli.common.stall import EXIT_STALLED
from streams.kafka.dev_cluster import Cluster
from tests.support.running_worker import failure_line
from tests.support.waiting import wait_until
from tests.support.worker_scene import LISTED_PLATE, Process, WorkerEnvironment, read_json

PARTITIONS = 4
SECRET = "s3cret-not-to-be-seen"


@pytest.fixture(scope="module")
def away(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cluster, int]]:
    """Return a stopped Kafka with topics and an alert, and its port that requires a login."""
    folder = tmp_path_factory.mktemp("away")
    cluster = Cluster(folder / "kafka", os.environ)
    cluster.up()
    try:
        scene = WorkerEnvironment(cluster.servers, "late", folder, PARTITIONS).create_topics()
        scene.produce_alert()
        scene.close()
    finally:
        cluster.down()
    (node,) = cluster.nodes
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    addresses = f"PLAINTEXT://127.0.0.1:{node.port},LOGIN://127.0.0.1:{port}"
    settings = {
        "listeners": f"{addresses},CONTROLLER://127.0.0.1:{node.controller_port}",
        "advertised.listeners": addresses,
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,LOGIN:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
        "listener.name.login.sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.login.scram-sha-512.sasl.jaas.config": (
            "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        ),
    }
    yield Cluster(cluster.folder, os.environ, extra_settings=settings), port
    cluster.down()


def test_a_worker_waits_for_a_broker_up_to_the_limit(away: tuple[Cluster, int], tmp_path: Path) -> None:
    """It logs that there is none, and gives up at the limit; if one starts meanwhile it becomes ready."""
    cluster, _ = away
    scene = WorkerEnvironment(cluster.servers, "late", tmp_path, PARTITIONS)
    with scene.worker_process("early", connect_within_s=1) as process:
        wait_until(lambda: not process.alive, "the worker gives up")
        assert process.exit_code == 1
        output = process.output()
    assert f"Kafka at {cluster.servers} cannot be reached yet; trying for 1 s" in output
    assert "connect_within_s" in failure_line(output)

    with scene.worker_process("patient", connect_within_s=600) as process:
        wait_until(lambda: "cannot be reached yet" in process.output(), "it logs so")
        cluster.up()
        process.wait_ready()
        scene.produce(scene.reads, read_json())
        assert len(scene.wait_hits(1, "the hit is emitted")) == 1
        process.stop_gracefully()
    scene.close()


def test_a_refused_login_stops_the_worker(away: tuple[Cluster, int], tmp_path: Path) -> None:
    cluster, port = away
    cluster.up()
    (tmp_path / "password").write_text(SECRET, "utf-8")
    password_file = msgspec.json.encode(str(tmp_path / "password")).decode()
    login = 'security = "sasl-plaintext"\nmechanism = "SCRAM-SHA-512"\nusername = "worker"\n'
    scene = WorkerEnvironment(f"127.0.0.1:{port}", "late", tmp_path, PARTITIONS)
    with scene.worker_process("stranger", f"{login}password_file = {password_file}") as process:
        wait_until(lambda: not process.alive, "the worker gives up")
        assert process.exit_code == 1
        output = process.output()
    assert f"Kafka at {scene.servers} refuses the login" in failure_line(output)
    assert "invalid credentials" in failure_line(output)
    assert "`username`" in failure_line(output)
    assert SECRET not in output


def test_a_broker_that_hangs(away: tuple[Cluster, int], tmp_path: Path) -> None:
    """It accepts connections and answers nothing: the watchdog ends a worker, and so does SIGTERM."""
    cluster, _ = away
    cluster.up()
    scene = WorkerEnvironment(cluster.servers, "late", tmp_path, PARTITIONS)
    sent = [f"still-{number}" for number in range(12_000)]
    for number, read_id in enumerate(sent):
        scene.produce_async(scene.reads, read_json(read_id=read_id), partition=number % PARTITIONS)
    scene.flush()
    with (
        scene.worker_process("watched", stalled_after_s=5) as process,
        hanging_broker(cluster, scene, process),
    ):
        wait_until(lambda: not process.alive, "the watchdog ends it")
        output = process.output()
    assert process.exit_code == EXIT_STALLED, output
    assert "partition" in output
    assert "nothing has moved for 5 s" in output
    assert "Thread 0x" in output
    assert "Task Partition._run: " in output
    assert LISTED_PLATE not in output

    with (
        scene.worker_process("stopped", drain_within_s=1) as process,
        hanging_broker(cluster, scene, process),
    ):
        os.kill(process.pid, signal.SIGTERM)
        wait_until(lambda: not process.alive, "it ends on request")
        output = process.output()
    assert process.exit_code == 1, output
    assert "is not committed and is processed after the next start" in output
    assert LISTED_PLATE not in output

    with scene.running_worker():
        scene.wait_processed()
    assert {each.read_id for each in scene.emitted_hits()} >= set(sent)
    scene.close()


@contextmanager
def hanging_broker(cluster: Cluster, scene: WorkerEnvironment, process: Process) -> Iterator[None]:
    """Stop the broker's process for the block, once a worker has emitted hits."""
    before = sum(scene.end_offsets(scene.names.hits))
    process.wait_ready()
    wait_until(lambda: sum(scene.end_offsets(scene.names.hits)) > before, "the worker emits hits")
    (node,) = cluster.nodes
    os.kill(node.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(node.pid, signal.SIGCONT)
