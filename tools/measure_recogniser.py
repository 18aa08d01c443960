"""Measure the recogniser of the simulation: `python -m tools.measure_recogniser`.

Writes `streams/simulation/recogniser.json` from reads whose true plate is known. The figures are described in
`streams.simulation.measured_quality`.
"""

import gzip
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

import streams.simulation.measured_quality as measured
from streams.confusions.alignment import align_misread
from streams.confusions.training.pairs import TrainingPair, decode_pair
from streams.simulation.measured_quality import PictureQuality, QualityMeasurements

PAIRS_FILE: Final = Path(__file__).parents[1] / "tests" / "data" / "misreads.jsonl.gz"
OUTPUT_FILE: Final = Path(measured.__file__).with_name("recogniser.json")
QUALITIES: Final = ("clear", "medium", "poor")
PROBABILITIES: Final = (
    0.0005, 0.002, 0.005, 0.01, 0.02, 0.04, 0.07, 0.12, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.96, 0.99,
)  # fmt: skip


def read_pairs() -> list[TrainingPair]:
    """Return the pairs of the test data."""
    decoded = [decode_pair(line) for line in gzip.decompress(PAIRS_FILE.read_bytes()).splitlines()]
    return [pair for pair in decoded if isinstance(pair, TrainingPair)]


def measure(training_pairs: Sequence[TrainingPair]) -> QualityMeasurements:
    """Measure a recogniser from pairs with everything that it reports about its reads."""
    counts = _Counts()
    for pair in training_pairs:
        counts.add(pair)
    return counts.to_measurements()


class _QualityCounts:
    """Counts of the reads of pictures of one quality."""

    def __init__(self) -> None:
        self.reads = 0
        self.garbled_reads = 0
        self.right_reads = 0
        self.edits = 0
        self.chars = 0
        self.substitutions = 0
        self.right_confidences: list[float] = []
        """Confidence in characters read right, in reads that are right."""
        self.right_in_wrong_reads: list[float] = []
        """The same in reads that are wrong."""

    def shape(self) -> float:
        """Return the parameter `shape` of the quality."""
        aligned = self.reads - self.garbled_reads
        return _fit_shape(self.edits / aligned, self.right_reads / aligned)


