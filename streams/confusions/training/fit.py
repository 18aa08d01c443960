"""Fitting the weights of a model: those under which the true plates are likeliest."""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.confusions.features import TERMS
from streams.confusions.model import Weights

Floats = NDArray[np.float64]

_START: Final = {
    "named_share": 1.0, "named_slip": 0.5, "unnamed": -1.0, "unnamed_share": 0.5, "unnamed_slip": 0.5,
    "extra": -2.0, "extra_share": 0.5, "lost_edge": -6.0, "lost_inside": -7.0, "text_share": 1.0,
}  # fmt: skip
_FAR: Final = (-3.0, 1.0)
_FAR_TERMS: Final = len(_FAR)
_PULL: Final = 0.1
"""How strongly the weights are held to where they start; it matters where there are few pairs."""
_PULL_TO_BASE: Final = 10.0
"""The same to the weights of a model known before."""
_STEPS: Final = 60


class Cases(NamedTuple):
    """Reads and their hypotheses.

    The terms (m × 12) of all hypotheses, read after read, and the logarithms of their chances (m); where
    those of each read start (n) and which is the true one (n, -1 for none of them); the doubts (n × 2, the
    first 1), how often each read counts (n), and what is added to the log score of far plates (n): 0, or so
    little that there are none, for reads that would not have been seen were they of such a plate.
    """

    terms: Floats
    chances: Floats
    starts: NDArray[np.intp]
    true: NDArray[np.intp]
    doubts: Floats
    times: Floats
    away: Floats


NOT_FAR: Final = -1e9
"""What is added to the log score of far plates where there are none."""


def fitted(cases: Cases | None, base: Weights | None = None) -> Weights:
    """The weights under which the true plates are likeliest (multinomial logit, by Newton's method).

    They are held to those of a base; without cases they are those. Without a base they are held to where all
    start, though loosely.
    """
    if base is None:
        start, pull = np.array([_START.get(term, 0.0) for term in TERMS] + list(_FAR)), _PULL
    else:
        start, pull = np.array(base.terms + base.far), _PULL_TO_BASE
    weights = start.copy()
    if cases is None:
        return _rounded(weights)
    loss = _loss(cases, weights, start, pull)
    for _ in range(_STEPS):
        slope, bend = _derivatives(cases, weights, start, pull)
        step = np.linalg.solve(bend, slope)
        share = 1.0
        while (tried := _loss(cases, weights - share * step, start, pull)) > loss and share > 1e-6:
            share /= 2
        weights -= share * step
        if loss - tried < 1e-6:
            break
        loss = tried
    return _rounded(weights)


def _rounded(weights: Floats) -> Weights:
    rounded = [round(each, 4) for each in weights.tolist()]
    return Weights(rounded[: len(TERMS)], rounded[len(TERMS) :])


def _parts(cases: Cases, weights: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """For each hypothesis its share; for each read the share of far plates, the log of the sum of all, and
    the log score of the true one."""
    size = len(TERMS)
    scores = cases.terms @ weights[:size] + cases.chances
    far = cases.doubts @ weights[size:] + cases.away
    counts = np.diff(np.r_[cases.starts, len(scores)])
    top = np.maximum(np.maximum.reduceat(scores, cases.starts), far)
    grown = np.exp(scores - np.repeat(top, counts))
    total = np.add.reduceat(grown, cases.starts) + np.exp(far - top)
    known = cases.true >= 0
    of_true = np.where(known, scores[cases.starts + np.maximum(cases.true, 0)], far)
    return grown / np.repeat(total, counts), np.exp(far - top) / total, top + np.log(total), of_true


def _loss(cases: Cases, weights: Floats, start: Floats, pull: float) -> float:
    _, _, total, of_true = _parts(cases, weights)
    return float((cases.times * (total - of_true)).sum() + pull / 2 * ((weights - start) ** 2).sum())


def _derivatives(cases: Cases, weights: Floats, start: Floats, pull: float) -> tuple[Floats, Floats]:
    """The gradient and the Hessian of the loss."""
    size = len(TERMS)
    shares, far, _, _ = _parts(cases, weights)
    counts = np.diff(np.r_[cases.starts, len(shares)])
    times = np.repeat(cases.times, counts)
    means = np.zeros((len(far), size + _FAR_TERMS))
    means[:, :size] = np.add.reduceat(shares[:, None] * cases.terms, cases.starts)
    means[:, size:] = far[:, None] * cases.doubts
    known = cases.true >= 0
    true = np.zeros_like(means)
    true[known, :size] = cases.terms[(cases.starts + cases.true)[known]]
    true[~known, size:] = cases.doubts[~known]
    slope = (cases.times[:, None] * (means - true)).sum(0) + pull * (weights - start)
    bend: Any = np.zeros((size + _FAR_TERMS, size + _FAR_TERMS))
    bend[:size, :size] = cases.terms.T @ ((shares * times)[:, None] * cases.terms)
    bend[size:, size:] = cases.doubts.T @ ((far * cases.times)[:, None] * cases.doubts)
    bend -= means.T @ (cases.times[:, None] * means)
    return slope, bend + pull * np.eye(size + _FAR_TERMS)
