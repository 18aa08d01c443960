"""A real Apache Kafka on this machine, from Python alone: pinned jars on a Java runtime from a wheel.

For development, the demo and tests. It listens on the loopback address only and needs no login.
"""

from streams.kafka.dev_cluster.broker_config import Node
from streams.kafka.dev_cluster.cluster import Cluster
from streams.kafka.dev_cluster.errors import DevClusterError

__all__ = ["Cluster", "DevClusterError", "Node"]
