"""The check of a snapshot from an earlier run: nothing of the topic may be missing from it."""

from collections.abc import Mapping
from pathlib import Path

from streams.alerts import Snapshot, SnapshotError, SnapshotSource
from streams.records.times import HOUR_MS


def open_if_current(
    path: Path, current: SnapshotSource, start_offsets: Mapping[int, int], tombstone_retention_ms: int
) -> tuple[Snapshot | None, str]:
    """Return the snapshot of a topic, or None and why it is not used; an empty text if there is no file.

    `current` is the topic as it is now: its ends as `next_offsets`, and the time. The broker may delete a
    withdrawal after `tombstone_retention_ms`, so an older snapshot may lack one and would make a withdrawn
    alert effective again. Raises OSError for a file that exists and cannot be read.
    """
    try:
        snapshot = Snapshot(path)
        source = snapshot.source()
    except FileNotFoundError:
        return None, ""
    except SnapshotError as error:
        # The advice after the semicolon, to delete the file, does not apply: it is replaced.
        return None, str(error).partition("; ")[0]
    if source is None:
        why = "made from files"
    else:
        why = _find_difference(source, current) or _find_gap(
            source, current, start_offsets, tombstone_retention_ms
        )
    if why:
        snapshot.close()
        return None, f"{path}: {why}"
    return snapshot, ""


def _find_difference(stored: SnapshotSource, current: SnapshotSource) -> str:
    """Return how the snapshot is of another topic, else an empty text."""
    if stored.topic != current.topic:
        return f"made from topic {stored.topic}"
    if stored.cluster_id != current.cluster_id:
        return f"made from cluster {stored.cluster_id}, and this is {current.cluster_id}"
    if stored.topic_id != current.topic_id:
        return "made from an earlier topic of this name, which was deleted since"
    if sorted(stored.next_offsets) != sorted(current.next_offsets):
        return (
            f"made from {len(stored.next_offsets)} partitions, and the topic has {len(current.next_offsets)}"
        )
    return ""


def _find_gap(
    stored: SnapshotSource,
    current: SnapshotSource,
    start_offsets: Mapping[int, int],
    tombstone_retention_ms: int,
) -> str:
    """Return what may be missing between the snapshot and the topic, else an empty text."""
    age_ms = current.taken_at - stored.taken_at
    if age_ms < 0:
        return "dated after now: the clock of this machine was wrong, then or now"
    if age_ms > tombstone_retention_ms:
        return (
            f"{age_ms / HOUR_MS:.1f} hours old, so it may lack withdrawals, which stay on the topic for "
            f"{tombstone_retention_ms / HOUR_MS:g} hours"
        )
    for partition, offset in sorted(stored.next_offsets.items()):
        start, end = start_offsets[partition], current.next_offsets[partition]
        if not start <= offset <= end:
            where = f"starts at {start}" if offset < start else f"ends at {end}"
            return f"ends at offset {offset} of partition {partition}, and the log now {where}"
    return ""
