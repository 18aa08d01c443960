"""Crossings: which sites are passed one after the other, and how far apart they are."""

from streams.simulation.cameras import SimulatedCamera, find_crossings

NEUVILLE = SimulatedCamera("neuville-1", "neuville", "FR", 50.770, 3.155)
REKKEM = SimulatedCamera("rekkem-1", "rekkem", "BE", 50.784, 3.159)
HENSIES = SimulatedCamera("hensies-1", "hensies", "BE", 50.417, 3.690)


def test_a_site_is_paired_with_the_nearest_of_another_country() -> None:
    pair, alone = find_crossings([HENSIES, NEUVILLE, REKKEM])
    assert pair.sides == ((NEUVILLE,), (REKKEM,))
    assert 1.5 < pair.km < 1.7
    assert alone == (((HENSIES,),), 0.0)


def test_sites_of_one_country_are_not_paired() -> None:
    assert [each.sides for each in find_crossings([HENSIES, REKKEM])] == [((HENSIES,),), ((REKKEM,),)]


def test_cameras_of_a_site_are_together_and_a_place_need_not_be_known() -> None:
    one, two = SimulatedCamera("a1", "a", "DE"), SimulatedCamera("a2", "a", "DE")
    (crossing,) = find_crossings([one, REKKEM, two])
    assert crossing.sides == ((one, two), (REKKEM,))
    assert crossing.km == 2.0


def test_no_cameras() -> None:
    assert find_crossings([]) == []
