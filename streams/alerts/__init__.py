"""Alert lists: their index, their snapshot files, and lint.

`Index` finds the alerts that the plates of a batch may match. Its base is a `Snapshot`, a memory-mapped file
that is never changed; later changes are in a small delta. `SnapshotWriter` builds a snapshot from files,
`LogSnapshotWriter` from a compacted topic.
"""

from streams.alerts.index import Candidate, Index
from streams.alerts.snapshot.format import SnapshotError, SnapshotSource
from streams.alerts.snapshot.log_writer import LogSnapshotWriter
from streams.alerts.snapshot.reader import Snapshot
from streams.alerts.snapshot.writer import SnapshotWriter

__all__ = [
    "Candidate",
    "Index",
    "LogSnapshotWriter",
    "Snapshot",
    "SnapshotError",
    "SnapshotSource",
    "SnapshotWriter",
]
