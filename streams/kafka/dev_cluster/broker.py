"""The process of one broker of a local cluster, and its files."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from streams.kafka.dev_cluster.broker_config import (
    HOST,
    LOG4J_PROPERTIES,
    ClusterState,
    Node,
    broker_settings,
)
from streams.kafka.dev_cluster.errors import DevClusterError

_LOG_LINES: Final = 15


class Broker:
    """One broker of a cluster, in a folder of its own within that of the cluster."""

    def __init__(self, cluster_folder: Path, node: Node) -> None:
        self.node = node
        self._folder = cluster_folder / f"broker-{node.number}"
        self._properties_path = self._folder / "server.properties"

    @property
    def log_path(self) -> Path:
        """The file of its log."""
        return self._folder / "kafka.log"

    def is_running(self) -> bool:
        """True if its process is alive, and is not another process with its former id."""
        command = subprocess.run(
            ["ps", "-ww", "-o", "command=", "-p", str(self.node.pid)], capture_output=True, text=True
        ).stdout
        return str(self._properties_path) in command

    def has_exited(self) -> bool:
        """True if its process is not alive."""
        return not self.is_running()

    def has_settled(self, broker_count: int) -> bool:
        """True if it answers and knows all brokers of the cluster, or has exited."""
        return self.has_exited() or self._responds(broker_count)

    def prepare(
        self, state: ClusterState, extra_settings: Mapping[str, object], java: Path, classpath: str
    ) -> None:
        """Write its settings, and format its data folder unless it has data. Raises DevClusterError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        data = self._folder / "data"
        settings = broker_settings(self.node, state.nodes, data) | dict(extra_settings)
        self._properties_path.write_text(
            "".join(f"{key}={value}\n" for key, value in settings.items()), "utf-8"
        )
        (self._folder / "log4j2.properties").write_text(LOG4J_PROPERTIES, "utf-8")
        if (data / "meta.properties").exists():
            return
        command = [str(java), "-cp", classpath, "kafka.tools.StorageTool", "format"]
        command += [f"--cluster-id={state.cluster_id}", "-c", str(self._properties_path)]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode:
            raise DevClusterError(f"{data}: cannot be formatted: {(result.stderr or result.stdout).strip()}")

    def start(self, java: Path, classpath: str) -> int:
        """Start its process; return the process id."""
        command = [
            str(java),
            "-Xms256m",
            "-Xmx1g",
            f"-Danpr.log={self.log_path}",
            f"-Dlog4j2.configurationFile={self._folder / 'log4j2.properties'}",
            "-cp",
            classpath,
            "kafka.Kafka",
            str(self._properties_path),
        ]
        with self._console_path.open("ab") as console:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True
            )
        return process.pid

    def failure(self, problem: str) -> DevClusterError:
        """Return an error with the end of its log."""
        lines: list[str] = []
        for path in (self.log_path, self._console_path):
            if path.exists():
                lines += path.read_text("utf-8", "replace").splitlines()[-_LOG_LINES:]
        heading = f"broker {self.node.number} {problem}; the end of its log, {self.log_path}:"
        return DevClusterError("\n".join([heading, *lines]))

    @property
    def _console_path(self) -> Path:
        return self._folder / "console.log"

    def _responds(self, broker_count: int) -> bool:
        from kafka import KafkaAdminClient
        from kafka.errors import KafkaError

        try:
            client = KafkaAdminClient(
                bootstrap_servers=f"{HOST}:{self.node.port}",
                request_timeout_ms=2000,
                bootstrap_timeout_ms=2000,
            )
        except (KafkaError, OSError):
            return False
        try:
            return len(client.describe_cluster()["brokers"]) == broker_count
        except KafkaError:
            return False
        finally:
            client.close()
