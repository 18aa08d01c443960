"""Fleets: how densely series are used."""

import pytest

from streams.plates.fleets import DEFAULT_FLEET_SIZE, Fleets, builtin_fleets
from streams.plates.formats import builtin_formats

FLEETS = builtin_fleets()


@pytest.mark.parametrize("country", list(FLEETS.rows))
def test_shares_add_up_and_densities_are_probabilities(country: str) -> None:
    blocks = [block for length in range(1, 13) for block in FLEETS.blocks(country, length)]
    assert sum(block.share for block in blocks) == pytest.approx(1, abs=1e-6)
    assert all(0 <= block.density <= 1 for block in blocks)


@pytest.mark.parametrize(
    ("plate", "country", "low", "high"),
    [
        ("AB123CD", "FR", 0.3, 0.6),  # nearly half of the numbers issued so far are on the road
        ("ZB123CD", "FR", 0, 1e-6),  # not issued yet
        ("1234AB59", "FR", 1e-4, 0.01),  # an old and sparse series
        ("1ABC123", "BE", 0.2, 0.6),
        ("3ABC123", "BE", 0, 0.01),
        ("12345", "LU", 0.5, 1),
        ("AB123CD", "XK", 0, 0),
    ],
)
def test_the_density_of_a_series_is_realistic(plate: str, country: str, low: float, high: float) -> None:
    assert low <= FLEETS.density(plate, country) <= high


def test_an_unknown_country_has_the_default_fleet() -> None:
    assert FLEETS.vehicle_count("FR") > 40_000_000
    assert FLEETS.vehicle_count("XK") == DEFAULT_FLEET_SIZE


def test_a_wrong_row_of_the_file_raises() -> None:
    france = FLEETS.rows["FR"]
    series = france.series[0]
    rows = [type(series)("FR-NONE", 0.1, ""), series]
    with pytest.raises(ValueError, match=r"FR: unknown format FR-NONE"):
        Fleets([type(france)("FR", 1000, "", rows)], builtin_formats())
    with pytest.raises(ValueError, match="at most 1"):
        Fleets([type(france)("FR", 1000, "", [series, series])], builtin_formats())
