"""Building a snapshot from a compacted topic: the last entry of each alert counts."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from streams.alerts.bitmap import UInt64Array
from streams.alerts.snapshot.arrays import concatenate, hash_texts
from streams.alerts.snapshot.format import LENGTH_BITS, LENGTH_MASK, SnapshotSource
from streams.alerts.snapshot.reader import Snapshot
from streams.alerts.snapshot.writer import SnapshotWriter
from streams.plates.confusables import BUILTIN_CLASSES, ConfusableClasses
from streams.records.alert import Alert, AlertKey, Withdrawal, alert_key
from streams.records.faults import Fault
from streams.records.times import Millis, to_ms


class LogSnapshotWriter(SnapshotWriter):
    """Writes a snapshot file from entries in the order of a log, with `add_entries` in place of `add`.

    An alert replaces all earlier entries of its key; a withdrawal ends it, until an alert of the key follows.
    An alert that ended before `ended_since_ms` is dropped with its withdrawal; one that ended later is kept
    with it, for late reads captured before its end.
    """

    def __init__(
        self, path: Path, classes: ConfusableClasses = BUILTIN_CLASSES, *, ended_since_ms: Millis = 0
    ) -> None:
        super().__init__(path, classes)
        self._ended_since_ms = ended_since_ms
        # Alerts and withdrawals are both in _id_hashes and _id_refs, in the order of the log. The ref of a
        # withdrawal is its index in this list, with the length 0, which no body has.
        self._log_withdrawals: list[Withdrawal] = []

    def copy_from(self, base: Snapshot) -> None:
        """Copy all of a snapshot that a LogSnapshotWriter made, before any entry is added.

        The bodies are copied as they are, also those that are not current. Raises ValueError for a snapshot
        made from files.
        """
        if not base.header.log_order:
            raise ValueError(f"{base.path} was not made from a topic")
        for chunk in base.file.bodies():
            self._write(chunk)
        self._hashes.append(base.file.read_words("hashes"))
        self._refs.append(base.file.read_words("refs"))
        self._id_hashes.append(base.file.read_words("id_hashes"))
        self._id_refs.append(base.file.read_words("id_refs"))
        self._patterns.extend(base.file.read_words("patterns").tolist())
        for list_id, (_, plate_count) in base.list_ranges().items():
            self._plate_list_indexes.append(np.full(plate_count, self._list_indexes[list_id], np.uint32))
        self._plates.append(base.file.read_words("plates"))
        self.add_entries(base.withdrawals())

    def add_entries(
        self, entries: Sequence[Alert | Withdrawal], keys: Sequence[bytes] | None = None
    ) -> dict[int, Fault]:
        """Add a batch of entries in the order of the log; `keys` are theirs, `<list_id>/<alert_id>`.

        Returns the faults of invalid plates, by index in the batch; those alerts are left out, and earlier
        entries of their keys stay.
        """
        if keys is None:
            keys = [f"{entry.list_id}/{entry.alert_id}".encode() for entry in entries]
        ids = hash_texts(keys)
        alerts = [entry for entry in entries if isinstance(entry, Alert)]
        refs, faults = self._write_alerts(alerts)
        if len(alerts) < len(entries):
            is_alert = np.array([isinstance(entry, Alert) for entry in entries], dtype=bool)
            alert_indexes = np.flatnonzero(is_alert)
            faults = {int(alert_indexes[index]): fault for index, fault in faults.items()}
            entry_refs = np.zeros(len(entries), dtype=np.uint64)
            entry_refs[is_alert] = refs
            entry_refs[~is_alert] = self._store_withdrawals(
                entry for entry in entries if isinstance(entry, Withdrawal)
            )
            refs = entry_refs
        is_valid = np.ones(len(entries), dtype=bool)
        is_valid[list(faults)] = False
        self._id_hashes.append(ids[is_valid])
        self._id_refs.append(refs[is_valid])
        return faults

    def finish(self, source: SnapshotSource | None = None) -> Path:
        """Write the rest of the file with its source, sync it and rename it; return its path."""
        return self._finish(source, log_order=True)

    def _store_withdrawals(self, withdrawals: Iterable[Withdrawal]) -> UInt64Array:
        first = len(self._log_withdrawals)
        self._log_withdrawals.extend(withdrawals)
        return np.arange(first, len(self._log_withdrawals), dtype=np.uint64) << np.uint64(LENGTH_BITS)

    def _select_current(self) -> tuple[UInt64Array, UInt64Array, UInt64Array]:
        ids, refs = concatenate(self._id_hashes), concatenate(self._id_refs)
        order = np.argsort(ids, kind="stable")
        ids, refs = ids[order], refs[order]
        is_repeated = ids[1:] == ids[:-1]
        is_alert = (refs & np.uint64(LENGTH_MASK)) != 0
        is_current = np.ones(len(ids), dtype=bool)
        alert_index: dict[AlertKey, int] = {}
        withdrawal_index: dict[AlertKey, int] = {}
        for index in np.flatnonzero(np.r_[False, is_repeated] | np.r_[is_repeated, False]).tolist():
            key = self._read_key(int(refs[index]))
            replaced = [withdrawal_index.pop(key, None)]
            if is_alert[index]:
                replaced.append(alert_index.get(key))
                alert_index[key] = index
            else:
                withdrawal_index[key] = index
            is_current[[earlier for earlier in replaced if earlier is not None]] = False
        for index in np.flatnonzero(is_current & ~is_alert).tolist():
            withdrawal = self._log_withdrawals[int(refs[index]) >> LENGTH_BITS]
            if to_ms(withdrawal.withdrawn_at) < self._ended_since_ms:
                is_current[[index, alert_index.get(alert_key(withdrawal), index)]] = False
        kept = np.sort(refs[is_current & ~is_alert] >> np.uint64(LENGTH_BITS))
        self._withdrawals = [self._log_withdrawals[index] for index in kept.tolist()]
        replaced_refs = refs[~is_current & is_alert]
        is_current &= is_alert
        return ids[is_current], refs[is_current], replaced_refs

    def _read_key(self, ref: int) -> AlertKey:
        entry = self._read_alert(ref) if ref & LENGTH_MASK else self._log_withdrawals[ref >> LENGTH_BITS]
        return alert_key(entry)
