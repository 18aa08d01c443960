"""Fitting the weights of a model: those under which the true plates are likeliest."""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.confusions.features import TERMS
from streams.confusions.model import Weights

Floats = NDArray[np.float64]

_INITIAL_WEIGHTS: Final = {
    "named_share": 1.0, "named_error": 0.5, "unnamed": -1.0, "unnamed_share": 0.5, "unnamed_error": 0.5,
    "extra": -2.0, "extra_share": 0.5, "lost_edge": -6.0, "lost_inside": -7.0, "text_share": 1.0,
}  # fmt: skip
_INITIAL_FAR: Final = (-3.0, 1.0)
_TERM_COUNT: Final = len(TERMS)
_WEIGHT_COUNT: Final = _TERM_COUNT + len(_INITIAL_FAR)
_REGULARISATION: Final = 0.1
"""Strength with which the weights are held to their initial values; it matters where there are few pairs."""
_BASE_REGULARISATION: Final = 10.0
"""The same for the weights of a base model."""
_MAX_ITERATIONS: Final = 60
_TOLERANCE: Final = 1e-6


class Cases(NamedTuple):
    """Reads (n) and their hypotheses (m), read after read."""

    terms: Floats
    """The terms of the hypotheses (m × 12)."""
    log_priors: Floats
    """The logarithm of the prior probability of each hypothesis (m)."""
    starts: NDArray[np.intp]
    """The index of each read's first hypothesis (n)."""
    true_index: NDArray[np.intp]
    """Which of its hypotheses is the true plate (n); -1 for none of them."""
    far_terms: Floats
    """The terms of far plates, all together (n × 2, the first is 1)."""
    read_weights: Floats
    """The weight of each read (n)."""
    far_offsets: Floats
    """What is added to the log score of far plates (n): 0, or NO_FAR_OFFSET."""


class _Scores(NamedTuple):
    """The probabilities of hypotheses (m), and by read (n) of far plates; and two log scores by read (n)."""

    shares: Floats
    far_shares: Floats
    log_total: Floats
    log_true: Floats


NO_FAR_OFFSET: Final = -1e9
"""The offset for reads that would not have been found if they were of a far plate, so there are none."""


def fit_weights(cases: Cases | None, base: Weights | None = None) -> Weights:
    """Return the weights under which the true plates are likeliest (multinomial logit, by Newton's method).

    They are regularised toward those of the base model, or without one, loosely, toward the initial weights.
    Without cases they are those.
    """
    if base is None:
        initial = np.array([_INITIAL_WEIGHTS.get(term, 0.0) for term in TERMS] + list(_INITIAL_FAR))
        regularisation = _REGULARISATION
    else:
        initial = np.array(base.terms + base.far)
        regularisation = _BASE_REGULARISATION
    weights = initial.copy()
    if cases is None:
        return _to_weights(weights)
    loss = _loss(cases, weights, initial, regularisation)
    for _ in range(_MAX_ITERATIONS):
        gradient, hessian = _derivatives(cases, weights, initial, regularisation)
        step = np.linalg.solve(hessian, gradient)
        share = 1.0
        while (
            new_loss := _loss(cases, weights - share * step, initial, regularisation)
        ) > loss and share > _TOLERANCE:
            share /= 2
        weights -= share * step
        if loss - new_loss < _TOLERANCE:
            break
        loss = new_loss
    return _to_weights(weights)


def _to_weights(weights: Floats) -> Weights:
    rounded = [round(weight, 4) for weight in weights.tolist()]
    return Weights(rounded[:_TERM_COUNT], rounded[_TERM_COUNT:])


def _scores(cases: Cases, weights: Floats) -> _Scores:
    scores = cases.terms @ weights[:_TERM_COUNT] + cases.log_priors
    far_scores = cases.far_terms @ weights[_TERM_COUNT:] + cases.far_offsets
    counts = np.diff(np.r_[cases.starts, len(scores)])
    # The greatest score of each read is subtracted first, so that exp does not overflow.
    top = np.maximum(np.maximum.reduceat(scores, cases.starts), far_scores)
    exponentials = np.exp(scores - np.repeat(top, counts))
    total = np.add.reduceat(exponentials, cases.starts) + np.exp(far_scores - top)
    true_scores = scores[cases.starts + np.maximum(cases.true_index, 0)]
    return _Scores(
        exponentials / np.repeat(total, counts),
        np.exp(far_scores - top) / total,
        top + np.log(total),
        np.where(cases.true_index >= 0, true_scores, far_scores),
    )


def _loss(cases: Cases, weights: Floats, initial: Floats, regularisation: float) -> float:
    scores = _scores(cases, weights)
    log_loss = (cases.read_weights * (scores.log_total - scores.log_true)).sum()
    return float(log_loss + regularisation / 2 * ((weights - initial) ** 2).sum())


def _derivatives(
    cases: Cases, weights: Floats, initial: Floats, regularisation: float
) -> tuple[Floats, Floats]:
    """Return the gradient and the Hessian of the loss."""
    shares, far_shares, _, _ = _scores(cases, weights)
    counts = np.diff(np.r_[cases.starts, len(shares)])
    hypothesis_weights = np.repeat(cases.read_weights, counts)
    means = np.zeros((len(far_shares), _WEIGHT_COUNT))
    means[:, :_TERM_COUNT] = np.add.reduceat(shares[:, None] * cases.terms, cases.starts)
    means[:, _TERM_COUNT:] = far_shares[:, None] * cases.far_terms
    has_true = cases.true_index >= 0
    true_terms = np.zeros_like(means)
    true_terms[has_true, :_TERM_COUNT] = cases.terms[(cases.starts + cases.true_index)[has_true]]
    true_terms[~has_true, _TERM_COUNT:] = cases.far_terms[~has_true]
    gradient = (cases.read_weights[:, None] * (means - true_terms)).sum(0) + regularisation * (
        weights - initial
    )
    hessian: Any = np.zeros((_WEIGHT_COUNT, _WEIGHT_COUNT))
    hessian[:_TERM_COUNT, :_TERM_COUNT] = cases.terms.T @ (
        (shares * hypothesis_weights)[:, None] * cases.terms
    )
    hessian[_TERM_COUNT:, _TERM_COUNT:] = cases.far_terms.T @ (
        (far_shares * cases.read_weights)[:, None] * cases.far_terms
    )
    hessian -= means.T @ (cases.read_weights[:, None] * means)
    return gradient, hessian + regularisation * np.eye(_WEIGHT_COUNT)
