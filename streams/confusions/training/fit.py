"""Fitting the weights of a model: those under which the true plates are likeliest."""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.confusions.features import TERMS
from streams.confusions.model import Weights

Floats = NDArray[np.float64]

_INITIAL_WEIGHTS: Final = {
    "named_share": 1.0, "named_slip": 0.5, "unnamed": -1.0, "unnamed_share": 0.5, "unnamed_slip": 0.5,
    "extra": -2.0, "extra_share": 0.5, "lost_edge": -6.0, "lost_inside": -7.0, "text_share": 1.0,
}  # fmt: skip
_INITIAL_FAR: Final = (-3.0, 1.0)
_FAR_TERMS: Final = len(_INITIAL_FAR)
_REGULARISATION: Final = 0.1
"""How strongly the weights are held to where they start; it matters where there are few pairs."""
_BASE_REGULARISATION: Final = 10.0
"""The same to the weights of a model known before."""
_MAX_ITERATIONS: Final = 60


class Cases(NamedTuple):
    """Reads and their hypotheses.

    The terms (m × 12) of all hypotheses, read after read, and the logarithms of their chances (m); where
    those of each read start (n) and which is the true one (n, -1 for none of them); the doubts (n × 2, the
    first 1), how often each read counts (n), and what is added to the log score of far plates (n): 0, or so
    little that there are none, for reads that would not have been seen were they of such a plate.
    """

    terms: Floats
    log_priors: Floats
    starts: NDArray[np.intp]
    true_index: NDArray[np.intp]
    far_terms: Floats
    read_weights: Floats
    far_offsets: Floats


NO_FAR_OFFSET: Final = -1e9
"""What is added to the log score of far plates where there are none."""


def fit_weights(cases: Cases | None, base: Weights | None = None) -> Weights:
    """The weights under which the true plates are likeliest (multinomial logit, by Newton's method).

    They are held to those of a base; without cases they are those. Without a base they are held to where all
    start, though loosely.
    """
    if base is None:
        start, pull = (
            np.array([_INITIAL_WEIGHTS.get(term, 0.0) for term in TERMS] + list(_INITIAL_FAR)),
            _REGULARISATION,
        )
    else:
        start, pull = np.array(base.terms + base.far), _BASE_REGULARISATION
    weights = start.copy()
    if cases is None:
        return _to_weights(weights)
    loss = _loss(cases, weights, start, pull)
    for _ in range(_MAX_ITERATIONS):
        slope, bend = _derivatives(cases, weights, start, pull)
        step = np.linalg.solve(bend, slope)
        share = 1.0
        while (tried := _loss(cases, weights - share * step, start, pull)) > loss and share > 1e-6:
            share /= 2
        weights -= share * step
        if loss - tried < 1e-6:
            break
        loss = tried
    return _to_weights(weights)


def _to_weights(weights: Floats) -> Weights:
    rounded = [round(each, 4) for each in weights.tolist()]
    return Weights(rounded[: len(TERMS)], rounded[len(TERMS) :])


def _probabilities(cases: Cases, weights: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """For each hypothesis its share; for each read the share of far plates, the log of the sum of all, and
    the log score of the true one."""
    size = len(TERMS)
    scores = cases.terms @ weights[:size] + cases.log_priors
    far = cases.far_terms @ weights[size:] + cases.far_offsets
    counts = np.diff(np.r_[cases.starts, len(scores)])
    top = np.maximum(np.maximum.reduceat(scores, cases.starts), far)
    grown = np.exp(scores - np.repeat(top, counts))
    total = np.add.reduceat(grown, cases.starts) + np.exp(far - top)
    known = cases.true_index >= 0
    of_true = np.where(known, scores[cases.starts + np.maximum(cases.true_index, 0)], far)
    return grown / np.repeat(total, counts), np.exp(far - top) / total, top + np.log(total), of_true


def _loss(cases: Cases, weights: Floats, initial: Floats, regularisation: float) -> float:
    _, _, total, of_true = _probabilities(cases, weights)
    return float(
        (cases.read_weights * (total - of_true)).sum() + regularisation / 2 * ((weights - initial) ** 2).sum()
    )


def _derivatives(
    cases: Cases, weights: Floats, initial: Floats, regularisation: float
) -> tuple[Floats, Floats]:
    """The gradient and the Hessian of the loss."""
    size = len(TERMS)
    shares, far, _, _ = _probabilities(cases, weights)
    counts = np.diff(np.r_[cases.starts, len(shares)])
    times = np.repeat(cases.read_weights, counts)
    means = np.zeros((len(far), size + _FAR_TERMS))
    means[:, :size] = np.add.reduceat(shares[:, None] * cases.terms, cases.starts)
    means[:, size:] = far[:, None] * cases.far_terms
    known = cases.true_index >= 0
    true = np.zeros_like(means)
    true[known, :size] = cases.terms[(cases.starts + cases.true_index)[known]]
    true[~known, size:] = cases.far_terms[~known]
    slope = (cases.read_weights[:, None] * (means - true)).sum(0) + regularisation * (weights - initial)
    bend: Any = np.zeros((size + _FAR_TERMS, size + _FAR_TERMS))
    bend[:size, :size] = cases.terms.T @ ((shares * times)[:, None] * cases.terms)
    bend[size:, size:] = cases.far_terms.T @ ((far * cases.read_weights)[:, None] * cases.far_terms)
    bend -= means.T @ (cases.read_weights[:, None] * means)
    return slope, bend + regularisation * np.eye(size + _FAR_TERMS)
