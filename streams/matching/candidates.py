"""Candidates: the alerts that the reads of a batch may match, each for the judge to say yes or no.

Every list gives the alerts of one confusable class with the plate as read, and patterns that it may fit.
Lists that ask for it (mode `fuzzy`) give also those one character from it, and the same for other whole texts
that the recogniser named.
"""

from collections.abc import Sequence
from itertools import chain

import numpy as np

from streams.lists.index import Candidate, Index
from streams.matching.sieve import Sieve
from streams.matching.weighing import named_texts
from streams.plates.keys import Columns, columns
from streams.records.alert import AlertKey, key_of
from streams.records.read import Read


def candidates(reads: Sequence[Read], batch: Columns, index: Index, sieve: Sieve) -> list[Candidate]:
    """The candidates of reads, in their order; each pair of a row and an alert comes once.

    `batch` has the plates of the reads, row by row, and none is at fault.
    """
    found = index.find(batch)
    if not index.has_near:
        return found
    more = [_near(reads, batch, index, sieve)]
    rows, texts = _named(reads)
    if rows:
        named = columns(texts)
        if named.faults:
            good = [place for place in range(len(rows)) if place not in named.faults]
            rows, named = [rows[place] for place in good], columns([texts[place] for place in good])
        beside = [reads[row] for row in rows]
        more += [
            [Candidate(rows[each.row], each.alert) for each in part]
            for part in (index.find(named), _near(beside, named, index, sieve))
        ]
    if not any(more):
        return found
    all_: dict[tuple[int, AlertKey], Candidate] = {}
    for each in chain(found, *more):
        all_.setdefault((each.row, key_of(each.alert)), each)
    return [all_[key] for key in sorted(all_)]


def _named(reads: Sequence[Read]) -> tuple[list[int], list[str]]:
    """The rows of reads for which the recogniser named other texts, and each text beside its row."""
    rows, texts = [], []
    for row, read in enumerate(reads):
        if read.candidates:
            for text in named_texts(read):
                rows.append(row)
                texts.append(text)
    return rows, texts


def _near(reads: Sequence[Read], batch: Columns, index: Index, sieve: Sieve) -> list[Candidate]:
    rows, keys = index.near(batch)
    if not len(rows):
        return []
    worth = np.flatnonzero(sieve.worth(reads, batch, rows, keys))
    return index.resolve(rows[worth], keys[worth])