class _Counts:
    """Counts of all reads, from which the measurements are computed."""

    def __init__(self) -> None:
        self._qualities: defaultdict[str, _QualityCounts] = defaultdict(_QualityCounts)
        self._chars: Counter[str] = Counter()
        self._misread_chars: Counter[str] = Counter()
        self._wrong_confidences: list[float] = []
        self._garbled_confidences: list[float] = []
        self._first_shares: list[float] = []
        self._wrong_first_shares: list[float] = []
        self._true_ranks: Counter[int | None] = Counter()
        self._chars_by_edge: Counter[bool] = Counter()
        self._lost_by_edge: Counter[bool] = Counter()
        self._adjacent_confidences: list[tuple[float, float]] = []

    def add(self, pair: TrainingPair) -> None:
        """Add a read and its true plate."""
        quality = self._qualities[pair.quality or ""]
        quality.reads += 1
        alignment = align_misread(pair.plate, pair.true_plate)
        if alignment is None:
            quality.garbled_reads += 1
            self._garbled_confidences += pair.char_confidences or []
            return
        is_right = pair.plate == pair.true_plate
        quality.edits += sum(read != true for read, true in alignment)
        quality.right_reads += is_right
        for index, (read, true) in enumerate(alignment):
            if true:
                self._add_true_char(quality, read, true, is_edge=index in (0, len(alignment) - 1))
        right_confidences = self._add_read_chars(pair, alignment)
        (quality.right_confidences if is_right else quality.right_in_wrong_reads).extend(right_confidences)
        if is_right:
            self._adjacent_confidences += pairwise(right_confidences)

    def _add_true_char(self, quality: _QualityCounts, read: str, true: str, *, is_edge: bool) -> None:
        is_substituted = bool(read and read != true)
        quality.chars += 1
        quality.substitutions += is_substituted
        self._chars[true] += 1
        self._misread_chars[true] += is_substituted
        self._chars_by_edge[is_edge] += 1
        self._lost_by_edge[is_edge] += not read

    def _add_read_chars(self, pair: TrainingPair, alignment: Sequence[tuple[str, str]]) -> list[float]:
        """Add the characters that were read; return the confidences of those read right."""
        right_confidences = []
        reported = zip(pair.char_confidences or [], pair.char_alternatives or [], strict=True)
        for read, true in alignment:
            if not read:
                continue
            confidence, alternatives = next(reported)
            first_shares: list[float] = []
            if alternatives and confidence < 1:
                first_shares = [alternatives[0].confidence / (1 - confidence)]
            if read == true:
                right_confidences.append(confidence)
                self._first_shares += first_shares
            elif true:
                named = [alternative.char for alternative in alternatives]
                self._wrong_confidences.append(confidence)
                self._wrong_first_shares += first_shares
                self._true_ranks[named.index(true) if true in named else None] += 1
        return right_confidences

    def to_measurements(self) -> QualityMeasurements:
        """Compute the measurements."""
        mean_loss = sum(self._lost_by_edge.values()) / sum(self._chars_by_edge.values())
        loss = {edge: self._lost_by_edge[edge] / self._chars_by_edge[edge] for edge in (True, False)}
        ranks = np.array(self._adjacent_confidences).argsort(axis=0).argsort(axis=0)
        return QualityMeasurements(
            source="python -m tools.measure_recogniser, from the reads of drawn plates in tests/data",
            probabilities=list(PROBABILITIES),
            qualities={name: self._to_quality(self._qualities[name]) for name in QUALITIES},
            wrong=_quantiles(self._wrong_confidences),
            garbled=_quantiles(self._garbled_confidences),
            first_share=_quantiles(self._first_shares),
            first_share_wrong=_quantiles(self._wrong_first_shares),
            true_named=[round(self._true_ranks[rank] / self._true_ranks.total(), 3) for rank in (0, 1, 2)],
            together=round(float(np.corrcoef(ranks.T)[0, 1]), 3),
            lost_at_edge=round(loss[True] / mean_loss, 3),
            lost_inside=round(loss[False] / mean_loss, 3),
        )

    def _to_quality(self, quality: _QualityCounts) -> PictureQuality:
        shape = quality.shape()
        return PictureQuality(
            times=_fit_times(self._chars, self._misread_chars, quality.substitutions / quality.chars, shape),
            shape=shape,
            garbled=round(quality.garbled_reads / quality.reads, 5),
            right=_quantiles(quality.right_confidences),
            right_in_wrong_reads=_quantiles(quality.right_in_wrong_reads),
        )


def _fit_times(chars: Counter[str], misread: Counter[str], target: float, shape: float) -> float:
    """Return `times` of a quality in which a share `target` of the characters is substituted.

    `chars` and `misread` are the counts of each character, and of its substitutions, in all qualities.
    """
    weights = np.array([chars[char] for char in sorted(chars)], dtype=float)
    hazard = -np.log1p(-np.array([misread[char] for char in sorted(chars)]) / weights)

    def share(times: float) -> float:
        return float(((1 - (1 + hazard * times / shape) ** -shape) * weights).sum() / weights.sum())

    return round(_solve(share, target), 4)


def _fit_shape(mean_edits: float, right_share: float) -> float:
    """Return `shape` of a quality from its mean edits per read and its share of reads without edits."""
    return round(_solve(lambda shape: 1 - (1 + mean_edits / shape) ** -shape, 1 - right_share), 4)


def _solve(function: Callable[[float], float], target: float) -> float:
    """Return where a rising function reaches a value; at most 100."""
    low, high = 0.01, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) < target else (low, middle)
    return low


def _quantiles(values: Sequence[float]) -> list[float]:
    return [round(value, 4) for value in np.quantile(values, PROBABILITIES).clip(0, 1).tolist()]


if __name__ == "__main__":
    measurements = measure(read_pairs())
    OUTPUT_FILE.write_bytes(msgspec.json.format(msgspec.json.encode(measurements), indent=1) + b"\n")
