"""The delta: what has changed since the base was written, in force for the next batch."""

from collections.abc import Collection, Hashable
from typing import Final, Generic, TypeVar

import numpy as np

from streams.alerts.alert_keys import entries_of, packed
from streams.alerts.bitmap import Words, log2_bits, mixed, passing, set_bit
from streams.plates.confusables import Classes
from streams.plates.packed_keys import columns, unpack
from streams.records.alert import Alert, AlertKey, key_of

_LEAST: Final = 4096
_Owner = TypeVar("_Owner", bound=Hashable)


class Delta:
    """Alerts by key, and the keys of their plates behind a bitmap of their own.

    Of the lists named in `near`, the plates are also kept by what is left of them without one character.
    """

    def __init__(self, classes: Classes, near: Collection[str] = ()) -> None:
        self.alerts: dict[AlertKey, Alert] = {}
        self._classes = classes
        self._owners: _Owners[AlertKey] = _Owners()
        self._near_lists = near
        self._listed: dict[int, set[AlertKey]] = {}
        self._near: _Owners[int] = _Owners()

    @property
    def has_near(self) -> bool:
        """Whether there is a plate of a near list."""
        return bool(self._listed)

    def put(self, alert: Alert) -> None:
        """Adds an alert with a valid plate in place of any earlier version."""
        key = key_of(alert)
        earlier = self.alerts.get(key)
        if earlier is not None:
            for hash_ in self._hashes(earlier):
                self._owners.discard(hash_, key)
        self.alerts[key] = alert
        for hash_ in self._hashes(alert):
            self._owners.add(hash_, key)
        if alert.list_id in self._near_lists:
            self._list(key, packed(earlier.plate) if earlier is not None else set(), packed(alert.plate))

    def find(self, hashes: Words) -> list[tuple[int, AlertKey]]:
        """The pairs (place in the batch, alert) of a batch of mixed keys (uint64, n)."""
        return self._owners.find(hashes)

    def near(self, hashes: Words) -> list[tuple[int, int]]:
        """The pairs (place in `hashes`, unmapped key of a plate of a near list) that meet in any way.

        `hashes` (uint64) are those that `Near.find` takes.
        """
        return self._near.find(hashes)

    def _list(self, key: AlertKey, earlier: set[int], plates: set[int]) -> None:
        """Enters the plates of an alert of a near list instead of its earlier ones."""
        for plate in earlier - plates:
            self._listed[plate].discard(key)
            if not self._listed[plate]:
                del self._listed[plate]
                for hash_ in self._variants(plate):
                    self._near.discard(hash_, plate)
        for plate in plates - earlier:
            if plate not in self._listed:
                for hash_ in self._variants(plate):
                    self._near.add(hash_, plate)
            self._listed.setdefault(plate, set()).add(key)

    def _variants(self, plate: int) -> set[int]:
        return set(mixed(columns([unpack(plate)]).deletions(self._classes.table)).tolist())

    def _hashes(self, alert: Alert) -> list[int]:
        hashes: list[int] = mixed(entries_of([alert], self._classes.table).keys).tolist()
        return hashes


class _Owners(Generic[_Owner]):
    """Whose each of some mixed keys is, behind a bitmap that grows with them."""

    def __init__(self) -> None:
        self._owners: dict[int, set[_Owner]] = {}
        self._resize(_LEAST)

    def add(self, hash_: int, owner: _Owner) -> None:
        """Adds an owner of a hash."""
        self._owners.setdefault(hash_, set()).add(owner)
        set_bit(self._bitmap, self._log2, hash_)
        # Bits of plates that are gone stay set until the bitmap is made anew, so entries are only counted up.
        self._entries += 1
        if self._entries > self._room:
            self._resize(2 * max(len(self._owners), _LEAST))

    def discard(self, hash_: int, owner: _Owner) -> None:
        """Takes away an owner that a hash has."""
        owners = self._owners[hash_]
        owners.discard(owner)
        if not owners:
            del self._owners[hash_]

    def find(self, hashes: Words) -> list[tuple[int, _Owner]]:
        """The pairs (place, owner) of some hashes (uint64, n)."""
        if not self._owners:
            return []
        rows = passing(self._bitmap, self._log2, hashes)
        return [
            (row, owner)
            for row, hash_ in zip(rows.tolist(), hashes[rows].tolist(), strict=True)
            for owner in self._owners.get(hash_, ())
        ]

    def _resize(self, room: int) -> None:
        self._room = room
        self._log2 = log2_bits(room)
        self._bitmap = np.zeros(1 << (self._log2 - 3), dtype=np.uint8)
        self._entries = len(self._owners)
        for hash_ in self._owners:
            set_bit(self._bitmap, self._log2, hash_)
