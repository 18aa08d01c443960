"""The settings: each section and key is declared once, here or in the room it belongs to.

The file's reference, `docs/reference/configuration.md`, is made from these declarations.
"""

from typing import Annotated

from msgspec import Meta, Struct

from streams.confusions.model import ConfusionModels
from streams.correlation.config import CentreConfig, CooperationRules, CorrelationConfig
from streams.gateway.config import GatewayCameraConfig, GatewayConfig
from streams.kafka.client import KafkaConfig
from streams.kafka.topics import TopicsConfig
from streams.matching.config import ListConfig, MatchingConfig, MatchingRules
from streams.network.builtin import builtin_sites
from streams.network.config import NetworkConfig, Places, SiteConfig
from streams.operations.config import OperationConfig
from streams.pipeline import PipelineConfig
from streams.records.countries import Country
from streams.rules.handovers import HandoverRule
from streams.rules.jurisdictions import JurisdictionConfig
from streams.worker.config import WorkerConfig


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """All that an operator sets."""

    kafka: Annotated[KafkaConfig, Meta(description="the way to Kafka")] = KafkaConfig()
    topics: Annotated[TopicsConfig, Meta(description="the topics")] = TopicsConfig()
    worker: Annotated[WorkerConfig, Meta(description="the workers")] = WorkerConfig()
    lists: Annotated[dict[str, ListConfig], Meta(description="the alert lists")] = {}
    matching: Annotated[MatchingConfig, Meta(description="matching, for all lists")] = MatchingConfig()
    correlation: Annotated[CorrelationConfig, Meta(description="matches over time")] = CorrelationConfig()
    network: Annotated[NetworkConfig, Meta(description="the road network")] = NetworkConfig()
    sites: Annotated[dict[str, SiteConfig], Meta(description="the places where cameras stand")] = {}
    cameras: Annotated[dict[str, GatewayCameraConfig], Meta(description="the cameras")] = {}
    centres: Annotated[dict[str, CentreConfig], Meta(description="the police operations centres")] = {}
    handovers: Annotated[
        dict[str, HandoverRule], Meta(description="who takes over a vehicle that crosses a border")
    ] = {}
    operations: Annotated[dict[str, OperationConfig], Meta(description="the joint control operations")] = {}
    jurisdictions: Annotated[
        dict[Country, JurisdictionConfig],
        Meta(description="what the law of each country allows with its reads"),
    ] = {}
    gateway: Annotated[GatewayConfig, Meta(description="the gateway of the cameras")] = GatewayConfig()

    @property
    def matching_rules(self) -> MatchingRules:
        """What matching needs."""
        return MatchingRules(self.lists, self.matching)

    @property
    def places(self) -> Places:
        """The cameras, and the sites in force: the operator's own and, below them, the shipped ones."""
        return Places(self.cameras, {**builtin_sites(self.network.shipped), **self.sites})

    @property
    def cooperation(self) -> CooperationRules:
        """What correlation needs of handovers and joint operations."""
        return CooperationRules(self.handovers, self.operations)

    def pipeline(self, models: ConfusionModels | None = None) -> PipelineConfig:
        """Return what both stages need; `models` are those read from the file that the settings name."""
        return PipelineConfig(self.matching_rules, self.correlation, self.places, self.cooperation, models)
