"""Candidates: the alerts that the reads of a batch may match, for the matcher to decide.

For every list, these are the alerts in the confusable class of the plate as read, and the patterns that it
may fit. For lists of mode `fuzzy`, they are also the alerts one edit away, and the same for the recogniser's
other texts.
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
from streams.plates.packed_keys import Keys
from streams.plates.plate_columns import PlateColumns, to_columns
from streams.records.alert import AlertKey, alert_key
from streams.records.read import Read

_get_candidates: Final = attrgetter("candidates")


class CandidateCollector:
    """Collects the candidates of a batch of reads chunk by chunk: a chunk fits the cache, a batch may not.

    For the same reason, only reads that have candidates are held.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._count = 0
        self._as_read: list[Candidate] = []
        self._alternatives: list[Candidate] = []
        self._near_rows: list[NDArray[np.intp]] = []
        self._near_keys: list[Keys] = []
        self.reads: dict[int, Read] = {}
        """By row, the reads that may have candidates."""

    def add(self, reads: Sequence[Read], plate_columns: PlateColumns) -> list[int]:
        """Look up a chunk of reads; return the indices in it, ascending, of those that may have candidates.

        `plate_columns` has their plates, row by row, all valid.
        """
        first, index = self._count, self._index
        self._count += len(reads)
        as_read = _renumber_rows(index.find(plate_columns), range(first, self._count))
        self._as_read += as_read
        rows = {candidate.row for candidate in as_read}
        if index.has_fuzzy_plates:
            rows.update(self._add_near(reads, plate_columns, first))
        for row in rows:
            self.reads[row] = reads[row - first]
        return [row - first for row in sorted(rows)]

    def candidates(self, prefilter: Prefilter) -> list[Candidate]:
        """Return the candidates in the order of the reads; each pair of a row and an alert comes once."""
        further = self._alternatives
        if self._near_rows:
            rows, keys = np.concatenate(self._near_rows), np.concatenate(self._near_keys)
            plausible = np.flatnonzero(prefilter.plausible(self.reads, rows, keys))
            further = further + self._index.resolve(rows[plausible], keys[plausible])
        if not further:
            return self._as_read
        by_pair: dict[tuple[int, AlertKey], Candidate] = {}
        for candidate in chain(self._as_read, further):
            by_pair.setdefault((candidate.row, alert_key(candidate.alert)), candidate)
        return [by_pair[pair] for pair in sorted(by_pair)]

    def _add_near(self, reads: Sequence[Read], plate_columns: PlateColumns, first: int) -> Iterator[int]:
        """Look up plates one edit away and the recogniser's other texts; iterate over the rows with any."""
        rows, keys = self._index.find_one_edit(plate_columns)
        yield from self._add_near_pairs(rows + first, keys)
        text_rows, texts = _list_alternatives(reads)
        if not texts:
            return
        columns = to_columns(texts)
        if columns.faults:
            valid = [index for index in range(len(texts)) if index not in columns.faults]
            text_rows, columns = [text_rows[index] for index in valid], to_columns([texts[i] for i in valid])
        read_rows = np.array(text_rows, dtype=np.intp) + first
        alternatives = _renumber_rows(self._index.find(columns), read_rows.tolist())
        self._alternatives += alternatives
        yield from (candidate.row for candidate in alternatives)
        rows, keys = self._index.find_one_edit(columns)
        yield from self._add_near_pairs(read_rows[rows], keys)

    def _add_near_pairs(self, rows: NDArray[np.intp], keys: Keys) -> list[int]:
        if len(rows):
            self._near_rows.append(rows)
            self._near_keys.append(keys)
        row_list: list[int] = rows.tolist()
        return row_list


def find_candidates(
    reads: Sequence[Read], plate_columns: PlateColumns, index: Index, prefilter: Prefilter
) -> list[Candidate]:
    """Return the candidates of reads, in their order; each pair of a row and an alert comes once.

    `plate_columns` has the plates of the reads, row by row, all valid.
    """
    collector = CandidateCollector(index)
    collector.add(reads, plate_columns)
    return collector.candidates(prefilter)


def _renumber_rows(candidates: Sequence[Candidate], rows: Sequence[int]) -> list[Candidate]:
    """Replace the row of each candidate by the entry of `rows` at it."""
    return [Candidate(rows[candidate.row], candidate.alert) for candidate in candidates]


def _list_alternatives(reads: Sequence[Read]) -> tuple[list[int], list[str]]:
    """Return the recogniser's other texts, and the row of the read of each."""
    rows, texts = [], []
    for row in compress(count(), map(_get_candidates, reads)):
        for text in recogniser_alternatives(reads[row]):
            rows.append(row)
            texts.append(text)
    return rows, texts
