"""What is looked for: the index (a mapped base and a delta), snapshots, lint.

`Index` answers which alerts may match the plates of a batch. Its base is a `Snapshot`, a memory-mapped file
that is never changed; what has changed since is in a small delta. `SnapshotWriter` makes a snapshot from
files, `LogWriter` from a compacted topic.
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
