"""Learning a confusion model from pairs of reads and true plates."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np
from msgspec.structs import replace

from streams.confusions.evidence import CODE, KINDS, Evidence, Kind, evidence_of
from streams.confusions.features import Table, aligned
from streams.confusions.fit import Cases, fitted
from streams.confusions.hypotheses import hypotheses
from streams.confusions.model import Model, Models, doubt
from streams.confusions.pairs import Pair
from streams.plates.fleets import Fleets
from streams.plates.keys import ALPHABET

_FAR_EDITS: Final = 4
"""Pairs with so many edits or more say nothing of single characters."""
_PRIOR: Final = 30.0
"""So many sightings of a character are taken to have shown average slips."""
_RIGHT_KEPT: Final = 4
"""Of the reads that were right, one in so many is weighed, for as many."""


class LearnError(Exception):
    """Pairs of which none tells anything; the message says why."""


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

    Raises LearnError.
    """
    counts: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    evidences = [(pair, evidence_of(pair)) for pair in pairs]
    for pair, evidence in evidences:
        for read, true in edits(evidence.plate, pair.true) or ():
            if true:
                seen[true] += 1
            if read != true:
                counts[true + read if true and read else f"{true}-" if true else f"+{read}"] += 1
    if not counts:
        raise LearnError("no pair was read wrong, so there is nothing to learn")
    commonness = _commonness(counts, seen)
    cases = {kind: _cases(evidences, kind, fleets, commonness, progress) for kind in KINDS}
    if not any(cases.values()):
        raise LearnError("no pair is of a country whose plates are known")
    weights = {kind: fitted(its) for kind, its in cases.items()}
    return Model(
        name,
        source,
        len(pairs),
        commonness,
        dict(sorted(counts.items())),
        dict(sorted(seen.items())),
        weights,
    )


def learn_all(
    pairs: Sequence[Pair],
    fleets: Fleets,
    source: str,
    least: int,
    progress: Progress = lambda _: None,
) -> Models:
    """The general model from all pairs, and one of each reader of which there are `least` pairs or more.

    A reader of which there is nothing to learn keeps the general model. Raises LearnError as `learn` does.
    """
    general = learn(pairs, fleets, "general", source, progress)
    models = {}
    for reader, its in _by_reader(pairs, least).items():
        try:
            models[reader] = learn(its, fleets, reader, source, progress)
        except LearnError:
            continue
    return Models(general, models)


def steps_of(pairs: Sequence[Pair], least: int) -> int:
    """How many steps `learn_all` takes."""
    return len(KINDS) * (len(pairs) + sum(map(len, _by_reader(pairs, least).values())))


def _by_reader(pairs: Sequence[Pair], least: int) -> dict[str, list[Pair]]:
    """The pairs of each reader of which there are `least` or more."""
    of: dict[str, list[Pair]] = {}
    for pair in pairs:
        if pair.reader is not None:
            of.setdefault(pair.reader, []).append(pair)
    return {reader: its for reader, its in sorted(of.items()) if len(its) >= least}


def _commonness(counts: Counter[str], seen: Counter[str]) -> Table:
    table = np.zeros((len(ALPHABET), len(ALPHABET)))
    for slip, count in counts.items():
        if len(slip) == 2 and slip[0] in CODE and slip[1] in CODE:
            table[CODE[slip[0]], CODE[slip[1]]] = count
    sightings = np.array([seen[char] for char in ALPHABET], dtype=np.float64)[:, None]
    # One slip at the least, for characters may only have been lost.
    average = max(table.sum(), 1.0) / sightings.sum() / (len(ALPHABET) - 1)
    found = np.log((table + _PRIOR * average) / (sightings + _PRIOR) / average)
    np.fill_diagonal(found, 0)
    return [[round(each, 4) for each in row] for row in found.tolist()]


def _cases(
    evidences: Iterable[tuple[Pair, Evidence]],
    kind: Kind,
    fleets: Fleets,
    commonness: Table,
    progress: Progress,
) -> Cases | None:
    """The cases of pairs whose recogniser tells at least as much as a kind; None if there are none."""
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
        evidence = whole if kind == "full" else evidence_of(_poorer(pair, kind))
        if evidence.kind != kind:
            continue
        start, place = len(terms), -1
        for plate, chance in hypotheses(evidence, pair.country, fleets, commonness).items():
            how = aligned(evidence, plate, commonness)
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
    if not starts:
        return None
    return Cases(
        np.array(terms), np.log(chances), np.array(starts), np.array(trues), np.array(unsure), np.array(times)
    )


def _poorer(pair: Pair, kind: Kind) -> Pair:
    """The pair as of a recogniser that tells less."""
    poorer = replace(pair, candidates=None, char_alternatives=None)
    if kind == "characters":
        return poorer
    confidence = pair.confidence
    if confidence is None and pair.char_confidences:
        confidence = sum(pair.char_confidences) / len(pair.char_confidences)
    return replace(poorer, char_confidences=None, confidence=confidence if kind == "plate" else None)
