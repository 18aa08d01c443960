"""Near: the listed plates that a plate as read differs from by one character.

Two texts differ by one character if and only if they are one of three: the one without some character is the
other, or both are the same without one character each, at the same place. So each listed plate is entered
whole and without each of its characters, and each plate of a batch is sought in the same ways: some eight
look-ups for each, whatever the alphabet (Mor and Fraenkel, A hash code method for detecting and correcting
spelling errors, 1982). What meets in other ways than by one character is told apart afterwards.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.lists.bits import Words, bitmap_of, mixed, passing
from streams.plates.keys import BASE, Keys, mapped

_BITS_AN_ENTRY: Final = 32
"""Fewest bits of the bitmap for each entry. Measured: with 16 more pass than the smaller bitmap saves, and
one with 64 no longer fits the cache."""
_LEAST_LOG2: Final = 16


class Near:
    """Listed plates by what is left of each without one character, and by the whole.

    `keys` (uint64, n), sorted and each once, are the unmapped packed keys of the plates; `table` (uint8, 256)
    maps each code to its class's first. It takes some hundred bytes a plate.
    """

    def __init__(self, keys: Keys, table: NDArray[np.uint8]) -> None:
        self._keys = keys
        # One number for each entry: the place of its plate in the low bits, the first bits of its hash in
        # the others. That sorts faster than pairs and takes less room; the few more that meet, because bits
        # of the hash are left off, are told apart with the rest.
        self._low = np.uint64((1 << len(keys).bit_length()) - 1)
        self._table = _entries(mapped(keys, table), ~self._low)
        self._log2 = max(_LEAST_LOG2, (len(self._table) * _BITS_AN_ENTRY - 1).bit_length())
        self._bitmap = bitmap_of(self._table, self._log2)

    def find(self, hashes: Words) -> tuple[NDArray[np.intp], Keys]:
        """The pairs that meet: a place in `hashes` (intp, m) and the unmapped key of a plate (uint64, m).

        `hashes` (uint64) are mixed `deletions` of plates, mapped by the table. All plates that differ by one
        character meet, those that are equal too, and some others.
        """
        places = passing(self._bitmap, self._log2, hashes)
        sought = hashes[places] & ~self._low
        firsts = np.searchsorted(self._table, sought)
        met = (self._table.take(firsts, mode="clip") & ~self._low) == sought
        places, firsts, sought = places[met], firsts[met], sought[met]
        counts = np.searchsorted(self._table, sought | self._low, side="right") - firsts
        # The entries of each run, one run behind the other.
        entries = np.arange(counts.sum()) + np.repeat(firsts - np.cumsum(counts) + counts, counts)
        owners = (self._table[entries] & self._low).astype(np.intp)
        return np.repeat(places, counts), self._keys[owners]


def _entries(keys: Keys, high: np.uint64) -> Words:
    """The sorted entries of mapped keys (uint64, n): the `high` bits of a hash, and the place of its key."""
    places = np.arange(len(keys), dtype=np.uint64)
    parts = [mixed(keys) & high | places]
    # The text from a place on, as a number: without its first character it moves one to the left.
    tails, weight = keys, BASE**11
    previous = np.full(len(keys), 2**64 - 1, dtype=np.uint64)
    while len(keys):
        behind = tails - tails // np.uint64(weight) * np.uint64(weight)
        without = keys - tails + behind * np.uint64(BASE)
        # Of equal neighbours either may be left out; the text is entered once.
        new = without != previous
        parts.append(mixed(without[new]) & high | places[new])
        more = behind != 0
        keys, tails, previous, places = keys[more], behind[more], without[more], places[more]
        weight //= BASE
    table = np.concatenate(parts)
    table.sort()
    return table
