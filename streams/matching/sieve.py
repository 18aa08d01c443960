"""Sieve: of the pairs of a read and a listed plate one character apart, those worth weighing.

In a crowded list a few reads in a hundred are one character from some listed plate. Nearly all of them are
other vehicles, read right. The most that the posterior of such a pair can be is quickly said for all pairs of
a batch together: it counts the plate as it was read as the only rival.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.confusions.evidence import LEAST, Kind
from streams.confusions.features import TERMS
from streams.matching.weighing import Weighing
from streams.plates.keys import ALPHABET, Columns, Keys, digits, unpack
from streams.plates.normal import MAX_LENGTH, folded, normal
from streams.records.read import Read

_KINDS: Final[tuple[Kind, ...]] = ("characters", "plate", "bare")
_MOST_SCORE: Final = 50.0
_TERM: Final = {name: place for place, name in enumerate(TERMS)}


class Sieve:
    """Sorts out pairs by the lowest posterior that any list which asks for them has."""

    def __init__(self, weighing: Weighing, least: float) -> None:
        self._weighing = weighing
        self._least = least
        models = weighing.named_models()
        self._model = {name: place for place, name in enumerate(models)}
        # One row for each model and kind of evidence.
        self._terms = np.array([model.weights[kind].terms for model in models.values() for kind in _KINDS])
        none = np.zeros((len(models), len(ALPHABET) + 1, len(ALPHABET) + 1))
        none[:, 1:, 1:] = [model.commonness for model in models.values()]
        self._common = none

    def worth(
        self, reads: Sequence[Read], batch: Columns, rows: NDArray[np.intp], keys: Keys
    ) -> NDArray[np.bool_]:
        """Which pairs of a row (intp, m) and the unmapped key of a listed plate (uint64, m) may be hits.

        `batch` has the plates of the reads, row by row.
        """
        unique, of = np.unique(rows, return_inverse=True)
        kinds, sure, chances, boosts = self._known(reads, batch, unique)
        kind, codes, listed = np.maximum(kinds[of], 0), batch.matrix_of(unique)[of], digits(keys)
        read_lengths, listed_lengths = batch.lengths[rows], np.count_nonzero(listed, axis=1)
        terms = self._terms[kind]
        differ = (codes != listed) & (read_lengths == listed_lengths)[:, None]
        doubt = np.log(np.clip(1 - sure[of], LEAST, 1)) - np.log(np.clip(sure[of], LEAST, 1))
        # Of a read that says nothing of its characters all are as doubtful.
        slip = (
            _column(terms, "unnamed")
            + _column(terms, "unnamed_share") * doubt
            + _column(terms, "unnamed_slip") * self._common[kind[:, None] // len(_KINDS), listed, codes]
        )
        score = np.where(differ, slip, 0.0).sum(axis=1)
        lost = np.maximum(_column(terms, "lost_edge"), _column(terms, "lost_inside"))
        extra = _column(terms, "extra") + np.maximum(_column(terms, "extra_share") * -np.log(LEAST), 0)
        score += np.where(listed_lengths > read_lengths, lost[:, 0], 0.0)
        score += np.where(listed_lengths < read_lengths, extra[:, 0], 0.0)
        mine = np.exp(np.minimum(score, _MOST_SCORE)) * boosts[of]
        worth: NDArray[np.bool_] = mine >= self._least * (mine + chances[of])
        # What the recogniser names is not in these terms, so such reads are weighed one by one.
        for pair in np.flatnonzero(kinds[of] < 0).tolist():
            sight = self._weighing.sight(reads[rows[pair]])
            most = sight.weigher.bound(
                sight.evidence, unpack(int(keys[pair])), sight.read.country, boosts[of[pair]]
            )
            worth[pair] = most >= self._least
        return worth

    def _known(
        self, reads: Sequence[Read], batch: Columns, rows: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Of each row: the row of its terms (-1: it names more), the confidence in each character (n × 12),
        the chance that there is the plate as read, and how much more the listed vehicle may count."""
        kinds = np.empty(len(rows), dtype=np.intp)
        sure = np.full((len(rows), MAX_LENGTH), 1.0)
        chances, boosts = np.empty(len(rows)), np.ones(len(rows))
        for at, row in enumerate(rows.tolist()):
            read = reads[row]
            length = int(batch.lengths[row])
            model = self._model[self._weighing.name_of(read.camera_id)] * len(_KINDS)
            shares = read.char_confidences
            if read.char_alternatives or read.candidates:
                kinds[at] = -1
            elif shares is not None and len(shares) == length:
                kinds[at] = model
                sure[at, :length] = shares
            elif read.confidence is not None:
                kinds[at] = model + 1
                sure[at] = read.confidence
            else:
                kinds[at] = model + 2
            weigher = self._weighing.weigher(read.camera_id)
            chances[at] = weigher.as_read(folded(normal(read.plate)), read.country)
            if read.vehicle is not None:
                boosts[at] = self._weighing.looks.most
            if read.country is None:
                boosts[at] *= self._weighing.most_rate
        return kinds, sure, chances, boosts


def _column(terms: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    return terms[:, _TERM[name], None]
