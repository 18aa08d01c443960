"""The posterior for reads of any kind: never higher than the evidence allows."""

from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.matching.config import ListConfig, MatchingRules
from streams.matching.matcher import Matcher
from streams.matching.scoring.posterior import Score
from streams.matching.scoring.scorer import ReadScorer
from streams.plates.normal_form import fold_umlauts, normalise
from streams.records.match import MatchResult
from streams.records.read import CharAlternative, PlateCandidate, Read
from tests.properties.test_fuzzy import changed
from tests.support.builders import a_read, an_alert

_PLATES = ("AB-123-CD", "1-ABC-123", "ABC-123", "B-MÜ\n1234", "12-GB-DF", "1234 AB 59", "B1", "7", "WAG 1")
_CHARS = ["", *"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZaboÄ"]
shares = st.sampled_from([0.0, 1e-300, 1e-5, 0.02, 0.3, 0.5, 0.9, 0.999, 1.0]) | st.floats(0, 1)
countries = st.sampled_from([None, "FR", "BE", "DE", "NL", "LU", "IE", "XK"])


@lru_cache(maxsize=1)
def matcher() -> Matcher:
    return Matcher(MatchingRules({"sis": ListConfig(mode="fuzzy", min_posterior=0.0)}))


@dataclass
class Pair:
    """A read, and the plate with which it is compared."""

    read: Read
    listed: str
    country: str | None

    def score(self, read: Read | None = None, appearance: float = 1.0) -> Score | None:
        """Score the read, or another one, with an appearance factor."""
        scorer = ReadScorer(
            read or self.read, matcher().scorer.posterior_model("c1"), matcher().scorer.appearance
        )
        listed = fold_umlauts(normalise(self.listed))
        return scorer.posterior_model.score(
            scorer.evidence, listed, scorer.competing_plates(self.country), appearance
        )

    def match(self, read: Read | None = None) -> object:
        """Match the read, or another one, with the alert."""
        return matcher().match(read or self.read, an_alert(self.listed, self.country), with_reasons=True)


def _short(text: str) -> str:
    return text if len(normalise(text)) <= 12 else "7"


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    """Draw a read with or without confidences, alternatives and candidates, in any combination.

    Its text and the listed plate derive from one plate, with up to two changes each.
    """
    plate = draw(st.sampled_from(_PLATES))
    listed, text = _short(draw(changed(plate))), _short(draw(changed(plate)))
    count = len(normalise(text))
    fields: dict[str, Any] = {}
    if draw(st.booleans()):
        fields["confidence"] = draw(shares)
    if draw(st.booleans()):
        fields["char_confidences"] = draw(st.lists(shares, min_size=count, max_size=count))
    if draw(st.booleans()):
        char = st.builds(CharAlternative, st.sampled_from(_CHARS), st.none() | shares)
        fields["char_alternatives"] = draw(
            st.lists(st.lists(char, max_size=4) | st.just([]), min_size=count, max_size=count)
        )
    if draw(st.booleans()):
        texts = st.sampled_from([text, listed, "Ж", "  "]) | changed(plate)
        candidate = st.builds(PlateCandidate, texts, st.none() | shares)
        fields["candidates"] = draw(st.lists(candidate, max_size=6))
    return Pair(a_read(text, draw(countries), **fields), listed, draw(countries))


@given(pairs(), st.floats(0.02, 50))
def test_the_posterior_is_a_probability_and_the_plate_as_read_always_competes(
    pair: Pair, appearance: float
) -> None:
    score = pair.score(appearance=appearance)
    if score is None:
        return
    assert all(map(isfinite, score[:5]))
    assert 0 <= score.posterior <= 1
    if fold_umlauts(normalise(pair.read.plate)) != fold_umlauts(normalise(pair.listed)):
        assert score.others_weight >= score.as_read_weight


