"""Parts of a hit in words."""

import pytest
from msgspec.structs import replace

from streams.cli.common.hit_text import describe_likelihood, describe_match, describe_vehicle
from streams.records.read import Vehicle
from tests.support.builders import EXAMPLE_HIT


@pytest.mark.parametrize(
    ("posterior", "text"),
    [
        (1.0, "almost certain, 1.00"),
        (0.9999, "almost certain, 0.99"),
        (0.9899, "very likely, 0.98"),
        (0.9, "very likely, 0.90"),
        (0.89, "likely, 0.89"),
        (0.7, "likely, 0.70"),
        (0.4, "possible, 0.40"),
        (0.3999, "unlikely, 0.39"),
        (0.0, "unlikely, 0.00"),
        (None, "not computed"),
    ],
)
def test_a_likelihood_is_a_word_and_a_number_rounded_down(posterior: float | None, text: str) -> None:
    assert describe_likelihood(posterior) == text


def test_a_match_without_a_posterior_is_its_class() -> None:
    assert describe_match(replace(EXAMPLE_HIT.match, class_="pattern", posterior=None)) == "pattern"


def test_a_vehicle_is_described_as_listed_and_as_seen() -> None:
    listed, seen = Vehicle(make="PEUGEOT", model="308", colour="grey"), Vehicle(colour="blue", type="van")
    assert describe_vehicle(listed, seen) == "PEUGEOT 308, grey; seen: blue, van"
    assert describe_vehicle(listed, listed) == "PEUGEOT 308, grey; seen: the same"
    assert describe_vehicle(listed, None) == "PEUGEOT 308, grey"
    assert describe_vehicle(None, seen) == "not described in the alert; seen: blue, van"
    assert describe_vehicle(None, Vehicle()) == "not described"
