"""Counts over training pairs: what was read as what, where in the plate, and with which confidence."""

from collections import defaultdict
from collections.abc import Iterable
from math import exp
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.confusions.alignment import align_misread
from streams.confusions.evidence import CHAR_CODES, Evidence
from streams.confusions.features import FrequencyTable
from streams.confusions.model import ConfidenceBand, ConfusionModel
from streams.confusions.training.pairs import TrainingPair
from streams.plates.confusables import BUILTIN_CLASSES
from streams.plates.packed_keys import ALPHABET

_PRIOR_WEIGHT: Final = 30.0
"""Weight of the average frequency, in occurrences of a character; used without a base model."""
_BASE_WEIGHT: Final = 300.0
"""Weight of the base model's frequencies, in occurrences of a character."""
_BAND_LIMITS: Final = (0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 1.0)
_CHAR_COUNT: Final = len(ALPHABET)


def _build_confusable_mask() -> NDArray[np.bool_]:
    mask = np.zeros((_CHAR_COUNT, _CHAR_COUNT), dtype=np.bool_)
    for group in BUILTIN_CLASSES.groups:
        codes = [CHAR_CODES[char] for char in group]
        mask[np.ix_(codes, codes)] = True
    return mask


_CONFUSABLE_MASK: Final = _build_confusable_mask()
"""`[true, read]`: the character errors with which a read still matches an alert in mode `confusable`."""


class ConfusionCounts:
    """Counts over pairs, each with its weight (`TrainingPair.weight`)."""

    def __init__(self, evidences: Iterable[tuple[TrainingPair, Evidence]]) -> None:
        self.pairs = 0.0
        self.misreads = np.zeros((_CHAR_COUNT, _CHAR_COUNT))
        """`[true, read]` (36 × 36): how often the one was read as the other."""
        self.opportunities = np.zeros((_CHAR_COUNT, _CHAR_COUNT))
        """`[true, read]` (36 × 36): how often the true character occurred where the error could be found."""
        self.counts: dict[str, float] = defaultdict(float)
        """As in `ConfusionModel`."""
        self.seen: dict[str, float] = defaultdict(float)
        """As in `ConfusionModel`."""
        self.positions = {kind: np.zeros(3) for kind in ("seen", "other", "lost", "extra")}
        """By kind of difference, how often at the start, inside, and at the end of the plate."""
        self._plate_bands = np.zeros((len(_BAND_LIMITS), 2))
        self._char_bands = np.zeros((len(_BAND_LIMITS), 2))
        for pair, evidence in evidences:
            self.pairs += pair.weight
            if pair.origin == "matched":
                self._add_matched(pair, evidence)
            else:
                self._add(pair, evidence)

    def merge(self, other: "ConfusionCounts") -> "ConfusionCounts":
        """Return the sum of misreads and opportunities of both; all else is empty."""
        both = ConfusionCounts(())
        both.misreads = self.misreads + other.misreads
        both.opportunities = self.opportunities + other.opportunities
        return both

    def relative_frequencies(self, base: ConfusionModel | None = None) -> FrequencyTable:
        """Return the relative frequency of each character error, regularised toward a base model.

        A character error that could not be found keeps the base model's value; without a base the average, 0.
        """
        base_table = np.zeros((_CHAR_COUNT, _CHAR_COUNT)) if base is None else np.array(base.frequencies)
        weight = _PRIOR_WEIGHT if base is None else _BASE_WEIGHT
        prior = np.exp(base_table)
        np.fill_diagonal(prior, 0)
        # At least one misread: it may be that characters were only lost.
        expected = max(float((self.opportunities * prior).sum()), 1.0)
        average = max(self.misreads.sum(), 1.0) / expected
        ratios = (self.misreads + weight * average * prior) / (self.opportunities + weight) / average
        table = np.full((_CHAR_COUNT, _CHAR_COUNT), 0.0)
        is_error = ~np.eye(_CHAR_COUNT, dtype=np.bool_)
        table[is_error] = np.log(ratios[is_error])
        return [[round(frequency, 4) for frequency in row] for row in table.tolist()]

    def confidence_bands(self) -> tuple[list[ConfidenceBand], list[ConfidenceBand]]:
        """Return how often plates, and single characters, were read wrong, by the confidence in them."""
        return _to_bands(self._plate_bands), _to_bands(self._char_bands)

    def _add(self, pair: TrainingPair, evidence: Evidence) -> None:
        weight, true_plate = pair.weight, pair.true_plate
        confidence = pair.confidence
        if confidence is None and pair.char_confidences:
            confidence = sum(pair.char_confidences) / len(pair.char_confidences)
        if confidence is not None:
            is_wrong = evidence.plate != true_plate
            self._plate_bands[_band_index(confidence)] += (weight, weight * is_wrong)
        has_char_confidences = evidence.kind in ("full", "characters")
        read_position = position = 0
        for read, true in align_misread(evidence.plate, true_plate) or ():
            third = 0 if position == 0 else 2 if position >= len(true_plate) - bool(true) else 1
            if true:
                self.seen[true] += weight
                self.opportunities[CHAR_CODES[true]] += weight
                self.positions["seen"][third] += weight
            if read != true:
                self._count_misread(read, true, weight)
                kind = "other" if read and true else "lost" if true else "extra"
                self.positions[kind][third] += weight
            if read and has_char_confidences:
                char_confidence = exp(evidence.log_confidences[read_position])
                self._char_bands[_band_index(char_confidence)] += (weight, weight * (read != true))
            read_position += bool(read)
            position += bool(true)

    def _add_matched(self, pair: TrainingPair, evidence: Evidence) -> None:
        """Count only what would have matched whichever character of the class was read."""
        for read, true in align_misread(evidence.plate, pair.true_plate) or ():
            if not true:
                continue
            self.seen[true] += pair.weight
            can_match = _CONFUSABLE_MASK[CHAR_CODES[true]]
            self.opportunities[CHAR_CODES[true], can_match] += pair.weight
            if read and read != true and can_match[CHAR_CODES[read]]:
                self._count_misread(read, true, pair.weight)

    def _count_misread(self, read: str, true: str, weight: float) -> None:
        name = true + read if true and read else f"{true}-" if true else f"+{read}"
        self.counts[name] += weight
        if read and true:
            self.misreads[CHAR_CODES[true], CHAR_CODES[read]] += weight


def _to_bands(table: NDArray[np.float64]) -> list[ConfidenceBand]:
    return [
        ConfidenceBand(limit, round(seen), round(wrong))
        for limit, (seen, wrong) in zip(_BAND_LIMITS, table.tolist(), strict=True)
        if seen
    ]


def _band_index(confidence: float) -> int:
    return next(index for index, limit in enumerate(_BAND_LIMITS) if confidence <= limit)
