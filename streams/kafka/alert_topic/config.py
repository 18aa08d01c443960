"""Configuration of reading the alert lists from their topic."""

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple


class AlertTopicConfig(NamedTuple):
    """The topic of alerts, and the snapshot of it that is kept between runs."""

    topic: str
    folder: Path
    """The folder of the snapshot, which is named after the topic."""
    tombstone_retention_ms: int
    """The topic's delete.retention.ms: how long withdrawals stay on it."""
    fuzzy_lists: Collection[str] = ()
    """The lists with fuzzy matching, as for `Index`."""
    max_changes: int = 100_000
    """Records since the snapshot that are held in memory as changes; more are made into a new snapshot."""

    @property
    def snapshot_path(self) -> Path:
        """The file of the snapshot."""
        return self.folder / f"{self.topic}.snapshot"
