"""What a recogniser says of plates: the text, how sure it is of each character, and what else it may be."""

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
"""Confidences are whole numbers of ten-thousandths (uint16)."""
Confidences = NDArray[np.uint16]

MAX_ALTERNATIVES: Final = 3
"""How many other characters are named for a place, at most."""
MAX_CANDIDATES: Final = 4
_ALTERNATIVES_TRIED: Final = 2
"""Of the other characters for a place, so many are tried in other texts."""
_MIN_ALTERNATIVE: Final = 5
_MIN_CANDIDATE: Final = 10
_NO_CHARACTER_SHARE: Final = 0.156
"""Of the alternatives that recognisers name, those that there is no character; measured as `Measured`."""
_NOTHING_NAMED_SHARE: Final = 0.8
"""Of the characters read where there is none, those for which that is named."""
_STEPS: Final = 2048
_MAX_SCORE: Final = 4.0
"""The furthest normal score told apart, on both sides, and how many steps there are in all."""


class SimulatedReads(NamedTuple):
    """n reads of up to m characters; what is behind the last is 0.

    `text` (uint8, n × m); `sure` (n × m): the confidence in each character; `whole` (n): in all; `others`
    (uint8, n × m × 3) and `other_sure`: other characters, 0 for none there, those with the confidence 0 not
    named; `candidates` (uint8, n × 4 × m, a 0 anywhere is no character) and `candidate_sure` likewise.
    """

    text: Texts
    char_confidences: Confidences
    confidence: Confidences
    alternatives: NDArray[np.uint8]
    alternative_confidences: Confidences
    candidates: NDArray[np.uint8]
    candidate_confidences: Confidences


class Recogniser:
    """Misreads as a learnt model has them, and says of its reads what was measured."""

    def __init__(self, model: ConfusionModel, measured: QualityMeasurements) -> None:
        qualities = [measured.qualities[name] for name in QUALITIES]
        self._misreads = MisreadSampler(model, measured)
        curves = [curve for each in qualities for curve in (each.right, each.right_beside_wrong)]
        self._confidence_curves = _curves_by_score(measured, [*curves, measured.wrong, measured.garbled])
        self._first_share_curves = _curves_by_score(
            measured, [measured.first_share, measured.first_share_wrong]
        )
        self._true_rank_bounds = np.cumsum(measured.true_named)
        # The correlation of normal scores that have a rank correlation.
        self._score_correlation = 2 * sin(pi / 6 * measured.together)

    def read(
        self,
        rng: np.random.Generator,
        plates: Texts,
        quality: NDArray[np.uint8],
        with_alternatives: bool = True,
    ) -> SimulatedReads:
        """Reads of plates (n × 12) in pictures of some quality (n, places in QUALITIES).

        Without `others` no other characters or texts are named.
        """
        # With room for a character too many.
        width = min(int((plates > 0).sum(axis=1).max(initial=0)) + 1, MAX_LENGTH)
        slipped = self._misreads.sample(rng, plates[:, :width], quality)
        text = slipped.text
        sure = self._sample_confidences(rng, slipped, quality)
        length = np.maximum((text > 0).sum(axis=1), 1)
        whole = np.rint(sure.sum(axis=1, dtype=np.int64) / length).astype(np.uint16)
        if not with_alternatives:
            none = np.zeros((*text.shape, 0), dtype=np.uint8)
            no_parts = none.astype(np.uint16)
            return SimulatedReads(text, sure, whole, none, no_parts, none, no_parts[:, 0])
        chars, char_sure = self._sample_alternatives(rng, slipped, sure)
        candidates, candidate_sure = _build_candidates(text, sure, chars, char_sure)
        return SimulatedReads(text, sure, whole, chars, char_sure, candidates, candidate_sure)

    def _sample_confidences(
        self, rng: np.random.Generator, slipped: Misreads, quality: NDArray[np.uint8]
    ) -> Confidences:
        text, kind = slipped.text, slipped.kind
        score = sqrt(self._score_correlation) * rng.standard_normal((len(text), 1), dtype=np.float32)
        score = score + sqrt(1 - self._score_correlation) * rng.standard_normal(text.shape, dtype=np.float32)
        wrong = (kind != RIGHT) & (text > 0)
        curve = (2 * quality + slipped.wrong)[:, None].repeat(text.shape[1], axis=1)
        curve[wrong] = 2 * len(QUALITIES)
        curve[kind == GARBLED] = 2 * len(QUALITIES) + 1
        found = self._confidence_curves[curve, _score_indices(score)]
        found[text == 0] = 0
        parts: Confidences = np.rint(found * FULL_CONFIDENCE).astype(np.uint16)
        return parts

    def _sample_alternatives(
        self, rng: np.random.Generator, slipped: Misreads, confidences: Confidences
    ) -> tuple[NDArray[np.uint8], Confidences]:
        text = slipped.text
        others = np.zeros((*text.shape, MAX_ALTERNATIVES), dtype=np.uint8)
        other_sure = np.zeros((*text.shape, MAX_ALTERNATIVES), dtype=np.uint16)
        some = (text > 0) & (confidences <= FULL_CONFIDENCE - _MIN_ALTERNATIVE)
        read, what, own = text[some], slipped.kind[some], confidences[some].astype(np.float64)
        count = len(read)
        chars = np.empty((count, MAX_ALTERNATIVES), dtype=np.uint8)
        shares = np.empty((count, MAX_ALTERNATIVES))
        rest, most = FULL_CONFIDENCE - own, own
        for place in range(MAX_ALTERNATIVES):
            chars[:, place] = self._misreads.sample_confusable(rng, read)
            chars[rng.random(count) < _NO_CHARACTER_SHARE, place] = 0
            score = rng.standard_normal(count, dtype=np.float32)
            share = self._first_share_curves[(what != RIGHT).astype(np.intp), _score_indices(score)]
            # None is likelier than the one read, or than the one before it.
            most = np.minimum(share * rest, most)
            shares[:, place] = most
            rest = rest - most
        self._place_true_character(rng, chars, shares, slipped.true[some], what)
        for place in range(1, MAX_ALTERNATIVES):
            again = (chars[:, :place] == chars[:, place, None]).any(axis=1)
            shares[again, place] = 0
        shares[(chars == read[:, None]) | (shares < _MIN_ALTERNATIVE)] = 0
        others[some], other_sure[some] = chars, shares.astype(np.uint16)
        return others, other_sure

    def _place_true_character(
        self,
        rng: np.random.Generator,
        chars: NDArray[np.uint8],
        shares: Floats,
        true: NDArray[np.uint8],
        kind: NDArray[np.uint8],
    ) -> None:
        """Names what is true among the others as often as recognisers do, and not otherwise."""
        wrong = np.flatnonzero((kind == WRONG) | (kind == EXTRA))
        rank = np.searchsorted(self._true_rank_bounds, rng.random(len(wrong)), side="right")
        nothing = kind[wrong] == EXTRA
        rank[nothing] = np.where(rng.random(int(nothing.sum())) < _NOTHING_NAMED_SHARE, 0, MAX_ALTERNATIVES)
        by_chance = chars[wrong] == true[wrong, None]
        cleared = shares[wrong]
        cleared[by_chance & (np.arange(MAX_ALTERNATIVES) != rank[:, None])] = 0
        shares[wrong] = cleared
        named = rank < MAX_ALTERNATIVES
        chars[wrong[named], rank[named]] = true[wrong[named]]


