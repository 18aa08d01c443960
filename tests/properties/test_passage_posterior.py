"""The posterior of a passage for any reads: a function of the set, monotone, and never bold by repetition."""

from math import exp
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from streams.matching.scoring.passage_posterior import PASSAGE_WEIGHTS, passage_posterior
from streams.records.match import MatchResult

_LISTED = "AB123CD"
_TEXTS = (_LISTED, "A8123CD", "AB1Z3CD", "AB123C0", "48123CD")
_ROUNDING = 1e-4

posteriors = st.integers(0, 9_999).map(lambda number: number / 10_000)
reads = st.builds(
    lambda text, posterior: MatchResult("exact" if text == _LISTED else "fuzzy", text, _LISTED, posterior),
    st.sampled_from(_TEXTS),
    posteriors,
)
passages = st.lists(reads, min_size=1, max_size=16)


def combined(passage: list[MatchResult]) -> float:
    posterior = passage_posterior(passage)
    assert posterior is not None
    return posterior


def halved(posterior: float) -> float:
    """Return the posterior after one text has turned out to recur."""
    factor = exp(PASSAGE_WEIGHTS.recurring)
    return posterior / (posterior + factor * (1 - posterior))


@given(reads)
def test_one_read_has_its_own_posterior(read: MatchResult) -> None:
    assert combined([read]) == read.posterior


@given(passages, st.randoms(use_true_random=False))
def test_the_order_does_not_matter(passage: list[MatchResult], random: Random) -> None:
    shuffled = list(passage)
    random.shuffle(shuffled)
    assert combined(shuffled) == combined(passage)


@given(passages, st.data())
def test_a_likelier_read_never_lowers_it(passage: list[MatchResult], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(passage) - 1))
    read = passage[index]
    higher = data.draw(posteriors.filter(lambda posterior: posterior >= (read.posterior or 0)))
    raised = MatchResult(read.class_, read.read_plate, read.listed_plate, higher)
    assert combined([*passage[:index], raised, *passage[index + 1 :]]) >= combined(passage)


@given(passages, reads)
def test_a_read_of_a_new_text_or_of_the_listed_plate_never_lowers_it(
    passage: list[MatchResult], read: MatchResult
) -> None:
    known = {each.read_plate for each in passage}
    if read.class_ == "exact" or read.read_plate not in known:
        assert combined([*passage, read]) >= combined(passage)


@given(passages, reads)
def test_a_further_read_at_most_halves_the_odds(passage: list[MatchResult], read: MatchResult) -> None:
    assert combined([*passage, read]) >= halved(combined(passage)) - _ROUNDING


@given(passages, st.data())
def test_reading_the_same_again_never_raises_it(passage: list[MatchResult], data: st.DataObject) -> None:
    again = data.draw(st.sampled_from(passage))
    assert combined([*passage, again]) <= combined(passage)


@given(passages)
def test_it_is_a_probability_and_never_certain(passage: list[MatchResult]) -> None:
    assert 0.0 <= combined(passage) <= 0.9999
