"""A cluster of one or more brokers in a folder: started, stopped, asked how it is."""

import base64
import os
import signal
import socket
import subprocess
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec

from streams.kafka.dev_cluster.errors import DevClusterError
from streams.kafka.dev_cluster.jars import cache_folder, fetch_jars, load_pinned_jars
from streams.kafka.dev_cluster.java import find_java
from streams.runtime.waiting import wait_until

HOST: Final = "127.0.0.1"
_READY_TIMEOUT_S: Final = 60.0
_STOP_TIMEOUT_S: Final = 30.0
_LOG_LINES: Final = 15
_LOG4J_PROPERTIES: Final = """\
status = WARN
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = ${sys:anpr.log}
appender.file.filePattern = ${sys:anpr.log}.%i
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{ISO8601} %p %m (%c)%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 20MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 3
rootLogger.level = INFO
rootLogger.appenderRef.file.ref = file
"""


class Node(msgspec.Struct, frozen=True):
    """One broker: its number from 1, its ports on the loopback address, its process."""

    number: int
    port: int
    controller_port: int
    pid: int


class _State(msgspec.Struct, frozen=True):
    cluster_id: str
    nodes: list[Node]


class Cluster:
    """A cluster whose data, logs and state are in one folder.

    `say` is told what takes long; `more` are settings of the brokers, by Kafka's names, that go before those
    made here. All methods raise LocalKafkaError for what the user must know.
    """

    def __init__(
        self,
        folder: Path,
        environ: Mapping[str, str],
        say: Callable[[str], None] = lambda _: None,
        extra_settings: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        self.folder = folder
        self._extra_settings = extra_settings
        self._environ = environ
        self._say = say

    @property
    def nodes(self) -> list[Node]:
        """The brokers, running or not; none if the cluster was never started."""
        state = self._read_state()
        return state.nodes if state else []

    @property
    def servers(self) -> str:
        """The bootstrap servers, `host:port` with commas between."""
        return ",".join(f"{HOST}:{node.port}" for node in self.nodes)

    def is_running(self, node: Node) -> bool:
        """Whether a broker's process lives."""
        told = subprocess.run(
            ["ps", "-ww", "-o", "command=", "-p", str(node.pid)], capture_output=True, text=True
        )
        return str(self._properties_path(node.number)) in told.stdout

    def log_path(self, node: Node) -> Path:
        """The broker's log."""
        return self._node_folder(node.number) / "kafka.log"

    def download(self) -> str:
        """Downloads Kafka if it never was; returns its class path. `up` does it too."""
        version, jars = load_pinned_jars()
        folder = cache_folder(self._environ) / f"kafka-{version}"
        if not folder.is_dir():
            self._say(f"downloading Kafka {version} to {folder}, once")
        return os.pathsep.join(map(str, fetch_jars(folder, jars)))

    def up(self, brokers: int = 1, port: int = 0) -> None:
        """Starts the cluster and waits until it answers; what runs already is left as it is.

        The first broker listens on `port`, the others on the next ones; 0 takes free ones. A cluster that
        was started before keeps its ports, its data and its number of brokers.
        """
        runtime = find_java(self._environ)
        classpath = self.download()
        state = self._read_state() or _new_state(brokers, port)
        if len(state.nodes) != brokers:
            raise DevClusterError(
                f"{self.folder}: has a cluster of {len(state.nodes)} brokers, not {brokers}; "
                "choose another folder, or delete this one if its data is not needed"
            )
        nodes = []
        for node in state.nodes:
            if not self.is_running(node):
                _check_port_free(node.port)
                self._prepare_broker(node, state, runtime, classpath)
                node = msgspec.structs.replace(node, pid=self._start_broker(node, runtime, classpath))
            nodes.append(node)
        self._write_state(msgspec.structs.replace(state, nodes=nodes))
        self._wait_until_ready(nodes)

    def down(self) -> list[Node]:
        """Stops the brokers that run and waits until they are gone; returns them. The data stays."""
        stopped = [node for node in self.nodes if self.is_running(node)]
        for node in stopped:
            os.kill(node.pid, signal.SIGTERM)
        for node in stopped:
            if not wait_until(partial(self._has_exited, node), _STOP_TIMEOUT_S):
                self._say(f"broker {node.number} did not stop within {_STOP_TIMEOUT_S:.0f} s; killed")
                os.kill(node.pid, signal.SIGKILL)
        return stopped

    def _read_state(self) -> _State | None:
        path = self.folder / "cluster.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=_State)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError as error:
            raise DevClusterError(f"{path}: is damaged ({error}); delete the folder to begin anew") from error

    def _write_state(self, state: _State) -> None:
        (self.folder / "cluster.json").write_bytes(msgspec.json.encode(state))

    def _node_folder(self, number: int) -> Path:
        return self.folder / f"broker-{number}"

    def _properties_path(self, number: int) -> Path:
        return self._node_folder(number) / "server.properties"

    def _prepare_broker(self, node: Node, state: _State, runtime: Path, classpath: str) -> None:
        folder = self._node_folder(node.number)
        folder.mkdir(parents=True, exist_ok=True)
        data = folder / "data"
        settings = _broker_settings(node, state.nodes, data) | dict(self._extra_settings)
        self._properties_path(node.number).write_text(
            "".join(f"{key}={value}\n" for key, value in settings.items()), "utf-8"
        )
        (folder / "log4j2.properties").write_text(_LOG4J_PROPERTIES, "utf-8")
        if (data / "meta.properties").exists():
            return
        command = [str(runtime), "-cp", classpath, "kafka.tools.StorageTool", "format"]
        command += [f"--cluster-id={state.cluster_id}", "-c", str(self._properties_path(node.number))]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise DevClusterError(f"{data}: cannot be formatted: {(done.stderr or done.stdout).strip()}")

    def _start_broker(self, node: Node, runtime: Path, classpath: str) -> int:
        folder = self._node_folder(node.number)
        command = [
            str(runtime),
            "-Xms256m",
            "-Xmx1g",
            f"-Danpr.log={self.log_path(node)}",
            f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}",
            "-cp",
            classpath,
            "kafka.Kafka",
            str(self._properties_path(node.number)),
        ]
        with (folder / "console.log").open("ab") as console:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True
            )
        return process.pid

    def _wait_until_ready(self, nodes: list[Node]) -> None:
        """Until every broker answers and knows all the others."""
        for node in nodes:
            if not wait_until(partial(self._has_settled, node, len(nodes)), _READY_TIMEOUT_S):
                raise DevClusterError(
                    self._describe_failure(node, f"does not answer within {_READY_TIMEOUT_S:.0f} s")
                )
            if not self.is_running(node):
                raise DevClusterError(self._describe_failure(node, "ended by itself"))

    def _has_exited(self, node: Node) -> bool:
        return not self.is_running(node)

    def _has_settled(self, node: Node, brokers: int) -> bool:
        return not self.is_running(node) or _responds(node, brokers)

    def _describe_failure(self, node: Node, problem: str) -> str:
        lines: list[str] = []
        for path in (self.log_path(node), self._node_folder(node.number) / "console.log"):
            if path.exists():
                lines += path.read_text("utf-8", "replace").splitlines()[-_LOG_LINES:]
        return "\n".join(
            [f"broker {node.number} {problem}; the end of its log, {self.log_path(node)}:", *lines]
        )


