"""The posterior for reads of all kinds, however strange: never more than the evidence gives."""

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
def judge() -> Matcher:
    return Matcher(MatchingRules({"sis": ListConfig(mode="fuzzy", min_posterior=0.0)}))


@dataclass
class Pair:
    """A read, and a plate it is held against."""

    read: Read
    listed: str
    country: str | None

    def weighed(self, given: Read | None = None, looks: float = 1.0) -> Score | None:
        sight = ReadScorer(
            given or self.read, judge().scorer.posterior_model("c1"), judge().scorer.appearance
        )
        listed = fold_umlauts(normalise(self.listed))
        return sight.posterior_model.score(
            sight.evidence, listed, sight.competing_plates(self.country), looks
        )

    def said(self, given: Read | None = None) -> object:
        return judge().match(given or self.read, an_alert(self.listed, self.country), with_reasons=True)


def _short(text: str) -> str:
    return text if len(normalise(text)) <= 12 else "7"


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    """A read with nothing but its text, or with confidences, characters and texts named, in any combination.

    It and the plate listed come of one plate, each with up to two changes."""
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
        named = st.builds(PlateCandidate, texts, st.none() | shares)
        fields["candidates"] = draw(st.lists(named, max_size=6))
    return Pair(a_read(text, draw(countries), **fields), listed, draw(countries))


@given(pairs(), st.floats(0.02, 50))
def test_it_is_a_probability_and_the_plate_as_read_is_always_a_rival(pair: Pair, looks: float) -> None:
    found = pair.weighed(looks=looks)
    if found is None:
        return
    assert all(map(isfinite, found[:5]))
    assert 0 <= found.posterior <= 1
    if fold_umlauts(normalise(pair.read.plate)) != fold_umlauts(normalise(pair.listed)):
        assert found.others_weight >= found.as_read_weight


@given(pairs(), st.randoms(use_true_random=False))
def test_neither_the_order_nor_repetition_of_what_is_named_matters(pair: Pair, rng: Any) -> None:
    """Nor that the recogniser names the character read among the others for its place."""
    came = pair.read

    def mixed(named: list[Any], *more: Any) -> list[Any]:
        again = [*named, *more, *(each for each in named if getattr(each, "char", "x"))]
        return rng.sample(again, len(again))

    fields: dict[str, Any] = {}
    if came.candidates:
        fields["candidates"] = mixed(came.candidates)
    if came.char_alternatives:
        fields["char_alternatives"] = [
            mixed(place, *([CharAlternative(char, 0.4)] if place else []))
            for char, place in zip(fold_umlauts(normalise(came.plate)), came.char_alternatives, strict=True)
        ]
    one, other = pair.said(), pair.said(replace(came, **fields))
    if isinstance(one, MatchResult) and isinstance(other, MatchResult):
        # Sums in another order differ in their last digits.
        assert abs((one.posterior or 0) - (other.posterior or 0)) <= 1e-4
        assert one.edits == other.edits
    else:
        assert one == other


@st.composite
def slipped(draw: st.DrawFn) -> tuple[Pair, int]:
    """A read in which one to three characters of a listed plate are others, and the place of one of them."""
    listed = fold_umlauts(normalise(draw(st.sampled_from([each for each in _PLATES if len(each) > 3]))))
    places = draw(st.lists(st.integers(0, len(listed) - 1), min_size=1, max_size=3, unique=True))
    chars = list(listed)
    for place in places:
        chars[place] = draw(
            st.sampled_from([char for char in "0123456789ABCDEFGKOQX" if char != chars[place]])
        )
    count = len(chars)
    sure = st.sampled_from([0.5, 0.9, 0.99, 0.999]) | st.floats(0.3, 1)
    fields: dict[str, Any] = {"char_confidences": draw(st.lists(sure, min_size=count, max_size=count))}
    if draw(st.booleans()):
        char = st.builds(CharAlternative, st.sampled_from(_CHARS), st.floats(0, 0.05))
        named = st.lists(char, max_size=3)
        fields["char_alternatives"] = draw(st.lists(named, min_size=count, max_size=count))
    return Pair(a_read("".join(chars), draw(countries), **fields), listed, draw(countries)), places[0]


@given(slipped(), st.floats(0.3, 0.8), st.floats(0, 1))
def test_more_confidence_in_a_differing_character_lowers_it(
    found: tuple[Pair, int], low: float, part: float
) -> None:
    """In all countries, also where none or another was read, and with other characters named.

    That is, where there may be such a plate as was read. Else all other explanations need the character
    misread too, and which of them falls fastest is for the model to say.
    """
    pair, place = found
    weighed = pair.weighed()
    if weighed is None or weighed.as_read_weight < 0.001:
        return
    given_ = pair.read.char_confidences
    assert given_ is not None
    named = pair.read.char_alternatives
    left = 1 - low - sum(each.confidence or 0.0 for each in named[place]) if named else 1 - low

    def at(share: float) -> float:
        shares = [*given_[:place], share, *given_[place + 1 :]]
        weighed = pair.weighed(replace(pair.read, char_confidences=shares))
        return weighed.posterior if weighed is not None else 0.0

    assert at(low + part * left) <= at(low) + 1e-9


@given(pairs(), st.floats(0.02, 1))
def test_looks_that_speak_against_it_lower_it(pair: Pair, looks: float) -> None:
    plain, against = pair.weighed(), pair.weighed(looks=looks)
    assert (plain is None) == (against is None)
    if plain is not None and against is not None:
        assert against.posterior <= plain.posterior


@given(pairs())
def test_what_is_told_is_in_accord_with_it(pair: Pair) -> None:
    said = pair.said()
    if not isinstance(said, MatchResult) or said.posterior is None or not said.reasons:
        return
    same = normalise(pair.read.plate) == normalise(pair.listed)
    assert any("character for character" in each for each in said.reasons) == same
    if said.class_ in ("exact", "fuzzy"):
        assert bool(said.edits) == (not same), "where the two differ is said"
    others = [
        float(each.removeprefix("a chance of ").removeprefix("more than ").split(" ")[0]) / 100
        for each in said.reasons
        if each.startswith("a chance of")
    ]
    assert sum(others) <= 1 - said.posterior + 0.02
    assert sum(others) >= 1 - said.posterior - 0.06, "why it is no higher is said"
