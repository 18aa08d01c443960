"""The prefilter: drops pairs of a read and a listed plate one edit apart that cannot become hits.

In a long list, a few reads in a hundred are one edit from some listed plate. Nearly all of them are other
vehicles, read correctly. An upper bound of their posteriors, with the plate as read as the only competing
plate, is cheap to compute for all pairs of a batch together.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from streams.confusions.evidence import MIN_PROBABILITY, EvidenceKind
from streams.confusions.features import TERMS
from streams.matching.scoring.evidence_checks import evidence_kind, may_name
from streams.matching.scoring.scorer import Scorer
from streams.plates.normal_form import MAX_LENGTH
from streams.plates.packed_keys import ALPHABET, Keys, to_digits, unpack
from streams.plates.plate_columns import to_columns
from streams.records.read import Read

_KINDS: Final[tuple[EvidenceKind, ...]] = ("characters", "plate", "bare", "full")
_FULL: Final = _KINDS.index("full")
_CHARS: Final = np.frombuffer(f" {ALPHABET}".encode(), dtype=np.uint8)
_Scalar = TypeVar("_Scalar", bound=np.generic)
_MAX_SCORE: Final = 50.0
_TERM_INDEX: Final = {name: index for index, name in enumerate(TERMS)}


class _ReadFeatures(NamedTuple):
    """Columns of reads, or of pairs, n rows each.

    `codes` (uint8, n × 12) and `lengths` (intp) are the plates; `term_rows` (intp) the rows of their terms,
    -1 if the terms do not cover the evidence; `confidences` (n × 12) those of the characters, 1 if unknown;
    `densities` the expected vehicles with the plate as read; `boosts` the maximum factor of the listed
    vehicle for appearance and country (all float64).
    """

    codes: NDArray[np.uint8]
    lengths: NDArray[np.intp]
    term_rows: NDArray[np.intp]
    confidences: NDArray[np.float64]
    densities: NDArray[np.float64]
    boosts: NDArray[np.float64]

    def take(self, indices: NDArray[np.intp]) -> "_ReadFeatures":
        """Return the rows at `indices`."""
        return _ReadFeatures(
            self.codes[indices],
            self.lengths[indices],
            self.term_rows[indices],
            self.confidences[indices],
            self.densities[indices],
            self.boosts[indices],
        )


class Prefilter:
    """Drops pairs whose posterior cannot reach the lowest minimum of the lists of mode `fuzzy`."""

    def __init__(self, scorer: Scorer, min_posterior: float) -> None:
        self._scorer = scorer
        self._min_posterior = min_posterior
        models = scorer.models_by_name()
        self._has_several_models = len(models) > 1
        self._model_index = {name: index for index, name in enumerate(models)}
        # One row for each model and kind of evidence.
        self._terms = np.array([model.weights[kind].terms for model in models.values() for kind in _KINDS])
        frequency = np.zeros((len(models), len(ALPHABET) + 1, len(ALPHABET) + 1))
        frequency[:, 1:, 1:] = [model.frequencies for model in models.values()]
        self._relative_frequency = frequency

    def plausible(self, reads: Mapping[int, Read], rows: NDArray[np.intp], keys: Keys) -> NDArray[np.bool_]:
        """Return which of m pairs may become hits.

        A pair is the row of a read (intp, m), its key in `reads`, and the unmapped key of a listed plate
        (uint64, m). The plates of the reads are valid.
        """
        unique_rows, read_indices = np.unique(rows, return_inverse=True)
        unique_reads = [reads[row] for row in unique_rows.tolist()]
        pairs = self._read_features(unique_reads).take(read_indices)
        terms = self._terms[np.maximum(pairs.term_rows, 0)]
        listed_weights = self._upper_bound(pairs, terms, to_digits(keys))
        plausible: NDArray[np.bool_] = listed_weights >= self._min_posterior * (
            listed_weights + pairs.densities
        )
        # The bound leaves out what the recogniser named: pairs where it may have named the listed plate are
        # scored one by one. So are the remaining plausible pairs, because that costs less than looking up
        # and matching their alerts.
        unclear = (pairs.term_rows < 0) | (_term_column(terms, "unnamed_share")[:, 0] < 0)
        may_be_named = unclear | (pairs.term_rows % len(_KINDS) == _FULL)
        for pair in np.flatnonzero(plausible | may_be_named).tolist():
            read, listed = unique_reads[read_indices[pair]], unpack(int(keys[pair]))
            if plausible[pair] or unclear[pair] or may_name(read, listed):
                plausible[pair] = self._confirm(read, listed, float(pairs.boosts[pair]))
        return plausible

    def _upper_bound(
        self, pairs: _ReadFeatures, terms: NDArray[np.float64], listed: NDArray[np.uint8]
    ) -> NDArray[np.float64]:
        """Return an upper bound of the listed vehicle's weight for each of m pairs (float64, m).

        `terms` are those of each pair, `listed` the codes of the listed plates (m × 12).
        """
        listed_lengths = np.count_nonzero(listed, axis=1)
        is_longer, is_shorter = listed_lengths > pairs.lengths, listed_lengths < pairs.lengths
        # A read without confidences has the same in each character.
        doubts = np.log(np.clip(1 - pairs.confidences, MIN_PROBABILITY, 1)) - np.log(
            np.clip(pairs.confidences, MIN_PROBABILITY, 1)
        )
        error_scores = partial(self._error_scores, terms, np.maximum(pairs.term_rows, 0) // len(_KINDS))
        aligned = error_scores(doubts, pairs.codes, listed)
        # After the position where one plate lacks a character, the other's are shifted by one.
        shifted = np.where(
            is_longer[:, None],
            error_scores(doubts, pairs.codes, _shift_left(listed)),
            error_scores(_shift_left(doubts), _shift_left(pairs.codes), listed),
        )
        lost = np.maximum(_term_column(terms, "lost_edge"), _term_column(terms, "lost_inside"))[:, 0]
        extra = _term_column(terms, "extra")[:, 0] + np.maximum(
            _term_column(terms, "extra_share")[:, 0] * -np.log(MIN_PROBABILITY), 0
        )
        gap_scores = np.where(is_longer, lost, extra) + _best_gap(
            aligned, shifted, np.minimum(pairs.lengths, listed_lengths)
        )
        scores = np.where(is_longer | is_shorter, gap_scores, aligned.sum(axis=1))
        weights: NDArray[np.float64] = np.exp(np.minimum(scores, _MAX_SCORE)) * pairs.boosts
        return weights

    def _error_scores(
        self,
        terms: NDArray[np.float64],
        models: NDArray[np.intp],
        doubts: NDArray[np.float64],
        codes: NDArray[np.uint8],
        listed: NDArray[np.uint8],
    ) -> NDArray[np.float64]:
        """Return by position (m × 12) what a character read for another listed one adds to the score."""
        scores = (
            _term_column(terms, "unnamed")
            + _term_column(terms, "unnamed_share") * doubts
            + _term_column(terms, "unnamed_error") * self._relative_frequency[models[:, None], listed, codes]
        )
        return np.where((codes != listed) & (codes > 0) & (listed > 0), scores, 0.0)

    def _confirm(self, read: Read, listed: str, boost: float) -> bool:
        """True if a pair may become a hit, all competing plates included; only the alert's plate is known."""
        read_scorer = self._scorer.for_read(read)
        model, evidence = read_scorer.posterior_model, read_scorer.evidence
        if model.upper_bound(evidence, listed, read.country, boost) < self._min_posterior:
            return False
        competing = read_scorer.competing_plates(None)
        score = model.score(evidence, listed, competing, boost / min(competing.listed_weight, 1.0))
        return score is not None and score.posterior >= self._min_posterior

    def _read_features(self, reads: Sequence[Read]) -> _ReadFeatures:
        columns = to_columns([read.plate for read in reads])
        codes, scorer = columns.matrix(), self._scorer
        texts = _CHARS.take(codes).tobytes().decode("ascii")
        term_rows, plate_confidences, densities, boosts = (
            list[int](),
            list[float](),
            list[float](),
            list[float](),
        )
        char_confidences: dict[int, Sequence[float]] = {}
        for index, (read, length) in enumerate(zip(reads, columns.lengths.tolist(), strict=True)):
            kind = evidence_kind(read, length)
            model_index = (
                self._model_index[scorer.model_name(read.camera_id)] if self._has_several_models else 0
            )
            term_rows.append(-1 if kind is None else model_index * len(_KINDS) + _KINDS.index(kind))
            if read.char_confidences is not None and kind in ("full", "characters"):
                char_confidences[index] = read.char_confidences
            plate_confidences.append(
                read.confidence if read.confidence is not None and kind == "plate" else 1.0
            )
            text = texts[index * MAX_LENGTH : index * MAX_LENGTH + length]
            densities.append(scorer.population(read.country).plan(text).as_read)
            boost = 1.0 if read.vehicle is None else scorer.appearance.max_ratio
            boosts.append(boost * scorer.max_rate if read.country is None else boost)
        confidences = np.repeat(np.array(plate_confidences)[:, None], MAX_LENGTH, axis=1)
        for index, row in char_confidences.items():
            confidences[index, : len(row)] = row
        return _ReadFeatures(
            codes,
            columns.lengths,
            np.array(term_rows, dtype=np.intp),
            confidences,
            np.array(densities),
            np.array(boosts),
        )


def _shift_left(columns: NDArray[_Scalar]) -> NDArray[_Scalar]:
    """Move each column to the position before it."""
    return np.concatenate([columns[:, 1:], np.zeros_like(columns[:, :1])], axis=1)


def _best_gap(
    before: NDArray[np.float64], after: NDArray[np.float64], lengths: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return for each row the highest sum of `before` up to a gap and of `after` from it on.

    Only the first `lengths` positions count.
    """
    is_inside = np.arange(before.shape[1]) < lengths[:, None]
    inside_after = np.where(is_inside, after, 0.0)
    sums_before = np.cumsum(np.where(is_inside, before, 0.0), axis=1)
    sums_after = np.cumsum(inside_after[:, ::-1], axis=1)[:, ::-1]
    # A gap before the first position: all of `after`; a gap behind position k: the sum of `before` up to k
    # and that of `after` behind k.
    behind_positions = sums_before + sums_after - inside_after
    best: NDArray[np.float64] = np.maximum(
        np.where(is_inside, behind_positions, -np.inf).max(axis=1), sums_after[:, 0]
    )
    return best


def _term_column(terms: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    return terms[:, _TERM_INDEX[name], None]
