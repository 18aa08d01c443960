"""Snapshot: the base of the index, a file mapped into memory and never changed."""

import mmap
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import xxhash
from numpy.typing import NDArray

from streams.alerts.bitmap import UInt64Array, may_contain
from streams.alerts.snapshot.format import (
    HEADER_BYTES,
    LENGTH_BITS,
    LENGTH_MASK,
    SECTIONS,
    Header,
    SnapshotError,
    SnapshotSource,
    body_checksum,
    id_hash,
    unpack_header,
)
from streams.plates.confusables import BUILTIN_CLASSES, ConfusableClasses
from streams.plates.packed_keys import Keys, sort_unique
from streams.records.alert import Alert, AlertKey, Withdrawal, alert_key

_CHUNK_BYTES: Final = 1 << 24
_alert_decoder = msgspec.json.Decoder(Alert)
_withdrawal_decoder = msgspec.json.Decoder(Withdrawal)
_source_decoder = msgspec.json.Decoder(SnapshotSource)
_lists_decoder = msgspec.json.Decoder(dict[str, tuple[int, int]])


class Snapshot:
    """An opened snapshot.

    Only what look-ups need is mapped; an alert itself is read from the file when it is a candidate.

    Raises SnapshotError, when opened, for a file that is no snapshot, is damaged or cut short, is of
    another version, or was made with other confusable classes; and, when a body is read, for a damaged one.
    Raises OSError for a file that cannot be read.
    """

    def __init__(self, path: Path, classes: ConfusableClasses = BUILTIN_CLASSES) -> None:
        self.path = path
        self._file = path.open("rb", buffering=0)
        try:
            self.header = self._read_header(classes)
            self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        except BaseException:
            self._file.close()
            raise
        self._map.madvise(mmap.MADV_RANDOM)
        self._hashes: UInt64Array = self._map_section("hashes", np.dtype("<u8"))
        self._refs: UInt64Array = self._map_section("refs", np.dtype("<u8"))
        self._id_hashes: UInt64Array = self._map_section("id_hashes", np.dtype("<u8"))
        self._bitmap: NDArray[np.uint8] = self._map_section("bitmap", np.dtype("u1"))

    def __len__(self) -> int:
        return self.header.alerts

    def find(self, hashes: UInt64Array) -> tuple[NDArray[np.intp], UInt64Array]:
        """Which of a batch of mixed keys (uint64, n) are in.

        Returns the places in the batch (intp, m) and, for each, where an alert is (uint64, m); a key with
        several alerts comes several times.
        """
        rows = may_contain(self._bitmap, self.header.log2_bits, hashes)
        sought = hashes[rows]
        places = np.searchsorted(self._hashes, sought)
        # Behind the last hash there is none to compare with; clipped, the last one is not the one sought.
        same = self._hashes.take(places, mode="clip") == sought if len(self._hashes) else np.zeros(0, bool)
        rows, places, sought = rows[same], places[same], sought[same]
        found_rows, found_places = [rows], [places]
        while len(rows):
            places = places + 1
            same = (self._hashes.take(places, mode="clip") == sought) & (places < len(self._hashes))
            rows, places, sought = rows[same], places[same], sought[same]
            found_rows.append(rows)
            found_places.append(places)
        return np.concatenate(found_rows), self._refs[np.concatenate(found_places)]

    def read_alert(self, ref: int) -> Alert:
        """The alert at a place that `find` gave. Raises SnapshotError if its bytes are damaged."""
        data = os.pread(self._file.fileno(), ref & LENGTH_MASK, ref >> LENGTH_BITS)
        body = data[4:]
        if body_checksum(body) != data[:4]:
            raise SnapshotError(
                f"{self.path}: the alert at byte {ref >> LENGTH_BITS:,} is damaged; "
                "delete the file and build it anew from the lists"
            )
        return _alert_decoder.decode(body)

    def get(self, key: AlertKey) -> Alert | None:
        """The alert of a key, if it is in."""
        sought = id_hash(*key)
        place = int(np.searchsorted(self._id_hashes, np.uint64(sought)))
        while place < len(self._id_hashes) and int(self._id_hashes[place]) == sought:
            alert = self.read_alert(self._read_ref("id_refs", place))
            if alert_key(alert) == key:
                return alert
            place += 1
        return None

    def alerts(self) -> Iterator[Alert]:
        """All alerts, in no particular order."""
        for place in range(len(self)):
            yield self.read_alert(self._read_ref("id_refs", place))

    def pattern_alerts(self) -> list[Alert]:
        """The alerts with wildcards."""
        section = self.header.sections["patterns"]
        return [self.read_alert(self._read_ref("patterns", place)) for place in range(section.length // 8)]

    def withdrawals(self) -> list[Withdrawal]:
        """The withdrawals that the file keeps."""
        return _withdrawal_decoder.decode_lines(self._read_section("withdrawals"))

    def source(self) -> SnapshotSource | None:
        """The topic that the file was read from, or None if it was made from files."""
        text = self._read_section("source")
        return _source_decoder.decode(text) if text else None

    def list_ranges(self) -> dict[str, tuple[int, int]]:
        """For each list with plates where they begin in the section `plates`, and how many they are."""
        return _lists_decoder.decode(self._read_section("lists"))

    def plate_keys(self, list_ids: Collection[str]) -> Keys:
        """The unmapped packed keys of all spellings of the plates of some lists (uint64), sorted, each once.

        They are read from the file. A few may be of alerts that no longer count.
        """
        first = self.header.sections["plates"].offset
        found = [np.zeros(0, dtype=np.uint64)]
        for list_id, (begin, count) in self.list_ranges().items():
            if list_id in list_ids:
                data = os.pread(self._file.fileno(), count * 8, first + begin * 8)
                found.append(np.frombuffer(data, dtype=np.dtype("<u8")))
        return sort_unique(np.concatenate(found))

    def bodies(self) -> Iterator[bytes]:
        """The bytes of all bodies as they lie in the file, from HEADER_BYTES on, in pieces."""
        end = self.header.sections[SECTIONS[0]].offset
        for start in range(HEADER_BYTES, end, _CHUNK_BYTES):
            yield os.pread(self._file.fileno(), min(_CHUNK_BYTES, end - start), start)

    def unused_share(self) -> float:
        """The share of the bodies, by bytes, that do not count: a file grown out of another keeps them."""
        total = self.header.sections[SECTIONS[0]].offset - HEADER_BYTES
        live = int((self.section_array("id_refs") & np.uint64(LENGTH_MASK)).sum())
        return 1 - live / total if total else 0.0

    def section_array(self, name: str) -> UInt64Array:
        """A copy of a section of words (uint64): hashes, refs, id_hashes, id_refs, patterns or
        plates."""
        return np.frombuffer(self._read_section(name), dtype=np.dtype("<u8"))

    def close(self) -> None:
        """Unmaps and closes the file; the snapshot cannot be used afterwards."""
        del self._hashes, self._refs, self._id_hashes, self._bitmap
        self._map.close()
        self._file.close()

    def _read_header(self, classes: ConfusableClasses) -> Header:
        name = str(self.path)
        size = os.fstat(self._file.fileno()).st_size
        header = unpack_header(os.pread(self._file.fileno(), HEADER_BYTES, 0), name)
        if size != header.file_bytes:
            raise SnapshotError(
                f"{name}: cut short or grown: {size:,} bytes, not {header.file_bytes:,}; "
                "delete it and build it anew from the lists"
            )
        if header.classes != classes.fingerprint:
            raise SnapshotError(
                f"{name}: made with other confusable classes ({header.classes}, not {classes.fingerprint}); "
                "delete it and build it anew from the lists"
            )
        for section in SECTIONS:
            if section not in header.sections or not self._is_intact(header, section):
                raise SnapshotError(
                    f"{name}: the section `{section}` is damaged; "
                    "delete the file and build it anew from the lists"
                )
        return header

    def _is_intact(self, header: Header, name: str) -> bool:
        # Read, not mapped: pages looked at here would stay resident although no look-up needs them.
        section = header.sections[name]
        digest = xxhash.xxh3_64()
        for start in range(0, section.length, _CHUNK_BYTES):
            length = min(_CHUNK_BYTES, section.length - start)
            digest.update(os.pread(self._file.fileno(), length, section.offset + start))
        return digest.intdigest() == section.checksum

    def _read_section(self, name: str) -> bytes:
        section = self.header.sections[name]
        return os.pread(self._file.fileno(), section.length, section.offset)

    def _map_section(self, name: str, dtype: np.dtype[Any]) -> NDArray[Any]:
        section = self.header.sections[name]
        count = section.length // dtype.itemsize
        return np.frombuffer(self._map, dtype=dtype, count=count, offset=section.offset)

    def _read_ref(self, name: str, index: int) -> int:
        offset = self.header.sections[name].offset + index * 8
        return int.from_bytes(os.pread(self._file.fileno(), 8, offset), "little")
