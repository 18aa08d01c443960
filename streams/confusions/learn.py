"""Learning a confusion model from pairs of reads and true plates."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from streams.confusions.evidence import CODE, KINDS, Evidence, Kind, evidence_of
from streams.confusions.features import TERMS, aligned
from streams.confusions.hypotheses import hypotheses
from streams.confusions.model import Model, Models, Weights, doubt
from streams.confusions.pairs import Pair
from streams.plates.fleets import Fleets
from streams.plates.keys import ALPHABET
from streams.plates.normal import folded, normal
from streams.records.read import Read

Floats = NDArray[np.float64]

_FAR_EDITS: Final = 4
"""Pairs with so many edits or more say nothing of single characters."""
_PRIOR: Final = 30.0
"""So many sightings of a character are taken to have shown average slips."""
_RIGHT_KEPT: Final = 4
"""Of the reads that were right, one in so many is weighed, for as many."""
_START: Final = {
    "named_share": 1.0, "named_slip": 0.5, "unnamed": -1.0, "unnamed_share": 0.5, "unnamed_slip": 0.5,
    "extra": -2.0, "extra_share": 0.5, "lost_edge": -6.0, "lost_inside": -7.0, "text_share": 1.0,
}  # fmt: skip
_FAR: Final = (-3.0, 1.0)
_PULL: Final = 0.1
"""How strongly the weights are held to where they start; it matters where there are few pairs."""
_STEPS: Final = 60

Progress = Callable[[int], None]


def edits(read: str, true: str) -> list[tuple[str, str]] | None:
    """The fewest edits between a read and a true plate, as (read, true), characters that agree included.

    None if there are so many that the alignment says nothing.
    """
    rows, columns = len(read) + 1, len(true) + 1
    costs = [[max(i, j) * 1.01 for j in range(columns)] for i in range(rows)]
    for i in range(1, rows):
        for j in range(1, columns):
            costs[i][j] = min(
                costs[i - 1][j - 1] + (read[i - 1] != true[j - 1]),
                costs[i - 1][j] + 1.01,
                costs[i][j - 1] + 1.01,
            )
    if costs[-1][-1] >= _FAR_EDITS:
        return None
    found = []
    i, j = rows - 1, columns - 1
    while i or j:
        if i and j and costs[i][j] == costs[i - 1][j - 1] + (read[i - 1] != true[j - 1]):
            i, j = i - 1, j - 1
            found.append((read[i], true[j]))
        elif i and (not j or costs[i][j] == costs[i - 1][j] + 1.01):
            i -= 1
            found.append((read[i], ""))
        else:
            j -= 1
            found.append(("", true[j]))
    return found[::-1]


def learn(
    pairs: Sequence[Pair], fleets: Fleets, name: str, source: str, progress: Progress = lambda _: None
) -> Model:
    """A model from pairs. `progress` is told how many more steps of `steps_of` are done.

    Raises ValueError if there is no pair, or none was read wrong.
    """
    counts: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    evidences = [(pair, evidence_of(pair.read)) for pair in pairs]
    for pair, evidence in evidences:
        for read, true in edits(evidence.plate, pair.true) or ():
            if true:
                seen[true] += 1
            if read != true:
                counts[true + read if true and read else f"{true}-" if true else f"+{read}"] += 1
    if not counts:
        raise ValueError("no pair was read wrong, so there is nothing to learn")
    slips = _slips(counts, seen)
    weights: dict[Kind, Weights] = {}
    for kind in KINDS:
        weights[kind] = _fitted(_cases(evidences, kind, fleets, slips, progress))
    return Model(
        name, source, len(pairs), slips, dict(sorted(counts.items())), dict(sorted(seen.items())), weights
    )


def learn_all(
    pairs: Sequence[Pair],
    fleets: Fleets,
    source: str,
    least: int,
    progress: Progress = lambda _: None,
) -> Models:
    """The general model from all pairs, and one of each reader of which there are `least` pairs or more.

    A reader whose reads were all right keeps the general model. Raises ValueError as `learn` does.
    """
    general = learn(pairs, fleets, "general", source, progress)
    of: dict[str, list[Pair]] = {}
    for pair in pairs:
        if pair.reader is not None:
            of.setdefault(pair.reader, []).append(pair)
    models = {}
    for reader, its in sorted(of.items()):
        if len(its) >= least and any(folded(normal(pair.plate)) != pair.true for pair in its):
            models[reader] = learn(its, fleets, reader, source)
    return Models(general, models)


def steps_of(pairs: Sequence[Pair]) -> int:
    """How many steps `learn` takes."""
    return len(KINDS) * len(pairs)


def _slips(counts: Counter[str], seen: Counter[str]) -> list[list[float]]:
    table = np.zeros((len(ALPHABET), len(ALPHABET)))
    for slip, count in counts.items():
        if len(slip) == 2 and slip[0] in CODE and slip[1] in CODE:
            table[CODE[slip[0]], CODE[slip[1]]] = count
    sightings = np.array([seen[char] for char in ALPHABET], dtype=np.float64)[:, None]
    average = table.sum() / sightings.sum() / (len(ALPHABET) - 1)
    found = np.log((table + _PRIOR * average) / (sightings + _PRIOR) / average)
    np.fill_diagonal(found, 0)
    return [[round(each, 4) for each in row] for row in found.tolist()]


class _Cases(NamedTuple):
    """Reads and their hypotheses.

    The terms (m × 12) of all hypotheses, read after read, and the logarithms of their chances (m); where
    those of each read start (n) and which is the true one (n, -1 for none of them); the doubts (n × 2, the
    first 1) and how often each read counts (n).
    """

    terms: Floats
    chances: Floats
    starts: NDArray[np.intp]
    true: NDArray[np.intp]
    doubts: Floats
    times: Floats


def _cases(
    evidences: Iterable[tuple[Pair, Evidence]],
    kind: Kind,
    fleets: Fleets,
    slips: list[list[float]],
    progress: Progress,
) -> _Cases:
    terms: list[list[float]] = []
    chances: list[float] = []
    starts, trues, times, unsure = [], [], [], []
    right = 0
    for pair, whole in evidences:
        progress(1)
        true = pair.true
        weight = 1.0
        if whole.plate == true:
            right += 1
            if right % _RIGHT_KEPT:
                continue
            weight = float(_RIGHT_KEPT)
        evidence = whole if kind == "full" else evidence_of(_poorer(pair.read, kind))
        start, place = len(terms), -1
        for plate, chance in hypotheses(evidence, pair.country, fleets, slips).items():
            how = aligned(evidence, plate, slips)
            if how is not None:
                if plate == true:
                    place = len(terms) - start
                terms.append(how.terms)
                chances.append(chance)
        if len(terms) == start:
            continue
        starts.append(start)
        trues.append(place)
        times.append(weight)
        unsure.append((1.0, doubt(evidence)))
    return _Cases(
        np.array(terms), np.log(chances), np.array(starts), np.array(trues), np.array(unsure), np.array(times)
    )


def _poorer(read: Read, kind: Kind) -> Read:
    """The read as a recogniser would give it that tells less."""
    poorer = replace(read, candidates=None, char_alternatives=None)
    if kind == "characters":
        return poorer
    confidence = read.confidence
    if confidence is None and read.char_confidences:
        confidence = sum(read.char_confidences) / len(read.char_confidences)
    return replace(poorer, char_confidences=None, confidence=confidence if kind == "plate" else None)


def _fitted(cases: _Cases) -> Weights:
    """The weights under which the true plates are likeliest (multinomial logit, by Newton's method)."""
    size = len(TERMS)
    start = np.array([_START.get(term, 0.0) for term in TERMS] + list(_FAR))
    weights = start.copy()
    loss = _loss(cases, weights, start)
    for _ in range(_STEPS):
        slope, bend = _derivatives(cases, weights, start)
        step = np.linalg.solve(bend, slope)
        share = 1.0
        while (tried := _loss(cases, weights - share * step, start)) > loss and share > 1e-6:
            share /= 2
        weights -= share * step
        if loss - tried < 1e-6:
            break
        loss = tried
    rounded = [round(each, 4) for each in weights.tolist()]
    return Weights(rounded[:size], rounded[size:])


def _parts(cases: _Cases, weights: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """For each hypothesis its share; for each read the share of far plates, the log of the sum of all, and
    the log score of the true one."""
    size = len(TERMS)
    scores = cases.terms @ weights[:size] + cases.chances
    far = cases.doubts @ weights[size:]
    counts = np.diff(np.r_[cases.starts, len(scores)])
    top = np.maximum(np.maximum.reduceat(scores, cases.starts), far)
    grown = np.exp(scores - np.repeat(top, counts))
    total = np.add.reduceat(grown, cases.starts) + np.exp(far - top)
    known = cases.true >= 0
    of_true = np.where(known, scores[cases.starts + np.maximum(cases.true, 0)], far)
    return grown / np.repeat(total, counts), np.exp(far - top) / total, top + np.log(total), of_true


def _loss(cases: _Cases, weights: Floats, start: Floats) -> float:
    _, _, total, of_true = _parts(cases, weights)
    return float((cases.times * (total - of_true)).sum() + _PULL / 2 * ((weights - start) ** 2).sum())


def _derivatives(cases: _Cases, weights: Floats, start: Floats) -> tuple[Floats, Floats]:
    """The gradient and the Hessian of the loss."""
    size = len(TERMS)
    shares, far, _, _ = _parts(cases, weights)
    counts = np.diff(np.r_[cases.starts, len(shares)])
    times = np.repeat(cases.times, counts)
    means = np.zeros((len(far), size + 2))
    means[:, :size] = np.add.reduceat(shares[:, None] * cases.terms, cases.starts)
    means[:, size:] = far[:, None] * cases.doubts
    known = cases.true >= 0
    true = np.zeros_like(means)
    true[known, :size] = cases.terms[(cases.starts + cases.true)[known]]
    true[~known, size:] = cases.doubts[~known]
    slope = (cases.times[:, None] * (means - true)).sum(0) + _PULL * (weights - start)
    bend: Any = np.zeros((size + 2, size + 2))
    bend[:size, :size] = cases.terms.T @ ((shares * times)[:, None] * cases.terms)
    bend[size:, size:] = cases.doubts.T @ ((far * cases.times)[:, None] * cases.doubts)
    bend -= means.T @ (cases.times[:, None] * means)
    return slope, bend + _PULL * np.eye(size + 2)