def _new_state(brokers: int, port: int) -> _State:
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
    taken = _free_ports(2 * brokers)
    ports = [port + place for place in range(brokers)] if port else taken[:brokers]
    return _State(
        cluster_id,
        [Node(place + 1, ports[place], taken[brokers + place], 0) for place in range(brokers)],
    )


def _broker_settings(node: Node, nodes: list[Node], data: Path) -> dict[str, object]:
    """The broker's settings. Each is broker and controller; topics are never made by accident."""
    copies = min(3, len(nodes))
    voters = ",".join(f"{each.number}@{HOST}:{each.controller_port}" for each in nodes)
    return {
        "process.roles": "broker,controller",
        "node.id": node.number,
        "controller.quorum.voters": voters,
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{HOST}:{node.port},CONTROLLER://{HOST}:{node.controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{node.port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": data,
        # A broker that was killed may register again only when its old session has ended; nine seconds, the
        # default, is long for a test that kills it.
        "broker.session.timeout.ms": 3000,
        "broker.heartbeat.interval.ms": 500,
        "auto.create.topics.enable": "false",
        "group.initial.rebalance.delay.ms": 0,
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": min(2, copies),
        "default.replication.factor": copies,
        "min.insync.replicas": min(2, copies),
    }


def _responds(node: Node, brokers: int) -> bool:
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError

    try:
        client = KafkaAdminClient(
            bootstrap_servers=f"{HOST}:{node.port}", request_timeout_ms=2000, bootstrap_timeout_ms=2000
        )
    except (KafkaError, OSError):
        return False
    try:
        return len(client.describe_cluster()["brokers"]) == brokers
    except KafkaError:
        return False
    finally:
        client.close()


def _free_ports(count: int) -> list[int]:
    """Ports that nothing listens on, held together so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind((HOST, 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _check_port_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise DevClusterError(
                f"port {port} of {HOST} is taken by another program ({error.strerror}); "
                "choose another with --port, 0 takes a free one"
            ) from error
