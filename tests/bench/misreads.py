"""How good matching is on real misreads, next to simpler matching: what is found, what is cried, how sure.

Recall is the share of reads whose vehicle, were it listed, would be a hit. False hits are those that lists
drawn as the fleets are give, per 100,000 reads of other vehicles; `measured.py` says how they are counted.
"""

import multiprocessing
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tests.bench.measured import (
    ERRORS,
    LISTED,
    LISTED_WRONG,
    PEERS,
    QUALITIES,
    Floats,
    Measured,
    halves,
    measure,
)
from tests.bench.table import show

THRESHOLDS: Final = (0.99, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05)
RECALLS: Final = (0.935, 0.95)
LISTS: Final = (1_000, 100_000, 1_000_000)
DRAWS: Final = 40
BINS: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
Rows = list[tuple[str, ...]]


def run() -> None:
    """Prints the tables. Run in a process of its own."""
    even, odd = halves()
    turns = [(one, other, known) for known in (True, False) for one, other in ((even, odd), (odd, even))]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        known_odd, known_even, unknown_odd, unknown_even = pool.starmap(measure, turns)
    count = len(even) + len(odd)
    known = _together(known_odd, known_even)
    unknown = _together(unknown_odd, unknown_even)
    how = "learnt on one half, measured on the other, and back"
    show(
        f"Matching on {count:,} real misreads ({how}), country known: recall, and false hits per "
        f"100,000 reads with lists of so many plates, mean and spread of {DRAWS} draws (aims, 1 M: recall "
        "≥ 0.950 at no more than one equivalence has, ≥ 0.935 at ≤ 12)",
        ("", "recall", *(f"{size:,}" for size in LISTS)),
        _methods(known),
    )
    errors = ", ".join(f"{what} wrong in {share:.0%}" for what, share in ERRORS.items())
    show(
        f"With the vehicle's looks ({errors} of the reads; the list's description wrong in "
        f"{LISTED_WRONG:.0%}), list of {LISTED:,}: false hits at the same recall (aim: at most a third)",
        ("recall", "without looks", "with looks", "share"),
        _looks(known),
    )
    show(
        f"The same {len(unknown.own):,} of the reads, country not read, list of {LISTED:,} of all countries",
        ("", "recall", *(f"{size:,}" for size in LISTS)),
        _methods(unknown),
    )
    show(
        f"By picture quality, country known, list of {LISTED:,}: recall, false hits per 100,000 expected",
        ("", *(f"{quality}: {what}" for quality in QUALITIES for what in ("recall", "false"))),
        _by_quality(known),
    )
    show(
        f"Over the threshold (min_posterior), country known, list of {LISTED:,}",
        ("", "recall, odd half", "false hits", "recall, even half", "false hits"),
        [
            (
                f"{threshold}",
                *(
                    cell
                    for half in (known_odd, known_even)
                    for cell in (
                        f"{(half.own >= threshold).mean():.3f}",
                        f"{_expected(half, half.others >= threshold):.1f}",
                    )
                ),
            )
            for threshold in THRESHOLDS
        ],
    )
    show(
        "Calibration, country known: of hits said to have a posterior in a range, the share that are right; "
        "of all hits, the part in the range",
        ("range", "said, mean", "right", "part", "right with looks", "part"),
        _reliability(known),
    )
    plain, looked = (_posteriors(known, looks) for looks in (False, True))
    unread = _posteriors(unknown, False)
    show(
        "Calibration in one figure, over hits of 0.1 and more (aim: expected calibration error ≤ 0.03)",
        ("", "expected calibration error", "the same below 0.95", "Brier score"),
        [
            (name, f"{_error(*of):.4f}", f"{_error(*_below(*of, 0.95)):.4f}", f"{_brier(*of):.4f}")
            for name, of in (("country known", plain), ("with looks", looked), ("country not read", unread))
        ],
    )


def _together(one: Measured, other: Measured) -> Measured:
    moved = other._replace(reads=other.reads + len(one.own))
    return Measured(*(np.concatenate(pair) for pair in zip(one, moved, strict=True)))


def _methods(of: Measured) -> Rows:
    rows: Rows = []
    for place, name in enumerate(PEERS):
        if name == "one edit":
            rates = [(of.edits.sum() * size / LISTED / len(of.own) * 1e5, float("nan")) for size in LISTS]
        else:
            rates = [_drawn(of, of.peers[:, place], size) for size in LISTS]
        rows.append((name, f"{of.own_peers[:, place].mean():.3f}", *map(_spread, rates)))
    for recall in RECALLS:
        threshold = _threshold(of.own, recall)
        rates = [_drawn(of, of.others >= threshold, size) for size in LISTS]
        name = f"posterior ≥ {threshold:.3f}"
        rows.append((name, f"{(of.own >= threshold).mean():.3f}", *map(_spread, rates)))
    return rows


