"""Learning from two cameras on one road, where nobody knows the true plates.

The true plate of two reads of one vehicle is one of those put together, place by place, of what the two
cameras read and named. How likely each is, is said by the formats and fleets (a plate that its country does
not issue is none), by the confidences (the surer of two characters is likelier right), and by what is known
so far of the cameras' slips; from the plates so weighed the slips are learnt anew, in turns (expectation
maximisation).
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
from streams.confusions.training.counts import ConfusionCounts
from streams.confusions.training.fit import fit_weights
from streams.confusions.training.hypotheses import plate_hypotheses
from streams.confusions.training.pairs import TrainingPair
from streams.confusions.training.pairs_from_hits import build_pair
from streams.plates.fleets import Fleets
from streams.plates.packed_keys import ALPHABET
from streams.records.read import Read

_MAX_PLATES: Final = 256
_MIN_NAMED_LOG_SHARE: Final = -4.0
"""Characters named with at least exp of this are tried."""
_MIN_SHARE: Final = 0.02
"""Plates less likely than this are left out."""
_MAX_ITERATIONS: Final = 12
_CONVERGENCE: Final = 0.05
"""Turns end when no slip changes by more, as a logarithm."""


class LinkedPair(NamedTuple):
    """Two reads of one vehicle."""

    first: Read
    second: Read


class UnsupervisedPairs(NamedTuple):
    """Pairs with the plates that are likely the true ones, each counted as often as it is likely.

    `told` meetings are in them; `no_country`: of so many neither read has a country; `no_plate`: for so many
    there is no plate that the country issues. `turns` were taken; `models` by camera is what was known of
    their slips in the end.
    """

    pairs: list[TrainingPair]
    used: int
    without_country: int
    without_plate: int
    iterations: int
    models: dict[str, ConfusionModel]


class _PlateChoice(NamedTuple):
    """Two reads of one vehicle, and the plates that it may have, each with the chance that there is one."""

    linked_pair: LinkedPair
    country: str
    first: Evidence
    second: Evidence
    priors: dict[str, float]


_WeightedPair = tuple[TrainingPair, Evidence]


def untrained_model() -> ConfusionModel:
    """A model of a reader of which nothing is known: all slips are equally common, the weights as at the
    start of learning."""
    size = len(ALPHABET)
    return ConfusionModel(
        "unlearnt", "", 0, [[0.0] * size] * size, {}, {}, {kind: fit_weights(None) for kind in EVIDENCE_KINDS}
    )


def unsupervised_pairs(
    linked_pairs: Sequence[LinkedPair], fleets: Fleets, base: ConfusionModel | None = None
) -> UnsupervisedPairs:
    """Pairs of reads and likely true plates, from meetings of reads and what is known before.

    Slips are learnt for each camera, held to those of both together, which are held to those of the base.
    The base's weights are kept; they are learnt anew from the pairs by `learn`.
    """
    start = base or untrained_model()
    choices: list[_PlateChoice] = []
    no_country = no_plate = 0
    for meeting in linked_pairs:
        country = _likely_country(meeting)
        if country is None:
            no_country += 1
            continue
        choice = _build_choice(meeting, country, fleets, start)
        if choice.priors:
            choices.append(choice)
        else:
            no_plate += 1
    models = {read.camera_id: start for meeting in linked_pairs for read in meeting}
    # Most vehicles can have but one plate; their pairs stay the same.
    sure = [each for choice in choices if len(choice.priors) == 1 for each in _weight_pairs(choice, models)]
    unsure = [choice for choice in choices if len(choice.priors) > 1]
    tallies = {
        camera: ConfusionCounts(each for each in sure if each[0].reader == camera) for camera in models
    }
    weighed: list[_WeightedPair] = []
    turns = 0
    for _ in range(_MAX_ITERATIONS):
        turns += 1
        weighed = [each for choice in unsure for each in _weight_pairs(choice, models)]
        learnt = _update_models(weighed, tallies, models, base)
        moved = max((_max_change(models[camera], learnt[camera]) for camera in models), default=0.0)
        models = learnt
        if moved < _CONVERGENCE:
            break
    pairs = [pair for pair, _ in sure + weighed]
    return UnsupervisedPairs(pairs, len(choices), no_country, no_plate, turns, models)


def _likely_country(linked_pair: LinkedPair) -> str | None:
    """The country of the surer read that has one."""
    known = [read for read in linked_pair if read.country is not None]
    return max(known, key=lambda read: read.confidence or 0.0).country if known else None


def _build_choice(
    linked_pair: LinkedPair, country: str, fleets: Fleets, model: ConfusionModel
) -> _PlateChoice:
    first, second = map(build_evidence, linked_pair)
    chances = {
        plate: chance
        for plate in {first.plate, *_combine_texts(first, second)}
        if (chance := fleets.density(plate, country))
    }
    if not chances:
        # Both are misread, and likely alike: what the formats shut out says so.
        chances = plate_hypotheses(first, country, fleets, model.commonness)
        chances |= plate_hypotheses(second, country, fleets, model.commonness)
    return _PlateChoice(linked_pair, country, first, second, chances)


def _combine_texts(first: Evidence, second: Evidence) -> Iterator[str]:
    """The plates put together of two reads, place by place; at places where they agree as they have it."""
    if first.plate == second.plate:
        return iter(())
    choices: list[set[str]] = []
    one = other = 0
    for there, here in align_misread(second.plate, first.plate) or ():
        options = {here, there}
        if here != there:
            options |= _named_chars(first, one) if here else set()
            options |= _named_chars(second, other) if there else set()
        choices.append(options)
        one, other = one + bool(here), other + bool(there)
    return map("".join, islice(product(*(sorted(each) for each in choices)), _MAX_PLATES))


def _named_chars(evidence: Evidence, position: int) -> set[str]:
    return {
        ALPHABET[code]
        for code, share in evidence.log_alternatives[position].items()
        if share >= _MIN_NAMED_LOG_SHARE
    }


def _weight_pairs(choice: _PlateChoice, models: dict[str, ConfusionModel]) -> Iterator[_WeightedPair]:
    """The two reads with each plate that is likely theirs."""
    shares: dict[str, float] = {}
    one, other = choice.linked_pair
    if len(choice.priors) == 1:
        shares = dict.fromkeys(choice.priors, 1.0)
    else:
        for plate, chance in choice.priors.items():
            first = models[one.camera_id].log_likelihood(choice.first, plate)
            second = models[other.camera_id].log_likelihood(choice.second, plate)
            if first is not None and second is not None:
                shares[plate] = chance * exp(first[0] + second[0])
    total = sum(shares.values())
    likely = {plate: share for plate, share in shares.items() if share >= _MIN_SHARE * total}
    total = sum(likely.values())
    for plate, share in likely.items():
        yield build_pair(one, plate, choice.country, share / total, "near"), choice.first
        yield build_pair(other, plate, choice.country, share / total, "near"), choice.second


def _update_models(
    weighted_pairs: list[_WeightedPair],
    sure: dict[str, ConfusionCounts],
    models: dict[str, ConfusionModel],
    base: ConfusionModel | None,
) -> dict[str, ConfusionModel]:
    """The models with slips learnt anew."""
    own = {
        camera: sure[camera].merge(
            ConfusionCounts(each for each in weighted_pairs if each[0].reader == camera)
        )
        for camera in models
    }
    together = reduce(ConfusionCounts.merge, own.values(), ConfusionCounts(())).relative_frequencies(base)
    return {
        camera: replace(
            model, commonness=own[camera].relative_frequencies(replace(model, commonness=together))
        )
        for camera, model in models.items()
    }


def _max_change(before: ConfusionModel, after: ConfusionModel) -> float:
    return float(np.abs(np.array(before.commonness) - np.array(after.commonness)).max())
