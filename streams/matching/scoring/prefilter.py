"""Sieve: of the pairs of a read and a listed plate one character apart, those worth weighing.

In a crowded list a few reads in a hundred are one character from some listed plate. Nearly all of them are
other vehicles, read right. The most that the posterior of such a pair can be is quickly said for all pairs of
a batch together: it counts the plate as it was read as the only rival.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from streams.confusions.evidence import MIN_PROBABILITY, EvidenceKind
from streams.confusions.features import TERMS
from streams.matching.scoring.scorer import Scorer
from streams.plates.normal_form import MAX_LENGTH, PlateError, fold_umlauts, normalise
from streams.plates.packed_keys import ALPHABET, Keys, to_columns, to_digits, unpack
from streams.records.read import Read

_KINDS: Final[tuple[EvidenceKind, ...]] = ("characters", "plate", "bare", "full")
_FULL: Final = _KINDS.index("full")
_CHARS: Final = np.frombuffer(f" {ALPHABET}".encode(), dtype=np.uint8)
_Scalar = TypeVar("_Scalar", bound=np.generic)
_MAX_SCORE: Final = 50.0
_TERM_INDEX: Final = {name: place for place, name in enumerate(TERMS)}


class Prefilter:
    """Sorts out pairs by the lowest posterior that any list which asks for them has."""

    def __init__(self, scorer: Scorer, min_posterior: float) -> None:
        self._scorer = scorer
        self._min_posterior = min_posterior
        models = scorer.models_by_name()
        self._has_several_models = len(models) > 1
        self._model_index = {name: place for place, name in enumerate(models)}
        # One row for each model and kind of evidence.
        self._terms = np.array([model.weights[kind].terms for model in models.values() for kind in _KINDS])
        none = np.zeros((len(models), len(ALPHABET) + 1, len(ALPHABET) + 1))
        none[:, 1:, 1:] = [model.commonness for model in models.values()]
        self._relative_frequency = none

    def plausible(self, reads: Mapping[int, Read], rows: NDArray[np.intp], keys: Keys) -> NDArray[np.bool_]:
        """Which pairs may be hits: of the row of a read (intp, m), by which `reads` has it, and the unmapped
        key of a listed plate (uint64, m). The plates of the reads are valid.
        """
        unique, of = np.unique(rows, return_inverse=True)
        near = [reads[row] for row in unique.tolist()]
        batch = to_columns([read.plate for read in near])
        matrix = batch.matrix()
        kinds, sure, chances, boosts = self._read_features(near, batch.lengths, matrix)
        kind, codes, listed = np.maximum(kinds[of], 0), matrix[of], to_digits(keys)
        read_lengths, listed_lengths = batch.lengths[of], np.count_nonzero(listed, axis=1)
        terms = self._terms[kind]
        # Of a read that says nothing of its characters all are as doubtful.
        doubt = np.log(np.clip(1 - sure[of], MIN_PROBABILITY, 1)) - np.log(
            np.clip(sure[of], MIN_PROBABILITY, 1)
        )
        slip = partial(self._error_scores, terms, kind // len(_KINDS))
        longer, shorter = listed_lengths > read_lengths, listed_lengths < read_lengths
        before = slip(doubt, codes, listed)
        # Behind the place where one lacks a character, the other's are one place further.
        behind = np.where(
            longer[:, None],
            slip(doubt, codes, _shift_left(listed)),
            slip(_shift_left(doubt), _shift_left(codes), listed),
        )
        lost = np.maximum(_term_column(terms, "lost_edge"), _term_column(terms, "lost_inside"))[:, 0]
        extra = _term_column(terms, "extra")[:, 0] + np.maximum(
            _term_column(terms, "extra_share")[:, 0] * -np.log(MIN_PROBABILITY), 0
        )
        score = np.where(longer, lost, extra) + _best_gap(
            before, behind, np.minimum(read_lengths, listed_lengths)
        )
        score = np.where(longer | shorter, score, before.sum(axis=1))
        mine = np.exp(np.minimum(score, _MAX_SCORE)) * boosts[of]
        worth: NDArray[np.bool_] = mine >= self._min_posterior * (mine + chances[of])
        # What the recogniser names is not in these terms, so where it may name what is listed, pairs are
        # weighed one by one; and so is what is left of the others, for that costs less than to look up and
        # judge its alerts.
        unclear = (kinds[of] < 0) | (_term_column(terms, "unnamed_share")[:, 0] < 0)
        named = unclear | (kinds[of] % len(_KINDS) == _FULL)
        for pair in np.flatnonzero(worth | named).tolist():
            read, text = near[of[pair]], unpack(int(keys[pair]))
            if worth[pair] or unclear[pair] or _may_name(read, text):
                worth[pair] = self._confirm(read, text, float(boosts[of[pair]]))
        return worth

    def _error_scores(
        self,
        terms: NDArray[np.float64],
        model: NDArray[np.intp],
        doubt: NDArray[np.float64],
        codes: NDArray[np.uint8],
        listed: NDArray[np.uint8],
    ) -> NDArray[np.float64]:
        """What each character read for another one listed adds to the score, by place (m × 12)."""
        found = (
            _term_column(terms, "unnamed")
            + _term_column(terms, "unnamed_share") * doubt
            + _term_column(terms, "unnamed_slip") * self._relative_frequency[model[:, None], listed, codes]
        )
        return np.where((codes != listed) & (codes > 0) & (listed > 0), found, 0.0)

    def _confirm(self, read: Read, listed: str, boost: float) -> bool:
        """Whether a pair may be a hit, all rivals counted; of the alert only the plate is known."""
        sight = self._scorer.for_read(read)
        if (
            sight.posterior_model.upper_bound(sight.evidence, listed, read.country, boost)
            < self._min_posterior
        ):
            return False
        rivals = sight.competing_plates(None)
        weighed = sight.posterior_model.score(
            sight.evidence, listed, rivals, boost / min(rivals.listed_weight, 1.0)
        )
        return weighed is not None and weighed.posterior >= self._min_posterior

    def _read_features(
        self, reads: Sequence[Read], lengths: NDArray[np.intp], codes: NDArray[np.uint8]
    ) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Of each read: the row of its terms (-1: they are not enough), the confidence in each character
        (n × 12), the chance that there is the plate as read, and how much more the listed vehicle may count.
        """
        kinds, same, chances, boosts = list[int](), list[float](), list[float](), list[float]()
        apart: dict[int, Sequence[float]] = {}
        texts = _CHARS.take(codes).tobytes().decode("ascii")
        weighing, most_looks = self._scorer, self._scorer.appearance.max_ratio
        for at, (read, length) in enumerate(zip(reads, lengths.tolist(), strict=True)):
            kind = _evidence_kind(read, length)
            model = (
                self._model_index[weighing.model_name(read.camera_id)] * len(_KINDS)
                if self._has_several_models
                else 0
            )
            kinds.append(-1 if kind is None else model + _KINDS.index(kind))
            shares, whole = read.char_confidences, read.confidence
            if shares is not None and kind in ("full", "characters"):
                apart[at] = shares
            same.append(whole if whole is not None and kind == "plate" else 1.0)
            start = at * MAX_LENGTH
            chances.append(weighing.population(read.country).plan(texts[start : start + length]).as_read)
            boost = 1.0 if read.vehicle is None else most_looks
            boosts.append(boost * weighing.max_rate if read.country is None else boost)
        sure = np.repeat(np.array(same)[:, None], MAX_LENGTH, axis=1)
        for at, each in apart.items():
            sure[at, : len(each)] = each
        return np.array(kinds, dtype=np.intp), sure, np.array(chances), np.array(boosts)


