"""Simulated passages: several reads of one vehicle at one site, with causes of misreads that they share.

The plates and the quality of the pictures are those of the real misreads of `tests/data`. The simulated
recogniser (`streams.simulation`) misreads as the built-in confusion model has it; what is scored by is a
model learnt on one half of the real misreads, so that it does not know exactly what it scores.
"""

import multiprocessing
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from streams.confusions.evidence import Evidence, build_evidence
from streams.confusions.model import ConfusionModel, builtin_models
from streams.confusions.training.hypotheses import plate_hypotheses
from streams.confusions.training.pairs import TrainingPair
from streams.confusions.training.train import train
from streams.matching.plate_difference import within_one_edit
from streams.matching.scoring.posterior import MAX_POSTERIOR, PosteriorModel
from streams.plates.confusables import BUILTIN_CLASSES
from streams.plates.fleets import builtin_fleets
from streams.plates.normal_form import MAX_LENGTH
from streams.records.read import CharAlternative, PlateCandidate
from streams.simulation.measured_quality import builtin_measurements
from streams.simulation.misreads import QUALITIES
from streams.simulation.recogniser import FULL_CONFIDENCE, Recogniser, SimulatedReads
from tests.bench.measured import halves

MAX_READS: Final = 10
FITTED: Final = 5_000
"""The first vehicles of the half that is not learnt from are those that weights are fitted to."""
FRESH, SHARED, OTHER_SHARED = range(3)
"""What a read comes from: its own picture alone; what its camera has in common; what another camera has."""
_JITTER: Final = 0.3
"""How much the confidences of reads with one cause differ: the spread of log(1 - confidence)."""
MIN_POSTERIOR: Final = 0.1
"""The minimum posterior of a match."""


class Candidate(NamedTuple):
    """An alert that the reads of a passage may match, and how likely each of them says it is.

    `weight` is how many such alerts are expected relative to the vehicle's own, which has 1. `posteriors`
    (3 x 10, by origin) are 0 where a read does not match; `is_exact` says where the read is the listed plate.
    """

    is_own: bool
    weight: float
    posteriors: NDArray[np.float64]
    is_exact: NDArray[np.bool_]


class SimulatedPassage(NamedTuple):
    """What the reads of one vehicle may be, by origin: `texts` (3 x 10) by number, and the alerts."""

    texts: NDArray[np.int64]
    candidates: list[Candidate]


def simulate(count: int) -> list[SimulatedPassage]:
    """Return passages of `count` vehicles, simulated in two processes.

    They are none of those to which the weights of `streams.matching.scoring.passage_posterior` were fitted.
    """
    even, odd = halves()
    fleets = builtin_fleets()
    model = train(even, fleets, "general", "one half")
    chosen = odd[FITTED : FITTED + count]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        parts = pool.starmap(_simulate, [(chosen[part::16], model, part) for part in range(16)], chunksize=1)
    return [passage for part in parts for passage in part]


def _simulate(pairs: Sequence[TrainingPair], model: ConfusionModel, seed: int) -> list[SimulatedPassage]:
    rng = np.random.default_rng([14, seed])
    recogniser = Recogniser(builtin_models().general, builtin_measurements())
    scorer = PosteriorModel(model, builtin_fleets())
    return [_passage(rng, recogniser, scorer, pair) for pair in pairs]


