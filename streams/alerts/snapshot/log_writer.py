"""Building a snapshot from a compacted topic: the last entry of each alert counts."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from streams.alerts.bitmap import UInt64Array
from streams.alerts.snapshot.format import LENGTH_BITS, LENGTH_MASK, SnapshotSource
from streams.alerts.snapshot.reader import Snapshot
from streams.alerts.snapshot.writer import SnapshotWriter, concatenate, hash_texts
from streams.plates.confusables import BUILTIN_CLASSES, ConfusableClasses
from streams.records.alert import Alert, AlertKey, Withdrawal, alert_key
from streams.records.faults import Fault
from streams.records.times import to_ms


class LogSnapshotWriter(SnapshotWriter):
    """Writes a snapshot file in the order of a log.

    An alert counts instead of all that came before for its key; a withdrawal ends it, until an alert of the
    key comes. What ended before `ends_since` (ms since 1970 UTC) is dropped with its withdrawal; what ended
    since is kept with it, for reads of before that come late. As `SnapshotWriter` otherwise; `take` is used,
    not `add`.
    """

    def __init__(
        self, path: Path, classes: ConfusableClasses = BUILTIN_CLASSES, *, ended_since_ms: int = 0
    ) -> None:
        super().__init__(path, classes)
        self._ended_since_ms = ended_since_ms
        # Both kinds of entries are in _id_hashes and _id_refs, in order. The ref of a withdrawal has the
        # length 0, which no body has, and its place in this list.
        self._log_withdrawals: list[Withdrawal] = []

    def copy_from(self, base: Snapshot) -> None:
        """Takes all that a snapshot made by a LogWriter has, before anything else is taken.

        Raises ValueError for a snapshot made from files. The bodies are copied as they are, those that do
        not count too.
        """
        if not base.header.log_order:
            raise ValueError(f"{base.path} was not made from a topic")
        for piece in base.bodies():
            self._write(piece)
        self._hashes.append(base.section_array("hashes"))
        self._refs.append(base.section_array("refs"))
        self._id_hashes.append(base.section_array("id_hashes"))
        self._id_refs.append(base.section_array("id_refs"))
        self._patterns.extend(base.section_array("patterns").tolist())
        for list_id, (_, plates) in base.list_ranges().items():
            self._plate_list_indexes.append(np.full(plates, self._list_indexes[list_id], dtype=np.uint32))
        self._plates.append(base.section_array("plates"))
        self.add_entries(base.withdrawals())

    def add_entries(
        self, entries: Sequence[Alert | Withdrawal], keys: Sequence[bytes] | None = None
    ) -> dict[int, Fault]:
        """Takes a batch of entries in the order of the log; `keys` are theirs, `<list_id>/<alert_id>`.

        Returns the faults of alerts whose plate is none, by their place in the batch; they are left out, and
        what came before them stays.
        """
        ids = hash_texts(
            keys if keys is not None else [f"{each.list_id}/{each.alert_id}".encode() for each in entries]
        )
        alerts = [entry for entry in entries if isinstance(entry, Alert)]
        refs, found = self._write_alerts(alerts)
        good = np.ones(len(entries), dtype=bool)
        if len(alerts) == len(entries):
            faults = found
        else:
            values = np.array([isinstance(entry, Alert) for entry in entries], dtype=bool)
            places = np.flatnonzero(values)
            faults = {int(places[place]): fault for place, fault in found.items()}
            every = np.zeros(len(entries), dtype=np.uint64)
            every[values] = refs
            every[~values] = self._store_withdrawals(
                entry for entry in entries if isinstance(entry, Withdrawal)
            )
            refs = every
        good[list(faults)] = False
        self._id_hashes.append(ids[good])
        self._id_refs.append(refs[good])
        return faults

    def finish(self, source: SnapshotSource | None = None) -> Path:
        """As that of `SnapshotWriter`; `source` is kept in the file."""
        return self._finish(source, log_order=True)

    def _store_withdrawals(self, withdrawals: Iterable[Withdrawal]) -> UInt64Array:
        first = len(self._log_withdrawals)
        self._log_withdrawals.extend(withdrawals)
        return np.arange(first, len(self._log_withdrawals), dtype=np.uint64) << np.uint64(LENGTH_BITS)

    def _select_latest(self) -> tuple[UInt64Array, UInt64Array, UInt64Array]:
        ids, refs = concatenate(self._id_hashes), concatenate(self._id_refs)
        order = np.argsort(ids, kind="stable")
        ids, refs = ids[order], refs[order]
        same = ids[1:] == ids[:-1]
        bodies = (refs & np.uint64(LENGTH_MASK)) != 0
        kept = np.ones(len(ids), dtype=bool)
        bodies_of: dict[AlertKey, int] = {}
        ends_of: dict[AlertKey, int] = {}
        for place in np.flatnonzero(np.r_[False, same] | np.r_[same, False]).tolist():
            key = self._read_key(int(refs[place]))
            earlier = [ends_of.pop(key, None)]
            if bodies[place]:
                earlier.append(bodies_of.get(key))
                bodies_of[key] = place
            else:
                ends_of[key] = place
            kept[[each for each in earlier if each is not None]] = False
        for place in np.flatnonzero(kept & ~bodies).tolist():
            end = self._log_withdrawals[int(refs[place]) >> LENGTH_BITS]
            if to_ms(end.withdrawn_at) < self._ended_since_ms:
                kept[[place, bodies_of.get(alert_key(end), place)]] = False
        ends = refs[kept & ~bodies] >> np.uint64(LENGTH_BITS)
        self._withdrawals = [self._log_withdrawals[place] for place in np.sort(ends).tolist()]
        gone = refs[~kept & bodies]
        kept &= bodies
        return ids[kept], refs[kept], gone

    def _read_key(self, ref: int) -> AlertKey:
        entry = self._read_alert(ref) if ref & LENGTH_MASK else self._log_withdrawals[ref >> LENGTH_BITS]
        return alert_key(entry)
