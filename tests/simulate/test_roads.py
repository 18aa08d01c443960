"""Roads: the shortest ways between the sites of the shipped network."""

from itertools import pairwise

import msgspec
import numpy as np
import pytest

from streams.simulate.world.roads import DIRECTIONS, Road, cameras_of, shipped_roads, ways_of

ROADS = shipped_roads()
WAYS = ways_of(ROADS)
COUNT = len(ROADS.site)


def test_each_site_can_be_reached_from_each_and_as_far_back() -> None:
    assert np.isfinite(WAYS.length).all()
    np.testing.assert_allclose(WAYS.length, WAYS.length.T)
    through = WAYS.length[:, :, None] + WAYS.length[None]
    assert (WAYS.length[:, None, :] <= through + 1e-9).all()


def test_ways_go_along_the_roads() -> None:
    number = {site.id: place for place, site in enumerate(ROADS.site)}
    linked = {
        frozenset(number[site] for site in pair) for road in ROADS.road for pair in pairwise(road.sites)
    }
    for row, (sites, km) in enumerate(zip(WAYS.sites, WAYS.km, strict=True)):
        passed = sites[sites >= 0].tolist()
        assert (passed[0], passed[-1]) == divmod(row, COUNT)
        assert all(frozenset(pair) in linked for pair in pairwise(passed))
        assert (np.diff(km[: len(passed)]) > 0).all()
        assert km[len(passed) - 1] == pytest.approx(WAYS.length[divmod(row, COUNT)])


def test_there_and_back_are_different_carriageways() -> None:
    there = WAYS.direction[WAYS.sites[:, 0] * COUNT + 1]
    assert there.max() < len(DIRECTIONS)
    for one in range(COUNT):
        for other in range(COUNT):
            way, back = WAYS.sites[one * COUNT + other], WAYS.sites[other * COUNT + one]
            if (way >= 0).sum() == 2 and (back >= 0).sum() == 2:
                assert WAYS.direction[one * COUNT + other, 0] != WAYS.direction[other * COUNT + one, 0]


def test_cameras_have_names_of_their_own_and_stand_on_both_sides_of_the_border() -> None:
    cameras = cameras_of(ROADS)
    assert len({camera.camera_id for camera in cameras}) == len(cameras)
    assert len(cameras) == sum(site.cameras for site in ROADS.site) * len(DIRECTIONS)
    assert {camera.country for camera in cameras} == {"FR", "BE"}


def test_a_road_to_nowhere() -> None:
    roads = msgspec.structs.replace(ROADS, road=[Road("A1", ["lille", "paris"])])
    with pytest.raises(ValueError, match="road A1: no site paris"):
        ways_of(roads)