def _passage(
    rng: np.random.Generator, recogniser: Recogniser, scorer: PosteriorModel, pair: TrainingPair
) -> SimulatedPassage:
    # Ten reads of ten pictures, and one of what each of two cameras sees in all of its pictures.
    plate = np.frombuffer(pair.true_plate.ljust(MAX_LENGTH, "\0").encode(), dtype=np.uint8)
    quality = np.full(MAX_READS + 2, QUALITIES.index(pair.quality or QUALITIES[0]), dtype=np.uint8)
    simulated = recogniser.read(rng, np.tile(plate, (len(quality), 1)), quality)
    base = [_read(simulated, row, pair) for row in range(len(quality))]
    reads = [
        base[:MAX_READS],
        *([_jittered(rng, each) for _ in range(MAX_READS)] for each in base[MAX_READS:]),
    ]
    evidences = [[build_evidence(read) for read in row] for row in reads]
    distinct = {read.plate: evidence for read, evidence in zip(base, map(build_evidence, base), strict=True)}
    densities: dict[str, float] = {}
    for evidence in distinct.values():
        densities |= _near(scorer, evidence, pair.country)
    numbers = {text: number for number, text in enumerate(distinct)}
    candidates = []
    for listed, density in densities.items():
        is_own = listed == pair.true_plate
        posteriors = np.array(
            [[_posterior(scorer, evidence, listed, pair.country) for evidence in row] for row in evidences]
        )
        if posteriors.max() >= MIN_POSTERIOR:
            exact = np.array([[evidence.plate == listed for evidence in row] for row in evidences])
            candidates.append(Candidate(is_own, 1.0 if is_own else density, posteriors, exact))
    return SimulatedPassage(np.array([[numbers[read.plate] for read in row] for row in reads]), candidates)


def _near(scorer: PosteriorModel, evidence: Evidence, country: str) -> dict[str, float]:
    hypotheses = plate_hypotheses(evidence, country, builtin_fleets(), scorer.model.frequencies)
    return {
        plate: density
        for plate, density in hypotheses.items()
        if plate == evidence.plate or scorer.upper_bound(evidence, plate, country) >= MIN_POSTERIOR
    }


def _posterior(scorer: PosteriorModel, evidence: Evidence, listed: str, country: str) -> float:
    """Return the posterior as a match in mode `fuzzy` has it; 0 if the read does not match."""
    if listed != evidence.plate and not any(
        within_one_edit(text, listed, BUILTIN_CLASSES) for text in (evidence.plate, *evidence.texts)
    ):
        return 0.0
    score = scorer.score(evidence, listed, scorer.competing_plates(evidence, country, country))
    return min(round(score.posterior, 4), MAX_POSTERIOR) if score is not None else 0.0


def _read(simulated: SimulatedReads, row: int, pair: TrainingPair) -> TrainingPair:
    text = simulated.text[row]
    length = int((text > 0).sum())
    alternatives = [
        [
            CharAlternative(chr(char) if char else "", share / FULL_CONFIDENCE)
            for char, share in zip(
                simulated.alternatives[row, position].tolist(),
                simulated.alternative_confidences[row, position].tolist(),
                strict=True,
            )
            if share
        ]
        for position in range(length)
    ]
    candidates = [
        PlateCandidate(bytes(plate[plate > 0]).decode(), int(share) / FULL_CONFIDENCE)
        for plate, share in zip(simulated.candidates[row], simulated.candidate_confidences[row], strict=True)
        if share
    ]
    return TrainingPair(
        truth=pair.truth,
        country=pair.country,
        plate=bytes(text[:length]).decode(),
        confidence=int(simulated.confidence[row]) / FULL_CONFIDENCE,
        char_confidences=[int(share) / FULL_CONFIDENCE for share in simulated.char_confidences[row, :length]],
        char_alternatives=alternatives,
        candidates=candidates,
    )


def _jittered(rng: np.random.Generator, read: TrainingPair) -> TrainingPair:
    """Return a read of the same text with other confidences."""
    sure, named = read.char_confidences or [], read.char_alternatives or []
    times = [float(np.exp(_JITTER * each)) for each in rng.standard_normal(len(sure))]
    limits = [min(factor, 0.9 / max(1 - share, 1e-9)) for factor, share in zip(times, sure, strict=True)]
    return replace(
        read,
        char_confidences=[1 - (1 - share) * factor for share, factor in zip(sure, limits, strict=True)],
        char_alternatives=[
            [CharAlternative(each.char, (each.confidence or 0.0) * factor) for each in others]
            for others, factor in zip(named, limits, strict=True)
        ],
    )
