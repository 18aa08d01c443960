"""Learning a confusion model from pairs of reads and true plates."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from msgspec.structs import replace

from streams.confusions.evidence import KINDS, Evidence, Kind, evidence_of
from streams.confusions.features import Table, aligned
from streams.confusions.model import Model, Models, Weights, doubt
from streams.confusions.training.counts import Tally
from streams.confusions.training.fit import NOT_FAR, Cases, fitted
from streams.confusions.training.hypotheses import hypotheses
from streams.confusions.training.pairs import Pair
from streams.plates.fleets import Fleets
from streams.runtime.errors import OperatorError

_RIGHT_KEPT: Final = 4
"""Of the reads that were right, one in so many is weighed, for as many."""


class LearnError(OperatorError):
    """Pairs of which none tells anything; the message says why."""


Progress = Callable[[int], None]


def learn(
    pairs: Sequence[Pair],
    fleets: Fleets,
    name: str,
    source: str,
    progress: Progress = lambda _: None,
    base: Model | None = None,
) -> Model:
    """A model from pairs, held to a base model where they tell little.

    Pairs found because the read matched (`Pair.found`) tell how common the slips are that match, and nothing
    of the weights; those found near another read tell nothing of reads of another plate altogether. What
    pairs do not tell is as in the base. `progress` is told how many more steps of `steps_of` are done.

    Raises LearnError.
    """
    evidences = [(pair, evidence_of(pair)) for pair in pairs]
    tally = Tally(evidences)
    if not tally.counts:
        raise LearnError("no pair was read wrong, so there is nothing to learn")
    commonness = tally.commonness(base)
    weights: dict[Kind, Weights] = {}
    told = False
    for kind in KINDS:
        cases = _cases(evidences, kind, fleets, commonness, progress)
        told |= cases is not None
        weights[kind] = fitted(cases, None if base is None else base.weights[kind])
    if not told and base is None:
        if any(pair.found == "matched" for pair in pairs):
            raise LearnError("reads seen only because they matched say nothing without a base model")
        raise LearnError("no pair is of a country whose plates are known")
    plate_bands, char_bands = tally.bands()
    return Model(
        name,
        source,
        round(tally.pairs),
        commonness,
        _whole(tally.counts),
        _whole(tally.seen),
        weights,
        {kind: [round(each) for each in counts.tolist()] for kind, counts in tally.places.items()},
        plate_bands,
        char_bands,
    )


def learn_all(
    pairs: Sequence[Pair],
    fleets: Fleets,
    source: str,
    least: int,
    progress: Progress = lambda _: None,
    base: Model | None = None,
    makers: Mapping[str, str] | None = None,
) -> Models:
    """The general model from all pairs, and one of each reader and maker with `least` pairs or more.

    `makers` gives the maker of a reader. A maker's model is held to the general one, a reader's to that of
    its maker if it has one. A reader of which there is nothing to learn keeps the more general model. Raises
    LearnError as `learn` does.
    """
    makers = makers or {}
    general = learn(pairs, fleets, "general", source, progress, base)
    models: dict[str, Model] = {}
    # Makers come first, for their cameras' models are held to theirs.
    for name, its in _groups(pairs, least, makers):
        above = models.get(makers.get(name, ""), general)
        try:
            models[name] = learn(its, fleets, name, source, progress, above)
        except LearnError:
            continue
    return Models(general, models, {reader: maker for reader, maker in makers.items() if maker in models})


def steps_of(pairs: Sequence[Pair], least: int, makers: Mapping[str, str] | None = None) -> int:
    """How many steps `learn_all` takes."""
    return len(KINDS) * (len(pairs) + sum(len(its) for _, its in _groups(pairs, least, makers or {})))


def _groups(pairs: Sequence[Pair], least: int, makers: Mapping[str, str]) -> list[tuple[str, list[Pair]]]:
    """The pairs of each maker, then of each reader, of which there are `least` or more."""
    of: dict[str, list[Pair]] = {}
    for pair in pairs:
        if pair.reader is not None:
            for name in {pair.reader, makers.get(pair.reader, pair.reader)}:
                of.setdefault(name, []).append(pair)
    known = sorted(of.items(), key=lambda item: (item[0] in makers, item[0]))
    return [(name, its) for name, its in known if sum(pair.times for pair in its) >= least]


def _whole(counts: Mapping[str, float]) -> dict[str, int]:
    return {what: round(count) for what, count in sorted(counts.items()) if round(count)}


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
    starts, trues, times, unsure, away = [], [], [], [], []
    right = 0.0
    for pair, whole in evidences:
        progress(1)
        if pair.found == "matched":
            continue
        true = pair.true
        weight = pair.times
        if whole.plate == true:
            right += weight
            if right < _RIGHT_KEPT:
                continue
            right -= _RIGHT_KEPT
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
        if len(terms) == start or (place < 0 and pair.found == "near"):
            del terms[start:], chances[start:]
            continue
        starts.append(start)
        trues.append(place)
        times.append(weight)
        unsure.append((1.0, doubt(evidence)))
        away.append(NOT_FAR if pair.found == "near" else 0.0)
    if not starts:
        return None
    arrays = (np.array(each) for each in (unsure, times, away))
    return Cases(np.array(terms), np.log(chances), np.array(starts), np.array(trues), *arrays)


def _poorer(pair: Pair, kind: Kind) -> Pair:
    """The pair as of a recogniser that tells less."""
    poorer = replace(pair, candidates=None, char_alternatives=None)
    if kind == "characters":
        return poorer
    confidence = pair.confidence
    if confidence is None and pair.char_confidences:
        confidence = sum(pair.char_confidences) / len(pair.char_confidences)
    return replace(poorer, char_confidences=None, confidence=confidence if kind == "plate" else None)
