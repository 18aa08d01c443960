"""A growing table from mixed keys to the owners of each."""

from collections.abc import Hashable
from typing import Final, Generic, TypeVar

import numpy as np

from streams.alerts.bitmap import UInt64Array, log2_bits, may_contain, set_bit

_MIN_CAPACITY: Final = 4096
_Owner = TypeVar("_Owner", bound=Hashable)


class OwnersByHash(Generic[_Owner]):
    """The owners of mixed keys, behind a bitmap that grows with them."""

    def __init__(self) -> None:
        self._owners: dict[int, set[_Owner]] = {}
        self._resize(_MIN_CAPACITY)

    def add(self, hash_: int, owner: _Owner) -> None:
        """Add an owner of a hash."""
        self._owners.setdefault(hash_, set()).add(owner)
        set_bit(self._bitmap, self._log2, hash_)
        # Bits of removed hashes stay set until the bitmap is rebuilt, so the count only rises until then.
        self._entry_count += 1
        if self._entry_count > self._capacity:
            self._resize(2 * max(len(self._owners), _MIN_CAPACITY))

    def discard(self, hash_: int, owner: _Owner) -> None:
        """Remove an owner that a hash has."""
        owners = self._owners[hash_]
        owners.discard(owner)
        if not owners:
            del self._owners[hash_]

    def find(self, hashes: UInt64Array) -> list[tuple[int, _Owner]]:
        """Return the pairs (index, owner) of hashes (uint64, n)."""
        if not self._owners:
            return []
        rows = may_contain(self._bitmap, self._log2, hashes)
        return [
            (row, owner)
            for row, hash_ in zip(rows.tolist(), hashes[rows].tolist(), strict=True)
            for owner in self._owners.get(hash_, ())
        ]

    def _resize(self, capacity: int) -> None:
        self._capacity = capacity
        self._log2 = log2_bits(capacity)
        self._bitmap = np.zeros(1 << (self._log2 - 3), dtype=np.uint8)
        self._entry_count = len(self._owners)
        for hash_ in self._owners:
            set_bit(self._bitmap, self._log2, hash_)
