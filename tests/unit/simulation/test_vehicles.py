"""Plates, homes and appearance of simulated vehicles."""

import numpy as np
import pytest

from streams.plates.fleets import Fleet, Fleets, Series, builtin_fleets
from streams.plates.formats import builtin_formats
from streams.simulation.appearance import builtin_appearance, sample_appearance, sample_observed
from streams.simulation.roads import builtin_roads
from streams.simulation.vehicles import Texts, sample_plates, sample_vehicles

NAMES = list(builtin_roads().traffic)


def texts(found: Texts) -> list[str]:
    return [bytes(row).rstrip(b"\0").decode() for row in found]


@pytest.mark.parametrize("country", NAMES)
def test_plates_are_possible_and_all_different(country: str) -> None:
    found = texts(sample_plates(np.random.default_rng(3), 400, country, builtin_fleets()))
    assert len(set(found)) == 400
    assert all(builtin_formats().is_possible_as_read(plate, country) for plate in found)


def test_plate_formats_have_the_shares_of_the_fleet() -> None:
    found = texts(sample_plates(np.random.default_rng(4), 4000, "BE", builtin_fleets()))
    now = sum(len(plate) == 7 and plate[0] in "12" for plate in found)
    # 0.90 by the fleets.
    assert 0.88 < now / 4000 < 0.92


def test_asking_for_more_plates_than_a_fleet_has_is_an_error() -> None:
    series = Series("FR-SIV", 1.0, "made up", ["AB 12[34] CD"])
    few = Fleets([Fleet("FR", 2, "made up", [series])], builtin_formats())
    assert sorted(texts(sample_plates(np.random.default_rng(1), 2, "FR", few))) == ["AB123CD", "AB124CD"]
    with pytest.raises(ValueError, match="FR has too few plates for 3 vehicles"):
        sample_plates(np.random.default_rng(1), 3, "FR", few)


def test_countries_and_homes_have_the_shares_of_the_traffic() -> None:
    roads = builtin_roads()
    made = sample_vehicles(np.random.default_rng(1), 20_000, roads, builtin_fleets(), builtin_appearance())
    shares = np.bincount(made.country, minlength=len(NAMES)) / 20_000
    np.testing.assert_allclose(shares, list(roads.traffic.values()), atol=0.015)
    for index, name in enumerate(NAMES):
        homes = set(made.home[made.country == index].tolist())
        assert homes == {number for number, site in enumerate(roads.sites) if name in site.homes}


def test_makes_depend_on_the_country_and_lorries_have_their_own() -> None:
    table, rng = builtin_appearance(), np.random.default_rng(2)
    country = np.repeat(np.arange(2, dtype=np.uint8), 20_000)
    found = sample_appearance(rng, table, country, ["FR", "BE"])
    lorry = np.isin(found.type, [table.type_names.index(name) for name in ("lorry", "bus")])
    assert 0.09 < lorry.mean() < 0.13
    renault, daf = (found.make == table.make_names.index(name) for name in ("RENAULT", "DAF"))
    assert renault[(country == 0) & ~lorry].mean() > 2 * renault[(country == 1) & ~lorry].mean()
    assert daf[lorry].mean() > 0.15 and not daf[~lorry].any()


@pytest.mark.parametrize("wrong", [0.0, 0.2, 1.0])
def test_the_share_of_wrong_observations_is_the_rate(wrong: float) -> None:
    true = np.repeat(np.arange(3, dtype=np.uint8), 3000)
    seen = sample_observed(np.random.default_rng(5), true, [0.7, 0.2, 0.1], wrong)
    assert abs((seen != true).mean() - wrong) < 0.02
    assert seen.max() < 3
