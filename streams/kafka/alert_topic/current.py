"""The alert lists as they are on their topic at present."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from streams.alerts import Snapshot
from streams.kafka.alert_topic.reader import AlertTopicReader
from streams.kafka.client import Connection

_NO_RETENTION_MS = 0


async def read_current_lists(
    connection: Connection,
    topic: str,
    folder: Path,
    *,
    say: Callable[[str], None],
    now_ms: Callable[[], int],
    progress: Callable[[int, int], Any] = lambda _, __: None,
) -> Snapshot:
    """The lists as they are on the topic now, without what was withdrawn.

    `folder` is for the file; the rest is as for ListReader. Raises ListsError.
    """
    reader = AlertTopicReader(
        connection,
        topic,
        folder,
        tombstone_retention_ms=_NO_RETENTION_MS,
        say=say,
        now_ms=now_ms,
        progress=progress,
    )
    try:
        await reader.load()
        return Snapshot(reader.path)
    finally:
        await reader.stop()
