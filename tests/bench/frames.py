"""How well the posterior of a passage says whether its vehicle is the listed one, on simulated passages.

Two to ten reads a vehicle, of which a share have a cause in common: those of one camera then have one text
(`passages.py`). All plates near the reads count as listed, each as often as the fleets have it, so false
matches are counted without sampling a list. Only reads that match are combined, as on the stream.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from math import exp, log
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.matching.scoring.passage_posterior import PassageWeights, passage_posterior
from streams.matching.scoring.posterior import MAX_POSTERIOR
from streams.records.match import MatchResult
from tests.bench.measured import Floats
from tests.bench.passages import (
    FRESH,
    MAX_READS,
    MIN_POSTERIOR,
    OTHER_SHARED,
    SHARED,
    SimulatedPassage,
    simulate,
)
from tests.bench.table import show

PASSAGES: Final = 3_000
COUNTS: Final = (2, 3, 5, 10)
SHARES: Final = (0.0, 0.5, 0.9)
BINS: Final = (0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1.0)
FURTHER: Final = (0.0, 0.25, 0.5, 1.0)
RECURRING: Final = (0.0, 0.35, 0.7, 1.4)
_SURE: Final = 0.99
"""What a second read says is shown for passages whose best read is below this."""
_LISTED: Final = "listed"


class Outcome(NamedTuple):
    """The matches of one passage with one alert.

    `vehicle` numbers the passage; `is_right` if its vehicle is the listed one; `weight` is how many such are
    expected.
    """

    vehicle: int
    is_right: bool
    weight: float
    results: list[MatchResult]


class Said(NamedTuple):
    """What a method says of n outcomes, whether it is right (1 or 0), the weights, and the vehicles."""

    posteriors: Floats
    right: Floats
    weights: Floats
    vehicles: NDArray[np.int64]

    def losses(self) -> Floats:
        """Return the log loss of each outcome, times its weight."""
        right = self.right > 0
        return self.weights * -np.where(right, np.log(self.posteriors), np.log1p(-self.posteriors))


Method = Callable[[Sequence[MatchResult]], float]
Rows = list[tuple[str, ...]]


def best_read(results: Sequence[MatchResult]) -> float:
    """Return the posterior of the best read."""
    return max(result.posterior or 0.0 for result in results)


def independent_reads(results: Sequence[MatchResult]) -> float:
    """Return the posterior if reads were independent: the product of their odds."""
    total = sum(log(posterior / (1 - posterior)) for each in results if (posterior := each.posterior))
    return 1 / (1 + exp(-max(min(total, 30.0), -30.0)))


def combined(results: Sequence[MatchResult]) -> float:
    """Return the posterior of the passage."""
    return passage_posterior(results) or 0.0


METHODS: Final[dict[str, Method]] = {
    "best read": best_read,
    "independent": independent_reads,
    "passage": combined,
}


def run(scale: int) -> None:
    """Prints the tables. Run in a process of its own."""
    passages = simulate(PASSAGES // scale)
    settings = [(count, share) for count in (1, *COUNTS) for share in (SHARES if count > 1 else SHARES[:1])]
    outcomes = {
        (count, share): _outcomes(passages, count, share, two_cameras=False) for count, share in settings
    }
    said = {
        key: {name: _said(of, method) for name, method in METHODS.items()} for key, of in outcomes.items()
    }
    show(
        f"Reads of one passage together, {len(passages):,} vehicles, one camera, matches of "
        f"{MIN_POSTERIOR} and more: log loss, that of the passage above that of the best read, and expected "
        "calibration error",
        ("reads, shared cause", *METHODS, "passage - best read", *(f"error, {name}" for name in METHODS)),
        [
            (
                _name(*key),
                *(f"{_log_loss(of):.4f}" for of in methods.values()),
                _gain(methods["passage"], methods["best read"]),
                *(f"{_calibration_error(of):.4f}" for of in methods.values()),
            )
            for key, methods in said.items()
        ],
    )
    show(
        "Calibration: of passages said to have a posterior in a range, the mean said and the share right",
        (
            "reads, shared cause",
            "",
            f"below {BINS[0]}",
            *(f"{low} to {high}" for low, high in pairwise(BINS)),
        ),
        [
            (_name(*key), name, *_calibration(of))
            for key, methods in said.items()
            for name, of in methods.items()
        ],
    )
    show(
        "Log loss by the share that further texts count (across) and how much a recurring misread loses "
        "(down), mean over 2, 3 and 5 reads and all shares of a shared cause",
        ("", *map(str, FURTHER)),
        _by_weights([of for (count, _), of in outcomes.items() if count in (2, 3, 5)]),
    )
    two = {share: _outcomes(passages, 2, share, two_cameras=True) for share in SHARES}
    show(
        f"Two reads that both match, best read below {_SURE}: said by the best read, by the passage, and the "
        "share right, by shared cause (with two cameras, half of the causes are the vehicle's, half of the "
        "camera's)",
        ("", *(f"{share:.1f}" for share in SHARES)),
        _second_reads({share: outcomes[2, share] for share in SHARES}, "one camera")
        + _second_reads(two, "two cameras"),
    )


def _outcomes(
    passages: Iterable[SimulatedPassage], count: int, share: float, two_cameras: bool
) -> list[Outcome]:
    """Return the outcomes of passages of `count` reads, of which a share come from a shared cause."""
    rng = np.random.default_rng(14)
    cameras = np.arange(MAX_READS) % (2 if two_cameras else 1)
    reads = np.arange(count)
    found = []
    for vehicle, passage in enumerate(passages):
        is_shared, is_of_vehicle = rng.random(MAX_READS) < share, rng.random() < 0.5
        shared = np.where((cameras == 1) & (not is_of_vehicle), OTHER_SHARED, SHARED)
        origins = np.where(is_shared, shared, FRESH)[:count]
        texts = passage.texts[origins, reads]
        for candidate in passage.candidates:
            posteriors = candidate.posteriors[origins, reads]
            matched = np.flatnonzero(posteriors >= MIN_POSTERIOR)
            if not len(matched):
                continue
            exact = candidate.is_exact[origins, reads]
            results = [
                MatchResult(
                    "exact" if exact[read] else "fuzzy", str(texts[read]), _LISTED, float(posteriors[read])
                )
                for read in matched
            ]
            found.append(Outcome(vehicle, candidate.is_own, candidate.weight, results))
    return found


def _said(outcomes: Sequence[Outcome], method: Method) -> Said:
    return Said(
        np.array([method(outcome.results) for outcome in outcomes]).clip(1e-4, MAX_POSTERIOR),
        np.array([float(outcome.is_right) for outcome in outcomes]),
        np.array([outcome.weight for outcome in outcomes]),
        np.array([outcome.vehicle for outcome in outcomes]),
    )


def _log_loss(said: Said) -> float:
    return float(said.losses().sum() / said.weights.sum())


def _gain(said: Said, best: Said) -> str:
    """Return the log loss above that of the best read, with its standard error over the vehicles."""
    total, differences = said.weights.sum(), said.losses() - best.losses()
    mean = differences.sum() / total
    by_vehicle = np.bincount(said.vehicles, differences - mean * said.weights)
    return f"{mean:+.4f} ± {np.sqrt((by_vehicle**2).sum()) / total:.4f}"


def _ranges(said: Said) -> list[tuple[float, float, float]]:
    """Return by range, from below the lowest, the weight, and the sums of what is said and what is right."""
    ranges = np.digitize(said.posteriors, BINS[:-1])
    columns = said.weights, said.weights * said.posteriors, said.weights * said.right
    sums = [np.bincount(ranges, column, minlength=len(BINS)).tolist() for column in columns]
    return list(zip(*sums, strict=True))


def _calibration_error(said: Said) -> float:
    ranges = _ranges(said)
    return sum(abs(mean - right) for _, mean, right in ranges) / sum(weight for weight, _, _ in ranges)


def _calibration(said: Said) -> list[str]:
    return [
        f"{mean / weight:.2f}: {right / weight:.2f}" if weight >= 1 else ""
        for weight, mean, right in _ranges(said)
    ]


def _by_weights(groups: list[list[Outcome]]) -> Rows:
    rows: Rows = []
    for recurring in RECURRING:
        losses = []
        for further in FURTHER:
            weights = PassageWeights(further=further, recurring=recurring)

            def method(results: Sequence[MatchResult], weights: PassageWeights = weights) -> float:
                return passage_posterior(results, weights) or 0.0

            losses.append(np.mean([_log_loss(_said(outcomes, method)) for outcomes in groups]))
        rows.append((str(recurring), *(f"{loss:.4f}" for loss in losses)))
    return rows


def _second_reads(by_share: dict[float, list[Outcome]], cameras: str) -> Rows:
    kinds: dict[str, Callable[[MatchResult, MatchResult], bool]] = {
        "the listed plate twice": lambda one, other: one.class_ == other.class_ == "exact",
        "one misread twice": lambda one, other: one.class_ != "exact" and one.read_plate == other.read_plate,
        "two texts": lambda one, other: one.read_plate != other.read_plate,
    }
    rows: Rows = []
    for name, is_kind in kinds.items():
        cells = []
        for outcomes in by_share.values():
            chosen = [
                outcome
                for outcome in outcomes
                if len(outcome.results) == 2
                and best_read(outcome.results) < _SURE
                and is_kind(*outcome.results)
            ]
            if not chosen:
                cells.append("")
                continue
            best, ours = _said(chosen, best_read), _said(chosen, combined)
            columns = best.posteriors, ours.posteriors, best.right
            means = [float((best.weights * column).sum() / best.weights.sum()) for column in columns]
            cells.append("{:.2f} {:.2f}: {:.2f}".format(*means))
        rows.append((f"{name}, {cameras}", *cells))
    return rows


def _name(count: int, share: float) -> str:
    return f"{count}, {share:.1f}"
