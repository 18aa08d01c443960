"""The plates of fuzzy lists, found by plates that differ from them by one character."""

from collections.abc import Collection
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.alerts.alert_keys import pack_spellings
from streams.alerts.bitmap import mix_keys
from streams.alerts.one_edit_index import OneEditIndex
from streams.alerts.values_by_hash import ValuesByHash
from streams.plates.confusables import ConfusableClasses
from streams.plates.normal_form import packable_spellings
from streams.plates.packed_keys import Keys, differ_by_one_edit, map_codes, unpack
from streams.plates.plate_columns import PlateColumns, to_columns
from streams.records.alert import Alert, AlertKey, alert_key

_NO_KEYS: Final[Keys] = np.zeros(0, dtype=np.uint64)


class FuzzyPlates:
    """The plates of some lists: those of a base, as unmapped packed keys (uint64, sorted), and later changes.

    Only these lists cost the memory and the time of the search.
    """

    def __init__(self, list_ids: Collection[str], base_plates: Keys, classes: ConfusableClasses) -> None:
        self._list_ids = frozenset(list_ids)
        self._code_table = classes.code_table
        self._base = OneEditIndex(base_plates, self._code_table) if len(base_plates) else None
        self._alerts_by_plate: dict[int, set[AlertKey]] = {}
        self._changed_plates: ValuesByHash[int] = ValuesByHash()

    def __bool__(self) -> bool:
        return self._base is not None or bool(self._alerts_by_plate)

    def put(self, alert: Alert, earlier: Alert | None) -> None:
        """Add the plates of a changed alert and remove those of its earlier version in the delta."""
        if alert.list_id not in self._list_ids:
            return
        key = alert_key(alert)
        plates = pack_spellings(alert.plate)
        earlier_plates = pack_spellings(earlier.plate) if earlier is not None else set()
        for plate in earlier_plates - plates:
            self._alerts_by_plate[plate].discard(key)
            if not self._alerts_by_plate[plate]:
                del self._alerts_by_plate[plate]
                for hash_ in self._variant_hashes(plate):
                    self._changed_plates.discard(hash_, plate)
        for plate in plates - earlier_plates:
            if plate not in self._alerts_by_plate:
                for hash_ in self._variant_hashes(plate):
                    self._changed_plates.add(hash_, plate)
            self._alerts_by_plate.setdefault(plate, set()).add(key)

    def find(self, batch: PlateColumns) -> tuple[NDArray[np.intp], Keys]:
        """Return the pairs of a row of a batch (intp, m) and a plate's unmapped key (uint64, m).

        Sorted, each pair once; see `Index.find_one_edit`.
        """
        if not self:
            return np.zeros(0, dtype=np.intp), _NO_KEYS
        rows, keys = self._find_plain(batch)
        if batch.umlauts:
            umlaut_rows, umlaut_keys, same_plates = self._find_umlauts(batch.umlauts)
            rows, keys = np.concatenate([rows, umlaut_rows]), np.concatenate([keys, umlaut_keys])
            pairs = zip(rows.tolist(), map_codes(keys, self._code_table).tolist(), strict=True)
            is_different = np.fromiter(
                (pair not in same_plates for pair in pairs), dtype=np.bool_, count=len(rows)
            )
            rows, keys = rows[is_different], keys[is_different]
        order = np.lexsort((keys, rows))
        rows, keys = rows[order], keys[order]
        is_new = np.ones(len(rows), dtype=np.bool_)
        is_new[1:] = (rows[1:] != rows[:-1]) | (keys[1:] != keys[:-1])
        return rows[is_new], keys[is_new]

    def _find_plain(self, batch: PlateColumns) -> tuple[NDArray[np.intp], Keys]:
        """Return the pairs of the plain spellings of a batch, in no order, some more than once."""
        variants = batch.deletion_keys(self._code_table)
        hashes = mix_keys(variants)
        rows, keys = np.zeros(0, dtype=np.intp), _NO_KEYS
        if self._base is not None:
            rows, keys = self._base.find(batch, hashes)
        changed = self._changed_plates.find(hashes)
        if changed:
            slots = np.array([slot for slot, _ in changed], dtype=np.intp)
            rows = np.concatenate([rows, np.searchsorted(batch.starts, slots, side="right") - 1])
            keys = np.concatenate([keys, np.array([key for _, key in changed], dtype=np.uint64)])
        whole = variants[(batch.starts + batch.lengths)[rows]]
        is_match = differ_by_one_edit(whole, map_codes(keys, self._code_table))
        if batch.faults:
            is_match &= ~np.isin(rows, list(batch.faults))
        return rows[is_match], keys[is_match]

    def _find_umlauts(self, umlauts: dict[int, str]) -> tuple[NDArray[np.intp], Keys, set[tuple[int, int]]]:
        """Return the pairs of all spellings of plates with umlauts, and each row with its own mapped keys."""
        spellings = [(row, text) for row, plate in umlauts.items() for text in packable_spellings(plate)]
        batch = to_columns([text for _, text in spellings])
        batch_rows = np.array([row for row, _ in spellings], dtype=np.intp)
        indexes, keys = self._find_plain(batch)
        own_keys = set(zip(batch_rows.tolist(), batch.keys(self._code_table).tolist(), strict=True))
        return batch_rows[indexes], keys, own_keys

    def _variant_hashes(self, plate: int) -> set[int]:
        return set(mix_keys(to_columns([unpack(plate)]).deletion_keys(self._code_table)).tolist())
