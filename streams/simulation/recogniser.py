"""What a recogniser says of plates: the text, how sure it is of each character, and what else it may be."""

from collections.abc import Sequence
from math import pi, sin, sqrt
from statistics import NormalDist
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.confusions.model import Model
from streams.plates.normal_form import MAX_LENGTH
from streams.simulation.column_types import Floats
from streams.simulation.measured_quality import Measured
from streams.simulation.misreads import EXTRA, GARBLED, QUALITIES, RIGHT, WRONG, Slipped, Slips
from streams.simulation.vehicles import Texts

ONE: Final = 10_000
"""Confidences are whole numbers of ten-thousandths (uint16)."""
Parts = NDArray[np.uint16]

OTHERS: Final = 3
"""How many other characters are named for a place, at most."""
CANDIDATES: Final = 4
_TRIED: Final = 2
"""Of the other characters for a place, so many are tried in other texts."""
_LEAST_NAMED: Final = 5
_LEAST_CANDIDATE: Final = 10
_NO_CHARACTER: Final = 0.156
"""Of the alternatives that recognisers name, those that there is no character; measured as `Measured`."""
_NOTHING_NAMED: Final = 0.8
"""Of the characters read where there is none, those for which that is named."""
_STEPS: Final = 2048
_FURTHEST: Final = 4.0
"""The furthest normal score told apart, on both sides, and how many steps there are in all."""


class Recognised(NamedTuple):
    """n reads of up to m characters; what is behind the last is 0.

    `text` (uint8, n × m); `sure` (n × m): the confidence in each character; `whole` (n): in all; `others`
    (uint8, n × m × 3) and `other_sure`: other characters, 0 for none there, those with the confidence 0 not
    named; `candidates` (uint8, n × 4 × m, a 0 anywhere is no character) and `candidate_sure` likewise.
    """

    text: Texts
    sure: Parts
    whole: Parts
    others: NDArray[np.uint8]
    other_sure: Parts
    candidates: NDArray[np.uint8]
    candidate_sure: Parts


class Recogniser:
    """Misreads as a learnt model has them, and says of its reads what was measured."""

    def __init__(self, model: Model, measured: Measured) -> None:
        qualities = [measured.qualities[name] for name in QUALITIES]
        self._slips = Slips(model, measured)
        curves = [curve for each in qualities for curve in (each.right, each.right_beside_wrong)]
        self._sure_of = _by_score(measured, [*curves, measured.wrong, measured.garbled])
        self._first_of = _by_score(measured, [measured.first_share, measured.first_share_wrong])
        self._true_named = np.cumsum(measured.true_named)
        # The correlation of normal scores that have a rank correlation.
        self._together = 2 * sin(pi / 6 * measured.together)

    def read(
        self, rng: np.random.Generator, plates: Texts, quality: NDArray[np.uint8], others: bool = True
    ) -> Recognised:
        """Reads of plates (n × 12) in pictures of some quality (n, places in QUALITIES).

        Without `others` no other characters or texts are named.
        """
        # With room for a character too many.
        width = min(int((plates > 0).sum(axis=1).max(initial=0)) + 1, MAX_LENGTH)
        slipped = self._slips.draw(rng, plates[:, :width], quality)
        text = slipped.text
        sure = self._sure(rng, slipped, quality)
        length = np.maximum((text > 0).sum(axis=1), 1)
        whole = np.rint(sure.sum(axis=1, dtype=np.int64) / length).astype(np.uint16)
        if not others:
            none = np.zeros((*text.shape, 0), dtype=np.uint8)
            no_parts = none.astype(np.uint16)
            return Recognised(text, sure, whole, none, no_parts, none, no_parts[:, 0])
        chars, char_sure = self._others(rng, slipped, sure)
        candidates, candidate_sure = _candidates(text, sure, chars, char_sure)
        return Recognised(text, sure, whole, chars, char_sure, candidates, candidate_sure)

    def _sure(self, rng: np.random.Generator, slipped: Slipped, quality: NDArray[np.uint8]) -> Parts:
        text, kind = slipped.text, slipped.kind
        score = sqrt(self._together) * rng.standard_normal((len(text), 1), dtype=np.float32)
        score = score + sqrt(1 - self._together) * rng.standard_normal(text.shape, dtype=np.float32)
        wrong = (kind != RIGHT) & (text > 0)
        curve = (2 * quality + slipped.wrong)[:, None].repeat(text.shape[1], axis=1)
        curve[wrong] = 2 * len(QUALITIES)
        curve[kind == GARBLED] = 2 * len(QUALITIES) + 1
        found = self._sure_of[curve, _places(score)]
        found[text == 0] = 0
        parts: Parts = np.rint(found * ONE).astype(np.uint16)
        return parts

    def _others(
        self, rng: np.random.Generator, slipped: Slipped, sure: Parts
    ) -> tuple[NDArray[np.uint8], Parts]:
        text = slipped.text
        others = np.zeros((*text.shape, OTHERS), dtype=np.uint8)
        other_sure = np.zeros((*text.shape, OTHERS), dtype=np.uint16)
        some = (text > 0) & (sure <= ONE - _LEAST_NAMED)
        read, what, own = text[some], slipped.kind[some], sure[some].astype(np.float64)
        count = len(read)
        chars = np.empty((count, OTHERS), dtype=np.uint8)
        shares = np.empty((count, OTHERS))
        rest, most = ONE - own, own
        for place in range(OTHERS):
            chars[:, place] = self._slips.alike(rng, read)
            chars[rng.random(count) < _NO_CHARACTER, place] = 0
            score = rng.standard_normal(count, dtype=np.float32)
            share = self._first_of[(what != RIGHT).astype(np.intp), _places(score)]
            # None is likelier than the one read, or than the one before it.
            most = np.minimum(share * rest, most)
            shares[:, place] = most
            rest = rest - most
        self._name_true(rng, chars, shares, slipped.true[some], what)
        for place in range(1, OTHERS):
            again = (chars[:, :place] == chars[:, place, None]).any(axis=1)
            shares[again, place] = 0
        shares[(chars == read[:, None]) | (shares < _LEAST_NAMED)] = 0
        others[some], other_sure[some] = chars, shares.astype(np.uint16)
        return others, other_sure

    def _name_true(
        self,
        rng: np.random.Generator,
        chars: NDArray[np.uint8],
        shares: Floats,
        true: NDArray[np.uint8],
        kind: NDArray[np.uint8],
    ) -> None:
        """Names what is true among the others as often as recognisers do, and not otherwise."""
        wrong = np.flatnonzero((kind == WRONG) | (kind == EXTRA))
        rank = np.searchsorted(self._true_named, rng.random(len(wrong)), side="right")
        nothing = kind[wrong] == EXTRA
        rank[nothing] = np.where(rng.random(int(nothing.sum())) < _NOTHING_NAMED, 0, OTHERS)
        by_chance = chars[wrong] == true[wrong, None]
        cleared = shares[wrong]
        cleared[by_chance & (np.arange(OTHERS) != rank[:, None])] = 0
        shares[wrong] = cleared
        named = rank < OTHERS
        chars[wrong[named], rank[named]] = true[wrong[named]]


