"""The delta: what has changed since the base was written, in force for the next batch."""

from typing import Final

import numpy as np

from streams.lists.bits import Words, log2_bits, mixed, passing, set_bit
from streams.lists.entries import entries_of
from streams.plates.confusion import Classes
from streams.records.alert import Alert, AlertKey, key_of

_LEAST: Final = 4096


class Delta:
    """Alerts by key, and the keys of their plates behind a bitmap of their own."""

    def __init__(self, classes: Classes) -> None:
        self.alerts: dict[AlertKey, Alert] = {}
        self._classes = classes
        self._owners: dict[int, set[AlertKey]] = {}
        self._entries = 0
        self._resize(_LEAST)

    def put(self, alert: Alert) -> None:
        """Adds an alert with a valid plate in place of any earlier version."""
        key = key_of(alert)
        earlier = self.alerts.get(key)
        if earlier is not None:
            for hash_ in self._hashes(earlier):
                owners = self._owners[hash_]
                owners.discard(key)
                if not owners:
                    del self._owners[hash_]
        self.alerts[key] = alert
        hashes = self._hashes(alert)
        for hash_ in hashes:
            self._owners.setdefault(hash_, set()).add(key)
            set_bit(self._bitmap, self._log2, hash_)
        # Bits of plates that are gone stay set until the bitmap is made anew, so entries are only counted up.
        self._entries += len(hashes)
        if self._entries > self._room:
            self._resize(2 * max(len(self._owners), _LEAST))

    def find(self, hashes: Words) -> list[tuple[int, AlertKey]]:
        """The pairs (place in the batch, alert) of a batch of mixed keys (uint64, n)."""
        if not self._owners:
            return []
        rows = passing(self._bitmap, self._log2, hashes)
        return [
            (row, key)
            for row, hash_ in zip(rows.tolist(), hashes[rows].tolist(), strict=True)
            for key in self._owners.get(hash_, ())
        ]

    def _hashes(self, alert: Alert) -> list[int]:
        hashes: list[int] = mixed(entries_of([alert], self._classes.table).keys).tolist()
        return hashes

    def _resize(self, room: int) -> None:
        self._room = room
        self._log2 = log2_bits(room)
        self._bitmap = np.zeros(1 << (self._log2 - 3), dtype=np.uint8)
        self._entries = len(self._owners)
        for hash_ in self._owners:
            set_bit(self._bitmap, self._log2, hash_)
