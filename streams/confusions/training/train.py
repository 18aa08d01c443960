"""Learning a confusion model from pairs of reads and true plates."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from msgspec.structs import replace

from streams.confusions.evidence import EVIDENCE_KINDS, Evidence, EvidenceKind, build_evidence
from streams.confusions.features import FrequencyTable, align
from streams.confusions.model import ConfusionModel, ConfusionModels, Weights, mean_log_error
from streams.confusions.training.counts import ConfusionCounts
from streams.confusions.training.fit import NO_FAR_OFFSET, Cases, fit_weights
from streams.confusions.training.hypotheses import plate_hypotheses
from streams.confusions.training.pairs import TrainingPair
from streams.plates.fleets import Fleets
from streams.runtime.errors import OperatorError

_CORRECT_READS_PER_CASE: Final = 4
"""Of the reads that were right, one in so many is weighed, for as many."""


class TrainingError(OperatorError):
    """Pairs of which none tells anything; the message says why."""


ProgressCallback = Callable[[int], None]


def train(
    pairs: Sequence[TrainingPair],
    fleets: Fleets,
    name: str,
    source: str,
    progress: ProgressCallback = lambda _: None,
    base: ConfusionModel | None = None,
) -> ConfusionModel:
    """A model from pairs, held to a base model where they tell little.

    Pairs found because the read matched (`Pair.found`) tell how common the slips are that match, and nothing
    of the weights; those found near another read tell nothing of reads of another plate altogether. What
    pairs do not tell is as in the base. `progress` is told how many more steps of `steps_of` are done.

    Raises LearnError.
    """
    evidences = [(pair, build_evidence(pair)) for pair in pairs]
    tally = ConfusionCounts(evidences)
    if not tally.counts:
        raise TrainingError("no pair was read wrong, so there is nothing to learn")
    commonness = tally.relative_frequencies(base)
    weights: dict[EvidenceKind, Weights] = {}
    told = False
    for kind in EVIDENCE_KINDS:
        cases = _build_cases(evidences, kind, fleets, commonness, progress)
        told |= cases is not None
        weights[kind] = fit_weights(cases, None if base is None else base.weights[kind])
    if not told and base is None:
        if any(pair.found == "matched" for pair in pairs):
            raise TrainingError("reads seen only because they matched say nothing without a base model")
        raise TrainingError("no pair is of a country whose plates are known")
    plate_bands, char_bands = tally.confidence_bands()
    return ConfusionModel(
        name,
        source,
        round(tally.pairs),
        commonness,
        _round_counts(tally.counts),
        _round_counts(tally.seen),
        weights,
        {kind: [round(each) for each in counts.tolist()] for kind, counts in tally.places.items()},
        plate_bands,
        char_bands,
    )


def train_all(
    pairs: Sequence[TrainingPair],
    fleets: Fleets,
    source: str,
    min_pairs: int,
    progress: ProgressCallback = lambda _: None,
    base: ConfusionModel | None = None,
    vendors: Mapping[str, str] | None = None,
) -> ConfusionModels:
    """The general model from all pairs, and one of each reader and maker with `least` pairs or more.

    `makers` gives the maker of a reader. A maker's model is held to the general one, a reader's to that of
    its maker if it has one. A reader of which there is nothing to learn keeps the more general model. Raises
    LearnError as `learn` does.
    """
    vendors = vendors or {}
    general = train(pairs, fleets, "general", source, progress, base)
    models: dict[str, ConfusionModel] = {}
    # Makers come first, for their cameras' models are held to theirs.
    for name, its in _group_pairs(pairs, min_pairs, vendors):
        above = models.get(vendors.get(name, ""), general)
        try:
            models[name] = train(its, fleets, name, source, progress, above)
        except TrainingError:
            continue
    return ConfusionModels(
        general, models, {reader: maker for reader, maker in vendors.items() if maker in models}
    )


def count_steps(
    pairs: Sequence[TrainingPair], min_pairs: int, vendors: Mapping[str, str] | None = None
) -> int:
    """How many steps `learn_all` takes."""
    return len(EVIDENCE_KINDS) * (
        len(pairs) + sum(len(its) for _, its in _group_pairs(pairs, min_pairs, vendors or {}))
    )


def _group_pairs(
    pairs: Sequence[TrainingPair], min_pairs: int, vendors: Mapping[str, str]
) -> list[tuple[str, list[TrainingPair]]]:
    """The pairs of each maker, then of each reader, of which there are `least` or more."""
    of: dict[str, list[TrainingPair]] = {}
    for pair in pairs:
        if pair.reader is not None:
            for name in {pair.reader, vendors.get(pair.reader, pair.reader)}:
                of.setdefault(name, []).append(pair)
    known = sorted(of.items(), key=lambda item: (item[0] in vendors, item[0]))
    return [(name, its) for name, its in known if sum(pair.times for pair in its) >= min_pairs]


def _round_counts(counts: Mapping[str, float]) -> dict[str, int]:
    return {what: round(count) for what, count in sorted(counts.items()) if round(count)}


def _build_cases(
    evidences: Iterable[tuple[TrainingPair, Evidence]],
    kind: EvidenceKind,
    fleets: Fleets,
    frequencies: FrequencyTable,
    progress: ProgressCallback,
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
        true = pair.true_plate
        weight = pair.times
        if whole.plate == true:
            right += weight
            if right < _CORRECT_READS_PER_CASE:
                continue
            right -= _CORRECT_READS_PER_CASE
            weight = float(_CORRECT_READS_PER_CASE)
        evidence = whole if kind == "full" else build_evidence(_reduce_detail(pair, kind))
        if evidence.kind != kind:
            continue
        start, place = len(terms), -1
        for plate, chance in plate_hypotheses(evidence, pair.country, fleets, frequencies).items():
            how = align(evidence, plate, frequencies)
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
        unsure.append((1.0, mean_log_error(evidence)))
        away.append(NO_FAR_OFFSET if pair.found == "near" else 0.0)
    if not starts:
        return None
    arrays = (np.array(each) for each in (unsure, times, away))
    return Cases(np.array(terms), np.log(chances), np.array(starts), np.array(trues), *arrays)


def _reduce_detail(pair: TrainingPair, kind: EvidenceKind) -> TrainingPair:
    """The pair as of a recogniser that tells less."""
    poorer = replace(pair, candidates=None, char_alternatives=None)
    if kind == "characters":
        return poorer
    confidence = pair.confidence
    if confidence is None and pair.char_confidences:
        confidence = sum(pair.char_confidences) / len(pair.char_confidences)
    return replace(poorer, char_confidences=None, confidence=confidence if kind == "plate" else None)
