"""Two cameras on one road: which reads are of one vehicle, and what slips they show without the truth."""

from functools import cache

import numpy as np
import pytest

from streams.confusions.evidence import CHAR_CODES
from streams.confusions.model import ConfusionModel
from streams.confusions.training.camera_pairs.linkage import (
    CameraPair,
    LinkedReads,
    first_of_passages,
    link_reads,
)
from streams.confusions.training.camera_pairs.unsupervised import (
    LinkedPair,
    UnsupervisedPairs,
    unsupervised_pairs,
)
from streams.confusions.training.train import TrainingError
from streams.plates.fleets import builtin_fleets
from streams.records.read import Read
from tests.support.builders import a_read, after_noon
from tests.support.confusion_pairs import make_pairs
from tests.support.two_camera_roads import MAX_TRAVEL_S, MIN_TRAVEL_S, SampledRoad, sample_road


@cache
def made() -> SampledRoad:
    return sample_road(make_pairs(1200), missed=0.08)


@cache
def met() -> LinkedReads:
    return link_reads(made().road)


def matched() -> list[LinkedPair]:
    way = made().road
    return [LinkedPair(way.first[a], way.second[b]) for a, b in met().pairs]


@cache
def unseen() -> UnsupervisedPairs:
    return unsupervised_pairs(matched(), builtin_fleets())


def seen(
    plate: str, seconds: float, camera: str = "north", country: str | None = "FR", **more: object
) -> Read:
    name = f"{camera}{seconds}"
    return a_read(plate, country, read_id=name, camera_id=camera, captured_at=after_noon(seconds), **more)


def test_reads_of_one_vehicle_are_found() -> None:
    """Nearly all, nearly none wrong, and no more wrong than is said."""
    way = made()
    both = set(way.first_rows) & set(way.second_rows)
    right = [way.first_rows[a] == way.second_rows[b] for a, b in met().pairs]
    assert sum(right) > 0.95 * len(both)
    assert right.count(False) <= max(2 * met().expected_false, 1)
    assert 50 < met().different < len(right)


def test_each_read_is_matched_once_and_in_the_window() -> None:
    way, found = made().road, met().pairs
    for ends in zip(*found, strict=True):
        assert len(set(ends)) == len(ends)
    for a, b in found:
        travel = (way.second[b].captured_at - way.first[a].captured_at).total_seconds()
        assert MIN_TRAVEL_S <= travel <= MAX_TRAVEL_S


def test_the_order_of_reads_changes_nothing() -> None:
    way = made().road
    turned = link_reads(CameraPair(way.first[::-1], way.second[::-1], MIN_TRAVEL_S, MAX_TRAVEL_S))
    last, end = len(way.first) - 1, len(way.second) - 1
    assert sorted((last - a, end - b) for a, b in turned.pairs) == sorted(met().pairs)


def test_the_association_is_learnt() -> None:
    """D at the one is often 0 at the other, both ways alike; E hardly ever F."""
    table = met().association
    there, back = table[CHAR_CODES["D"], CHAR_CODES["0"]], table[CHAR_CODES["0"], CHAR_CODES["D"]]
    assert min(there, back) > 30
    assert table[CHAR_CODES["E"], CHAR_CODES["F"]] <= 1


def test_roads_without_common_vehicles() -> None:
    """Other vehicles at the second camera: hardly a match, and few that differ."""
    way = made().road
    others = sample_road(make_pairs(1200, seed=9)).road
    found = link_reads(CameraPair(way.first, others.second, MIN_TRAVEL_S, MAX_TRAVEL_S))
    assert len(found.pairs) < 10


def test_too_short_a_time() -> None:
    one, other = seen("AB123CD", 0), seen("AB123CD", 700, "south")
    with pytest.raises(TrainingError, match=r"too short a time.* give reads of 2,000 s or more"):
        link_reads(CameraPair([one], [other], 600, 1100))
    for way in (
        CameraPair([], [], 600, 1100),
        CameraPair([one], [], 600, 1100),
        CameraPair([one], [one], 600, 1100),
    ):
        assert link_reads(way).pairs == []


