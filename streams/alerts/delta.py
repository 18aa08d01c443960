"""The delta: what has changed since the base was written, in force for the next batch."""

from collections.abc import Collection, Hashable
from typing import Final, Generic, TypeVar

import numpy as np

from streams.alerts.alert_keys import build_alert_keys, pack_spellings
from streams.alerts.bitmap import UInt64Array, log2_bits, may_contain, mix_keys, set_bit
from streams.plates.confusables import ConfusableClasses
from streams.plates.packed_keys import to_columns, unpack
from streams.records.alert import Alert, AlertKey, alert_key

_MIN_CAPACITY: Final = 4096
_Owner = TypeVar("_Owner", bound=Hashable)


class Delta:
    """Alerts by key, and the keys of their plates behind a bitmap of their own.

    Of the lists named in `near`, the plates are also kept by what is left of them without one character.
    """

    def __init__(self, classes: ConfusableClasses, fuzzy_lists: Collection[str] = ()) -> None:
        self.alerts: dict[AlertKey, Alert] = {}
        self._classes = classes
        self._owners: _OwnersByHash[AlertKey] = _OwnersByHash()
        self._fuzzy_lists = fuzzy_lists
        self._alerts_by_plate: dict[int, set[AlertKey]] = {}
        self._one_edit_owners: _OwnersByHash[int] = _OwnersByHash()

    @property
    def has_fuzzy_plates(self) -> bool:
        """Whether there is a plate of a near list."""
        return bool(self._alerts_by_plate)

    def put(self, alert: Alert) -> None:
        """Adds an alert with a valid plate in place of any earlier version."""
        key = alert_key(alert)
        earlier = self.alerts.get(key)
        if earlier is not None:
            for hash_ in self._alert_hashes(earlier):
                self._owners.discard(hash_, key)
        self.alerts[key] = alert
        for hash_ in self._alert_hashes(alert):
            self._owners.add(hash_, key)
        if alert.list_id in self._fuzzy_lists:
            self._replace_plates(
                key,
                pack_spellings(earlier.plate) if earlier is not None else set(),
                pack_spellings(alert.plate),
            )

    def find(self, hashes: UInt64Array) -> list[tuple[int, AlertKey]]:
        """The pairs (place in the batch, alert) of a batch of mixed keys (uint64, n)."""
        return self._owners.find(hashes)

    def find_one_edit(self, hashes: UInt64Array) -> list[tuple[int, int]]:
        """The pairs (place in `hashes`, unmapped key of a plate of a near list) that meet in any way.

        `hashes` (uint64) are those that `Near.find` takes.
        """
        return self._one_edit_owners.find(hashes)

    def _replace_plates(self, key: AlertKey, earlier: set[int], plates: set[int]) -> None:
        """Enters the plates of an alert of a near list instead of its earlier ones."""
        for plate in earlier - plates:
            self._alerts_by_plate[plate].discard(key)
            if not self._alerts_by_plate[plate]:
                del self._alerts_by_plate[plate]
                for hash_ in self._variants(plate):
                    self._one_edit_owners.discard(hash_, plate)
        for plate in plates - earlier:
            if plate not in self._alerts_by_plate:
                for hash_ in self._variants(plate):
                    self._one_edit_owners.add(hash_, plate)
            self._alerts_by_plate.setdefault(plate, set()).add(key)

    def _variants(self, plate: int) -> set[int]:
        return set(mix_keys(to_columns([unpack(plate)]).deletion_keys(self._classes.code_table)).tolist())

    def _alert_hashes(self, alert: Alert) -> list[int]:
        hashes: list[int] = mix_keys(build_alert_keys([alert], self._classes.code_table).keys).tolist()
        return hashes


class _OwnersByHash(Generic[_Owner]):
    """Whose each of some mixed keys is, behind a bitmap that grows with them."""

    def __init__(self) -> None:
        self._owners: dict[int, set[_Owner]] = {}
        self._resize(_MIN_CAPACITY)

    def add(self, hash_: int, owner: _Owner) -> None:
        """Adds an owner of a hash."""
        self._owners.setdefault(hash_, set()).add(owner)
        set_bit(self._bitmap, self._log2, hash_)
        # Bits of plates that are gone stay set until the bitmap is made anew, so entries are only counted up.
        self._entry_count += 1
        if self._entry_count > self._capacity:
            self._resize(2 * max(len(self._owners), _MIN_CAPACITY))

    def discard(self, hash_: int, owner: _Owner) -> None:
        """Takes away an owner that a hash has."""
        owners = self._owners[hash_]
        owners.discard(owner)
        if not owners:
            del self._owners[hash_]

    def find(self, hashes: UInt64Array) -> list[tuple[int, _Owner]]:
        """The pairs (place, owner) of some hashes (uint64, n)."""
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
