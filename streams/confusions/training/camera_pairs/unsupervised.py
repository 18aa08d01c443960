"""Training pairs without known plates, from linked reads of two cameras (expectation maximisation).

The true plate of two reads of one vehicle is one of those combined, position by position, from what the two
cameras read and named. How likely each is follows from the formats and fleets (a plate that its country does
not issue is excluded), from the confidences (of two characters the more confident one is more likely right),
and from what is known so far of the cameras' character errors; from the plates weighted so, the character
errors are estimated again, in turns.
"""

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import islice, product
from math import exp
from typing import Final, NamedTuple

import numpy as np
from msgspec.structs import replace

from streams.confusions.alignment import align_misread
from streams.confusions.evidence import EVIDENCE_KINDS, Evidence, build_evidence
from streams.confusions.model import ConfusionModel
from streams.confusions.training.cases import WeightedEvidence
from streams.confusions.training.counts import ConfusionCounts
from streams.confusions.training.fit import fit_weights
from streams.confusions.training.hypotheses import plate_hypotheses
from streams.confusions.training.pairs import TrainingPair, build_pair
from streams.plates.fleets import Fleets
from streams.plates.packed_keys import ALPHABET
from streams.records.read import Read

_MAX_PLATES: Final = 256
_MIN_NAMED_LOG_SHARE: Final = -4.0
"""Characters named with at least this log probability are tried."""
_MIN_SHARE: Final = 0.02
"""Plates less likely than this are left out."""
_MAX_ITERATIONS: Final = 12
_CONVERGENCE: Final = 0.05
"""The iterations end when no log frequency changes by more than this."""


class LinkedPair(NamedTuple):
    """Two reads of one vehicle."""

    first: Read
    second: Read


class UnsupervisedPairs(NamedTuple):
    """Pairs with the plates that are likely the true ones, each weighted by its probability."""

    pairs: list[TrainingPair]
    used: int
    """The number of linked pairs that the pairs come from."""
    without_country: int
    """The number of linked pairs in which neither read has a country."""
    without_plate: int
    """The number of linked pairs for which there is no plate that the country issues."""
    iterations: int
    models: dict[str, ConfusionModel]
    """The estimated models, by camera."""


class _PlateChoice(NamedTuple):
    """Two reads of one vehicle, and the plates that it may have, each with the density of such vehicles."""

    linked_pair: LinkedPair
    country: str
    first: Evidence
    second: Evidence
    priors: dict[str, float]


def untrained_model() -> ConfusionModel:
    """Return a model with equally frequent character errors and the initial weights."""
    size = len(ALPHABET)
    return ConfusionModel(
        "unlearnt", "", 0, [[0.0] * size] * size, {}, {}, {kind: fit_weights(None) for kind in EVIDENCE_KINDS}
    )


def unsupervised_pairs(
    linked_pairs: Sequence[LinkedPair], fleets: Fleets, base: ConfusionModel | None = None
) -> UnsupervisedPairs:
    """Return pairs of reads and likely true plates, from linked reads.

    Character errors are estimated for each camera, regularised toward those of both cameras together, which
    are regularised toward the base model. The weights are those of the base; `train` fits them to the pairs.
    """
    initial = base or untrained_model()
    choices: list[_PlateChoice] = []
    without_country = without_plate = 0
    for linked_pair in linked_pairs:
        country = _likely_country(linked_pair)
        if country is None:
            without_country += 1
            continue
        choice = _build_choice(linked_pair, country, fleets, initial)
        if choice.priors:
            choices.append(choice)
        else:
            without_plate += 1
    models = {read.camera_id: initial for linked_pair in linked_pairs for read in linked_pair}
    # Most vehicles can have only one plate; their pairs do not change.
    certain = _weight_all([choice for choice in choices if len(choice.priors) == 1], models)
    uncertain_choices = [choice for choice in choices if len(choice.priors) > 1]
    certain_counts = {
        camera: ConfusionCounts(item for item in certain if item[0].reader == camera) for camera in models
    }
    uncertain: list[WeightedEvidence] = []
    iterations = 0
    for _ in range(_MAX_ITERATIONS):
        iterations += 1
        uncertain = _weight_all(uncertain_choices, models)
        new_models = _update_models(uncertain, certain_counts, models, base)
        change = max((_max_change(models[camera], new_models[camera]) for camera in models), default=0.0)
        models = new_models
        if change < _CONVERGENCE:
            break
    pairs = [pair for pair, _ in certain + uncertain]
    return UnsupervisedPairs(pairs, len(choices), without_country, without_plate, iterations, models)


