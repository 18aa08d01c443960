"""A bitmap in front of the keys: one look at one bit dismisses nearly every read that matches nothing."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

UInt64Array = NDArray[np.uint64]

BITS_PER_ENTRY: Final = 64
"""Minimum number of bits per entry. Of plates that are not listed, at most one in this many passes."""
_MIN_LOG2: Final = 16
_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)
_SHIFT: Final = np.uint64(32)


def mix_keys(keys: UInt64Array) -> UInt64Array:
    """Return keys (uint64) spread evenly over 64 bits; the mapping is one to one.

    Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4), after folding the high half in.
    """
    hashes = keys >> _SHIFT
    hashes ^= keys
    hashes *= _MULTIPLIER
    return hashes


def log2_bits(entries: int) -> int:
    """Return the size of the bitmap for a number of entries, as the base-2 logarithm of its bits."""
    return max(_MIN_LOG2, (entries * BITS_PER_ENTRY - 1).bit_length())


def build_bitmap(hashes: UInt64Array, log2: int) -> NDArray[np.uint8]:
    """Return the bitmap (uint8, 2^log2 / 8) of sorted hashes: the first log2 bits of each number its bit."""
    bitmap = np.zeros(1 << (log2 - 3), dtype=np.uint8)
    if len(hashes):
        bits = hashes >> np.uint64(64 - log2)
        bytes_ = (bits >> np.uint64(3)).astype(np.intp)
        values = np.left_shift(np.uint8(1), (bits & np.uint64(7)).astype(np.uint8))
        firsts = np.flatnonzero(np.r_[True, bytes_[1:] != bytes_[:-1]])
        bitmap[bytes_[firsts]] = np.bitwise_or.reduceat(values, firsts)
    return bitmap


def set_bit(bitmap: NDArray[np.uint8], log2: int, hash_: int) -> None:
    """Set the bit of one hash."""
    bit = hash_ >> (64 - log2)
    bitmap[bit >> 3] |= 1 << (bit & 7)


def may_contain(bitmap: NDArray[np.uint8], log2: int, hashes: UInt64Array) -> NDArray[np.intp]:
    """Return the indexes of the hashes whose bit is set: all that are contained, and few others."""
    bits = hashes >> np.uint64(64 - log2)
    is_set = bitmap.take((bits >> np.uint64(3)).view(np.int64))
    is_set >>= bits.astype(np.uint8) & np.uint8(7)
    is_set &= np.uint8(1)
    return np.flatnonzero(is_set)
