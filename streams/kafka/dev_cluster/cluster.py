"""A local cluster of one or more brokers: started, stopped and inspected."""

import logging
import os
import signal
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec

from streams.kafka.dev_cluster.broker import Broker
from streams.kafka.dev_cluster.broker_config import HOST, ClusterState, Node, check_port_free, new_state
from streams.kafka.dev_cluster.errors import DevClusterError
from streams.kafka.dev_cluster.jars import cache_folder, fetch_jars, load_pinned_jars
from streams.kafka.dev_cluster.java import find_java
from streams.runtime.waiting import wait_until

_log = logging.getLogger(__name__)
_READY_TIMEOUT_S: Final = 60.0
_STOP_TIMEOUT_S: Final = 30.0


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
        """`extra_settings` are settings of the brokers, by Kafka's names, that override the default ones."""
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
        """True if the process of a broker is alive."""
        return self._broker(node).is_running()

    def log_path(self, node: Node) -> Path:
        """Return the file of a broker's log."""
        return self._broker(node).log_path

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
            broker = self._broker(node)
            if broker.is_running():
                nodes.append(node)
                continue
            check_port_free(node.port)
            broker.prepare(state, self._extra_settings, java, classpath)
            nodes.append(msgspec.structs.replace(node, pid=broker.start(java, classpath)))
        self._write_state(msgspec.structs.replace(state, nodes=nodes))
        for node in nodes:
            self._wait_until_ready(self._broker(node), len(nodes))

    def down(self) -> list[Node]:
        """Stop the brokers that run, and wait until they have exited; return them. The data stays."""
        running = [broker for broker in map(self._broker, self.nodes) if broker.is_running()]
        for broker in running:
            os.kill(broker.node.pid, signal.SIGTERM)
        for broker in running:
            if not wait_until(broker.has_exited, _STOP_TIMEOUT_S):
                _log.warning(
                    "broker %d did not stop within %.0f s: killed", broker.node.number, _STOP_TIMEOUT_S
                )
                os.kill(broker.node.pid, signal.SIGKILL)
        return [broker.node for broker in running]

    def _broker(self, node: Node) -> Broker:
        return Broker(self.folder, node)

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

    def _wait_until_ready(self, broker: Broker, broker_count: int) -> None:
        """Wait until a broker answers and knows all the others."""
        if not wait_until(partial(broker.has_settled, broker_count), _READY_TIMEOUT_S):
            raise broker.failure(f"did not answer within {_READY_TIMEOUT_S:.0f} s")
        if broker.has_exited():
            raise broker.failure("exited")
