"""Alerts with wildcards: `?` one character, `*` any run, possibly none.

Each pattern has an anchor: some of its characters at fixed places. Patterns whose anchors lie at the same
places are one group, a set of masked keys, and a whole batch is looked up in it at once; only a read that
has a pattern's anchor is a candidate.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.plates.normal_form import MAX_LENGTH, packable_spellings
from streams.plates.packed_keys import BASE, PlateColumns, pack
from streams.records.alert import AlertKey

_WEIGHTS: Final = np.array([BASE ** (MAX_LENGTH - 1 - place) for place in range(MAX_LENGTH)], dtype=np.uint64)


class AnchorMask(NamedTuple):
    """The places of an anchor.

    `side`: `start`, places from the first character; `end`, from the last; `any`, a run that may begin
    anywhere. `length`: the plate's length where the pattern fixes it, else None; `places`: from 0.
    """

    side: str
    length: int | None
    positions: tuple[int, ...]


def find_anchor(pattern: str) -> tuple[AnchorMask, int]:
    """The mask and the key of a pattern's anchor; `pattern` is a normal form with wildcards, no umlauts."""
    runs = pattern.split("*")
    length = len(pattern) if len(runs) == 1 else None
    if _without_wildcards(runs[0]):
        side, run = "start", runs[0]
    elif _without_wildcards(runs[-1]):
        side, run = "end", runs[-1][::-1]
    else:
        run = max((part for run in runs for part in run.split("?")), key=len)
        side = "any"
    places = tuple(place for place, char in enumerate(run) if char != "?")
    key = sum(pack(run[place]) // BASE**place for place in places)
    return AnchorMask(side, length, places), key


class WildcardIndex:
    """The patterns of an index, added and removed one by one, looked up by whole batches."""

    def __init__(self) -> None:
        self._groups: dict[AnchorMask, dict[int, set[AlertKey]]] = {}
        self._sorted_keys: dict[AnchorMask, NDArray[np.uint64]] = {}
        self._anchors_by_alert: dict[AlertKey, list[tuple[AnchorMask, int]]] = {}

    def __len__(self) -> int:
        return len(self._anchors_by_alert)

    def add(self, key: AlertKey, pattern: str) -> None:
        """Adds the pattern (a normal form with wildcards) of an alert."""
        anchors = [find_anchor(spelling) for spelling in packable_spellings(pattern)]
        self._anchors_by_alert[key] = anchors
        for mask, value in anchors:
            self._groups.setdefault(mask, {}).setdefault(value, set()).add(key)
            self._sorted_keys.pop(mask, None)

    def remove(self, key: AlertKey) -> None:
        """Removes the pattern of an alert, if it has one."""
        for mask, value in self._anchors_by_alert.pop(key, []):
            group = self._groups[mask]
            group[value].discard(key)
            if not group[value]:
                del group[value]
            if not group:
                del self._groups[mask]
            self._sorted_keys.pop(mask, None)

    def find(self, batch: PlateColumns) -> set[tuple[int, AlertKey]]:
        """The pairs (place in the batch, alert) in which a plate has the anchor of an alert's pattern."""
        if not self._groups:
            return set()
        start = batch.matrix()
        lengths = np.where(start[:, 0] > 0, batch.lengths, 0)
        end = _reverse_plates(start, lengths)
        return {
            pair
            for mask in self._groups
            for pair in self._find_in_group(mask, end if mask.side == "end" else start, lengths)
        }

    def _find_in_group(
        self, mask: AnchorMask, codes: NDArray[np.uint8], lengths: NDArray[np.intp]
    ) -> Iterable[tuple[int, AlertKey]]:
        group = self._groups[mask]
        values = self._sorted_keys.get(mask)
        if values is None:
            values = self._sorted_keys[mask] = np.array(sorted(group), dtype=np.uint64)
        shifts = range(MAX_LENGTH - max(mask.positions)) if mask.side == "any" else range(1)
        for shift in shifts:
            keys = np.zeros(len(codes), dtype=np.uint64)
            for place in mask.positions:
                keys += codes[:, place + shift] * _WEIGHTS[place]
            where = np.searchsorted(values, keys)
            where[where == len(values)] = 0
            found = values[where] == keys
            if mask.length is not None:
                found &= lengths == mask.length
            for row in np.flatnonzero(found).tolist():
                for key in group[int(keys[row])]:
                    yield row, key


def _without_wildcards(run: str) -> str:
    return run.replace("?", "")


def _reverse_plates(codes: NDArray[np.uint8], lengths: NDArray[np.intp]) -> NDArray[np.uint8]:
    """The plates (uint8, n × 12) written backwards, still left-aligned."""
    places = lengths[:, None] - 1 - np.arange(MAX_LENGTH)[None, :]
    turned = np.take_along_axis(codes, np.maximum(places, 0), axis=1)
    turned[places < 0] = 0
    return turned