def _candidates(
    text: Texts, sure: Parts, others: NDArray[np.uint8], other_sure: Parts
) -> tuple[NDArray[np.uint8], Parts]:
    """The text read, and those with the likeliest other characters, one in each; likeliest first."""
    inside = text > 0
    own = np.where(inside, sure / ONE, 1.0).prod(axis=1)
    tried = other_sure[:, :, :_TRIED]
    odds = (tried / np.maximum(sure, 1)[:, :, None]).reshape(len(text), -1)
    # Nothing at all is no text.
    alone = np.count_nonzero(text, axis=1) == 1
    odds[alone] *= others[alone, :, :_TRIED].reshape(-1, odds.shape[1]) > 0
    rows = np.arange(len(text))
    candidates = np.repeat(text[:, None, :], CANDIDATES, axis=1)
    shares = np.empty((len(text), CANDIDATES))
    shares[:, 0] = own
    for number in range(1, CANDIDATES):
        best = odds.argmax(axis=1)
        place, which = np.divmod(best, _TRIED)
        shares[:, number] = own * odds[rows, best]
        candidates[rows, number, place] = others[rows, place, which]
        odds[rows, best] = 0
    parts = np.rint(shares * ONE)
    parts[parts < _LEAST_CANDIDATE] = 0
    return candidates, parts.astype(np.uint16)


def _by_score(measured: Measured, curves: Sequence[Sequence[float]]) -> NDArray[np.float32]:
    """The values of curves of quantiles (k) at normal scores, as `_places` has them (float32, k × 2048)."""
    known = [NormalDist().inv_cdf(each) for each in measured.probabilities]
    scores = (np.arange(_STEPS) + 0.5) / _STEPS * 2 * _FURTHEST - _FURTHEST
    return np.stack([np.interp(scores, known, curve) for curve in curves]).astype(np.float32)


def _places(scores: NDArray[np.float32]) -> NDArray[np.int16]:
    """Where normal scores are in a row of `_by_score`."""
    places = (scores + _FURTHEST) * (_STEPS / 2 / _FURTHEST)
    return places.clip(0, _STEPS - 1).astype(np.int16)
