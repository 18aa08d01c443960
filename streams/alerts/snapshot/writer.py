"""Building a snapshot: alerts in, one file out, complete or not at all."""

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
from numpy.typing import NDArray

from streams.alerts.alert_keys import build_alert_keys, supersedes
from streams.alerts.bitmap import UInt64Array, build_bitmap, log2_bits, mix_keys
from streams.alerts.snapshot.arrays import body_checksums, concatenate, is_among
from streams.alerts.snapshot.atomic_file import open_atomic, sync_folder
from streams.alerts.snapshot.format import (
    FORMAT_VERSION,
    HEADER_BYTES,
    LENGTH_BITS,
    LENGTH_MASK,
    SECTIONS,
    Header,
    Section,
    SnapshotSource,
    checksum,
    id_hash,
    pack_header,
)
from streams.plates.confusables import BUILTIN_CLASSES, ConfusableClasses
from streams.plates.packed_keys import Keys, map_codes, sort_unique
from streams.records.alert import Alert, AlertKey, Withdrawal, alert_key
from streams.records.faults import Fault

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Alert)


class SnapshotWriter:
    """Writes a snapshot file.

    Use as a context manager. The file is written under another name next to `path`; `finish` syncs and
    renames it, so `path` is the old file or the complete new one at any time. Without `finish` nothing is
    left. What a killed process left behind is removed by the next one.
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
        """Add a batch of alerts, in any order and any version; the highest version of each will count.

        Returns the faults of invalid plates, by index in the batch; those alerts are left out.
        """
        ids = np.array([id_hash(alert.list_id, alert.alert_id) for alert in alerts], dtype=np.uint64)
        refs, faults = self._write_alerts(alerts)
        is_valid = np.ones(len(alerts), dtype=bool)
        is_valid[list(faults)] = False
        self._id_hashes.append(ids[is_valid])
        self._id_refs.append(refs[is_valid])
        return faults

    def add_withdrawals(self, withdrawals: Iterable[Withdrawal]) -> None:
        """Add withdrawals, which the file keeps with the alerts."""
        self._withdrawals.extend(withdrawals)

    def finish(self) -> Path:
        """Write the rest of the file, sync it and rename it; return its path."""
        return self._finish(None)

    def _finish(self, source: SnapshotSource | None, log_order: bool = False) -> Path:
        ids, id_refs, replaced_refs = self._select_current()
        arrays: dict[str, NDArray[Any]] = {"id_hashes": ids, "id_refs": id_refs}
        arrays |= self._build_plate_sections(replaced_refs)
        texts = {
            "withdrawals": b"\n".join(map(_encoder.encode, self._withdrawals)),
            "source": _encoder.encode(source) if source else b"",
        }
        arrays |= {name: np.frombuffer(text, dtype=np.uint8) for name, text in texts.items()}
        sections = {name: self._write_section(arrays[name]) for name in SECTIONS}
        log2 = log2_bits(len(arrays["hashes"]))
        fingerprint = self._classes.fingerprint
        self._commit(Header(FORMAT_VERSION, fingerprint, len(ids), log2, self._offset, log_order, sections))
        return self._path

    def _build_plate_sections(self, replaced_refs: UInt64Array) -> dict[str, NDArray[Any]]:
        """Return the sections made of plates, without those of the replaced alerts."""
        refs, hashes = concatenate(self._refs), concatenate(self._hashes)
        removed_hashes = hashes[:0]
        if len(replaced_refs):
            is_current = ~np.isin(refs, replaced_refs)
            removed_hashes = hashes[~is_current]
            refs, hashes = refs[is_current], hashes[is_current]
        order = np.argsort(hashes, kind="stable")
        hashes, refs = hashes[order], refs[order]
        # A removed plate that another alert still has stays.
        removed_hashes = np.unique(removed_hashes[~is_among(removed_hashes, hashes)])
        plates, lists = self._plates_by_list(removed_hashes)
        replaced = set(replaced_refs.tolist())
        patterns = [ref for ref in self._patterns if ref not in replaced]
        return {
            "hashes": hashes,
            "refs": refs,
            "bitmap": build_bitmap(hashes, log2_bits(len(hashes))),
            "patterns": np.array(patterns, dtype=np.uint64),
            "plates": plates,
            "lists": np.frombuffer(_encoder.encode(lists), dtype=np.uint8),
        }

    def _plates_by_list(self, removed_hashes: UInt64Array) -> tuple[Keys, dict[str, tuple[int, int]]]:
        """Return all plates by list, sorted and unique in each, and each list's first index and count.

        Plates whose mixed mapped key is among `removed_hashes` (uint64, sorted) are left out.
        """
        plates = concatenate(self._plates)
        list_indexes = np.concatenate([*self._plate_list_indexes, np.zeros(0, dtype=np.uint32)])
        if len(removed_hashes):
            is_kept = ~is_among(mix_keys(map_codes(plates, self._classes.code_table)), removed_hashes)
            plates, list_indexes = plates[is_kept], list_indexes[is_kept]
        # numpy sorts integers of 16 bits by counting, which is faster.
        fits_16_bits = len(self._list_indexes) <= 1 << 16
        sort_keys = list_indexes.astype(np.uint16) if fits_16_bits else list_indexes
        plates = plates[np.argsort(sort_keys, kind="stable")]
        ends = np.cumsum(np.bincount(list_indexes, minlength=len(self._list_indexes))).tolist()
        parts = [sort_unique(plates[begin:end]) for begin, end in pairwise([0, *ends])]
        ranges: dict[str, tuple[int, int]] = {}
        begin = 0
        for list_id, part in zip(self._list_indexes, parts, strict=True):
            if len(part):
                ranges[list_id] = (begin, len(part))
                begin += len(part)
        return concatenate(parts), ranges

    def _write_section(self, values: NDArray[Any]) -> Section:
        self._write(bytes(-self._offset % 8))
        data = np.ascontiguousarray(values).tobytes()
        section = Section(self._offset, len(data), checksum(data))
        self._write(data)
        return section

    def _commit(self, header: Header) -> None:
        """Write the header, make the file durable and give it its name."""
        assert self._file is not None, "used as a context manager"
        self._file.seek(0)
        self._file.write(pack_header(header))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._file = None
        self._temporary_path.rename(self._path)
        sync_folder(self._path.parent)

    def _write(self, data: bytes | memoryview) -> None:
        assert self._file is not None, "used as a context manager"
        self._file.write(data)
        self._offset += len(data)

    def _write_alerts(self, alerts: Sequence[Alert]) -> tuple[UInt64Array, dict[int, Fault]]:
        """Write alerts and collect their keys; return where each is, and the faults of their plates."""
        alert_keys = build_alert_keys(alerts, self._classes.code_table, with_unmapped=True)
        lists = np.fromiter((self._list_indexes[alert.list_id] for alert in alerts), np.uint32, len(alerts))
        self._plates.append(alert_keys.unmapped_keys)
        self._plate_list_indexes.append(lists[alert_keys.alert_indexes])
        refs = self._write_bodies(alerts)
        self._hashes.append(mix_keys(alert_keys.keys))
        self._refs.append(refs[alert_keys.alert_indexes])
        self._patterns.extend(refs[alert_keys.pattern_indexes].tolist())
        return refs, alert_keys.faults

    def _write_bodies(self, alerts: Sequence[Alert]) -> UInt64Array:
        """Write alerts; return where each is (uint64)."""
        # One call of the encoder is faster than one per alert; no encoded alert contains a line feed.
        bodies = _encoder.encode_lines(alerts).split(b"\n")[:-1]
        lengths = np.fromiter(map(len, bodies), dtype=np.uint64, count=len(bodies)) + np.uint64(4)
        if len(lengths) and int(lengths.max()) > LENGTH_MASK:
            raise ValueError(f"an alert is longer than {LENGTH_MASK:,} bytes")
        offsets = np.uint64(self._offset) + np.cumsum(lengths, dtype=np.uint64) - lengths
        self._write(b"".join(chain.from_iterable(zip(body_checksums(bodies), bodies, strict=True))))
        refs: UInt64Array = (offsets << np.uint64(LENGTH_BITS)) | lengths
        return refs

    def _select_current(self) -> tuple[UInt64Array, UInt64Array, UInt64Array]:
        """Return the sorted id hashes and refs of the current alerts, and the refs of replaced ones."""
        ids, refs = concatenate(self._id_hashes), concatenate(self._id_refs)
        order = np.argsort(ids, kind="stable")
        ids, refs = ids[order], refs[order]
        is_repeated = ids[1:] == ids[:-1]
        if not is_repeated.any():
            return ids, refs, np.zeros(0, dtype=np.uint64)
        is_replaced = np.zeros(len(ids), dtype=bool)
        current: dict[AlertKey, tuple[int, Alert]] = {}
        for index in np.flatnonzero(np.r_[False, is_repeated] | np.r_[is_repeated, False]).tolist():
            alert = self._read_alert(int(refs[index]))
            key = alert_key(alert)
            other = current.get(key)
            if other is None or supersedes(alert, other[1]):
                current[key] = (index, alert)
                if other is not None:
                    is_replaced[other[0]] = True
            else:
                is_replaced[index] = True
        return ids[~is_replaced], refs[~is_replaced], refs[is_replaced]

    def _read_alert(self, ref: int) -> Alert:
        assert self._file is not None, "used as a context manager"
        self._file.flush()
        body = os.pread(self._file.fileno(), ref & LENGTH_MASK, ref >> LENGTH_BITS)
        return _decoder.decode(body[4:])
