"""Alert lists and verdicts loaded from files."""

from collections.abc import Callable, Collection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from streams.alerts import Index, Snapshot, SnapshotWriter
from streams.files.jsonl import RejectedLine, display_name, read_batches
from streams.records.alert import Alert, Withdrawal
from streams.records.decode import decode_alerts, decode_verdict
from streams.records.verdict import Verdict


class LoadedLists(NamedTuple):
    """Alert lists loaded from files: their index, and the snapshot that is its base."""

    alert_index: Index
    snapshot: Snapshot
    snapshot_bytes: int
    withdrawal_count: int
    rejected: list[RejectedLine]
    """The lines that are neither an alert nor a withdrawal."""

    @property
    def alert_count(self) -> int:
        """The number of alerts in the snapshot."""
        return len(self.snapshot)


class SnapshotContents(NamedTuple):
    """The result of writing files to a snapshot: the number of withdrawals, and the rejected lines."""

    withdrawal_count: int
    rejected: list[RejectedLine]


def load_index(
    paths: tuple[str, ...],
    progress: Callable[[int], None] = lambda _: None,
    fuzzy_lists: Collection[str] = (),
) -> LoadedLists:
    """Load alert lists from files; their snapshot is a temporary file, deleted as soon as it is open.

    The order of lines and files does not matter. `progress` is called with the bytes read so far,
    `fuzzy_lists` are as in `Index`. Raises InputFileError for a file that cannot be read.
    """
    with TemporaryDirectory(prefix="anpr-lists-") as folder:
        path = Path(folder) / "lists.snapshot"
        contents = write_snapshot(paths, path, progress)
        # An open file can be read after it was deleted.
        snapshot = Snapshot(path)
        size = path.stat().st_size
    index = Index(snapshot, fuzzy_lists=fuzzy_lists)
    return LoadedLists(index, snapshot, size, *contents)


def write_snapshot(
    paths: tuple[str, ...], snapshot_path: Path, progress: Callable[[int], None] = lambda _: None
) -> SnapshotContents:
    """Write the alert lists in files to a snapshot. Raises InputFileError for a file that cannot be read."""
    rejected: list[RejectedLine] = []
    withdrawals: list[Withdrawal] = []
    with SnapshotWriter(snapshot_path) as writer:
        for path in paths:
            name = display_name(path)
            for lines, line_numbers in read_batches(path, progress):
                alerts: list[Alert] = []
                positions: list[int] = []
                for position, record in enumerate(decode_alerts(lines)):
                    if isinstance(record, Alert):
                        alerts.append(record)
                        positions.append(position)
                    elif isinstance(record, Withdrawal):
                        withdrawals.append(record)
                    else:
                        rejected.append(RejectedLine(name, line_numbers[position], record, lines[position]))
                for row, fault in writer.add(alerts).items():
                    position = positions[row]
                    rejected.append(RejectedLine(name, line_numbers[position], (fault,), lines[position]))
        writer.add_withdrawals(withdrawals)
        writer.finish()
    return SnapshotContents(len(withdrawals), rejected)


def load_verdicts(path: str) -> tuple[list[Verdict], list[RejectedLine]]:
    """Return the verdicts in a file and the rejected lines.

    Raises InputFileError for a file that cannot be read.
    """
    verdicts: list[Verdict] = []
    rejected: list[RejectedLine] = []
    name = display_name(path)
    for lines, line_numbers in read_batches(path):
        for line, line_number in zip(lines, line_numbers, strict=True):
            verdict = decode_verdict(line)
            if isinstance(verdict, Verdict):
                verdicts.append(verdict)
            else:
                rejected.append(RejectedLine(name, line_number, verdict, line))
    return verdicts, rejected
