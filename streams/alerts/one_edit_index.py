"""Near: the listed plates that a plate as read differs from by one character.

Two texts differ by one character if and only if one of them without some character is the other, or both
without the character at the same place are the same. So each listed plate is entered
whole and without each of its characters, and each plate of a batch is sought in the same ways: some eight
look-ups for each, whatever the alphabet (Mor and Fraenkel, A hash code method for detecting and correcting
spelling errors, 1982). What meets in other ways than by one character is told apart afterwards.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.alerts.bitmap import UInt64Array, build_bitmap, may_contain, mix_keys
from streams.plates.normal_form import MAX_LENGTH
from streams.plates.packed_keys import BASE, Keys, PlateColumns, map_codes

_BITS_PER_ENTRY: Final = 32
"""Fewest bits of the bitmap for each entry. Measured with 100,000 plates: 16 let more pass, and 64 miss the
cache more often, than they save."""
_MIN_LOG2: Final = 16
_POSITION_BITS: Final = 4
_NO_DELETION: Final = 15
"""Instead of the place of the character left out: none is."""


class OneEditIndex:
    """Listed plates by what is left of each without one character, and by the whole.

    `keys` (uint64, n), sorted and each once, are the unmapped packed keys of the plates; `table` (uint8, 256)
    maps each code to its class's first. It takes some 140 bytes a plate.
    """

    def __init__(self, keys: Keys, table: NDArray[np.uint8]) -> None:
        self._keys = keys
        # One number for each entry: in the low bits which plate and the place of the character left out, in
        # the others the first bits of its hash. That sorts faster than pairs and takes less room; the few
        # more that meet, because bits of the hash are left off, are told apart with the rest.
        self._low_mask = np.uint64((1 << len(keys).bit_length() + _POSITION_BITS) - 1)
        self._table = _build_table(map_codes(keys, table), ~self._low_mask)
        self._log2 = max(_MIN_LOG2, (len(self._table) * _BITS_PER_ENTRY - 1).bit_length())
        self._bitmap = build_bitmap(self._table, self._log2)
        # Where the entries begin whose first bits are each number; one or two entries have the same.
        first_bits = len(self._table).bit_length() - 1
        self._shift = np.uint64(64 - first_bits)
        begins = np.arange(1 << first_bits, dtype=np.uint64) << self._shift
        self._bucket_starts = np.searchsorted(self._table, begins)
        self._bucket_starts = np.append(self._bucket_starts, len(self._table)).astype(np.uint32)

    def find(self, batch: PlateColumns, hashes: UInt64Array) -> tuple[NDArray[np.intp], Keys]:
        """The pairs that meet: a row of a batch (intp, m) and the unmapped key of a plate (uint64, m).

        `hashes` (uint64) are the mixed `deletions` of the batch, mapped by the table. All that differ by one
        character meet; those that are equal and very few others may.
        """
        slots = may_contain(self._bitmap, self._log2, hashes)
        sought = hashes[slots]
        places = (sought >> self._shift).view(np.int64)
        firsts = self._bucket_starts.take(places).astype(np.intp)
        counts = self._bucket_starts.take(places + 1) - firsts
        # The entries of each run, one run behind the other.
        runs = np.arange(counts.sum()) + np.repeat(firsts - np.cumsum(counts) + counts, counts)
        entries = self._table.take(runs)
        met = (entries ^ np.repeat(sought, counts)) <= self._low_mask
        entries = entries[met] & self._low_mask
        slots = np.repeat(slots, counts)[met]
        rows = np.searchsorted(batch.starts, slots, side="right") - 1
        # In a crowded list most meet without characters of different places; they differ by more than one.
        places, without = slots - batch.starts[rows], (entries & np.uint64(_NO_DELETION)).astype(np.intp)
        near = (places == without) | (places == batch.lengths[rows]) | (without == _NO_DELETION)
        return rows[near], self._keys[(entries[near] >> np.uint64(_POSITION_BITS)).astype(np.intp)]


def _build_table(keys: Keys, high_mask: np.uint64) -> UInt64Array:
    """The sorted entries of mapped keys (uint64, n): the `high` bits of a hash, the plate and the place."""
    plates = np.arange(len(keys), dtype=np.uint64) << np.uint64(_POSITION_BITS)
    parts = [mix_keys(keys) & high_mask | plates | np.uint64(_NO_DELETION)]
    # The text from a place on, as a number: without its first character it moves one to the left.
    tails = keys
    for place in range(MAX_LENGTH):
        weight = np.uint64(BASE ** (MAX_LENGTH - 1 - place))
        behind: UInt64Array = tails - tails // weight * weight
        parts.append(
            mix_keys(keys - tails + behind * np.uint64(BASE)) & high_mask | plates | np.uint64(place)
        )
        more = behind != 0
        keys, tails, plates = keys[more], behind[more], plates[more]
    table = np.concatenate(parts)
    table.sort()
    return table
