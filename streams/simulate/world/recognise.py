"""What a recogniser makes of plates: the text, how sure it is of each character, and what else it may be."""

from collections.abc import Sequence
from math import pi, sin, sqrt
from statistics import NormalDist
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.confusions.model import Model
from streams.plates.keys import ALPHABET
from streams.plates.normal import MAX_LENGTH
from streams.simulate.world.measured import Measured
from streams.simulate.world.roads import Floats
from streams.simulate.world.vehicles import Texts

ONE: Final = 10_000
"""Confidences are whole numbers of ten-thousandths (uint16)."""
Parts = NDArray[np.uint16]

QUALITIES: Final = ("clear", "medium", "poor")
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
_GARBLED_LOST, _GARBLED_SLIP = 0.3, 0.6
"""Of the characters of garbled reads, those lost, and those read as any other. By eye."""
_RIGHT, _WRONG, _GARBLED, _EXTRA = range(4)
_ASCII: Final = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
_SIZE: Final = 256
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
        slips, lost, extra = _tables(model)
        self._garbled = np.array([each.garbled for each in qualities])
        self._times = np.array([each.times for each in qualities])
        self._shape = np.array([each.shape for each in qualities])
        # Hazards, -log(1 - chance), by ASCII code; code 0 has none. They can be multiplied at will.
        self._slip = -np.log1p(-slips.sum(axis=1))
        self._lost = -np.log1p(-lost)
        self._extra = -np.log1p(-extra.sum())
        self._bounds = _bounds(slips)
        self._extra_bounds = np.cumsum(extra) / max(extra.sum(), 1e-300)
        self._alike = _bounds(slips + slips.T)
        self._edge, self._inside = measured.lost_at_edge, measured.lost_inside
        curves = [curve for each in qualities for curve in (each.right, each.right_beside_wrong)]
        self._sure_of = _by_score(measured, [*curves, measured.wrong, measured.garbled])
        self._first_of = _by_score(measured, [measured.first_share, measured.first_share_wrong])
        self._true_named = np.cumsum(measured.true_named)
        # The correlation of normal scores that have a rank correlation.
        self._together = 2 * sin(pi / 6 * measured.together)

    def read(self, rng: np.random.Generator, plates: Texts, quality: NDArray[np.uint8]) -> Recognised:
        """Reads of plates (n) in pictures of some quality (n, places in QUALITIES)."""
        # With room for a character too many.
        width = min(int((plates > 0).sum(axis=1).max(initial=0)) + 1, MAX_LENGTH)
        plates = plates[:, :width]
        text, true, kind = self._texts(rng, plates, quality)
        wrong = np.any(text != plates, axis=1)
        sure = self._sure(rng, text, kind, wrong, quality)
        others, other_sure = self._others(rng, text, true, kind, sure)
        inside = text > 0
        length = np.maximum(inside.sum(axis=1), 1)
        whole = np.rint(sure.sum(axis=1, dtype=np.int64) / length).astype(np.uint16)
        candidates, candidate_sure = _candidates(text, sure, others, other_sure)
        return Recognised(text, sure, whole, others, other_sure, candidates, candidate_sure)

    def _texts(
        self, rng: np.random.Generator, plates: Texts, quality: NDArray[np.uint8]
    ) -> tuple[Texts, Texts, Texts]:
        """The texts read, and for each character the true one and how it was read."""
        inside = plates > 0
        length = inside.sum(axis=1)
        # Some pictures are worse than others of their quality, so slips come together.
        shape = self._shape[quality]
        worse = rng.gamma(shape)
        times = self._times[quality] * worse / shape
        # Characters are lost, or too many, in the worst of them: as the square, which on average is as many.
        missing = times * worse / (shape + 1)
        slip = -np.expm1(-self._slip[plates] * times[:, None])
        lost = -np.expm1(-self._lost[plates] * missing[:, None])
        at = np.arange(plates.shape[1])
        edge = (at == 0) | (at == length[:, None] - 1)
        lost = lost * np.where(edge, self._edge, self._inside)
        garbled = rng.random(len(plates)) < self._garbled[quality]
        slip[garbled], lost[garbled] = _GARBLED_SLIP, _GARBLED_LOST
        drawn = rng.random(plates.shape)
        slipped = inside & (drawn < slip)
        keep = inside & ~((drawn >= slip) & (drawn < slip + lost))
        # Something is read, or there is no read.
        keep[~keep.any(axis=1), 0] = True
        text, true = plates.copy(), plates
        own = slipped & ~garbled[:, None]
        text[own] = _picked(self._bounds[plates[own]], rng.random(int(own.sum())))
        other = slipped & garbled[:, None]
        text[other] = _ASCII[rng.integers(0, len(_ASCII), int(other.sum()))]
        kind = np.where(garbled[:, None], _GARBLED, np.where(text != plates, _WRONG, _RIGHT)).astype(np.uint8)
        columns = _closed(keep, length, (text, true, kind))
        return self._with_extra(rng, columns, missing, keep.sum(axis=1))

    def _with_extra(
        self,
        rng: np.random.Generator,
        columns: tuple[Texts, Texts, Texts],
        times: Floats,
        length: NDArray[np.intp],
    ) -> tuple[Texts, Texts, Texts]:
        """The same with a character too many in some, anywhere."""
        chance = -np.expm1(-self._extra * times * length)
        rows = np.flatnonzero((rng.random(len(length)) < chance) & (length < columns[0].shape[1]))
        place = (rng.random(len(rows)) * (length[rows] + 1)).astype(np.intp)
        at = np.arange(columns[0].shape[1])
        before = np.where(at < place[:, None], at, np.maximum(at - 1, 0))
        chars = _ASCII[np.searchsorted(self._extra_bounds[_ASCII], rng.random(len(rows))).clip(0, 35)]
        for column, value in zip(columns, (chars, 0, _EXTRA), strict=True):
            moved = np.take_along_axis(column[rows], before, axis=1)
            moved[np.arange(len(rows)), place] = value
            column[rows] = moved
        return columns

    def _sure(
        self,
        rng: np.random.Generator,
        text: Texts,
        kind: Texts,
        wrong_read: NDArray[np.bool_],
        quality: NDArray[np.uint8],
    ) -> Parts:
        score = sqrt(self._together) * rng.standard_normal((len(text), 1), dtype=np.float32)
        score = score + sqrt(1 - self._together) * rng.standard_normal(text.shape, dtype=np.float32)
        wrong = (kind != _RIGHT) & (text > 0)
        curve = (2 * quality + wrong_read)[:, None].repeat(text.shape[1], axis=1)
        curve[wrong] = 2 * len(QUALITIES)
        curve[kind == _GARBLED] = 2 * len(QUALITIES) + 1
        found = self._sure_of[curve, _places(score)]
        found[text == 0] = 0
        parts: Parts = np.rint(found * ONE).astype(np.uint16)
        return parts

    def _others(
        self, rng: np.random.Generator, text: Texts, true: Texts, kind: Texts, sure: Parts
    ) -> tuple[NDArray[np.uint8], Parts]:
        others = np.zeros((*text.shape, OTHERS), dtype=np.uint8)
        other_sure = np.zeros((*text.shape, OTHERS), dtype=np.uint16)
        some = (text > 0) & (sure <= ONE - _LEAST_NAMED)
        read, what, own = text[some], kind[some], sure[some].astype(np.float64)
        count = len(read)
        chars = np.empty((count, OTHERS), dtype=np.uint8)
        shares = np.empty((count, OTHERS))
        rest, most = ONE - own, own
        for place in range(OTHERS):
            chars[:, place] = _picked(self._alike[read], rng.random(count))
            chars[rng.random(count) < _NO_CHARACTER, place] = 0
            score = rng.standard_normal(count, dtype=np.float32)
            share = self._first_of[(what != _RIGHT).astype(np.intp), _places(score)]
            # None is likelier than the one read, or than the one before it.
            most = np.minimum(share * rest, most)
            shares[:, place] = most
            rest = rest - most
        self._name_true(rng, chars, shares, true[some], what)
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
        wrong = np.flatnonzero((kind == _WRONG) | (kind == _EXTRA))
        rank = np.searchsorted(self._true_named, rng.random(len(wrong)), side="right")
        nothing = kind[wrong] == _EXTRA
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
    empty = (candidates == 0).all(axis=2)
    parts[(parts < _LEAST_CANDIDATE) | empty] = 0
    return candidates, parts.astype(np.uint16)


