"""A simulated recogniser: the text of a plate, confidences, and alternative characters and texts."""

from collections.abc import Sequence
from math import pi, sin, sqrt
from statistics import NormalDist
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.confusions.model import ConfusionModel
from streams.plates.normal_form import MAX_LENGTH
from streams.simulation.column_types import Floats
from streams.simulation.measured_quality import QualityMeasurements
from streams.simulation.misreads import EXTRA, GARBLED, QUALITIES, RIGHT, WRONG, Misreads, MisreadSampler
from streams.simulation.vehicles import Texts

FULL_CONFIDENCE: Final = 10_000
"""Confidence 1.0: confidences are integers in ten-thousandths (uint16)."""
Confidences = NDArray[np.uint16]

MAX_ALTERNATIVES: Final = 3
"""Maximum number of alternative characters at a position."""
MAX_CANDIDATES: Final = 4
_ALTERNATIVES_TRIED: Final = 2
"""Number of alternatives at a position from which candidate texts are built."""
_MIN_ALTERNATIVE: Final = 5
_MIN_CANDIDATE: Final = 10
_NO_CHARACTER_SHARE: Final = 0.156
"""Share of the alternatives that mean no character; measured as `QualityMeasurements`."""
_NO_CHARACTER_FIRST_SHARE: Final = 0.8
"""Share of the extra characters for which no character is the first alternative."""
_STEPS: Final = 2048
_MAX_SCORE: Final = 4.0
"""Range of normal scores on both sides of 0, which is divided into `_STEPS` steps."""


class SimulatedReads(NamedTuple):
    """n reads of up to m characters, padded with 0.

    `text` (uint8, n × m); `char_confidences` (n × m); `confidence` (n), in the whole text. `alternatives`
    (uint8, n × m × 3) are other characters at each position, 0 for no character; an alternative whose
    confidence is 0 is not reported. `candidates` (uint8, n × 4 × m) are texts, in which a 0 at any position
    is no character; their confidences likewise.
    """

    text: Texts
    char_confidences: Confidences
    confidence: Confidences
    alternatives: NDArray[np.uint8]
    alternative_confidences: Confidences
    candidates: NDArray[np.uint8]
    candidate_confidences: Confidences


class Recogniser:
    """Misreads plates as a learnt model predicts, and reports confidences and alternatives as measured."""

    def __init__(self, model: ConfusionModel, measured: QualityMeasurements) -> None:
        qualities = [measured.qualities[name] for name in QUALITIES]
        self._misreads = MisreadSampler(model, measured)
        curves = [curve for quality in qualities for curve in (quality.right, quality.right_in_wrong_reads)]
        self._confidence_curves = _curves_by_score(measured, [*curves, measured.wrong, measured.garbled])
        self._first_share_curves = _curves_by_score(
            measured, [measured.first_share, measured.first_share_wrong]
        )
        self._true_rank_bounds = np.cumsum(measured.true_named)
        # The correlation of normal scores with that rank correlation.
        self._score_correlation = 2 * sin(pi / 6 * measured.together)

    def read(
        self,
        rng: np.random.Generator,
        plates: Texts,
        quality: NDArray[np.uint8],
        with_alternatives: bool = True,
    ) -> SimulatedReads:
        """Sample reads of plates (n × 12) in pictures of some quality (n, indices in QUALITIES).

        Without `with_alternatives` the reads have no alternatives and no candidates.
        """
        # With room for an extra character.
        width = min(int((plates > 0).sum(axis=1).max(initial=0)) + 1, MAX_LENGTH)
        misreads = self._misreads.sample(rng, plates[:, :width], quality)
        text = misreads.text
        char_confidences = self._sample_confidences(rng, misreads, quality)
        length = np.maximum((text > 0).sum(axis=1), 1)
        confidence = np.rint(char_confidences.sum(axis=1, dtype=np.int64) / length).astype(np.uint16)
        if not with_alternatives:
            no_chars = np.zeros((*text.shape, 0), dtype=np.uint8)
            empty = no_chars.astype(np.uint16)
            return SimulatedReads(text, char_confidences, confidence, no_chars, empty, no_chars, empty[:, 0])
        alternatives = self._sample_alternatives(rng, misreads, char_confidences)
        candidates = _build_candidates(text, char_confidences, *alternatives)
        return SimulatedReads(text, char_confidences, confidence, *alternatives, *candidates)

    def _sample_confidences(
        self, rng: np.random.Generator, misreads: Misreads, quality: NDArray[np.uint8]
    ) -> Confidences:
        """Sample the confidence in each character."""
        text, kind = misreads.text, misreads.kind
        score = sqrt(self._score_correlation) * rng.standard_normal((len(text), 1), dtype=np.float32)
        score = score + sqrt(1 - self._score_correlation) * rng.standard_normal(text.shape, dtype=np.float32)
        wrong = (kind != RIGHT) & (text > 0)
        curve = (2 * quality + misreads.wrong)[:, None].repeat(text.shape[1], axis=1)
        curve[wrong] = 2 * len(QUALITIES)
        curve[kind == GARBLED] = 2 * len(QUALITIES) + 1
        values = self._confidence_curves[curve, _score_indices(score)]
        values[text == 0] = 0
        confidences: Confidences = np.rint(values * FULL_CONFIDENCE).astype(np.uint16)
        return confidences

    def _sample_alternatives(
        self, rng: np.random.Generator, misreads: Misreads, confidences: Confidences
    ) -> tuple[NDArray[np.uint8], Confidences]:
        """Sample the alternatives at each position, and their confidences."""
        text = misreads.text
        alternatives = np.zeros((*text.shape, MAX_ALTERNATIVES), dtype=np.uint8)
        alternative_confidences = np.zeros((*text.shape, MAX_ALTERNATIVES), dtype=np.uint16)
        uncertain = (text > 0) & (confidences <= FULL_CONFIDENCE - _MIN_ALTERNATIVE)
        read, kind = text[uncertain], misreads.kind[uncertain]
        confidence = confidences[uncertain].astype(np.float64)
        count = len(read)
        chars = np.empty((count, MAX_ALTERNATIVES), dtype=np.uint8)
        shares = np.empty((count, MAX_ALTERNATIVES))
        rest, previous = FULL_CONFIDENCE - confidence, confidence
        for rank in range(MAX_ALTERNATIVES):
            chars[:, rank] = self._misreads.sample_confusable(rng, read)
            chars[rng.random(count) < _NO_CHARACTER_SHARE, rank] = 0
            score = rng.standard_normal(count, dtype=np.float32)
            share = self._first_share_curves[(kind != RIGHT).astype(np.intp), _score_indices(score)]
            # No alternative is likelier than the character read, or than the alternative before it.
            previous = np.minimum(share * rest, previous)
            shares[:, rank] = previous
            rest = rest - previous
        self._place_true_character(rng, chars, shares, misreads.true[uncertain], kind)
        for rank in range(1, MAX_ALTERNATIVES):
            repeated = (chars[:, :rank] == chars[:, rank, None]).any(axis=1)
            shares[repeated, rank] = 0
        shares[(chars == read[:, None]) | (shares < _MIN_ALTERNATIVE)] = 0
        alternatives[uncertain], alternative_confidences[uncertain] = chars, shares.astype(np.uint16)
        return alternatives, alternative_confidences

    def _place_true_character(
        self,
        rng: np.random.Generator,
        chars: NDArray[np.uint8],
        shares: Floats,
        true: NDArray[np.uint8],
        kind: NDArray[np.uint8],
    ) -> None:
        """Put the true character among the alternatives exactly as often as recognisers report it."""
        wrong = np.flatnonzero((kind == WRONG) | (kind == EXTRA))
        rank = np.searchsorted(self._true_rank_bounds, rng.random(len(wrong)), side="right")
        extra = kind[wrong] == EXTRA
        rank[extra] = np.where(rng.random(int(extra.sum())) < _NO_CHARACTER_FIRST_SHARE, 0, MAX_ALTERNATIVES)
        by_chance = chars[wrong] == true[wrong, None]
        wrong_shares = shares[wrong]
        wrong_shares[by_chance & (np.arange(MAX_ALTERNATIVES) != rank[:, None])] = 0
        shares[wrong] = wrong_shares
        reported = rank < MAX_ALTERNATIVES
        chars[wrong[reported], rank[reported]] = true[wrong[reported]]


