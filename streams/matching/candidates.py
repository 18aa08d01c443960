"""Candidates: the alerts that the reads of a batch may match, each for the judge to say yes or no.

Every list gives the alerts of one confusable class with the plate as read, and patterns that it may fit.
Lists that ask for it (mode `fuzzy`) give also those one character from it, and the same for other whole texts
that the recogniser named.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, compress, count
from operator import attrgetter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.alerts.index import Candidate, Index
from streams.matching.scoring.prefilter import Prefilter
from streams.matching.scoring.scorer import recogniser_alternatives
from streams.plates.packed_keys import Keys, PlateColumns, to_columns
from streams.records.alert import AlertKey, alert_key
from streams.records.read import Read

_get_candidates: Final = attrgetter("candidates")


class CandidateCollector:
    """The candidates of a batch of reads, looked up part by part: a part fits the cache, a batch may not.

    For the same reason only those reads are held that have a candidate.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._count = 0
        self._as_read: list[Candidate] = []
        self._alternatives: list[Candidate] = []
        self._near_rows: list[NDArray[np.intp]] = []
        self._near_keys: list[Keys] = []
        self.reads: dict[int, Read] = {}
        """By row, the reads that may have a candidate."""

    def add(self, reads: Sequence[Read], plate_columns: PlateColumns) -> list[int]:
        """Looks up further reads; the places in them, in order, of those that may have a candidate.

        `columns_of` has their plates, row by row, and none is at fault.
        """
        first, index = self._count, self._index
        self._count += len(reads)
        found = _renumber_rows(index.find(plate_columns), range(first, self._count))
        self._as_read += found
        rows = {each.row for each in found}
        if index.has_fuzzy_plates:
            rows.update(self._add_near(reads, plate_columns, first))
        for row in rows:
            self.reads[row] = reads[row - first]
        return [row - first for row in sorted(rows)]

    def candidates(self, prefilter: Prefilter) -> list[Candidate]:
        """The candidates in the order of the reads; each pair of a row and an alert comes once."""
        more = self._alternatives
        if self._near_rows:
            rows, keys = np.concatenate(self._near_rows), np.concatenate(self._near_keys)
            worth = np.flatnonzero(prefilter.plausible(self.reads, rows, keys))
            more = more + self._index.resolve(rows[worth], keys[worth])
        if not more:
            return self._as_read
        found: dict[tuple[int, AlertKey], Candidate] = {}
        for each in chain(self._as_read, more):
            found.setdefault((each.row, alert_key(each.alert)), each)
        return [found[key] for key in sorted(found)]

    def _add_near(self, reads: Sequence[Read], plate_columns: PlateColumns, first: int) -> Iterator[int]:
        """The rows of what is one character away, or named by the recogniser."""
        rows, keys = self._index.find_one_edit(plate_columns)
        yield from self._add_near_pairs(rows + first, keys)
        beside, texts = _list_alternatives(reads)
        if not texts:
            return
        named = to_columns(texts)
        if named.faults:
            good = [place for place in range(len(texts)) if place not in named.faults]
            beside, named = [beside[place] for place in good], to_columns([texts[place] for place in good])
        owners = np.array(beside, dtype=np.intp) + first
        more = _renumber_rows(self._index.find(named), owners.tolist())
        self._alternatives += more
        yield from (each.row for each in more)
        rows, keys = self._index.find_one_edit(named)
        yield from self._add_near_pairs(owners[rows], keys)

    def _add_near_pairs(self, rows: NDArray[np.intp], keys: Keys) -> list[int]:
        if len(rows):
            self._near_rows.append(rows)
            self._near_keys.append(keys)
        found: list[int] = rows.tolist()
        return found


def find_candidates(
    reads: Sequence[Read], plate_columns: PlateColumns, index: Index, prefilter: Prefilter
) -> list[Candidate]:
    """The candidates of reads, in their order; each pair of a row and an alert comes once.

    `batch` has the plates of the reads, row by row, and none is at fault.
    """
    gathering = CandidateCollector(index)
    gathering.add(reads, plate_columns)
    return gathering.candidates(prefilter)


def _renumber_rows(found: Sequence[Candidate], rows: Sequence[int]) -> list[Candidate]:
    """Candidates of some rows, each as of the row that stands for it."""
    return [Candidate(rows[each.row], each.alert) for each in found]


def _list_alternatives(reads: Sequence[Read]) -> tuple[list[int], list[str]]:
    """The rows of reads for which the recogniser named other texts, and each text beside its row."""
    rows, texts = [], []
    for row in compress(count(), map(_get_candidates, reads)):
        for text in recogniser_alternatives(reads[row]):
            rows.append(row)
            texts.append(text)
    return rows, texts
