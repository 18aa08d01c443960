"""What is looked for: the index (a mapped base and a delta), snapshots, lint.

`Index` answers which alerts may match the plates of a batch. Its base is a `Snapshot`, a memory-mapped file
that is never changed; what has changed since is in a small delta. `SnapshotWriter` makes a snapshot from
files, `LogWriter` from a compacted topic.
"""

from streams.lists.format import SnapshotError, Source
from streams.lists.index import Candidate, Index
from streams.lists.log import LogWriter
from streams.lists.snapshot import Snapshot
from streams.lists.writer import SnapshotWriter

__all__ = ["Candidate", "Index", "LogWriter", "Snapshot", "SnapshotError", "SnapshotWriter", "Source"]
