"""Training pairs from linked reads, without known plates."""

from functools import cache

import numpy as np
import pytest

from streams.confusions.evidence import CHAR_CODES
from streams.confusions.model import ConfusionModel
from streams.confusions.training.camera_pairs.linkage import link_reads
from streams.confusions.training.camera_pairs.unsupervised import (
    LinkedPair,
    UnsupervisedPairs,
    unsupervised_pairs,
)
from streams.plates.fleets import builtin_fleets
from streams.records.read import Read
from tests.support.confusion_pairs import make_pairs
from tests.support.two_camera_roads import SampledRoad, a_timed_read, sample_road


@cache
def sampled_road() -> SampledRoad:
    return sample_road(make_pairs(1200), missed=0.08)


@cache
def estimated() -> UnsupervisedPairs:
    road = sampled_road().road
    linked_pairs = [LinkedPair(road.first[a], road.second[b]) for a, b in link_reads(road).pairs]
    return unsupervised_pairs(linked_pairs, builtin_fleets())


def test_the_direction_of_a_character_error_is_found() -> None:
    """The recogniser of `make_pairs` reads D as 0, never 0 as D; the true plates are not known here."""
    counts: dict[str, float] = {}
    for pair in estimated().pairs:
        for read, true in zip(pair.plate, pair.true_plate, strict=False):
            if read != true and len(pair.plate) == len(pair.true_plate):
                counts[true + read] = counts.get(true + read, 0) + pair.weight
    assert counts["D0"] > 50 * counts.get("0D", 0)
    assert counts["8B"] > 5 * counts.get("B8", 0)


def test_true_plates_have_nearly_all_of_the_weight() -> None:
    sampled = sampled_road()
    rows = {read.read_id: row for read, row in zip(sampled.road.first, sampled.first_rows, strict=True)}
    rows |= {read.read_id: row for read, row in zip(sampled.road.second, sampled.second_rows, strict=True)}
    truths = make_pairs(1200)
    total = sum(pair.weight for pair in estimated().pairs)
    correct = sum(
        pair.weight for pair in estimated().pairs if pair.true_plate == truths[rows[pair.read_id]].true_plate
    )
    assert total == pytest.approx(2 * estimated().used)
    assert correct > 0.98 * total
    assert estimated().iterations < 12
    assert {pair.origin for pair in estimated().pairs} == {"near"}


def test_each_camera_has_a_model_of_its_own() -> None:
    models = estimated().models
    assert sorted(models) == ["north", "south"]
    for model in models.values():
        assert isinstance(model, ConfusionModel)
        table = np.array(model.frequencies)
        assert table[CHAR_CODES["D"], CHAR_CODES["0"]] > table[CHAR_CODES["0"], CHAR_CODES["D"]] + 2


def plate_weights(first: Read, second: Read) -> dict[str, float]:
    return {
        pair.true_plate: pair.weight
        for pair in unsupervised_pairs([LinkedPair(first, second)], builtin_fleets()).pairs
    }


def test_the_format_decides_which_read_is_wrong() -> None:
    """A French plate ends with a letter. If both reads are impossible, it is neither."""
    weights = plate_weights(a_timed_read("AB123C0", 0), a_timed_read("AB123CD", 700, "south"))
    assert weights == {"AB123CD": 1.0}
    both = plate_weights(a_timed_read("AB123C0", 0), a_timed_read("AB123C0", 700, "south"))
    assert "AB123C0" not in both
    assert "AB123CD" in both


def test_the_more_confident_read_is_more_likely_correct() -> None:
    """Where the format allows both. Without confidences they are equally likely."""
    high, low = [0.99] * 7, [0.99] * 6 + [0.6]
    weights = plate_weights(
        a_timed_read("AB123CD", 0, char_confidences=high),
        a_timed_read("AB123CQ", 700, "south", char_confidences=low),
    )
    assert weights["AB123CD"] > 0.9
    plain = plate_weights(a_timed_read("AB123CD", 0), a_timed_read("AB123CQ", 700, "south"))
    assert plain["AB123CD"] == pytest.approx(plain["AB123CQ"])


def test_the_true_plate_may_combine_both_reads() -> None:
    weights = plate_weights(a_timed_read("AB123C0", 0), a_timed_read("A8123CD", 700, "south"))
    assert weights == {"AB123CD": 1.0}


def test_pairs_without_country_or_plate_are_counted() -> None:
    without_country = LinkedPair(
        a_timed_read("AB123CD", 0, country=None), a_timed_read("AB123CD", 700, "south", None)
    )
    one_country = LinkedPair(a_timed_read("AB123CD", 0, country=None), a_timed_read("AB123CD", 700, "south"))
    without_plate = LinkedPair(a_timed_read("A", 0), a_timed_read("A", 700, "south"))
    result = unsupervised_pairs([without_country, one_country, without_plate], builtin_fleets())
    assert (result.used, result.without_country, result.without_plate) == (1, 1, 1)
    assert unsupervised_pairs([], builtin_fleets()).pairs == []
