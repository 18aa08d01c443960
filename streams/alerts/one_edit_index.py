"""An index of listed plates by one-character edits.

Two texts differ by one character if and only if one of them with a character deleted is the other, or both
are the same after deleting the character at the same position. So each listed plate is entered whole and with
each of its characters deleted, and each plate of a batch is looked up in the same forms: some eight look-ups
per plate, whatever the alphabet (Mor and Fraenkel, A hash code method for detecting and correcting spelling
errors, 1982). Forms may also coincide by more than one edit; the caller distinguishes those.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.alerts.bitmap import UInt64Array, build_bitmap, may_contain, mix_keys
from streams.plates.normal_form import MAX_LENGTH
from streams.plates.packed_keys import BASE, Keys, map_codes
from streams.plates.plate_columns import PlateColumns

_BITS_PER_ENTRY: Final = 32
"""Minimum number of bits of the bitmap per entry. Measured with 100,000 plates: 16 let more pass, and 64 miss
the cache more often, than they save."""
_MIN_LOG2: Final = 16
_POSITION_BITS: Final = 4
_NO_DELETION: Final = 15
"""Stored in place of the deleted position for the whole plate."""


class OneEditIndex:
    """Listed plates by the hash of each form with one character deleted, and of the whole.

    `keys` (uint64, n), sorted and unique, are the unmapped packed keys of the plates; `code_table` (uint8,
    256) maps each code to the first of its class. It takes some 140 bytes per plate.
    """

    def __init__(self, keys: Keys, code_table: NDArray[np.uint8]) -> None:
        self._keys = keys
        # Each entry is one integer: the index of the plate and the deleted position in the low bits, the
        # first bits of the hash in the others. That sorts faster than pairs and takes less memory; the few
        # more collisions, because the hash is cut, are distinguished with the rest.
        self._low_mask = np.uint64((1 << len(keys).bit_length() + _POSITION_BITS) - 1)
        self._entries = _build_table(map_codes(keys, code_table), ~self._low_mask)
        self._log2 = max(_MIN_LOG2, (len(self._entries) * _BITS_PER_ENTRY - 1).bit_length())
        self._bitmap = build_bitmap(self._entries, self._log2)
        # Buckets by the first bits of the entries; on average one or two entries share a bucket.
        bucket_bits = len(self._entries).bit_length() - 1
        self._shift = np.uint64(64 - bucket_bits)
        begins = np.arange(1 << bucket_bits, dtype=np.uint64) << self._shift
        self._bucket_starts = np.searchsorted(self._entries, begins)
        self._bucket_starts = np.append(self._bucket_starts, len(self._entries)).astype(np.uint32)

    def find(self, batch: PlateColumns, hashes: UInt64Array) -> tuple[NDArray[np.intp], Keys]:
        """Return the pairs that share a form: rows of a batch (intp, m), unmapped keys of plates (uint64, m).

        `hashes` (uint64) are the mixed `deletion_keys` of the batch, mapped by the table. All plates that
        differ by one character are among the pairs, with equal plates and very few others.
        """
        slots = may_contain(self._bitmap, self._log2, hashes)
        sought = hashes[slots]
        buckets = (sought >> self._shift).view(np.int64)
        starts = self._bucket_starts.take(buckets).astype(np.intp)
        counts = self._bucket_starts.take(buckets + 1) - starts
        # The indexes of the entries of all buckets, one bucket after another.
        entry_indexes = np.arange(counts.sum()) + np.repeat(starts - np.cumsum(counts) + counts, counts)
        entries = self._entries.take(entry_indexes)
        is_equal = (entries ^ np.repeat(sought, counts)) <= self._low_mask
        entries = entries[is_equal] & self._low_mask
        slots = np.repeat(slots, counts)[is_equal]
        rows = np.searchsorted(batch.starts, slots, side="right") - 1
        # In a crowded list most pairs lack characters at different positions: they differ by more than one.
        read_positions = slots - batch.starts[rows]
        listed_positions = (entries & np.uint64(_NO_DELETION)).astype(np.intp)
        is_close = (
            (read_positions == listed_positions)
            | (read_positions == batch.lengths[rows])
            | (listed_positions == _NO_DELETION)
        )
        plates = (entries[is_close] >> np.uint64(_POSITION_BITS)).astype(np.intp)
        return rows[is_close], self._keys[plates]


def _build_table(keys: Keys, high_mask: np.uint64) -> UInt64Array:
    """Return the sorted entries of mapped keys (uint64, n); `high_mask` selects the bits of the hash."""
    plates = np.arange(len(keys), dtype=np.uint64) << np.uint64(_POSITION_BITS)
    parts = [mix_keys(keys) & high_mask | plates | np.uint64(_NO_DELETION)]
    # The text from a position on, as an integer: without its first character it moves one digit to the left.
    tails = keys
    for position in range(MAX_LENGTH):
        weight = np.uint64(BASE ** (MAX_LENGTH - 1 - position))
        rest: UInt64Array = tails - tails // weight * weight
        parts.append(
            mix_keys(keys - tails + rest * np.uint64(BASE)) & high_mask | plates | np.uint64(position)
        )
        has_more = rest != 0
        keys, tails, plates = keys[has_more], rest[has_more], plates[has_more]
    table = np.concatenate(parts)
    table.sort()
    return table
