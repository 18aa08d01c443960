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

from streams.alerts.bitmap import Words, bitmap_of, mixed, passing
from streams.plates.normal_form import MAX_LENGTH
from streams.plates.packed_keys import BASE, Columns, Keys, mapped

_BITS_AN_ENTRY: Final = 32
"""Fewest bits of the bitmap for each entry. Measured with 100,000 plates: 16 let more pass, and 64 miss the
cache more often, than they save."""
_LEAST_LOG2: Final = 16
_PLACE_BITS: Final = 4
_WHOLE: Final = 15
"""Instead of the place of the character left out: none is."""


class Near:
    """Listed plates by what is left of each without one character, and by the whole.

    `keys` (uint64, n), sorted and each once, are the unmapped packed keys of the plates; `table` (uint8, 256)
    maps each code to its class's first. It takes some 140 bytes a plate.
    """

    def __init__(self, keys: Keys, table: NDArray[np.uint8]) -> None:
        self._keys = keys
        # One number for each entry: in the low bits which plate and the place of the character left out, in
        # the others the first bits of its hash. That sorts faster than pairs and takes less room; the few
        # more that meet, because bits of the hash are left off, are told apart with the rest.
        self._low = np.uint64((1 << len(keys).bit_length() + _PLACE_BITS) - 1)
        self._table = _entries(mapped(keys, table), ~self._low)
        self._log2 = max(_LEAST_LOG2, (len(self._table) * _BITS_AN_ENTRY - 1).bit_length())
        self._bitmap = bitmap_of(self._table, self._log2)
        # Where the entries begin whose first bits are each number; one or two entries have the same.
        first_bits = len(self._table).bit_length() - 1
        self._shift = np.uint64(64 - first_bits)
        begins = np.arange(1 << first_bits, dtype=np.uint64) << self._shift
        self._begins = np.searchsorted(self._table, begins)
        self._begins = np.append(self._begins, len(self._table)).astype(np.uint32)

    def find(self, batch: Columns, hashes: Words) -> tuple[NDArray[np.intp], Keys]:
        """The pairs that meet: a row of a batch (intp, m) and the unmapped key of a plate (uint64, m).

        `hashes` (uint64) are the mixed `deletions` of the batch, mapped by the table. All that differ by one
        character meet; those that are equal and very few others may.
        """
        slots = passing(self._bitmap, self._log2, hashes)
        sought = hashes[slots]
        places = (sought >> self._shift).view(np.int64)
        firsts = self._begins.take(places).astype(np.intp)
        counts = self._begins.take(places + 1) - firsts
        # The entries of each run, one run behind the other.
        runs = np.arange(counts.sum()) + np.repeat(firsts - np.cumsum(counts) + counts, counts)
        entries = self._table.take(runs)
        met = (entries ^ np.repeat(sought, counts)) <= self._low
        entries = entries[met] & self._low
        slots = np.repeat(slots, counts)[met]
        rows = np.searchsorted(batch.starts, slots, side="right") - 1
        # In a crowded list most meet without characters of different places; they differ by more than one.
        places, without = slots - batch.starts[rows], (entries & np.uint64(_WHOLE)).astype(np.intp)
        near = (places == without) | (places == batch.lengths[rows]) | (without == _WHOLE)
        return rows[near], self._keys[(entries[near] >> np.uint64(_PLACE_BITS)).astype(np.intp)]


def _entries(keys: Keys, high: np.uint64) -> Words:
    """The sorted entries of mapped keys (uint64, n): the `high` bits of a hash, the plate and the place."""
    plates = np.arange(len(keys), dtype=np.uint64) << np.uint64(_PLACE_BITS)
    parts = [mixed(keys) & high | plates | np.uint64(_WHOLE)]
    # The text from a place on, as a number: without its first character it moves one to the left.
    tails = keys
    for place in range(MAX_LENGTH):
        weight = np.uint64(BASE ** (MAX_LENGTH - 1 - place))
        behind: Words = tails - tails // weight * weight
        parts.append(mixed(keys - tails + behind * np.uint64(BASE)) & high | plates | np.uint64(place))
        more = behind != 0
        keys, tails, plates = keys[more], behind[more], plates[more]
    table = np.concatenate(parts)
    table.sort()
    return table
