"""Alert lists and verdicts from files."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple

from streams.alerts import Index, Snapshot, SnapshotWriter
from streams.files.jsonl import RejectedLine, display_name, read_batches
from streams.records.alert import Alert, Withdrawal
from streams.records.decode import decode_alerts, decode_verdict
from streams.records.verdict import Verdict


class LoadedLists(NamedTuple):
    """An index built from files, how many alerts and withdrawals it has, and the lines not taken."""

    alert_index: Index
    alert_count: int
    withdrawal_count: int
    rejected: list[RejectedLine]


def load_index(
    paths: tuple[str, ...],
    snapshot_path: Path,
    progress: Callable[[int], None] = lambda _: None,
    fuzzy_lists: Collection[str] = (),
) -> LoadedLists:
    """The index of alert lists in files, its base written to `snapshot`; `near` as in `Index`.

    The order of lines and files changes nothing. Raises FileError for a file that cannot be read.
    """
    rejected: list[RejectedLine] = []
    withdrawals: list[Withdrawal] = []
    with SnapshotWriter(snapshot_path) as writer:
        for path in paths:
            name = display_name(path)
            for lines, numbers in read_batches(path, progress):
                alerts: list[Alert] = []
                places: list[int] = []
                for place, record in enumerate(decode_alerts(lines)):
                    if isinstance(record, Alert):
                        alerts.append(record)
                        places.append(place)
                    elif isinstance(record, Withdrawal):
                        withdrawals.append(record)
                    else:
                        rejected.append(RejectedLine(name, numbers[place], record, lines[place]))
                for row, fault in writer.add(alerts).items():
                    place = places[row]
                    rejected.append(RejectedLine(name, numbers[place], (fault,), lines[place]))
        writer.add_withdrawals(withdrawals)
        writer.finish()
    base = Snapshot(snapshot_path)
    return LoadedLists(Index(base, fuzzy_lists=fuzzy_lists), len(base), len(withdrawals), rejected)


def load_verdicts(path: str) -> tuple[list[Verdict], list[RejectedLine]]:
    """The verdicts of a file, and the lines not taken. Raises FileError for a file that cannot be read."""
    verdicts: list[Verdict] = []
    rejected: list[RejectedLine] = []
    name = display_name(path)
    for lines, numbers in read_batches(path):
        for line, number in zip(lines, numbers, strict=True):
            verdict = decode_verdict(line)
            if isinstance(verdict, Verdict):
                verdicts.append(verdict)
            else:
                rejected.append(RejectedLine(name, number, verdict, line))
    return verdicts, rejected