def test_once() -> None:
    """Of a passage the first read, whichever is right; other vehicles and later passages stay."""
    reads = [
        seen("AB123CD", 2),
        seen("A8123CD", 0),
        seen("A8123C0", 4),
        seen("EF456GH", 3),
        seen("AB123CD", 300),
    ]
    assert [each.plate for each in first_of_passages(reads)] == ["A8123CD", "EF456GH", "AB123CD"]
    assert first_of_passages([]) == []


def test_the_direction_of_a_slip() -> None:
    """D is read as 0 by the made-up reader, 0 never as D, and nobody said so."""
    counts: dict[str, float] = {}
    for pair in unseen().pairs:
        for was, true in zip(pair.plate, pair.true_plate, strict=False):
            if was != true and len(pair.plate) == len(pair.true_plate):
                counts[true + was] = counts.get(true + was, 0) + pair.times
    assert counts["D0"] > 50 * counts.get("0D", 0)
    assert counts["8B"] > 5 * counts.get("B8", 0)


def test_true_plates_have_the_weight() -> None:
    way = made()
    rows = {its.read_id: row for its, row in zip(way.road.first, way.first_rows, strict=True)}
    rows |= {its.read_id: row for its, row in zip(way.road.second, way.second_rows, strict=True)}
    truths = make_pairs(1200)
    total = sum(pair.times for pair in unseen().pairs)
    right = sum(
        pair.times for pair in unseen().pairs if pair.true_plate == truths[rows[pair.read_id]].true_plate
    )
    assert total == pytest.approx(2 * unseen().used)
    assert right > 0.98 * total
    assert unseen().iterations < 12
    assert {pair.found for pair in unseen().pairs} == {"near"}


def test_models_of_both_cameras() -> None:
    """Both misread alike here; each is learnt by itself."""
    models = unseen().models
    assert sorted(models) == ["north", "south"]
    for model in models.values():
        assert isinstance(model, ConfusionModel)
        table = np.array(model.commonness)
        assert table[CHAR_CODES["D"], CHAR_CODES["0"]] > table[CHAR_CODES["0"], CHAR_CODES["D"]] + 2


def weights_of(first: Read, second: Read) -> dict[str, float]:
    return {
        pair.true_plate: pair.times
        for pair in unsupervised_pairs([LinkedPair(first, second)], builtin_fleets()).pairs
    }


def test_the_format_says_which_read_is_wrong() -> None:
    """A French plate has a letter there; with both impossible it is neither."""
    found = weights_of(seen("AB123C0", 0), seen("AB123CD", 700, "south"))
    assert found == {"AB123CD": 1.0}
    both = weights_of(seen("AB123C0", 0), seen("AB123C0", 700, "south"))
    assert "AB123C0" not in both
    assert "AB123CD" in both


def test_the_surer_read_is_likelier_right() -> None:
    """Where the format allows both; without confidences neither is."""
    sure, unsure = [0.99] * 7, [0.99] * 6 + [0.6]
    found = weights_of(
        seen("AB123CD", 0, char_confidences=sure), seen("AB123CQ", 700, "south", char_confidences=unsure)
    )
    assert found["AB123CD"] > 0.9
    plain = weights_of(seen("AB123CD", 0), seen("AB123CQ", 700, "south"))
    assert plain["AB123CD"] == pytest.approx(plain["AB123CQ"])


def test_a_character_of_each_is_right() -> None:
    """The true plate may be neither of the two reads."""
    found = weights_of(seen("AB123C0", 0), seen("A8123CD", 700, "south"))
    assert found == {"AB123CD": 1.0}


def test_what_tells_nothing() -> None:
    nowhere = LinkedPair(seen("AB123CD", 0, country=None), seen("AB123CD", 700, "south", None))
    one = LinkedPair(seen("AB123CD", 0, country=None), seen("AB123CD", 700, "south"))
    nothing = LinkedPair(seen("A", 0), seen("A", 700, "south"))
    found = unsupervised_pairs([nowhere, one, nothing], builtin_fleets())
    assert (found.used, found.without_country, found.without_plate) == (1, 1, 1)
    assert unsupervised_pairs([], builtin_fleets()).pairs == []
