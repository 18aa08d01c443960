"""The part of the settings that lookback needs."""

from collections.abc import Mapping

from msgspec import Struct

from streams.kafka.topics import TopicsConfig
from streams.pipeline import PipelineConfig
from streams.rules.jurisdictions import JurisdictionConfig


class LookbackConfig(Struct, frozen=True):
    """The topics, what the countries permit, and how reads are matched."""

    topics: TopicsConfig
    jurisdictions: Mapping[str, JurisdictionConfig]
    pipeline: PipelineConfig

    @property
    def is_permitted(self) -> bool:
        """True if any country permits lookback."""
        return any(jurisdiction.lookback_hours for jurisdiction in self.jurisdictions.values())
