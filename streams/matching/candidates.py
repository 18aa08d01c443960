"""Candidates: the alerts that the reads of a batch may match, each for the judge to say yes or no.

Every list gives the alerts of one confusable class with the plate as read, and patterns that it may fit.
Lists that ask for it (mode `fuzzy`) give also those one character from it, and the same for other whole texts
that the recogniser named.
"""

from collections.abc import Sequence
from itertools import chain, compress, count
from operator import attrgetter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.lists.index import Candidate, Index
from streams.matching.sieve import Sieve
from streams.matching.weighing import named_texts
from streams.plates.keys import Columns, Keys, columns
from streams.records.alert import AlertKey, key_of
from streams.records.read import Read

_CANDIDATES: Final = attrgetter("candidates")


class Gathering:
    """The candidates of a batch of reads, looked up part by part: a part fits the cache, a batch may not."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._reads: list[Read] = []
        self._found: list[Candidate] = []
        self._more: list[Candidate] = []
        self._rows: list[NDArray[np.intp]] = []
        self._keys: list[Keys] = []

    def add(self, reads: Sequence[Read], columns_of: Columns) -> None:
        """Looks up further reads. `columns_of` has their plates, row by row, and none is at fault."""
        first, index = len(self._reads), self._index
        self._reads += reads
        self._found += _moved(index.find(columns_of), range(first, len(self._reads)))
        if not index.has_near:
            return
        rows, keys = index.near(columns_of)
        self._pairs(rows + first, keys)
        beside, texts = _named(reads)
        if not texts:
            return
        named = columns(texts)
        if named.faults:
            good = [place for place in range(len(texts)) if place not in named.faults]
            beside, named = [beside[place] for place in good], columns([texts[place] for place in good])
        owners = np.array(beside, dtype=np.intp) + first
        self._more += _moved(index.find(named), owners.tolist())
        rows, keys = index.near(named)
        self._pairs(owners[rows], keys)

    def candidates(self, sieve: Sieve) -> list[Candidate]:
        """The candidates in the order of the reads; each pair of a row and an alert comes once."""
        more = self._more
        if self._rows:
            rows, keys = np.concatenate(self._rows), np.concatenate(self._keys)
            worth = np.flatnonzero(sieve.worth(self._reads, rows, keys))
            more = more + self._index.resolve(rows[worth], keys[worth])
        if not more:
            return self._found
        found: dict[tuple[int, AlertKey], Candidate] = {}
        for each in chain(self._found, more):
            found.setdefault((each.row, key_of(each.alert)), each)
        return [found[key] for key in sorted(found)]

    def _pairs(self, rows: NDArray[np.intp], keys: Keys) -> None:
        if len(rows):
            self._rows.append(rows)
            self._keys.append(keys)


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
