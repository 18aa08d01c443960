"""The posterior of a passage: what reads of one vehicle say together."""

import pytest

from streams.matching.scoring.passage_posterior import passage_posterior
from streams.records.match import MatchResult
from streams.records.types import MatchClass

LISTED = "AB123CD"


def read(text: str, posterior: float | None) -> MatchResult:
    """Return the match of a read with the listed plate."""
    class_: MatchClass = "exact" if text == LISTED else "fuzzy"
    return MatchResult(class_, text, LISTED, posterior)


@pytest.mark.parametrize("posterior", [0.0, 0.0001, 0.3, 0.873, 0.9999])
@pytest.mark.parametrize("text", [LISTED, "A8123CD"])
def test_one_read_has_its_own_posterior(text: str, posterior: float) -> None:
    assert passage_posterior([read(text, posterior)]) == posterior


def test_two_different_misreads_say_more_than_each() -> None:
    assert passage_posterior([read("A8123CD", 0.8), read("AB123C0", 0.7)]) == 0.8907


def test_a_further_text_of_no_weight_changes_nothing() -> None:
    assert passage_posterior([read("A8123CD", 0.8), read("AB123C0", 0.1)]) == 0.8


def test_the_listed_plate_read_again_changes_nothing() -> None:
    assert passage_posterior([read(LISTED, 0.8)] * 5) == 0.8


def test_a_misread_that_recurs_is_more_likely_the_plate_of_another_vehicle() -> None:
    once, twice, often = (passage_posterior([read("A8123CD", 0.8)] * count) for count in (1, 2, 9))
    assert (once, twice, often) == (0.8, 0.6651, 0.6651)


def test_the_best_of_equal_texts_counts() -> None:
    assert passage_posterior([read(LISTED, 0.4), read(LISTED, 0.9), read(LISTED, 0.6)]) == 0.9


def test_an_unlikely_exact_read_does_not_hide_a_likely_misread() -> None:
    assert passage_posterior([read(LISTED, 0.01), read("A8123CD", 0.98)]) == 0.98


def test_no_passage_is_more_certain_than_any_read_can_be() -> None:
    assert passage_posterior([read(f"{number}B123CD", 0.9999) for number in range(9)]) == 0.9999


def test_reads_without_a_posterior_count_for_nothing() -> None:
    pattern = MatchResult("pattern", "AB123CD", "AB1*")
    assert passage_posterior([]) is None
    assert passage_posterior([pattern, pattern]) is None
    assert passage_posterior([pattern, read(LISTED, 0.7)]) == 0.7
