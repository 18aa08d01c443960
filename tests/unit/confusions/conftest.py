"""A trained model, for the tests of confusions."""

import pytest

from streams.confusions.model import ConfusionModel
from streams.confusions.training.train import train
from streams.plates.fleets import builtin_fleets
from tests.support.confusion_pairs import make_pairs


@pytest.fixture(scope="session")
def model() -> ConfusionModel:
    """A model of the recogniser of `make_pairs`."""
    return train(make_pairs(700), builtin_fleets(), "general", "made up")
