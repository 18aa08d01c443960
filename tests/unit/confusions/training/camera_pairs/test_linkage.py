"""Two cameras on one road: which reads are of one vehicle, and what slips they show without the truth."""

from functools import cache

import numpy as np
import pytest

from streams.confusions.evidence import CODE
from streams.confusions.model import Model
from streams.confusions.training.camera_pairs.linkage import Meetings, Road, meetings, once
from streams.confusions.training.camera_pairs.unsupervised import Meeting, Unseen, pairs_unseen
from streams.confusions.training.train import LearnError
from streams.plates.fleets import shipped_fleets
from streams.records.read import Read
from tests.support.builders import at, read
from tests.support.confusion_pairs import pairs
from tests.support.two_camera_roads import LEAST_S, MOST_S, Made, road


@cache
def made() -> Made:
    return road(pairs(1200), missed=0.08)


@cache
def met() -> Meetings:
    return meetings(made().road)


def matched() -> list[Meeting]:
    way = made().road
    return [Meeting(way.first[a], way.second[b]) for a, b in met().pairs]


@cache
def unseen() -> Unseen:
    return pairs_unseen(matched(), shipped_fleets())


def seen(
    plate: str, seconds: float, camera: str = "north", country: str | None = "FR", **more: object
) -> Read:
    name = f"{camera}{seconds}"
    return read(plate, country, read_id=name, camera_id=camera, captured_at=at(seconds), **more)


def test_reads_of_one_vehicle_are_found() -> None:
    """Nearly all, nearly none wrong, and no more wrong than is said."""
    way = made()
    both = set(way.first) & set(way.second)
    right = [way.first[a] == way.second[b] for a, b in met().pairs]
    assert sum(right) > 0.95 * len(both)
    assert right.count(False) <= max(2 * met().by_chance, 1)
    assert 50 < met().unlike < len(right)


def test_each_read_is_matched_once_and_in_the_window() -> None:
    way, found = made().road, met().pairs
    for ends in zip(*found, strict=True):
        assert len(set(ends)) == len(ends)
    for a, b in found:
        travel = (way.second[b].captured_at - way.first[a].captured_at).total_seconds()
        assert LEAST_S <= travel <= MOST_S


def test_the_order_of_reads_changes_nothing() -> None:
    way = made().road
    turned = meetings(Road(way.first[::-1], way.second[::-1], LEAST_S, MOST_S))
    last, end = len(way.first) - 1, len(way.second) - 1
    assert sorted((last - a, end - b) for a, b in turned.pairs) == sorted(met().pairs)


def test_the_association_is_learnt() -> None:
    """D at the one is often 0 at the other, both ways alike; E hardly ever F."""
    table = met().association
    there, back = table[CODE["D"], CODE["0"]], table[CODE["0"], CODE["D"]]
    assert min(there, back) > 30
    assert table[CODE["E"], CODE["F"]] <= 1


def test_roads_without_common_vehicles() -> None:
    """Other vehicles at the second camera: hardly a match, and few that differ."""
    way = made().road
    others = road(pairs(1200, seed=9)).road
    found = meetings(Road(way.first, others.second, LEAST_S, MOST_S))
    assert len(found.pairs) < 10


def test_too_short_a_time() -> None:
    one, other = seen("AB123CD", 0), seen("AB123CD", 700, "south")
    with pytest.raises(LearnError, match=r"too short a time.* give those of 2,000 s or more"):
        meetings(Road([one], [other], 600, 1100))
    for way in (Road([], [], 600, 1100), Road([one], [], 600, 1100), Road([one], [one], 600, 1100)):
        assert meetings(way).pairs == []


def test_once() -> None:
    """Of a passage the first read, whichever is right; other vehicles and later passages stay."""
    reads = [
        seen("AB123CD", 2),
        seen("A8123CD", 0),
        seen("A8123C0", 4),
        seen("EF456GH", 3),
        seen("AB123CD", 300),
    ]
    assert [each.plate for each in once(reads)] == ["A8123CD", "EF456GH", "AB123CD"]
    assert once([]) == []


def test_the_direction_of_a_slip() -> None:
    """D is read as 0 by the made-up reader, 0 never as D, and nobody said so."""
    counts: dict[str, float] = {}
    for pair in unseen().pairs:
        for was, true in zip(pair.plate, pair.true, strict=False):
            if was != true and len(pair.plate) == len(pair.true):
                counts[true + was] = counts.get(true + was, 0) + pair.times
    assert counts["D0"] > 50 * counts.get("0D", 0)
    assert counts["8B"] > 5 * counts.get("B8", 0)


def test_true_plates_have_the_weight() -> None:
    way = made()
    rows = {its.read_id: row for its, row in zip(way.road.first, way.first, strict=True)}
    rows |= {its.read_id: row for its, row in zip(way.road.second, way.second, strict=True)}
    truths = pairs(1200)
    total = sum(pair.times for pair in unseen().pairs)
    right = sum(pair.times for pair in unseen().pairs if pair.true == truths[rows[pair.read_id]].true)
    assert total == pytest.approx(2 * unseen().told)
    assert right > 0.98 * total
    assert unseen().turns < 12
    assert {pair.found for pair in unseen().pairs} == {"near"}


def test_models_of_both_cameras() -> None:
    """Both misread alike here; each is learnt by itself."""
    models = unseen().models
    assert sorted(models) == ["north", "south"]
    for model in models.values():
        assert isinstance(model, Model)
        table = np.array(model.commonness)
        assert table[CODE["D"], CODE["0"]] > table[CODE["0"], CODE["D"]] + 2


def weights_of(first: Read, second: Read) -> dict[str, float]:
    return {pair.true: pair.times for pair in pairs_unseen([Meeting(first, second)], shipped_fleets()).pairs}


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
    nowhere = Meeting(seen("AB123CD", 0, country=None), seen("AB123CD", 700, "south", None))
    one = Meeting(seen("AB123CD", 0, country=None), seen("AB123CD", 700, "south"))
    nothing = Meeting(seen("A", 0), seen("A", 700, "south"))
    found = pairs_unseen([nowhere, one, nothing], shipped_fleets())
    assert (found.told, found.no_country, found.no_plate) == (1, 1, 1)
    assert pairs_unseen([], shipped_fleets()).pairs == []
