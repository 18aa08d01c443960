"""The snapshot: the base of the index, a file mapped into memory and never changed."""

from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from streams.alerts.bitmap import UInt64Array, may_contain
from streams.alerts.snapshot.file import SnapshotFile
from streams.alerts.snapshot.format import (
    LENGTH_BITS,
    LENGTH_MASK,
    REBUILD_ADVICE,
    Header,
    SnapshotError,
    SnapshotSource,
    body_checksum,
    id_hash,
)
from streams.plates.confusables import BUILTIN_CLASSES, ConfusableClasses
from streams.plates.packed_keys import Keys, sort_unique
from streams.records.alert import Alert, AlertKey, Withdrawal, alert_key

_alert_decoder = msgspec.json.Decoder(Alert)
_withdrawal_decoder = msgspec.json.Decoder(Withdrawal)
_source_decoder = msgspec.json.Decoder(SnapshotSource)
_lists_decoder = msgspec.json.Decoder(dict[str, tuple[int, int]])


class Snapshot:
    """An opened snapshot.

    Only what look-ups need is mapped; an alert itself is read from the file when it is a candidate.

    Raises SnapshotError on opening, if the file is not a snapshot, is damaged or cut short, is of another
    version, or was made with other confusable classes; and on reading a body that is damaged. Raises OSError
    if the file cannot be read.
    """

    def __init__(self, path: Path, classes: ConfusableClasses = BUILTIN_CLASSES) -> None:
        self.path = path
        self.file = SnapshotFile(path, classes)
        self._hashes: UInt64Array = self.file.map_words("hashes")
        self._refs: UInt64Array = self.file.map_words("refs")
        self._id_hashes: UInt64Array = self.file.map_words("id_hashes")
        self._bitmap: NDArray[np.uint8] = self.file.map_bytes("bitmap")

    def __len__(self) -> int:
        return self.header.alerts

    @property
    def header(self) -> Header:
        """The header of the file."""
        return self.file.header

    def find(self, hashes: UInt64Array) -> tuple[NDArray[np.intp], UInt64Array]:
        """Return the indexes of mixed keys (uint64, n) that are contained, and where their alerts are.

        The indexes (intp, m) and refs (uint64, m) go together; a key with several alerts has several.
        """
        rows = may_contain(self._bitmap, self.header.log2_bits, hashes)
        sought = hashes[rows]
        positions = np.searchsorted(self._hashes, sought)
        # A position after the last hash is clipped to it, and the last hash is not the one sought.
        is_equal = (
            self._hashes.take(positions, mode="clip") == sought if len(self._hashes) else np.zeros(0, bool)
        )
        rows, positions, sought = rows[is_equal], positions[is_equal], sought[is_equal]
        all_rows, all_positions = [rows], [positions]
        while len(rows):
            positions = positions + 1
            is_equal = (self._hashes.take(positions, mode="clip") == sought) & (positions < len(self._hashes))
            rows, positions, sought = rows[is_equal], positions[is_equal], sought[is_equal]
            all_rows.append(rows)
            all_positions.append(positions)
        return np.concatenate(all_rows), self._refs[np.concatenate(all_positions)]

    def read_alert(self, ref: int) -> Alert:
        """Return the alert at a ref that `find` returned. Raises SnapshotError if its bytes are damaged."""
        data = self.file.read(ref >> LENGTH_BITS, ref & LENGTH_MASK)
        body = data[4:]
        if body_checksum(body) != data[:4]:
            raise SnapshotError(
                f"{self.path}: the alert at byte {ref >> LENGTH_BITS:,} is damaged; {REBUILD_ADVICE}"
            )
        return _alert_decoder.decode(body)

    def get(self, key: AlertKey) -> Alert | None:
        """Return the alert of a key, or None."""
        sought = id_hash(*key)
        index = int(np.searchsorted(self._id_hashes, np.uint64(sought)))
        while index < len(self._id_hashes) and int(self._id_hashes[index]) == sought:
            alert = self.read_alert(self.file.read_word("id_refs", index))
            if alert_key(alert) == key:
                return alert
            index += 1
        return None

    def alerts(self) -> Iterator[Alert]:
        """Yield all alerts, in no particular order."""
        for index in range(len(self)):
            yield self.read_alert(self.file.read_word("id_refs", index))

    def pattern_alerts(self) -> list[Alert]:
        """Return the alerts with wildcards."""
        count = self.file.word_count("patterns")
        return [self.read_alert(self.file.read_word("patterns", index)) for index in range(count)]

    def withdrawals(self) -> list[Withdrawal]:
        """Return the withdrawals in the file."""
        return _withdrawal_decoder.decode_lines(self.file.read_section("withdrawals"))

    def source(self) -> SnapshotSource | None:
        """Return the topic from which the file was read; None if it was made from files."""
        text = self.file.read_section("source")
        return _source_decoder.decode(text) if text else None

    def list_ranges(self) -> dict[str, tuple[int, int]]:
        """Return, for each list with plates, the index of its first one in `plates` and their number."""
        return _lists_decoder.decode(self.file.read_section("lists"))

    def plate_keys(self, list_ids: Collection[str]) -> Keys:
        """Return the unmapped packed keys of all spellings of the plates of lists (uint64, sorted, unique).

        They are read from the file. A few may be of alerts that are no longer current.
        """
        plates_offset = self.header.sections["plates"].offset
        parts = [np.zeros(0, dtype=np.uint64)]
        for list_id, (first, count) in self.list_ranges().items():
            if list_id in list_ids:
                data = self.file.read(plates_offset + first * 8, count * 8)
                parts.append(np.frombuffer(data, dtype=np.dtype("<u8")))
        return sort_unique(np.concatenate(parts))

    def unused_share(self) -> float:
        """Return the share of the bodies, by bytes, that are not current.

        A file grown from another one keeps such bodies.
        """
        total = self.file.body_bytes()
        used = int((self.file.read_words("id_refs") & np.uint64(LENGTH_MASK)).sum())
        return 1 - used / total if total else 0.0

    def section_array(self, name: str) -> UInt64Array:
        """Return a copy of a section of words (uint64)."""
        return self.file.read_words(name)

    def close(self) -> None:
        """Unmap and close the file; the snapshot cannot be used afterwards."""
        del self._hashes, self._refs, self._id_hashes, self._bitmap
        self.file.close()
