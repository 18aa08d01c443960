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
from streams.matching.scoring.prefilter import Sieve
from streams.matching.scoring.scorer import named_texts
from streams.plates.packed_keys import Columns, Keys, columns
from streams.records.alert import AlertKey, key_of
from streams.records.read import Read

_CANDIDATES: Final = attrgetter("candidates")


class Gathering:
    """The candidates of a batch of reads, looked up part by part: a part fits the cache, a batch may not.

    For the same reason only those reads are held that have a candidate.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._count = 0
        self._found: list[Candidate] = []
        self._more: list[Candidate] = []
        self._rows: list[NDArray[np.intp]] = []
        self._keys: list[Keys] = []
        self.reads: dict[int, Read] = {}
        """By row, the reads that may have a candidate."""

    def add(self, reads: Sequence[Read], columns_of: Columns) -> list[int]:
        """Looks up further reads; the places in them, in order, of those that may have a candidate.

        `columns_of` has their plates, row by row, and none is at fault.
        """
        first, index = self._count, self._index
        self._count += len(reads)
        found = _moved(index.find(columns_of), range(first, self._count))
        self._found += found
        rows = {each.row for each in found}
        if index.has_near:
            rows.update(self._near(reads, columns_of, first))
        for row in rows:
            self.reads[row] = reads[row - first]
        return [row - first for row in sorted(rows)]

    def candidates(self, sieve: Sieve) -> list[Candidate]:
        """The candidates in the order of the reads; each pair of a row and an alert comes once."""
        more = self._more
        if self._rows:
            rows, keys = np.concatenate(self._rows), np.concatenate(self._keys)
            worth = np.flatnonzero(sieve.worth(self.reads, rows, keys))
            more = more + self._index.resolve(rows[worth], keys[worth])
        if not more:
            return self._found
        found: dict[tuple[int, AlertKey], Candidate] = {}
        for each in chain(self._found, more):
            found.setdefault((each.row, key_of(each.alert)), each)
        return [found[key] for key in sorted(found)]

    def _near(self, reads: Sequence[Read], columns_of: Columns, first: int) -> Iterator[int]:
        """The rows of what is one character away, or named by the recogniser."""
        rows, keys = self._index.near(columns_of)
        yield from self._pairs(rows + first, keys)
        beside, texts = _named(reads)
        if not texts:
            return
        named = columns(texts)
        if named.faults:
            good = [place for place in range(len(texts)) if place not in named.faults]
            beside, named = [beside[place] for place in good], columns([texts[place] for place in good])
        owners = np.array(beside, dtype=np.intp) + first
        more = _moved(self._index.find(named), owners.tolist())
        self._more += more
        yield from (each.row for each in more)
        rows, keys = self._index.near(named)
        yield from self._pairs(owners[rows], keys)

    def _pairs(self, rows: NDArray[np.intp], keys: Keys) -> list[int]:
        if len(rows):
            self._rows.append(rows)
            self._keys.append(keys)
        found: list[int] = rows.tolist()
        return found


def candidates(reads: Sequence[Read], batch: Columns, index: Index, sieve: Sieve) -> list[Candidate]:
    """The candidates of reads, in their order; each pair of a row and an alert comes once.

    `batch` has the plates of the reads, row by row, and none is at fault.
    """
    gathering = Gathering(index)
    gathering.add(reads, batch)
    return gathering.candidates(sieve)


def _moved(found: Sequence[Candidate], rows: Sequence[int]) -> list[Candidate]:
    """Candidates of some rows, each as of the row that stands for it."""
    return [Candidate(rows[each.row], each.alert) for each in found]


def _named(reads: Sequence[Read]) -> tuple[list[int], list[str]]:
    """The rows of reads for which the recogniser named other texts, and each text beside its row."""
    rows, texts = [], []
    for row in compress(count(), map(_CANDIDATES, reads)):
        for text in named_texts(reads[row]):
            rows.append(row)
            texts.append(text)
    return rows, texts
