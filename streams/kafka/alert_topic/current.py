"""The alert lists as they are on their topic at present."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from streams.alerts import Snapshot
from streams.kafka.alert_topic.reader import ListReader
from streams.kafka.client import Connection

_NEVER_KEPT = 0


async def on_topic(
    connection: Connection,
    topic: str,
    folder: Path,
    *,
    say: Callable[[str], None],
    clock_ms: Callable[[], int],
    progress: Callable[[int, int], Any] = lambda _, __: None,
) -> Snapshot:
    """The lists as they are on the topic now, without what was withdrawn.

    `folder` is for the file; the rest is as for ListReader. Raises ListsError.
    """
    reader = ListReader(
        connection,
        topic,
        folder,
        tombstones_for_ms=_NEVER_KEPT,
        say=say,
        clock_ms=clock_ms,
        progress=progress,
    )
    try:
        await reader.load()
        return Snapshot(reader.path)
    finally:
        await reader.stop()
