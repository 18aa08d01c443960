"""The alert lists as they are on their topic at present."""

from collections.abc import Callable
from pathlib import Path

from streams.alerts import Snapshot
from streams.kafka.alert_topic.config import AlertTopicConfig
from streams.kafka.alert_topic.reader import AlertTopicReader
from streams.kafka.client import Connection


async def read_current_lists(
    connection: Connection,
    topic: str,
    folder: Path,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Snapshot:
    """Return the lists as they are on the topic now, without what was withdrawn.

    `folder` is for the snapshot, and empty; `progress` as in AlertTopicReader. Raises AlertTopicError.
    """
    # Without retention, alerts that were withdrawn are not in the snapshot.
    config = AlertTopicConfig(topic, folder, tombstone_retention_ms=0)
    reader = AlertTopicReader(connection, config, progress=progress)
    try:
        await reader.load()
        return Snapshot(config.snapshot_path)
    finally:
        await reader.stop()
