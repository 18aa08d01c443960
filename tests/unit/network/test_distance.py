"""Great-circle distances between positions."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.network.config import SiteConfig
from streams.network.distance import km_between

positions = st.builds(SiteConfig, lat=st.floats(-90, 90), lon=st.floats(-180, 180))


def test_known_distances() -> None:
    paris, lille = SiteConfig(lat=48.8809, lon=2.3553), SiteConfig(lat=50.6395, lon=3.0756)
    assert km_between(paris, lille) == pytest.approx(202, abs=1)
    assert km_between(SiteConfig(lat=0, lon=0), SiteConfig(lat=0, lon=1)) == pytest.approx(111.2, abs=0.1)
    assert km_between(SiteConfig(lat=10, lon=179.5), SiteConfig(lat=10, lon=-179.5)) == pytest.approx(
        109.5, abs=0.1
    )


def test_the_distance_to_an_unknown_position_is_infinite() -> None:
    assert (
        km_between(SiteConfig(lat=50, lon=3), SiteConfig(lat=50))
        == inf
        == km_between(SiteConfig(lon=3), SiteConfig(lat=50, lon=3))
    )


@given(positions, positions, positions)
def test_the_distance_is_symmetric_and_obeys_the_triangle_inequality(
    start: SiteConfig, end: SiteConfig, via: SiteConfig
) -> None:
    km = km_between(start, end)
    assert km == pytest.approx(km_between(end, start), abs=1e-6)
    assert 0 <= km <= km_between(start, via) + km_between(via, end) + 1e-3
    assert km_between(start, start) == pytest.approx(0, abs=1e-6)
