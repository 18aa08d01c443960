"""The settings: every section and key, declared once, here or in the package it belongs to.

The reference in docs/reference/configuration.md is generated from these declarations.
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
    """All settings."""

    kafka: Annotated[KafkaConfig, Meta(description="connection to Kafka")] = KafkaConfig()
    topics: Annotated[
        TopicsConfig, Meta(description="names, partitions and retention of the Kafka topics")
    ] = TopicsConfig()
    worker: Annotated[
        WorkerConfig, Meta(description="worker processes that match reads and correlate matches into hits")
    ] = WorkerConfig()
    lists: Annotated[
        dict[str, ListConfig],
        Meta(description="settings of one alert list; the id is the `list_id` of its alerts"),
    ] = {}
    matching: Annotated[MatchingConfig, Meta(description="matching of reads with alerts, for all lists")] = (
        MatchingConfig()
    )
    correlation: Annotated[
        CorrelationConfig, Meta(description="correlation of matches into passages, journeys and hits")
    ] = CorrelationConfig()
    network: Annotated[NetworkConfig, Meta(description="built-in road network")] = NetworkConfig()
    sites: Annotated[dict[str, SiteConfig], Meta(description="a site: a place where cameras stand")] = {}
    cameras: Annotated[
        dict[str, GatewayCameraConfig],
        Meta(
            description="a camera: where it stands and how it sends to the gateway; the id is the "
            "`camera_id` of its reads"
        ),
    ] = {}
    centres: Annotated[dict[str, CentreConfig], Meta(description="a police operations centre")] = {}
    handovers: Annotated[
        dict[str, HandoverRule],
        Meta(description="who takes over a vehicle that crosses a border, in one direction"),
    ] = {}
    operations: Annotated[dict[str, OperationConfig], Meta(description="a joint control operation")] = {}
    jurisdictions: Annotated[
        dict[Country, JurisdictionConfig],
        Meta(
            description="what the law of a country permits with its retained reads; the id is the country "
            "code"
        ),
    ] = {}
    gateway: Annotated[
        GatewayConfig,
        Meta(description="gateway that receives the events of cameras and writes reads to Kafka"),
    ] = GatewayConfig()

    @property
    def matching_rules(self) -> MatchingRules:
        """The settings of matching."""
        return MatchingRules(self.lists, self.matching)

    @property
    def places(self) -> Places:
        """The cameras and the sites; a configured site overrides the built-in one of the same id."""
        return Places(self.cameras, {**builtin_sites(self.network.shipped), **self.sites})

    @property
    def cooperation(self) -> CooperationRules:
        """The handovers and joint operations."""
        return CooperationRules(self.handovers, self.operations)

    def pipeline(self, models: ConfusionModels | None = None) -> PipelineConfig:
        """Return the configuration of both stages; `models` are those of `confusions` in [matching]."""
        return PipelineConfig(
            self.matching_rules,
            self.correlation,
            self.places,
            self.cooperation,
            frozenset(self.centres),
            models,
        )
