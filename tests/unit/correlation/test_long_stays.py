"""What is retained of a vehicle that stands before a camera does not grow with its reads."""

from tests.support.correlator_scene import CorrelatorScene


def test_a_vehicle_that_stands_has_one_hit_however_often_it_is_read() -> None:
    scene = CorrelatorScene()
    revisions = [scene.read(f"r{number}", number) for number in range(500)]
    assert [revision for revision in revisions if revision] == [["new r0"]]


def test_a_better_read_late_in_a_long_stay_amends_its_hit() -> None:
    scene = CorrelatorScene()
    for number in range(100):
        scene.read(f"r{number}", number)
    assert scene.read("best", 100, confidence=0.99) == ["amended best"]
    assert len({hit.hit_id for hit in scene.hits}) == 1


def test_a_read_before_a_long_stay_takes_over_its_hit() -> None:
    scene = CorrelatorScene()
    for number in range(100):
        scene.read(f"r{number}", 100 + number)
    assert scene.read("earlier", 50) == ["new earlier", "withdrawn r0: superseded"]
