"""Makes `streams/simulation/recogniser.json` from reads whose true plate is known.

`python -m tools.measure_recogniser` writes it; what it measures is in `Measured` of the same package.
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
PROBABILITIES: Final = (
    0.0005, 0.002, 0.005, 0.01, 0.02, 0.04, 0.07, 0.12, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.96, 0.99,
)  # fmt: skip


def read_pairs() -> list[TrainingPair]:
    """The pairs of the test data."""
    found = [decode_pair(line) for line in gzip.decompress(PAIRS_FILE.read_bytes()).splitlines()]
    return [each for each in found if isinstance(each, TrainingPair)]


def measure(training_pairs: Sequence[TrainingPair]) -> QualityMeasurements:
    """What a recogniser says of its reads, from pairs with all that it tells."""
    right: defaultdict[tuple[str, bool], list[float]] = defaultdict(list)
    wrong: list[float] = []
    garbled: list[float] = []
    shares: list[float] = []
    wrong_shares: list[float] = []
    ranks: Counter[int | None] = Counter()
    seen: Counter[str] = Counter()
    chars: Counter[str] = Counter()
    misread: Counter[str] = Counter()
    slips: Counter[str] = Counter()
    reads: Counter[str] = Counter()
    garbles: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    rights: Counter[str] = Counter()
    lost: Counter[bool] = Counter()
    places: Counter[bool] = Counter()
    beside: list[tuple[float, float]] = []
    for pair in training_pairs:
        quality, is_right = pair.quality or "", pair.plate == pair.true_plate
        confidences, named = pair.char_confidences or [], pair.char_alternatives or []
        reads[quality] += 1
        how = align_misread(pair.plate, pair.true_plate)
        if how is None:
            garbles[quality] += 1
            garbled += confidences
            continue
        faults[quality] += sum(read != true for read, true in how)
        rights[quality] += is_right
        at, here = 0, []
        for place, (read, true) in enumerate(how):
            edge = place in (0, len(how) - 1)
            if true:
                seen[quality] += 1
                chars[true] += 1
                misread[true] += bool(read and read != true)
                places[edge] += 1
                lost[edge] += not read
            slips[quality] += bool(read and true and read != true)
            if not read:
                continue
            confidence, others = confidences[at], named[at]
            at += 1
            share = others[0].confidence / (1 - confidence) if others and confidence < 1 else None
            if read == true:
                right[quality, is_right].append(confidence)
                here.append(confidence)
                shares += [share] if share is not None else []
            elif true:
                wrong.append(confidence)
                named_here = [each.char for each in others]
                ranks[named_here.index(true) if true in named_here else None] += 1
                wrong_shares += [share] if share is not None else []
        if is_right:
            beside += pairwise(here)
    loss = sum(lost.values()) / sum(places.values())
    shapes = {
        quality: _fit_shape(faults[quality] / whole, rights[quality] / whole)
        for quality, whole in ((quality, reads[quality] - garbles[quality]) for quality in reads)
    }
    order = np.array(beside).argsort(axis=0).argsort(axis=0)
    return QualityMeasurements(
        source="python -m tools.measure_recogniser, from the reads of drawn plates in tests/data",
        probabilities=list(PROBABILITIES),
        qualities={
            quality: PictureQuality(
                times=_fit_times(chars, misread, slips[quality] / seen[quality], shapes[quality]),
                shape=shapes[quality],
                garbled=round(garbles[quality] / reads[quality], 5),
                right=_quantiles(right[quality, True]),
                right_beside_wrong=_quantiles(right[quality, False]),
            )
            for quality in ("clear", "medium", "poor")
        },
        wrong=_quantiles(wrong),
        garbled=_quantiles(garbled),
        first_share=_quantiles(shares),
        first_share_wrong=_quantiles(wrong_shares),
        true_named=[round(ranks[rank] / ranks.total(), 3) for rank in (0, 1, 2)],
        together=round(float(np.corrcoef(order.T)[0, 1]), 3),
        lost_at_edge=round(lost[True] / places[True] / loss, 3),
        lost_inside=round(lost[False] / places[False] / loss, 3),
    )


def _fit_times(chars: Counter[str], misread: Counter[str], target: float, shape: float) -> float:
    """`times` of a quality in which such a share of the characters is read as another.

    `chars` and `misread`: how often each character was seen, and read as another, in all qualities.
    """
    weights = np.array([chars[char] for char in sorted(chars)], dtype=float)
    hazard = -np.log1p(-np.array([misread[char] for char in sorted(chars)]) / weights)

    def share(times: float) -> float:
        return float(((1 - (1 + hazard * times / shape) ** -shape) * weights).sum() / weights.sum())

    return round(_solve(share, target), 4)


def _fit_shape(faults: float, right: float) -> float:
    """`shape` of a quality whose reads have so many faults on average, while such a share has none."""
    return round(_solve(lambda shape: 1 - (1 + faults / shape) ** -shape, 1 - right), 4)


def _solve(function: Callable[[float], float], target: float) -> float:
    """Where a rising function has a value; 100 at the most."""
    low, high = 0.01, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) < target else (low, middle)
    return low


def _quantiles(values: Sequence[float]) -> list[float]:
    return [round(each, 4) for each in np.quantile(values, PROBABILITIES).clip(0, 1).tolist()]


if __name__ == "__main__":
    made = measure(read_pairs())
    OUTPUT_FILE.write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n")
