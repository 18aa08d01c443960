"""The ports, settings and logging of the brokers of a local cluster."""

import base64
import socket
import uuid
from pathlib import Path
from typing import Final

import msgspec

from streams.kafka.dev_cluster.errors import DevClusterError

HOST: Final = "127.0.0.1"
LOG4J_PROPERTIES: Final = """\
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
    """One broker: its number from 1, its ports on the loopback address, its process id or 0."""

    number: int
    port: int
    controller_port: int
    pid: int


class ClusterState(msgspec.Struct, frozen=True):
    """The state of a cluster that is stored between commands."""

    cluster_id: str
    nodes: list[Node]


def new_state(brokers: int, port: int) -> ClusterState:
    """Return the state of a new cluster: brokers on `port` and the next ones, or on free ports if it is 0."""
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
    free = _free_ports(2 * brokers)
    ports = [port + index for index in range(brokers)] if port else free[:brokers]
    return ClusterState(
        cluster_id,
        [Node(index + 1, ports[index], free[brokers + index], 0) for index in range(brokers)],
    )


def broker_settings(node: Node, nodes: list[Node], data: Path) -> dict[str, object]:
    """Return the settings of a broker, which is also a controller; it creates no topics by itself."""
    replication = min(3, len(nodes))
    voters = ",".join(f"{voter.number}@{HOST}:{voter.controller_port}" for voter in nodes)
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
        # A killed broker may register again only after its session has expired; the default of nine seconds
        # is long for a test that kills it.
        "broker.session.timeout.ms": 3000,
        "broker.heartbeat.interval.ms": 500,
        "auto.create.topics.enable": "false",
        "group.initial.rebalance.delay.ms": 0,
        "offsets.topic.replication.factor": replication,
        "transaction.state.log.replication.factor": replication,
        "transaction.state.log.min.isr": min(2, replication),
        "default.replication.factor": replication,
        "min.insync.replicas": min(2, replication),
    }


def check_port_free(port: int) -> None:
    """Raise DevClusterError if another program listens on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise DevClusterError(
                f"port {port} of {HOST} is used by another program ({error.strerror}); choose another with "
                "--port, 0 for a free one"
            ) from error


def _free_ports(count: int) -> list[int]:
    """Return ports that nothing listens on, bound at the same time so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for sock in sockets:
            sock.bind((HOST, 0))
        return [sock.getsockname()[1] for sock in sockets]
    finally:
        for sock in sockets:
            sock.close()
