"""An index of patterns: `?` stands for one character, `*` for any number of them, also none.

Each pattern has an anchor: some of its characters at fixed positions. Patterns with anchors at the same
positions form a group, a set of masked keys in which a whole batch is looked up at once; only a plate that
has a pattern's anchor is a candidate.
"""

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.plates.normal_form import MAX_LENGTH, packable_spellings
from streams.plates.packed_keys import BASE, pack
from streams.plates.plate_columns import PlateColumns
from streams.records.alert import AlertKey

_WEIGHTS: Final = np.array(
    [BASE ** (MAX_LENGTH - 1 - position) for position in range(MAX_LENGTH)], dtype=np.uint64
)


class AnchorMask(NamedTuple):
    """The positions of an anchor's characters."""

    side: Literal["start", "end", "any"]
    """What positions count from: the first character, the last, or a run that may begin anywhere."""
    length: int | None
    """The length of the plate; None if the pattern does not fix it."""
    positions: tuple[int, ...]
    """Counted from 0."""


def find_anchor(pattern: str) -> tuple[AnchorMask, int]:
    """Return the mask and the key of a pattern's anchor; `pattern` is a normal form without umlauts."""
    runs = pattern.split("*")
    length = len(pattern) if len(runs) == 1 else None
    side: Literal["start", "end", "any"]
    if _without_wildcards(runs[0]):
        side, run = "start", runs[0]
    elif _without_wildcards(runs[-1]):
        side, run = "end", runs[-1][::-1]
    else:
        run = max((part for run in runs for part in run.split("?")), key=len)
        side = "any"
    positions = tuple(position for position, char in enumerate(run) if char != "?")
    key = sum(pack(run[position]) // BASE**position for position in positions)
    return AnchorMask(side, length, positions), key


class WildcardIndex:
    """Patterns of alerts, added and removed one by one, looked up by whole batches."""

    def __init__(self) -> None:
        self._groups: dict[AnchorMask, dict[int, set[AlertKey]]] = {}
        self._sorted_keys: dict[AnchorMask, NDArray[np.uint64]] = {}
        self._anchors_by_alert: dict[AlertKey, list[tuple[AnchorMask, int]]] = {}

    def __len__(self) -> int:
        return len(self._anchors_by_alert)

    def add(self, key: AlertKey, pattern: str) -> None:
        """Add the pattern of an alert, a normal form with wildcards."""
        anchors = [find_anchor(spelling) for spelling in packable_spellings(pattern)]
        self._anchors_by_alert[key] = anchors
        for mask, value in anchors:
            self._groups.setdefault(mask, {}).setdefault(value, set()).add(key)
            self._sorted_keys.pop(mask, None)

    def remove(self, key: AlertKey) -> None:
        """Remove the pattern of an alert, if it has one."""
        for mask, value in self._anchors_by_alert.pop(key, []):
            group = self._groups[mask]
            group[value].discard(key)
            if not group[value]:
                del group[value]
            if not group:
                del self._groups[mask]
            self._sorted_keys.pop(mask, None)

    def find(self, batch: PlateColumns) -> set[tuple[int, AlertKey]]:
        """Return the pairs (row in the batch, alert key) of plates with the anchor of a pattern."""
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
            for position in mask.positions:
                keys += codes[:, position + shift] * _WEIGHTS[position]
            indexes = np.searchsorted(values, keys)
            indexes[indexes == len(values)] = 0
            is_match = values[indexes] == keys
            if mask.length is not None:
                is_match &= lengths == mask.length
            for row in np.flatnonzero(is_match).tolist():
                for key in group[int(keys[row])]:
                    yield row, key


def _without_wildcards(run: str) -> str:
    return run.replace("?", "")


def _reverse_plates(codes: NDArray[np.uint8], lengths: NDArray[np.intp]) -> NDArray[np.uint8]:
    """Return the codes of plates (uint8, n × 12) in reverse order, still left-aligned."""
    sources = lengths[:, None] - 1 - np.arange(MAX_LENGTH)[None, :]
    reversed_codes = np.take_along_axis(codes, np.maximum(sources, 0), axis=1)
    reversed_codes[sources < 0] = 0
    return reversed_codes