def _looks(of: Measured) -> Rows:
    rows: Rows = []
    for recall in (0.92, *RECALLS):
        without = _expected(of, of.others >= _threshold(of.own, recall))
        looked = _expected(of, of.others_looks >= _threshold(of.own_looks, recall))
        rows.append((f"{recall:.3f}", f"{without:.1f}", f"{looked:.1f}", f"{looked / without:.2f}"))
    return rows


def _by_quality(of: Measured) -> Rows:
    methods = [(name, of.own_peers[:, place], of.peers[:, place]) for place, name in enumerate(PEERS)]
    del methods[2]
    for recall in RECALLS:
        threshold = _threshold(of.own, recall)
        methods.append((f"posterior ≥ {threshold:.3f}", of.own >= threshold, of.others >= threshold))
    rows: Rows = []
    for name, own, others in methods:
        cells = []
        for quality in range(len(QUALITIES)):
            here = of.quality == quality
            false = (of.chances * others * here[of.reads]).sum() / here.sum() * 1e5
            cells += [f"{own[here].mean():.3f}", f"{false:.1f}"]
        rows.append((name, *cells))
    return rows


def _threshold(own: Floats, recall: float) -> float:
    """The highest threshold that gives a recall."""
    return float(np.sort(own)[::-1][int(np.ceil(recall * len(own))) - 1])


def _expected(of: Measured, hits: NDArray[np.bool_]) -> float:
    """False hits per 100,000 reads that a list of a million gives on average."""
    return float(of.chances[hits].sum()) / len(of.own) * 1e5


def _drawn(of: Measured, hits: NDArray[np.bool_], size: int) -> tuple[float, float]:
    """The mean and the standard deviation, over lists drawn, of the reads per 100,000 with a false hit."""
    rng = np.random.default_rng(size)
    reads, chances = of.reads[hits], of.chances[hits] * size / LISTED
    rates = [
        len(np.unique(reads[rng.random(len(reads)) < chances])) / len(of.own) * 1e5 for _ in range(DRAWS)
    ]
    return float(np.mean(rates)), float(np.std(rates))


def _spread(rate: tuple[float, float]) -> str:
    mean, spread = rate
    return f"{mean:,.0f}" if np.isnan(spread) else f"{mean:.1f} ± {spread:.1f}"


Posteriors = tuple[Floats, Floats, Floats]
"""Posteriors of hits, whether each is right (1 or 0), and how many of each are expected."""


def _posteriors(of: Measured, looks: bool) -> Posteriors:
    own, others = (of.own_looks, of.others_looks) if looks else (of.own, of.others)
    said = np.concatenate([own, others])
    right = np.concatenate([np.ones(len(own)), np.zeros(len(others))])
    weights = np.concatenate([of.weights, of.chances])
    kept = said >= BINS[0]
    return said[kept], right[kept], weights[kept]


def _below(said: Floats, right: Floats, weights: Floats, most: float) -> Posteriors:
    kept = said < most
    return said[kept], right[kept], weights[kept]


def _ranges(said: Floats) -> NDArray[np.int64]:
    return np.clip(np.digitize(said, BINS) - 1, 0, len(BINS) - 2)


def _error(said: Floats, right: Floats, weights: Floats) -> float:
    """The expected calibration error: what is said against what is right, by range, by weight."""
    ranges, all_ = _ranges(said), weights.sum()
    found = 0.0
    for place in range(len(BINS) - 1):
        here = ranges == place
        found += abs(float((weights[here] * (said[here] - right[here])).sum())) / all_
    return found


def _brier(said: Floats, right: Floats, weights: Floats) -> float:
    return float((weights * (said - right) ** 2).sum() / weights.sum())


def _reliability(of: Measured) -> Rows:
    tables = [_posteriors(of, looks) for looks in (False, True)]
    rows: Rows = []
    for place, (low, high) in enumerate(pairwise(BINS)):
        cells: list[str] = []
        for number, (said, right, weights) in enumerate(tables):
            here = _ranges(said) == place
            there = weights[here].sum()
            if not number:
                cells.append(f"{(weights[here] * said[here]).sum() / there:.3f}")
            cells += [f"{(weights[here] * right[here]).sum() / there:.3f}", f"{there / weights.sum():.4f}"]
        rows.append((f"{low} to {high}", *cells))
    return rows
