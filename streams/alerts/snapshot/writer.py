"""Building a snapshot: alerts in, one file out, there whole or not at all."""

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from io import BufferedRandom
from itertools import chain, count, pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import numpy as np
import xxhash
from numpy.typing import NDArray

from streams.alerts.alert_keys import build_alert_keys, supersedes
from streams.alerts.bitmap import UInt64Array, build_bitmap, log2_bits, mix_keys
from streams.alerts.snapshot.atomic_file import open_atomic, sync_folder
from streams.alerts.snapshot.format import (
    FORMAT_VERSION,
    HEADER_BYTES,
    LENGTH_BITS,
    LENGTH_MASK,
    Header,
    Section,
    SnapshotSource,
    checksum,
    id_hash,
    pack_header,
)
from streams.plates.confusables import BUILTIN_CLASSES, ConfusableClasses
from streams.plates.packed_keys import Keys, map_codes, sort_unique
from streams.records.alert import Alert, Withdrawal
from streams.records.faults import Fault

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Alert)


class SnapshotWriter:
    """Writes a snapshot file.

    Use as a context manager. The file is written under another name beside `path`; `finish` syncs it and
    renames it, so `path` is the old file or the whole new one at any time. Without `finish` nothing is left;
    what a killed process left is removed by the next.
    """

    def __init__(self, path: Path, classes: ConfusableClasses = BUILTIN_CLASSES) -> None:
        self._path = path
        self._classes = classes
        self._temporary_path = path
        self._file: BufferedRandom | None = None
        self._offset = 0
        self._hashes: list[UInt64Array] = []
        self._refs: list[UInt64Array] = []
        self._id_hashes: list[UInt64Array] = []
        self._id_refs: list[UInt64Array] = []
        self._plates: list[Keys] = []
        self._plate_list_indexes: list[NDArray[np.uint32]] = []
        self._list_indexes: defaultdict[str, int] = defaultdict(count().__next__)
        self._patterns: list[int] = []
        self._withdrawals: list[Withdrawal] = []

    def __enter__(self) -> Self:
        self._temporary_path, self._file = open_atomic(self._path)
        self._file.write(bytes(HEADER_BYTES))
        self._offset = HEADER_BYTES
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._temporary_path.unlink(missing_ok=True)
            self._file = None

    def add(self, alerts: Sequence[Alert]) -> dict[int, Fault]:
        """Adds a batch of alerts, in any order and any version; the highest version of each will count.

        Returns the faults of those whose plate is none, by their place in the batch; they are left out.
        """
        ids = np.array([id_hash(alert.list_id, alert.alert_id) for alert in alerts], dtype=np.uint64)
        refs, faults = self._write_alerts(alerts)
        good = np.ones(len(alerts), dtype=bool)
        good[list(faults)] = False
        self._id_hashes.append(ids[good])
        self._id_refs.append(refs[good])
        return faults

    def add_withdrawals(self, withdrawals: Iterable[Withdrawal]) -> None:
        """Adds withdrawals, which the file keeps beside the alerts."""
        self._withdrawals.extend(withdrawals)

    def finish(self) -> Path:
        """Sorts what was added, writes the rest of the file, syncs it, gives it its name; returns that."""
        return self._finish(None)

    def _finish(self, source: SnapshotSource | None, log_order: bool = False) -> Path:
        assert self._file is not None, "used as a context manager"
        ids, id_refs, replaced = self._select_latest()
        refs = concatenate(self._refs)
        hashes = concatenate(self._hashes)
        gone_hashes = hashes[:0]
        if len(replaced):
            kept = ~np.isin(refs, replaced)
            gone_hashes = hashes[~kept]
            refs, hashes = refs[kept], hashes[kept]
        order = np.argsort(hashes, kind="stable")
        hashes, refs = hashes[order], refs[order]
        plates, lists = self._plates_by_list(np.unique(gone_hashes[~_is_among(gone_hashes, hashes)]))
        log2 = log2_bits(len(hashes))
        gone = set(replaced.tolist())
        patterns = np.array([ref for ref in self._patterns if ref not in gone], dtype=np.uint64)
        contents: dict[str, NDArray[Any]] = {
            "hashes": hashes,
            "refs": refs,
            "id_hashes": ids,
            "id_refs": id_refs,
            "bitmap": build_bitmap(hashes, log2),
            "patterns": patterns,
            "withdrawals": np.frombuffer(b"\n".join(map(_encoder.encode, self._withdrawals)), dtype=np.uint8),
            "source": np.frombuffer(_encoder.encode(source) if source else b"", dtype=np.uint8),
            "plates": plates,
            "lists": np.frombuffer(_encoder.encode(lists), dtype=np.uint8),
        }
        sections = {}
        for name, values in contents.items():
            self._write(bytes(-self._offset % 8))
            data = np.ascontiguousarray(values).tobytes()
            sections[name] = Section(self._offset, len(data), checksum(data))
            self._write(data)
        fingerprint = self._classes.fingerprint
        header = Header(FORMAT_VERSION, fingerprint, len(ids), log2, self._offset, log_order, sections)
        self._file.seek(0)
        self._file.write(pack_header(header))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._file = None
        self._temporary_path.rename(self._path)
        sync_folder(self._path.parent)
        return self._path

    def _write(self, data: bytes | memoryview) -> None:
        assert self._file is not None
        self._file.write(data)
        self._offset += len(data)

    def _write_alerts(self, alerts: Sequence[Alert]) -> tuple[UInt64Array, dict[int, Fault]]:
        """Writes alerts and notes their spellings; returns where each is, and the faults of their plates."""
        entries = build_alert_keys(alerts, self._classes.code_table, with_unmapped=True)
        lists = np.fromiter((self._list_indexes[alert.list_id] for alert in alerts), np.uint32, len(alerts))
        self._plates.append(entries.unmapped_keys)
        self._plate_list_indexes.append(lists[entries.alert_indexes])
        refs = self._write_bodies(alerts)
        self._hashes.append(mix_keys(entries.keys))
        self._refs.append(refs[entries.alert_indexes])
        self._patterns.extend(refs[entries.pattern_indexes].tolist())
        return refs, entries.faults

    def _plates_by_list(self, removed_hashes: UInt64Array) -> tuple[Keys, dict[str, tuple[int, int]]]:
        """All plates by list, in each sorted and once; and for each list where they begin and their number.

        Those are left out whose mixed mapped keys are among `lost` (uint64, sorted).
        """
        plates = concatenate(self._plates)
        numbers = np.concatenate([*self._plate_list_indexes, np.zeros(0, dtype=np.uint32)])
        if len(removed_hashes):
            kept = ~_is_among(mix_keys(map_codes(plates, self._classes.code_table)), removed_hashes)
            plates, numbers = plates[kept], numbers[kept]
        # Numbers of 16 bits are sorted by counting.
        few = len(self._list_indexes) <= 1 << 16
        plates = plates[np.argsort(numbers.astype(np.uint16) if few else numbers, kind="stable")]
        ends = np.cumsum(np.bincount(numbers, minlength=len(self._list_indexes))).tolist()
        parts = [sort_unique(plates[begin:end]) for begin, end in pairwise([0, *ends])]
        lists: dict[str, tuple[int, int]] = {}
        begin = 0
        for list_id, part in zip(self._list_indexes, parts, strict=True):
            if len(part):
                lists[list_id] = (begin, len(part))
                begin += len(part)
        return concatenate(parts), lists

    def _write_bodies(self, alerts: Sequence[Alert]) -> UInt64Array:
        """Writes the alerts; returns where each is (uint64)."""
        # One call, and no alert has a line feed as it is written.
        bodies = _encoder.encode_lines(alerts).split(b"\n")[:-1]
        lengths = np.fromiter(map(len, bodies), dtype=np.uint64, count=len(bodies)) + np.uint64(4)
        if len(lengths) and int(lengths.max()) > LENGTH_MASK:
            raise ValueError(f"an alert is longer than {LENGTH_MASK:,} bytes")
        offsets = np.uint64(self._offset) + np.cumsum(lengths, dtype=np.uint64) - lengths
        self._write(b"".join(chain.from_iterable(zip(_body_checksums(bodies), bodies, strict=True))))
        refs: UInt64Array = (offsets << np.uint64(LENGTH_BITS)) | lengths
        return refs

    def _select_latest(self) -> tuple[UInt64Array, UInt64Array, UInt64Array]:
        """The sorted id hashes and refs of the alerts that count, and the refs of those that do not."""
        ids, refs = concatenate(self._id_hashes), concatenate(self._id_refs)
        order = np.argsort(ids, kind="stable")
        ids, refs = ids[order], refs[order]
        same = ids[1:] == ids[:-1]
        if not same.any():
            return ids, refs, np.zeros(0, dtype=np.uint64)
        replaced = np.zeros(len(ids), dtype=bool)
        best: dict[tuple[str, str], tuple[int, Alert]] = {}
        for place in np.flatnonzero(np.r_[False, same] | np.r_[same, False]).tolist():
            alert = self._read_alert(int(refs[place]))
            key = (alert.list_id, alert.alert_id)
            other = best.get(key)
            if other is None or supersedes(alert, other[1]):
                best[key] = (place, alert)
                if other is not None:
                    replaced[other[0]] = True
            else:
                replaced[place] = True
        return ids[~replaced], refs[~replaced], refs[replaced]

    def _read_alert(self, ref: int) -> Alert:
        assert self._file is not None
        self._file.flush()
        body = os.pread(self._file.fileno(), ref & LENGTH_MASK, ref >> LENGTH_BITS)
        return _decoder.decode(body[4:])


def concatenate(arrays: list[UInt64Array]) -> UInt64Array:
    """Arrays (uint64) behind one another."""
    return np.concatenate(arrays) if arrays else np.zeros(0, dtype=np.uint64)


def _is_among(sought: UInt64Array, sorted_values: UInt64Array) -> NDArray[np.bool_]:
    """Which of some words (uint64, n) are among others, which are sorted."""
    if not len(sorted_values):
        return np.zeros(len(sought), dtype=np.bool_)
    found: NDArray[np.bool_] = (
        sorted_values.take(np.searchsorted(sorted_values, sought), mode="clip") == sought
    )
    return found


def hash_texts(texts: Iterable[bytes]) -> UInt64Array:
    """The XXH3-64 of each of some texts (uint64)."""
    return np.frombuffer(b"".join(map(xxhash.xxh3_64_digest, texts)), dtype=">u8").astype(np.uint64)


def _body_checksums(bodies: Sequence[bytes]) -> list[bytes]:
    """`body_checksum` of each."""
    packed = hash_texts(bodies).astype("<u4").tobytes()
    return [packed[start : start + 4] for start in range(0, len(packed), 4)]
