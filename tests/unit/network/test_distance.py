"""How far apart two places are."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.network.config import SiteConfig
from streams.network.distance import km_between

places = st.builds(SiteConfig, lat=st.floats(-90, 90), lon=st.floats(-180, 180))


def test_known_distances() -> None:
    paris, lille = SiteConfig(lat=48.8809, lon=2.3553), SiteConfig(lat=50.6395, lon=3.0756)
    assert km_between(paris, lille) == pytest.approx(202, abs=1)
    assert km_between(SiteConfig(lat=0, lon=0), SiteConfig(lat=0, lon=1)) == pytest.approx(111.2, abs=0.1)
    assert km_between(SiteConfig(lat=10, lon=179.5), SiteConfig(lat=10, lon=-179.5)) == pytest.approx(
        109.5, abs=0.1
    )


def test_a_place_that_is_not_known_is_infinitely_far() -> None:
    assert (
        km_between(SiteConfig(lat=50, lon=3), SiteConfig(lat=50))
        == inf
        == km_between(SiteConfig(lon=3), SiteConfig(lat=50, lon=3))
    )


@given(places, places, places)
def test_it_is_the_same_there_and_back_and_no_longer_than_by_a_third_place(
    one: SiteConfig, other: SiteConfig, third: SiteConfig
) -> None:
    km = km_between(one, other)
    assert km == pytest.approx(km_between(other, one), abs=1e-6)
    assert 0 <= km <= km_between(one, third) + km_between(third, other) + 1e-3
    assert km_between(one, one) == pytest.approx(0, abs=1e-6)
