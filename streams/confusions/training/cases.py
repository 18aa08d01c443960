"""The cases to which weights are fitted: reads with their hypotheses, from training pairs."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

import numpy as np
from msgspec.structs import replace

from streams.confusions.evidence import Evidence, EvidenceKind, build_evidence
from streams.confusions.features import FrequencyTable, align
from streams.confusions.model import mean_log_error
from streams.confusions.training.fit import NO_FAR_OFFSET, Cases
from streams.confusions.training.hypotheses import plate_hypotheses
from streams.confusions.training.pairs import TrainingPair
from streams.plates.fleets import Fleets

ProgressCallback = Callable[[int], None]
"""Called with the number of steps done since the last call."""
WeightedEvidence = tuple[TrainingPair, Evidence]

_CORRECT_READS_PER_CASE: Final = 4
"""Correct reads are many and alike: one in this many is a case, with the weight of all of them."""


class _Hypothesis(NamedTuple):
    """A plate that a read may come from, the density of vehicles that have it, and its terms."""

    plate: str
    density: float
    terms: list[float]


class _CaseColumns:
    """The columns of `Cases`, filled read by read."""

    def __init__(self) -> None:
        self._terms: list[list[float]] = []
        self._densities: list[float] = []
        self._starts: list[int] = []
        self._true_index: list[int] = []
        self._far_terms: list[tuple[float, float]] = []
        self._read_weights: list[float] = []
        self._far_offsets: list[float] = []

    def add(
        self, pair: TrainingPair, weight: float, evidence: Evidence, hypotheses: list[_Hypothesis]
    ) -> None:
        """Add a read with its hypotheses."""
        true_plate, is_near = pair.true_plate, pair.origin == "near"
        plates = [hypothesis.plate for hypothesis in hypotheses]
        true_index = plates.index(true_plate) if true_plate in plates else -1
        if not hypotheses or (true_index < 0 and is_near):
            return
        self._starts.append(len(self._terms))
        self._terms += [hypothesis.terms for hypothesis in hypotheses]
        self._densities += [hypothesis.density for hypothesis in hypotheses]
        self._true_index.append(true_index)
        self._far_terms.append((1.0, mean_log_error(evidence)))
        self._read_weights.append(weight)
        self._far_offsets.append(NO_FAR_OFFSET if is_near else 0.0)

    def to_cases(self) -> Cases | None:
        """Return the cases; None if there are none."""
        if not self._starts:
            return None
        return Cases(
            np.array(self._terms),
            np.log(self._densities),
            np.array(self._starts),
            np.array(self._true_index),
            np.array(self._far_terms),
            np.array(self._read_weights),
            np.array(self._far_offsets),
        )


def build_cases(
    evidences: Iterable[WeightedEvidence],
    kind: EvidenceKind,
    fleets: Fleets,
    frequencies: FrequencyTable,
    progress: ProgressCallback,
) -> Cases | None:
    """Return the cases of pairs whose evidence is at least as detailed as a kind; None if there are none."""
    columns = _CaseColumns()
    for pair, full_evidence, weight in _sample_correct(evidences, progress):
        evidence = full_evidence if kind == "full" else build_evidence(_reduce_detail(pair, kind))
        if evidence.kind == kind:
            densities = plate_hypotheses(evidence, pair.country, fleets, frequencies)
            hypotheses = [
                _Hypothesis(plate, density, alignment.terms)
                for plate, density in densities.items()
                if (alignment := align(evidence, plate, frequencies)) is not None
            ]
            columns.add(pair, weight, evidence, hypotheses)
    return columns.to_cases()


def _sample_correct(
    evidences: Iterable[WeightedEvidence], progress: ProgressCallback
) -> Iterator[tuple[TrainingPair, Evidence, float]]:
    """Yield the pairs that weights can be fitted to, with their weights; of correct reads only a part."""
    correct_weight = 0.0
    for pair, evidence in evidences:
        progress(1)
        if pair.origin == "matched":
            continue
        weight = pair.weight
        if evidence.plate == pair.true_plate:
            correct_weight += weight
            if correct_weight < _CORRECT_READS_PER_CASE:
                continue
            correct_weight -= _CORRECT_READS_PER_CASE
            weight = float(_CORRECT_READS_PER_CASE)
        yield pair, evidence, weight


def _reduce_detail(pair: TrainingPair, kind: EvidenceKind) -> TrainingPair:
    """Return the pair as a less detailed recogniser would output it."""
    reduced = replace(pair, candidates=None, char_alternatives=None)
    if kind == "characters":
        return reduced
    confidence = pair.confidence
    if confidence is None and pair.char_confidences:
        confidence = sum(pair.char_confidences) / len(pair.char_confidences)
    return replace(reduced, char_confidences=None, confidence=confidence if kind == "plate" else None)
