"""Whether a snapshot kept from an earlier run may still be used."""

from collections.abc import Mapping
from pathlib import Path

from streams.alerts import Snapshot, SnapshotError, Source
from streams.records.times import HOUR_MS


def opened(
    path: Path, now: Source, starts: Mapping[int, int], tombstones_for_ms: int
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
        _differs(source, now) or _gaps(source, now, starts, tombstones_for_ms)
        if source
        else "made from files"
    )
    if why:
        snapshot.close()
        return None, f"{path}: {why}"
    return snapshot, ""


def _differs(kept: Source, now: Source) -> str:
    if kept.topic != now.topic:
        return f"of another topic, {kept.topic}"
    if kept.cluster_id != now.cluster_id:
        return f"of another cluster, {kept.cluster_id}, and this is {now.cluster_id}"
    if kept.topic_id != now.topic_id:
        return "of an earlier topic of this name; it was made anew since"
    if sorted(kept.next_offsets) != sorted(now.next_offsets):
        return f"of {len(kept.next_offsets)} partitions, and the topic has {len(now.next_offsets)}"
    return ""


def _gaps(kept: Source, now: Source, starts: Mapping[int, int], tombstones_for_ms: int) -> str:
    age = now.taken_at - kept.taken_at
    if age < 0:
        return "dated after now; this machine's clock was wrong, then or now"
    if age > tombstones_for_ms:
        return (
            f"{age / HOUR_MS:.1f} hours old, and it may lack withdrawals, which stay on the topic for "
            f"{tombstones_for_ms / HOUR_MS:g} hours"
        )
    for partition, offset in sorted(kept.next_offsets.items()):
        start, end = starts[partition], now.next_offsets[partition]
        if not start <= offset <= end:
            where = f"begins at {start}" if offset < start else f"ends at {end}"
            return f"ends at offset {offset} of partition {partition}, and the log {where} now"
    return ""
