"""The settings: each section and key is declared once, here or in the room it belongs to.

The file's reference, `docs/configuration.md`, is made from these declarations.
"""

from typing import Annotated

from msgspec import Meta, Struct

from streams.correlation.config import Centre, Cooperation, CorrelationPolicy
from streams.gateway.config import Camera, GatewaySection
from streams.kafka.client import KafkaSection
from streams.kafka.topics import TopicsPolicy
from streams.matching.config import ListPolicy, MatchingPolicy, Policies
from streams.network.builtin import shipped_sites
from streams.network.config import NetworkSection, Places, Site
from streams.operations.config import Operation
from streams.records.countries import Country
from streams.rules.handovers import HandoverRule
from streams.rules.jurisdictions import Jurisdiction
from streams.worker.config import WorkerPolicy


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """All that an operator sets."""

    kafka: Annotated[KafkaSection, Meta(description="the way to Kafka")] = KafkaSection()
    topics: Annotated[TopicsPolicy, Meta(description="the topics")] = TopicsPolicy()
    worker: Annotated[WorkerPolicy, Meta(description="the workers")] = WorkerPolicy()
    lists: Annotated[dict[str, ListPolicy], Meta(description="the alert lists")] = {}
    matching: Annotated[MatchingPolicy, Meta(description="matching, for all lists")] = MatchingPolicy()
    correlation: Annotated[CorrelationPolicy, Meta(description="matches over time")] = CorrelationPolicy()
    network: Annotated[NetworkSection, Meta(description="the road network")] = NetworkSection()
    sites: Annotated[dict[str, Site], Meta(description="the places where cameras stand")] = {}
    cameras: Annotated[dict[str, Camera], Meta(description="the cameras")] = {}
    centres: Annotated[dict[str, Centre], Meta(description="the police operations centres")] = {}
    handovers: Annotated[
        dict[str, HandoverRule], Meta(description="who takes over a vehicle that crosses a border")
    ] = {}
    operations: Annotated[dict[str, Operation], Meta(description="the joint control operations")] = {}
    jurisdictions: Annotated[
        dict[Country, Jurisdiction], Meta(description="what the law of each country allows with its reads")
    ] = {}
    gateway: Annotated[GatewaySection, Meta(description="the gateway of the cameras")] = GatewaySection()

    @property
    def policies(self) -> Policies:
        """What matching needs."""
        return Policies(self.lists, self.matching)

    @property
    def places(self) -> Places:
        """The cameras, and the sites in force: the operator's own and, below them, the shipped ones."""
        return Places(self.cameras, {**shipped_sites(self.network.shipped), **self.sites})

    @property
    def cooperation(self) -> Cooperation:
        """What correlation needs of handovers and joint operations."""
        return Cooperation(self.handovers, self.operations)