def _tables(model: Model) -> tuple[Floats, Floats, Floats]:
    """P(read as d | c), P(lost | c) and P(d read | a character), by ASCII code (256 × 256, 256, 256)."""
    slips, lost, extra = np.zeros((_SIZE, _SIZE)), np.zeros(_SIZE), np.zeros(_SIZE)
    total = sum(model.seen.values())
    for slip, count in model.counts.items():
        one, other = slip[0], slip[1]
        if one == "+":
            extra[ord(other)] = count / total
        elif other == "-":
            lost[ord(one)] = count / model.seen[one]
        else:
            slips[ord(one), ord(other)] = count / model.seen[one]
    return slips, lost, extra


def _by_score(measured: Measured, curves: Sequence[Sequence[float]]) -> NDArray[np.float32]:
    """The values of curves of quantiles (k) at normal scores, as `_places` has them (float32, k × 2048)."""
    known = [NormalDist().inv_cdf(each) for each in measured.probabilities]
    scores = (np.arange(_STEPS) + 0.5) / _STEPS * 2 * _FURTHEST - _FURTHEST
    return np.stack([np.interp(scores, known, curve) for curve in curves]).astype(np.float32)


def _places(scores: NDArray[np.float32]) -> NDArray[np.int16]:
    """Where normal scores are in a row of `_by_score`."""
    places = (scores + _FURTHEST) * (_STEPS / 2 / _FURTHEST)
    return places.clip(0, _STEPS - 1).astype(np.int16)


def _bounds(table: Floats) -> Floats:
    """For each character (by ASCII code) the running shares of the 36 others (256 × 36)."""
    chosen = table[:, _ASCII]
    # A character that is never read as another is read as any.
    chosen = np.where(chosen.sum(axis=1, keepdims=True) > 0, chosen, 1.0)
    bounds: Floats = np.cumsum(chosen, axis=1)
    return bounds / bounds[:, -1:]


def _picked(bounds: Floats, drawn: Floats) -> NDArray[np.uint8]:
    found: NDArray[np.uint8] = _ASCII[(bounds <= drawn[:, None]).sum(axis=1).clip(0, len(_ASCII) - 1)]
    return found


def _closed(
    keep: NDArray[np.bool_], length: NDArray[np.intp], columns: tuple[Texts, Texts, Texts]
) -> tuple[Texts, Texts, Texts]:
    """Columns without the characters that are not kept, closed up; they are new arrays."""
    left = keep.sum(axis=1)
    rows = np.flatnonzero(left < length)
    order = np.argsort(~keep[rows], axis=1, kind="stable")
    behind = np.arange(keep.shape[1]) >= left[rows, None]
    text, true, kind = (column.copy() for column in columns)
    for column in (text, true, kind):
        moved = np.take_along_axis(column[rows], order, axis=1)
        moved[behind] = 0
        column[rows] = moved
    return text, true, kind
