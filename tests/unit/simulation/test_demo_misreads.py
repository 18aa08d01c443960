"""Plates as they are on the road, and as they are read wrong."""

from collections import Counter
from random import Random

import pytest

from streams.plates.confusables import BUILTIN_CLASSES
from streams.plates.formats import builtin_formats
from streams.plates.normal_form import normalise
from streams.simulation.demo_misreads import SLIPS, misread
from streams.simulation.demo_plates import plate


@pytest.mark.parametrize("seed", range(3))
def test_plates_are_possible_in_their_countries_and_of_a_mix(seed: int) -> None:
    rng = Random(seed)
    plates = [plate(rng) for _ in range(1000)]
    assert all(builtin_formats().is_possible_as_read(each.normal, each.country) for each in plates)
    assert len(set(plates)) == 1000
    shares = Counter(each.country for each in plates)
    assert shares.keys() == {"FR", "BE", "NL", "DE", "LU", "GB"}
    assert 360 < shares["FR"] < 480 and 320 < shares["BE"] < 440


@pytest.mark.parametrize("text", ["AB123CD", "2DQG068", "DÜWAB12", "1111111", "ÄÖ"])
def test_a_misread_is_another_text_that_can_be_a_plate(text: str) -> None:
    rng = Random(text)
    for _ in range(200):
        found = misread(text, rng)
        assert found != text
        assert normalise(found) == found
        if len(found) == len(text):
            unlike = [(one, other) for one, other in zip(text, found, strict=True) if one != other]
            assert 1 <= len(unlike) <= 2
        else:
            assert any(text[:place] + text[place + 1 :] == found for place in range(len(text)))


def test_slips_are_those_of_readers_mostly_within_a_confusable_class() -> None:
    rng = Random(5)
    slips: Counter[str] = Counter()
    for _ in range(4000):
        text = plate(rng).normal
        found = misread(text, rng)
        if len(found) == len(text):
            slips.update(one + other for one, other in zip(text, found, strict=True) if one != other)
    # A second slip may come upon the first.
    assert sum(count for slip, count in slips.items() if slip in SLIPS) > 0.98 * slips.total()
    alike = sum(count for slip, count in slips.items() if slip[1] in BUILTIN_CLASSES.class_for(slip[0]))
    assert 0.3 < alike / slips.total() < 0.8
    assert slips["D0"] > slips["0D"]
