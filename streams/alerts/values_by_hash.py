"""A growing table from mixed keys to the values of each."""

from collections.abc import Hashable
from typing import Final, Generic, TypeVar

import numpy as np

from streams.alerts.bitmap import UInt64Array, log2_bits, may_contain, set_bit

_MIN_CAPACITY: Final = 4096
_Value = TypeVar("_Value", bound=Hashable)


class ValuesByHash(Generic[_Value]):
    """The values of mixed keys, behind a bitmap that grows with them."""

    def __init__(self) -> None:
        self._values: dict[int, set[_Value]] = {}
        self._resize(_MIN_CAPACITY)

    def add(self, hash_: int, value: _Value) -> None:
        """Add a value of a hash."""
        self._values.setdefault(hash_, set()).add(value)
        set_bit(self._bitmap, self._log2, hash_)
        # Bits of removed hashes stay set until the bitmap is rebuilt, so the count only rises until then.
        self._entry_count += 1
        if self._entry_count > self._capacity:
            self._resize(2 * max(len(self._values), _MIN_CAPACITY))

    def discard(self, hash_: int, value: _Value) -> None:
        """Remove a value that a hash has."""
        values = self._values[hash_]
        values.discard(value)
        if not values:
            del self._values[hash_]

    def find(self, hashes: UInt64Array) -> list[tuple[int, _Value]]:
        """Return the pairs (index, value) of hashes (uint64, n)."""
        if not self._values:
            return []
        rows = may_contain(self._bitmap, self._log2, hashes)
        return [
            (row, value)
            for row, hash_ in zip(rows.tolist(), hashes[rows].tolist(), strict=True)
            for value in self._values.get(hash_, ())
        ]

    def _resize(self, capacity: int) -> None:
        self._capacity = capacity
        self._log2 = log2_bits(capacity)
        self._bitmap = np.zeros(1 << (self._log2 - 3), dtype=np.uint8)
        self._entry_count = len(self._values)
        for hash_ in self._values:
            set_bit(self._bitmap, self._log2, hash_)
