"""What all parts of one gateway share."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from streams.gateway.config import GatewayCameraConfig, GatewayConfig
from streams.records.times import Millis


class GatewayTopics(NamedTuple):
    """The topic of the reads of each camera, by camera id, and the topic of dead letters."""

    reads: Mapping[str, str]
    dead_letters: str


class GatewayContext(NamedTuple):
    """The settings of a gateway, the cameras that send to it, its topics, and its clock."""

    config: GatewayConfig
    cameras: Mapping[str, GatewayCameraConfig]
    topics: GatewayTopics
    now_ms: Callable[[], Millis]