@given(pairs(), st.randoms(use_true_random=False))
def test_order_and_repetition_of_alternatives_do_not_matter(pair: Pair, rng: Any) -> None:
    """Neither does it matter if the character read is among the alternatives for its position."""
    read = pair.read

    def mixed(entries: list[Any], *more: Any) -> list[Any]:
        repeated = [*entries, *more, *(entry for entry in entries if getattr(entry, "char", "x"))]
        return rng.sample(repeated, len(repeated))

    fields: dict[str, Any] = {}
    if read.candidates:
        fields["candidates"] = mixed(read.candidates)
    if read.char_alternatives:
        fields["char_alternatives"] = [
            mixed(alternatives, *([CharAlternative(char, 0.4)] if alternatives else []))
            for char, alternatives in zip(
                fold_umlauts(normalise(read.plate)), read.char_alternatives, strict=True
            )
        ]
    first, second = pair.match(), pair.match(replace(read, **fields))
    if isinstance(first, MatchResult) and isinstance(second, MatchResult):
        # Sums in another order differ in their last digits.
        assert abs((first.posterior or 0) - (second.posterior or 0)) <= 1e-4
        assert first.edits == second.edits
    else:
        assert first == second


@st.composite
def misreads(draw: st.DrawFn) -> tuple[Pair, int]:
    """Draw a read with one to three characters of the listed plate substituted, and the index of one."""
    listed = fold_umlauts(normalise(draw(st.sampled_from([plate for plate in _PLATES if len(plate) > 3]))))
    indexes = draw(st.lists(st.integers(0, len(listed) - 1), min_size=1, max_size=3, unique=True))
    chars = list(listed)
    for index in indexes:
        chars[index] = draw(
            st.sampled_from([char for char in "0123456789ABCDEFGKOQX" if char != chars[index]])
        )
    count = len(chars)
    confidence = st.sampled_from([0.5, 0.9, 0.99, 0.999]) | st.floats(0.3, 1)
    fields: dict[str, Any] = {"char_confidences": draw(st.lists(confidence, min_size=count, max_size=count))}
    if draw(st.booleans()):
        char = st.builds(CharAlternative, st.sampled_from(_CHARS), st.floats(0, 0.05))
        alternatives = st.lists(char, max_size=3)
        fields["char_alternatives"] = draw(st.lists(alternatives, min_size=count, max_size=count))
    return Pair(a_read("".join(chars), draw(countries), **fields), listed, draw(countries)), indexes[0]


@given(misreads(), st.floats(0.3, 0.8), st.floats(0, 1))
def test_more_confidence_in_a_differing_character_lowers_the_posterior(
    misread: tuple[Pair, int], low: float, part: float
) -> None:
    """In all countries, with no country or another one read, and with alternatives for the character.

    This holds where the plate as read may exist. Otherwise all other explanations include a misread of the
    character too, and the model decides which of them falls fastest.
    """
    pair, index = misread
    score = pair.score()
    if score is None or score.as_read_weight < 0.001:
        return
    confidences = pair.read.char_confidences
    assert confidences is not None
    alternatives = pair.read.char_alternatives
    left = 1 - low
    if alternatives:
        left -= sum(alternative.confidence or 0.0 for alternative in alternatives[index])

    def posterior_at(confidence: float) -> float:
        changed_confidences = [*confidences[:index], confidence, *confidences[index + 1 :]]
        score = pair.score(replace(pair.read, char_confidences=changed_confidences))
        return score.posterior if score is not None else 0.0

    assert posterior_at(low + part * left) <= posterior_at(low) + 1e-9


@given(pairs(), st.floats(0.02, 1))
def test_a_contradicting_appearance_lowers_the_posterior(pair: Pair, appearance: float) -> None:
    plain, contradicted = pair.score(), pair.score(appearance=appearance)
    assert (plain is None) == (contradicted is None)
    if plain is not None and contradicted is not None:
        assert contradicted.posterior <= plain.posterior


@given(pairs())
def test_the_reasons_agree_with_the_posterior(pair: Pair) -> None:
    result = pair.match()
    if not isinstance(result, MatchResult) or result.posterior is None or not result.reasons:
        return
    is_same = normalise(pair.read.plate) == normalise(pair.listed)
    assert any("character for character" in reason for reason in result.reasons) == is_same
    if result.class_ in ("exact", "fuzzy"):
        assert bool(result.edits) == (not is_same), "the differences are listed"
    others = [
        float(reason.removeprefix("a chance of ").removeprefix("more than ").split(" ")[0]) / 100
        for reason in result.reasons
        if reason.startswith("a chance of")
    ]
    assert sum(others) <= 1 - result.posterior + 0.02
    assert sum(others) >= 1 - result.posterior - 0.06, "the reasons explain why it is not higher"
