"""Counts over training pairs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.confusions.evidence import CHAR_CODES, build_evidence
from streams.confusions.model import builtin_models
from streams.confusions.training.counts import ConfusionCounts
from streams.confusions.training.pairs import TrainingPair
from streams.plates.packed_keys import ALPHABET
from tests.support.confusion_pairs import make_pairs
from tests.support.examples import examples


@given(st.integers(0, 2**32), st.integers(1, 40))
@examples(20)
def test_characters_that_do_not_occur_keep_the_frequencies_of_the_base(seed: int, count: int) -> None:
    base = builtin_models().general
    pairs = [pair for pair in make_pairs(count, seed) if not set(pair.true_plate) & set("WXYZ")]
    table = ConfusionCounts((pair, build_evidence(pair)) for pair in pairs).relative_frequencies(base)
    for char in "WXYZ" if pairs else ALPHABET:
        assert table[CHAR_CODES[char]] == pytest.approx(base.frequencies[CHAR_CODES[char]], abs=1e-3)


def test_two_pairs_of_half_weight_count_as_one() -> None:
    whole = ConfusionCounts((pair, build_evidence(pair)) for pair in make_pairs(50))
    halves = ConfusionCounts(
        (replace(pair, weight=0.5), build_evidence(pair)) for pair in make_pairs(50) for _ in range(2)
    )
    assert halves.counts == pytest.approx(whole.counts)
    assert np.allclose(halves.relative_frequencies(), whole.relative_frequencies())
    assert halves.confidence_bands() == whole.confidence_bands()


def test_errors_are_counted_by_position_and_confidence() -> None:
    """The recogniser of `make_pairs` loses only first characters, and has low confidence in errors."""
    counts = ConfusionCounts((pair, build_evidence(pair)) for pair in make_pairs(1500))
    start, inside, end = counts.positions["lost"].tolist()
    assert start > 15
    assert (inside, end) == (0, 0)
    assert counts.positions["seen"].tolist() == pytest.approx([1500, 7500, 1500], rel=0.05)
    _, chars = counts.confidence_bands()
    shares = [band.wrong / band.seen for band in chars]
    assert chars[0].upto == 0.5
    assert shares[0] == 1
    assert shares[-1] == 0
    extra = ConfusionCounts(
        [(TrainingPair("AB1", "FR", "XAB1"), build_evidence(TrainingPair("AB1", "FR", "XAB1")))]
    )
    assert extra.positions["extra"].tolist() == [1, 0, 0]
    last = ConfusionCounts(
        [(TrainingPair("AB1", "FR", "AB1X"), build_evidence(TrainingPair("AB1", "FR", "AB1X")))]
    )
    assert last.positions["extra"].tolist() == [0, 0, 1]
