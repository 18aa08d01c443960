"""Training of models: what occurs often counts more, and few pairs keep to the base model."""

from math import isfinite

import numpy as np
import pytest
from msgspec.structs import replace

from streams.confusions.evidence import CHAR_CODES, EVIDENCE_KINDS, build_evidence
from streams.confusions.model import ConfusionModel, decode_models, encode_models
from streams.confusions.training.pairs import TrainingPair
from streams.confusions.training.train import ModelGroups, TrainingError, train, train_all
from streams.plates.fleets import builtin_fleets
from tests.support.builders import a_read
from tests.support.confusion_pairs import make_pairs


def test_a_model_has_the_counts_of_its_pairs(model: ConfusionModel) -> None:
    """About one D in five was read as 0, no E as anything."""
    assert model.pairs == 700
    assert model.seen_per_misread("D", "0") == pytest.approx(5, rel=0.3)
    assert model.seen_per_misread("8", "B") == pytest.approx(20, rel=0.5)
    assert model.seen_per_misread("E", "F") is None
    assert sum(count for error, count in model.counts.items() if error.endswith("-")) > 10


def test_pairs_from_which_nothing_can_be_learnt_are_refused() -> None:
    for pairs, message in (
        ([], "no pair was misread"),
        ([TrainingPair("AB123CD", "FR", "AB123CD")], "no pair was misread"),
        ([TrainingPair("AB123CD", "XK", "AB123C0")], "no pair is of a country whose plates are known"),
    ):
        with pytest.raises(TrainingError, match=message):
            train(pairs, builtin_fleets(), "general", "")


def test_weights_without_evidence_keep_their_initial_values() -> None:
    """Also if characters are only ever lost."""
    plain = [
        TrainingPair(pair.truth, "FR", pair.plate, confidence=pair.confidence) for pair in make_pairs(300)
    ]
    weights = train(plain, builtin_fleets(), "plain", "").weights
    assert set(weights) == set(EVIDENCE_KINDS)
    assert weights["full"].terms == train(plain[:50], builtin_fleets(), "fewer", "").weights["full"].terms
    lost = train([TrainingPair("AB123CD", "FR", "B123CD")] * 20, builtin_fleets(), "lost", "")
    scored = lost.log_likelihood(build_evidence(a_read("B123CD", "FR")), "AB123CD")
    assert scored is not None
    assert isfinite(scored[0])


def test_a_reader_with_enough_pairs_has_a_model_of_its_own() -> None:
    models = train_all(
        [*make_pairs(150, 1, "north"), *make_pairs(40, 2, "south")],
        builtin_fleets(),
        "made up",
        groups=ModelGroups(100),
    )
    assert list(models.by_reader) == ["north"]
    assert models.for_camera("north").pairs == 150
    assert models.for_camera("south") is models.general
    assert models.general.pairs == 190


def test_a_vendor_with_enough_pairs_has_a_model_of_its_own() -> None:
    """A camera with enough pairs has its own model, another that of its vendor, others the general one."""
    vendors = {"north": "acme", "south": "acme", "west": "other"}
    models = train_all(
        [*make_pairs(120, 1, "north"), *make_pairs(40, 2, "south"), *make_pairs(20, 3, "west")],
        builtin_fleets(),
        "made up",
        groups=ModelGroups(100, vendors),
    )
    assert sorted(models.by_reader) == ["acme", "north"]
    assert models.by_reader["acme"].pairs == 160
    assert models.for_camera("north") is models.by_reader["north"]
    assert models.for_camera("south") is models.by_reader["acme"]
    assert models.for_camera("west") is models.for_camera("unknown") is models.general
    assert decode_models(encode_models(models), "models.json") == models


def test_few_pairs_are_regularised_toward_the_base(model: ConfusionModel) -> None:
    """A few pairs hardly change a model, many do."""
    fleets, (true, read) = builtin_fleets(), (CHAR_CODES["E"], CHAR_CODES["F"])
    base = model.frequencies[true][read]

    def trained(count: int, base: ConfusionModel | None = model) -> ConfusionModel:
        pairs = [TrainingPair("AB123ED", "FR", "AB123FD" if n % 2 else "AB123ED") for n in range(count)]
        return train([*make_pairs(count, 5), *pairs], fleets, "pairs", "", base=base)

    few, many, alone = trained(4), trained(100), trained(4, None)
    assert base < few.frequencies[true][read] < many.frequencies[true][read]
    for kind in EVIDENCE_KINDS:
        held, free = (
            np.linalg.norm(np.array(other.weights[kind].terms) - np.array(model.weights[kind].terms))
            for other in (few, alone)
        )
        assert held < free / 2


def test_near_pairs_keep_the_weights_of_far_plates(model: ConfusionModel) -> None:
    near = [replace(pair, origin="near") for pair in make_pairs(100)]
    trained = train(near, builtin_fleets(), "near", "", base=model)
    assert [weights.far for weights in trained.weights.values()] == [
        weights.far for weights in model.weights.values()
    ]
    assert trained.weights != model.weights
