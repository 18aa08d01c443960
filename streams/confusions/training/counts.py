"""Tallies: what was read for what, where in the plate, and with which confidence."""

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
"""So many sightings of a character are taken to have shown average slips, where no model is known before."""
_BASE_WEIGHT: Final = 300.0
"""So many sightings of a character are taken to have shown the slips of the model known before."""
_BAND_LIMITS: Final = (0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 1.0)
_CHAR_COUNT: Final = len(ALPHABET)


def _build_confusable_mask() -> NDArray[np.bool_]:
    table = np.zeros((_CHAR_COUNT, _CHAR_COUNT), dtype=np.bool_)
    for group in BUILTIN_CLASSES.groups:
        codes = [CHAR_CODES[char] for char in group]
        table[np.ix_(codes, codes)] = True
    return table


_CONFUSABLE_MASK: Final = _build_confusable_mask()
"""`[true, read]`: the slips with which a read matches an alert in mode `confusable`."""


class ConfusionCounts:
    """Counts over pairs, each as often as it counts (`Pair.times`).

    `slips` (36 × 36, `[true, read]`): how often the one was read for the other; `sightings` (36 × 36): how
    often the true character was seen where that slip would have been seen too; `counts` and `seen` as in
    `Model`; `places`, by kind of difference, how often at the start, inside, and at the end.
    """

    def __init__(self, evidences: Iterable[tuple[TrainingPair, Evidence]]) -> None:
        self.pairs = 0.0
        self.misreads = np.zeros((_CHAR_COUNT, _CHAR_COUNT))
        self.opportunities = np.zeros((_CHAR_COUNT, _CHAR_COUNT))
        self.counts: dict[str, float] = defaultdict(float)
        self.seen: dict[str, float] = defaultdict(float)
        self.places = {kind: np.zeros(3) for kind in ("seen", "other", "lost", "extra")}
        self._plate_bands = np.zeros((len(_BAND_LIMITS), 2))
        self._char_bands = np.zeros((len(_BAND_LIMITS), 2))
        for pair, evidence in evidences:
            self.pairs += pair.times
            if pair.found == "matched":
                self._add_matched(pair, evidence)
            else:
                self._add(pair, evidence)

    def merge(self, other: "ConfusionCounts") -> "ConfusionCounts":
        """The slips and sightings of both."""
        both = ConfusionCounts(())
        both.misreads = self.misreads + other.misreads
        both.opportunities = self.opportunities + other.opportunities
        return both

    def relative_frequencies(self, base: ConfusionModel | None = None) -> FrequencyTable:
        """How much commoner than the average slip each is, as a logarithm, held to that of a base model.

        Where a slip could not have been seen it is that of the base; without a base the average, 0.
        """
        before = np.zeros((_CHAR_COUNT, _CHAR_COUNT)) if base is None else np.array(base.commonness)
        held = _PRIOR_WEIGHT if base is None else _BASE_WEIGHT
        usual = np.exp(before)
        np.fill_diagonal(usual, 0)
        # One slip at the least, for characters may only have been lost.
        average = max(self.misreads.sum(), 1.0) / max(float((self.opportunities * usual).sum()), 1.0)
        found = np.full((_CHAR_COUNT, _CHAR_COUNT), 0.0)
        other = ~np.eye(_CHAR_COUNT, dtype=np.bool_)
        shares = (self.misreads + held * average * usual) / (self.opportunities + held) / average
        found[other] = np.log(shares[other])
        return [[round(each, 4) for each in row] for row in found.tolist()]

    def confidence_bands(self) -> tuple[list[ConfidenceBand], list[ConfidenceBand]]:
        """How often plates, and single characters, were read wrong, by the confidence in them."""
        plates, chars = (
            [
                ConfidenceBand(upto, round(seen), round(wrong))
                for upto, (seen, wrong) in zip(_BAND_LIMITS, table.tolist(), strict=True)
                if seen
            ]
            for table in (self._plate_bands, self._char_bands)
        )
        return plates, chars

    def _add(self, pair: TrainingPair, evidence: Evidence) -> None:
        times, true = pair.times, pair.true_plate
        confidence = pair.confidence
        if confidence is None and pair.char_confidences:
            confidence = sum(pair.char_confidences) / len(pair.char_confidences)
        if confidence is not None:
            self._plate_bands[_band_index(confidence)] += (times, times * (evidence.plate != true))
        sure = evidence.log_confidences if evidence.kind in ("full", "characters") else None
        at = place = 0
        for read, there in align_misread(evidence.plate, true) or ():
            third = 0 if place == 0 else 2 if place >= len(true) - bool(there) else 1
            if there:
                self.seen[there] += times
                self.opportunities[CHAR_CODES[there]] += times
                self.places["seen"][third] += times
            if read != there:
                self._count_misread(read, there, times)
                self.places["other" if read and there else "lost" if there else "extra"][third] += times
            if read and sure is not None:
                self._char_bands[_band_index(exp(sure[at]))] += (times, times * (read != there))
            at += bool(read)
            place += bool(there)

    def _add_matched(self, pair: TrainingPair, evidence: Evidence) -> None:
        """Only what would have matched whichever of the class was read; the rest could not be seen."""
        for read, there in align_misread(evidence.plate, pair.true_plate) or ():
            if not there:
                continue
            self.seen[there] += pair.times
            row = _CONFUSABLE_MASK[CHAR_CODES[there]]
            self.opportunities[CHAR_CODES[there], row] += pair.times
            if read and read != there and row[CHAR_CODES[read]]:
                self._count_misread(read, there, pair.times)

    def _count_misread(self, read: str, true: str, times: float) -> None:
        slip = true + read if true and read else f"{true}-" if true else f"+{read}"
        self.counts[slip] += times
        if read and true:
            self.misreads[CHAR_CODES[true], CHAR_CODES[read]] += times


def _band_index(confidence: float) -> int:
    return next(place for place, upto in enumerate(_BAND_LIMITS) if confidence <= upto)