def _likely_country(linked_pair: LinkedPair) -> str | None:
    """Return the country of the more confident read that has one."""
    with_country = [read for read in linked_pair if read.country is not None]
    return max(with_country, key=lambda read: read.confidence or 0.0).country if with_country else None


def _build_choice(
    linked_pair: LinkedPair, country: str, fleets: Fleets, model: ConfusionModel
) -> _PlateChoice:
    first, second = map(build_evidence, linked_pair)
    priors = {
        plate: density
        for plate in {first.plate, *_combine_texts(first, second)}
        if (density := fleets.density(plate, country))
    }
    if not priors:
        # Both are misread, probably in the same way, as the formats exclude both.
        priors = plate_hypotheses(first, country, fleets, model.frequencies)
        priors |= plate_hypotheses(second, country, fleets, model.frequencies)
    return _PlateChoice(linked_pair, country, first, second, priors)


def _combine_texts(first: Evidence, second: Evidence) -> Iterator[str]:
    """Yield the plates combined from two reads; where the reads agree the plate has the same character."""
    if first.plate == second.plate:
        return iter(())
    choices: list[set[str]] = []
    first_position = second_position = 0
    for second_char, first_char in align_misread(second.plate, first.plate) or ():
        options = {first_char, second_char}
        if first_char != second_char:
            options |= _named_chars(first, first_position) if first_char else set()
            options |= _named_chars(second, second_position) if second_char else set()
        choices.append(options)
        first_position += bool(first_char)
        second_position += bool(second_char)
    return map("".join, islice(product(*(sorted(options) for options in choices)), _MAX_PLATES))


def _named_chars(evidence: Evidence, position: int) -> set[str]:
    return {
        ALPHABET[code]
        for code, log_share in evidence.log_alternatives[position].items()
        if log_share >= _MIN_NAMED_LOG_SHARE
    }


def _weight_all(choices: Sequence[_PlateChoice], models: dict[str, ConfusionModel]) -> list[WeightedEvidence]:
    return [item for choice in choices for item in _weight_pairs(choice, models)]


def _weight_pairs(choice: _PlateChoice, models: dict[str, ConfusionModel]) -> Iterator[WeightedEvidence]:
    """Yield the two reads with each plate that is likely theirs."""
    shares: dict[str, float] = {}
    first_read, second_read = choice.linked_pair
    if len(choice.priors) == 1:
        shares = dict.fromkeys(choice.priors, 1.0)
    else:
        for plate, density in choice.priors.items():
            first = models[first_read.camera_id].log_likelihood(choice.first, plate)
            second = models[second_read.camera_id].log_likelihood(choice.second, plate)
            if first is not None and second is not None:
                shares[plate] = density * exp(first[0] + second[0])
    total = sum(shares.values())
    likely = {plate: share for plate, share in shares.items() if share >= _MIN_SHARE * total}
    total = sum(likely.values())
    for plate, share in likely.items():
        yield build_pair(first_read, plate, choice.country, share / total, "near"), choice.first
        yield build_pair(second_read, plate, choice.country, share / total, "near"), choice.second


def _update_models(
    uncertain: list[WeightedEvidence],
    certain_counts: dict[str, ConfusionCounts],
    models: dict[str, ConfusionModel],
    base: ConfusionModel | None,
) -> dict[str, ConfusionModel]:
    """Return the models with the character errors estimated again."""
    counts = {
        camera: certain_counts[camera].merge(
            ConfusionCounts(item for item in uncertain if item[0].reader == camera)
        )
        for camera in models
    }
    together = reduce(ConfusionCounts.merge, counts.values(), ConfusionCounts(()))
    frequencies = together.relative_frequencies(base)
    return {
        camera: replace(
            model,
            frequencies=counts[camera].relative_frequencies(replace(model, frequencies=frequencies)),
        )
        for camera, model in models.items()
    }


def _max_change(before: ConfusionModel, after: ConfusionModel) -> float:
    return float(np.abs(np.array(before.frequencies) - np.array(after.frequencies)).max())
