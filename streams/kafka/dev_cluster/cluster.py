"""A local cluster of one or more brokers: started, stopped and inspected."""

import logging
import os
import signal
import subprocess
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec

from streams.kafka.dev_cluster.broker_config import (
    HOST,
    LOG4J_PROPERTIES,
    ClusterState,
    Node,
    broker_settings,
    check_port_free,
    new_state,
)
from streams.kafka.dev_cluster.errors import DevClusterError
from streams.kafka.dev_cluster.jars import cache_folder, fetch_jars, load_pinned_jars
from streams.kafka.dev_cluster.java import find_java
from streams.runtime.waiting import wait_until

_log = logging.getLogger(__name__)
_READY_TIMEOUT_S: Final = 60.0
_STOP_TIMEOUT_S: Final = 30.0
_LOG_LINES: Final = 15


class Cluster:
    """A cluster whose data, logs and state are in one folder.

    All methods raise DevClusterError for what the user must act on. Logs what takes long.
    """

    def __init__(
        self,
        folder: Path,
        environ: Mapping[str, str],
        extra_settings: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        """`extra_settings` are settings of the brokers, by Kafka's names, that override those made here."""
        self.folder = folder
        self._extra_settings = extra_settings
        self._environ = environ

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
        """True if the process of a broker is alive, and is not another process with its former id."""
        command = subprocess.run(
            ["ps", "-ww", "-o", "command=", "-p", str(node.pid)], capture_output=True, text=True
        ).stdout
        return str(self._properties_path(node.number)) in command

    def log_path(self, node: Node) -> Path:
        """Return the file of a broker's log."""
        return self._node_folder(node.number) / "kafka.log"

    def download(self) -> str:
        """Download Kafka unless it was downloaded before; return its class path. `up` does this too."""
        version, jars = load_pinned_jars()
        folder = cache_folder(self._environ) / f"kafka-{version}"
        if not folder.is_dir():
            _log.info("downloading Kafka %s to %s, once", version, folder)
        return os.pathsep.join(map(str, fetch_jars(folder, jars)))

    def up(self, brokers: int = 1, port: int = 0) -> None:
        """Start the brokers that do not run, and wait until the cluster answers.

        The first broker listens on `port`, the others on the next ones; 0 takes free ones. A cluster that
        was started before keeps its ports, its data and its number of brokers.
        """
        java = find_java(self._environ)
        classpath = self.download()
        state = self._read_state() or new_state(brokers, port)
        if len(state.nodes) != brokers:
            raise DevClusterError(
                f"{self.folder}: has a cluster of {len(state.nodes)} brokers, not {brokers}; choose another "
                "folder, or delete this one if its data is not needed"
            )
        nodes = []
        for node in state.nodes:
            if not self.is_running(node):
                check_port_free(node.port)
                self._prepare_broker(node, state, java, classpath)
                node = msgspec.structs.replace(node, pid=self._start_broker(node, java, classpath))
            nodes.append(node)
        self._write_state(msgspec.structs.replace(state, nodes=nodes))
        self._wait_until_ready(nodes)

    def down(self) -> list[Node]:
        """Stop the brokers that run, and wait until they have exited; return them. The data stays."""
        stopped = [node for node in self.nodes if self.is_running(node)]
        for node in stopped:
            os.kill(node.pid, signal.SIGTERM)
        for node in stopped:
            if not wait_until(partial(self._has_exited, node), _STOP_TIMEOUT_S):
                _log.warning("broker %d did not stop within %.0f s: killed", node.number, _STOP_TIMEOUT_S)
                os.kill(node.pid, signal.SIGKILL)
        return stopped

    def _read_state(self) -> ClusterState | None:
        path = self.folder / "cluster.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=ClusterState)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError as error:
            raise DevClusterError(
                f"{path}: is damaged ({error}); delete the folder to start with an empty cluster"
            ) from error

    def _write_state(self, state: ClusterState) -> None:
        (self.folder / "cluster.json").write_bytes(msgspec.json.encode(state))

    def _node_folder(self, number: int) -> Path:
        return self.folder / f"broker-{number}"

    def _properties_path(self, number: int) -> Path:
        return self._node_folder(number) / "server.properties"

    def _prepare_broker(self, node: Node, state: ClusterState, java: Path, classpath: str) -> None:
        """Write the settings of a broker, and format its data folder unless it has data."""
        folder = self._node_folder(node.number)
        folder.mkdir(parents=True, exist_ok=True)
        data = folder / "data"
        settings = broker_settings(node, state.nodes, data) | dict(self._extra_settings)
        self._properties_path(node.number).write_text(
            "".join(f"{key}={value}\n" for key, value in settings.items()), "utf-8"
        )
        (folder / "log4j2.properties").write_text(LOG4J_PROPERTIES, "utf-8")
        if (data / "meta.properties").exists():
            return
        command = [str(java), "-cp", classpath, "kafka.tools.StorageTool", "format"]
        command += [f"--cluster-id={state.cluster_id}", "-c", str(self._properties_path(node.number))]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode:
            raise DevClusterError(f"{data}: cannot be formatted: {(result.stderr or result.stdout).strip()}")

    def _start_broker(self, node: Node, java: Path, classpath: str) -> int:
        """Start the process of a broker; return its id."""
        folder = self._node_folder(node.number)
        command = [
            str(java),
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
        """Wait until every broker answers and knows all the others."""
        for node in nodes:
            if not wait_until(partial(self._has_settled, node, len(nodes)), _READY_TIMEOUT_S):
                raise DevClusterError(
                    self._describe_failure(node, f"did not answer within {_READY_TIMEOUT_S:.0f} s")
                )
            if not self.is_running(node):
                raise DevClusterError(self._describe_failure(node, "exited"))

    def _has_exited(self, node: Node) -> bool:
        return not self.is_running(node)

    def _has_settled(self, node: Node, brokers: int) -> bool:
        """True if a broker answers and knows all the others, or has exited."""
        return not self.is_running(node) or _responds(node, brokers)

    def _describe_failure(self, node: Node, problem: str) -> str:
        lines: list[str] = []
        for path in (self.log_path(node), self._node_folder(node.number) / "console.log"):
            if path.exists():
                lines += path.read_text("utf-8", "replace").splitlines()[-_LOG_LINES:]
        return "\n".join(
            [f"broker {node.number} {problem}; the end of its log, {self.log_path(node)}:", *lines]
        )


def _responds(node: Node, brokers: int) -> bool:
    """True if a broker answers and knows a number of brokers."""
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