def _build_candidates(
    text: Texts,
    confidences: Confidences,
    alternatives: NDArray[np.uint8],
    alternative_confidences: Confidences,
) -> tuple[NDArray[np.uint8], Confidences]:
    """The text read, and those with the likeliest other characters, one in each; likeliest first."""
    inside = text > 0
    own = np.where(inside, confidences / FULL_CONFIDENCE, 1.0).prod(axis=1)
    tried = alternative_confidences[:, :, :_ALTERNATIVES_TRIED]
    odds = (tried / np.maximum(confidences, 1)[:, :, None]).reshape(len(text), -1)
    # Nothing at all is no text.
    alone = np.count_nonzero(text, axis=1) == 1
    odds[alone] *= alternatives[alone, :, :_ALTERNATIVES_TRIED].reshape(-1, odds.shape[1]) > 0
    rows = np.arange(len(text))
    candidates = np.repeat(text[:, None, :], MAX_CANDIDATES, axis=1)
    shares = np.empty((len(text), MAX_CANDIDATES))
    shares[:, 0] = own
    for number in range(1, MAX_CANDIDATES):
        best = odds.argmax(axis=1)
        place, which = np.divmod(best, _ALTERNATIVES_TRIED)
        shares[:, number] = own * odds[rows, best]
        candidates[rows, number, place] = alternatives[rows, place, which]
        odds[rows, best] = 0
    parts = np.rint(shares * FULL_CONFIDENCE)
    parts[parts < _MIN_CANDIDATE] = 0
    return candidates, parts.astype(np.uint16)


def _curves_by_score(measured: QualityMeasurements, curves: Sequence[Sequence[float]]) -> NDArray[np.float32]:
    """The values of curves of quantiles (k) at normal scores, as `_places` has them (float32, k × 2048)."""
    known = [NormalDist().inv_cdf(each) for each in measured.probabilities]
    scores = (np.arange(_STEPS) + 0.5) / _STEPS * 2 * _MAX_SCORE - _MAX_SCORE
    return np.stack([np.interp(scores, known, curve) for curve in curves]).astype(np.float32)


def _score_indices(scores: NDArray[np.float32]) -> NDArray[np.int16]:
    """Where normal scores are in a row of `_by_score`."""
    places = (scores + _MAX_SCORE) * (_STEPS / 2 / _MAX_SCORE)
    return places.clip(0, _STEPS - 1).astype(np.int16)
