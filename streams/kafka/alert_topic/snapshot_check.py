"""Whether a snapshot kept from an earlier run may still be used."""

from collections.abc import Mapping
from pathlib import Path

from streams.alerts import Snapshot, SnapshotError, SnapshotSource
from streams.records.times import HOUR_MS


def open_if_current(
    path: Path, current: SnapshotSource, start_offsets: Mapping[int, int], tombstone_retention_ms: int
) -> tuple[Snapshot | None, str]:
    """A kept snapshot of a topic, or None and why it is not used; without a file the words are empty.

    `now` is the topic as it is: its ends as `next_offsets`, and the time. A withdrawal may be removed from
    the topic after `tombstones_for_ms`, so a snapshot older than that may lack one, and would bring back what
    was withdrawn. Raises OSError for a file that is there and cannot be read.
    """
    try:
        snapshot = Snapshot(path)
        source = snapshot.source()
    except FileNotFoundError:
        return None, ""
    except SnapshotError as error:
        return None, str(error).partition("; ")[0]
    why = (
        _find_difference(source, current) or _find_gap(source, current, start_offsets, tombstone_retention_ms)
        if source
        else "made from files"
    )
    if why:
        snapshot.close()
        return None, f"{path}: {why}"
    return snapshot, ""


def _find_difference(stored: SnapshotSource, current: SnapshotSource) -> str:
    if stored.topic != current.topic:
        return f"of another topic, {stored.topic}"
    if stored.cluster_id != current.cluster_id:
        return f"of another cluster, {stored.cluster_id}, and this is {current.cluster_id}"
    if stored.topic_id != current.topic_id:
        return "of an earlier topic of this name; it was made anew since"
    if sorted(stored.next_offsets) != sorted(current.next_offsets):
        return f"of {len(stored.next_offsets)} partitions, and the topic has {len(current.next_offsets)}"
    return ""


def _find_gap(
    stored: SnapshotSource,
    current: SnapshotSource,
    start_offsets: Mapping[int, int],
    tombstone_retention_ms: int,
) -> str:
    age = current.taken_at - stored.taken_at
    if age < 0:
        return "dated after now; this machine's clock was wrong, then or now"
    if age > tombstone_retention_ms:
        return (
            f"{age / HOUR_MS:.1f} hours old, and it may lack withdrawals, which stay on the topic for "
            f"{tombstone_retention_ms / HOUR_MS:g} hours"
        )
    for partition, offset in sorted(stored.next_offsets.items()):
        start, end = start_offsets[partition], current.next_offsets[partition]
        if not start <= offset <= end:
            where = f"begins at {start}" if offset < start else f"ends at {end}"
            return f"ends at offset {offset} of partition {partition}, and the log {where} now"
    return ""