def _build_candidates(
    text: Texts,
    confidences: Confidences,
    alternatives: NDArray[np.uint8],
    alternative_confidences: Confidences,
) -> tuple[NDArray[np.uint8], Confidences]:
    """Build the candidates: the text read, and texts with one alternative each, most likely first."""
    inside = text > 0
    probability = np.where(inside, confidences / FULL_CONFIDENCE, 1.0).prod(axis=1)
    tried = alternative_confidences[:, :, :_ALTERNATIVES_TRIED]
    odds = (tried / np.maximum(confidences, 1)[:, :, None]).reshape(len(text), -1)
    # A text has at least one character.
    single = np.count_nonzero(text, axis=1) == 1
    odds[single] *= alternatives[single, :, :_ALTERNATIVES_TRIED].reshape(-1, odds.shape[1]) > 0
    rows = np.arange(len(text))
    candidates = np.repeat(text[:, None, :], MAX_CANDIDATES, axis=1)
    shares = np.empty((len(text), MAX_CANDIDATES))
    shares[:, 0] = probability
    for rank in range(1, MAX_CANDIDATES):
        best = odds.argmax(axis=1)
        position, alternative = np.divmod(best, _ALTERNATIVES_TRIED)
        shares[:, rank] = probability * odds[rows, best]
        candidates[rows, rank, position] = alternatives[rows, position, alternative]
        odds[rows, best] = 0
    candidate_confidences = np.rint(shares * FULL_CONFIDENCE)
    candidate_confidences[candidate_confidences < _MIN_CANDIDATE] = 0
    return candidates, candidate_confidences.astype(np.uint16)


def _curves_by_score(measured: QualityMeasurements, curves: Sequence[Sequence[float]]) -> NDArray[np.float32]:
    """Return the values of k quantile curves at the normal score of each step (float32, k × 2048)."""
    quantile_scores = [NormalDist().inv_cdf(probability) for probability in measured.probabilities]
    scores = (np.arange(_STEPS) + 0.5) / _STEPS * 2 * _MAX_SCORE - _MAX_SCORE
    return np.stack([np.interp(scores, quantile_scores, curve) for curve in curves]).astype(np.float32)


def _score_indices(scores: NDArray[np.float32]) -> NDArray[np.int16]:
    """Return the steps of normal scores: indices in a row of `_curves_by_score`."""
    steps = (scores + _MAX_SCORE) * (_STEPS / 2 / _MAX_SCORE)
    return steps.clip(0, _STEPS - 1).astype(np.int16)
