"""An opened snapshot file: checked as a whole, then read by section."""

import mmap
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import xxhash
from numpy.typing import NDArray

from streams.alerts.bitmap import UInt64Array
from streams.alerts.snapshot.format import (
    HEADER_BYTES,
    REBUILD_ADVICE,
    SECTIONS,
    Header,
    SnapshotError,
    unpack_header,
)
from streams.plates.confusables import ConfusableClasses

_CHUNK_BYTES: Final = 1 << 24
_WORD_BYTES: Final = 8
_WORD: Final = np.dtype("<u8")


class SnapshotFile:
    """The header, sections and bodies of a snapshot.

    Raises SnapshotError if the file is not a snapshot, is damaged or cut short, is of another version, or was
    made with other confusable classes; OSError if it cannot be read.
    """

    def __init__(self, path: Path, classes: ConfusableClasses) -> None:
        self._path = path
        self._file = path.open("rb", buffering=0)
        try:
            self.header = self._check_header(classes)
            self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        except BaseException:
            self._file.close()
            raise
        self._map.madvise(mmap.MADV_RANDOM)

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes of the file."""
        return os.pread(self._file.fileno(), length, offset)

    def read_section(self, name: str) -> bytes:
        """Return the bytes of a section."""
        section = self.header.sections[name]
        return self.read(section.offset, section.length)

    def read_words(self, name: str) -> UInt64Array:
        """Return a copy of a section of words (uint64)."""
        return np.frombuffer(self.read_section(name), dtype=_WORD)

    def read_word(self, name: str, index: int) -> int:
        """Return one word of a section."""
        offset = self.header.sections[name].offset + index * _WORD_BYTES
        return int.from_bytes(self.read(offset, _WORD_BYTES), "little")

    def word_count(self, name: str) -> int:
        """Return the number of words in a section."""
        return self.header.sections[name].length // _WORD_BYTES

    def map_words(self, name: str) -> UInt64Array:
        """Return a section of words (uint64) as mapped memory."""
        return self._map_section(name, _WORD)

    def map_bytes(self, name: str) -> NDArray[np.uint8]:
        """Return a section of bytes (uint8) as mapped memory."""
        return self._map_section(name, np.dtype("u1"))

    def bodies(self) -> Iterator[bytes]:
        """Yield the bytes of all bodies as they lie in the file, in chunks."""
        end = HEADER_BYTES + self.body_bytes()
        for start in range(HEADER_BYTES, end, _CHUNK_BYTES):
            yield self.read(start, min(_CHUNK_BYTES, end - start))

    def body_bytes(self) -> int:
        """Return the size of all bodies in bytes."""
        return self.header.sections[SECTIONS[0]].offset - HEADER_BYTES

    def close(self) -> None:
        """Unmap and close the file. No mapped section may be in use."""
        self._map.close()
        self._file.close()

    def _map_section(self, name: str, dtype: np.dtype[Any]) -> NDArray[Any]:
        section = self.header.sections[name]
        count = section.length // dtype.itemsize
        return np.frombuffer(self._map, dtype=dtype, count=count, offset=section.offset)

    def _check_header(self, classes: ConfusableClasses) -> Header:
        name = str(self._path)
        size = os.fstat(self._file.fileno()).st_size
        header = unpack_header(self.read(0, HEADER_BYTES), name)
        if size != header.file_bytes:
            raise SnapshotError(
                f"{name}: cut short or grown: {size:,} bytes, expected {header.file_bytes:,}; "
                f"{REBUILD_ADVICE}"
            )
        if header.classes != classes.fingerprint:
            raise SnapshotError(
                f"{name}: made with other confusable classes ({header.classes}, expected "
                f"{classes.fingerprint}); {REBUILD_ADVICE}"
            )
        for section in SECTIONS:
            if section not in header.sections or not self._is_intact(header, section):
                raise SnapshotError(f"{name}: the section `{section}` is damaged; {REBUILD_ADVICE}")
        return header

    def _is_intact(self, header: Header, name: str) -> bool:
        # Read, not mapped: mapped pages would stay resident although no look-up needs them.
        section = header.sections[name]
        digest = xxhash.xxh3_64()
        for start in range(0, section.length, _CHUNK_BYTES):
            digest.update(self.read(section.offset + start, min(_CHUNK_BYTES, section.length - start)))
        return digest.intdigest() == section.checksum