def _evidence_kind(read: Read, length: int) -> EvidenceKind | None:
    """The kind of a read's evidence, where its terms and what it names say all; `length`: of its plate."""
    shares, texts, alternatives = read.char_confidences, read.candidates, read.char_alternatives
    if shares is None or len(shares) != length:
        if texts:
            return None
        return "bare" if read.confidence is None else "plate"
    if texts:
        # It is known to be a plate.
        return "full" if any(each.confidence and each.plate == read.plate for each in texts) else None
    return "full" if alternatives and len(alternatives) == length and any(alternatives) else "characters"


def _may_name(read: Read, listed: str) -> bool:
    """Whether a read may name a listed plate, or a character in which it differs; True if it is not clear."""
    plate = fold_umlauts(normalise(read.plate))
    if len(plate) != len(listed):
        return True
    differing = [place for place, (one, other) in enumerate(zip(plate, listed, strict=True)) if one != other]
    alternatives = read.char_alternatives
    if alternatives and len(alternatives) == len(plate):
        for place in differing:
            char = listed[place]
            if any(fold_umlauts(each.char.upper()) == char for each in alternatives[place]):
                return True
    for each in read.candidates or ():
        if each.confidence and each.plate != read.plate:
            with suppress(PlateError):
                text = fold_umlauts(normalise(each.plate))
                if len(text) == len(plate) and any(text[place] == listed[place] for place in differing):
                    return True
    return False


def _shift_left(columns: NDArray[_Scalar]) -> NDArray[_Scalar]:
    """Each column in the place of the one before it."""
    return np.concatenate([columns[:, 1:], np.zeros_like(columns[:, :1])], axis=1)


def _best_gap(
    before: NDArray[np.float64], after: NDArray[np.float64], lengths: NDArray[np.intp]
) -> NDArray[np.float64]:
    """The highest sum of the first so many of one and the rest of the other, of `lengths` places."""
    places = np.arange(before.shape[1])
    inside = places < lengths[:, None]
    first = np.cumsum(np.where(inside, before, 0.0), axis=1)
    rest = np.where(inside, after, 0.0)
    left = np.cumsum(rest[:, ::-1], axis=1)[:, ::-1]
    # Before any: all of the second; behind each place: the first so far, and what is left of the second.
    whole = first + left - rest
    best: NDArray[np.float64] = np.maximum(np.where(inside, whole, -np.inf).max(axis=1), left[:, 0])
    return best


def _term_column(terms: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    return terms[:, _TERM_INDEX[name], None]
