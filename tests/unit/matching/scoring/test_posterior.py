"""The posterior: all competing plates included, and never higher than the evidence supports."""

from functools import lru_cache
from itertools import product
from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.confusions.evidence import build_evidence
from streams.confusions.model import builtin_models
from streams.confusions.training.hypotheses import plate_hypotheses
from streams.matching.scoring.competing_plates import Populations
from streams.matching.scoring.posterior import PosteriorModel, Score
from streams.plates.fleets import builtin_fleets
from streams.records.read import CharAlternative, PlateCandidate
from tests.support.builders import a_read


@lru_cache(maxsize=1)
def posterior_model() -> PosteriorModel:
    return PosteriorModel(builtin_models().general, builtin_fleets())


def score(text: str, listed: str, country: str = "FR", **fields: object) -> Score | None:
    evidence = build_evidence(a_read(text, country, **fields))
    return posterior_model().score(evidence, listed, posterior_model().competing_plates(evidence, country))


def posterior(text: str, listed: str, country: str = "FR", **fields: object) -> float:
    result = score(text, listed, country, **fields)
    return result.posterior if result else 0.0


def confidences(*shares: float) -> dict[str, object]:
    return {"char_confidences": list(shares)}


def test_a_plate_read_as_listed_is_almost_certainly_it() -> None:
    assert posterior("AB-123-CD", "AB123CD", **confidences(*[0.999] * 7)) > 0.99


def test_a_plate_of_a_sparse_series_read_as_listed_too() -> None:
    """The listed plate does not compete with itself, however few plates of its series exist."""
    assert posterior("1234 AB 59", "1234AB59", **confidences(*[0.999] * 8)) > 0.99


def test_another_plate_read_with_confidence_is_not_it() -> None:
    assert posterior("AB-123-CE", "AB123CD", **confidences(*[0.999] * 7)) < 0.001


def test_a_misread_that_the_format_reveals() -> None:
    """No French plate has an 8 at that position; with a B there is one."""
    revealed = posterior("A8-123-CD", "AB123CD", **confidences(0.99, 0.7, *[0.99] * 5))
    possible = posterior("AB-128-CD", "AB123CD", **confidences(*[0.99] * 5, 0.7, 0.99))
    assert revealed > 0.5 > possible


@pytest.mark.parametrize(
    ("text", "listed", "country", "exists"),
    [
        ("B123CD", "AB123CD", "FR", False),
        ("AB123C", "AB123CD", "FR", True),
        ("ABC123", "1ABC123", "BE", True),
        ("1ABC12", "1ABC123", "BE", False),
    ],
)
def test_a_lost_first_or_last_character(text: str, listed: str, country: str, exists: bool) -> None:
    """Scored lower than the whole plate; lower still if the shorter plate exists.

    AB123C is the plate of a French moped, ABC123 an older Belgian plate.
    """
    partial = score(text, listed, country, confidence=0.95)
    assert partial is not None
    assert 0 < partial.posterior < posterior(listed, listed, country, confidence=0.95)
    assert len(partial.character_errors) == 1
    assert (partial.as_read_weight > 0) == exists


def test_the_closed_form_equals_the_sum_over_single_plates() -> None:
    """All plates of Luxembourg with four characters; most of the sum is in those one misread away."""
    named: list[list[CharAlternative]] = [[], [CharAlternative("7", 0.2)], [], [CharAlternative("8", 0.1)]]
    evidence = build_evidence(
        a_read("71B3", "LU", **confidences(0.9, 0.7, 0.8, 0.85), char_alternatives=named)
    )
    model, fleets = builtin_models().general, builtin_fleets()
    plates = {"".join(chars) for block in fleets.blocks("LU", 4) for chars in product(*block.allowed)}
    summed = 0.0
    for plate in plates:
        result = model.log_likelihood(evidence, plate)
        if result is not None:
            summed += fleets.density(plate, "LU") * exp(result[0])
    lost = [plate for plate in plate_hypotheses(evidence, "LU", fleets, model.frequencies) if len(plate) != 4]
    for plate in lost:
        result = model.log_likelihood(evidence, plate)
        if result is not None and len(result[1].misreads) == 1:
            summed += fleets.density(plate, "LU") * exp(result[0])
    assert posterior_model().competing_plates(evidence, "LU").near_weight == pytest.approx(summed, rel=0.01)


def test_a_text_named_with_almost_no_probability_gives_no_infinite_ratio() -> None:
    named = [PlateCandidate("AB12CD", 5e-324), PlateCandidate("AB123CD", 0.9)]
    assert posterior("AB12CD", "AB123CD", **confidences(*[0.9] * 6), candidates=named) <= 1


@pytest.mark.parametrize(
    ("text", "read_as", "listed", "country", "shares"),
    [
        # The formats of the country read are unknown: the sum has no longer or shorter plates.
        ("1230TY10", "XK", "1230Y10", "FR", (0.7, 0.9, 0.5, 0.95, 1e-5, 0.999, 1.0, 0.9)),
        # A character added and another misread: the sum does not have such plates either.
        ("B43", "DE", "41", "LU", (1e-5, 0.999, 0.0)),
    ],
)
def test_what_the_sum_does_not_include_is_not_subtracted(
    text: str, read_as: str, listed: str, country: str, shares: tuple[float, ...]
) -> None:
    """The plate as read keeps competing, however likely the listed one is."""
    evidence = build_evidence(a_read(text, read_as, **confidences(*shares)))
    result = posterior_model().score(
        evidence, listed, posterior_model().competing_plates(evidence, read_as, country)
    )
    assert result is not None
    assert result.others_weight >= result.as_read_weight > 0


def test_an_alternative_equal_to_the_character_read_does_not_affect_the_others() -> None:
    def at(*named: CharAlternative) -> float:
        alternatives = [[], [], [], [], [], [], list(named)]
        return posterior(
            "AB123CE", "AB123CF", **confidences(*[0.99] * 6, 0.5), char_alternatives=alternatives
        )

    once = at(CharAlternative("D", 0.4))
    assert at(CharAlternative("E", 0.5), CharAlternative("D", 0.4)) == once
    assert at(CharAlternative("D", 0.4), CharAlternative("D", 0.001)) == once
    assert at(CharAlternative("d", 0.001), CharAlternative("D", 0.4)) == once


@pytest.mark.parametrize("country", ["FR", "BE", "DE", "NL", "LU"])
@given(text=st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=12))
def test_a_population_has_the_plates_of_its_formats(country: str, text: str) -> None:
    """The exact plate and those one character longer or shorter, compared format by format."""
    fleets = builtin_fleets()
    population = populations().for_country(country)
    plan = population.plan(text)
    assert population.density(text) == plan.as_read == pytest.approx(fleets.density(text, country))
    edge = inside = 0.0
    for block in fleets.blocks(country, len(text) + 1):
        for gap in block.indel_positions(text):
            vehicles = block.density * len(block.allowed[gap])
            edge, inside = (edge + vehicles, inside) if gap in (0, len(text)) else (edge, inside + vehicles)
    assert (plan.edge, plan.inside) == (pytest.approx(edge), pytest.approx(inside))
    extra = dict.fromkeys(range(len(text)), 0.0)
    for block in fleets.blocks(country, len(text) - 1):
        for gap in block.indel_positions(text):
            extra[gap] += block.density
    assert dict(plan.extra) == pytest.approx({gap: share for gap, share in extra.items() if share})


@lru_cache(maxsize=1)
def populations() -> Populations:
    return Populations(builtin_fleets())


POSITION = st.integers(0, 6)
CONFIDENCE = st.floats(0.3, 0.9)


@given(POSITION, CONFIDENCE, st.floats(0.01, 0.09))
def test_more_confidence_in_a_differing_character_lowers_the_posterior(
    position: int, low: float, more: float
) -> None:
    listed = "AB123CD"
    text = listed[:position] + ("7" if listed[position].isdigit() else "K") + listed[position + 1 :]
    others = [0.995] * 7

    def at(share: float) -> float:
        return posterior(text, listed, **confidences(*others[:position], share, *others[position + 1 :]))

    assert at(low + more) <= at(low) + 1e-12


@given(POSITION, CONFIDENCE, st.floats(0.01, 0.05), st.floats(0.001, 0.05))
def test_a_more_probable_alternative_equal_to_the_listed_character_raises_the_posterior(
    position: int, low: float, share: float, more: float
) -> None:
    listed = "AB123CD"
    text = listed[:position] + ("7" if listed[position].isdigit() else "K") + listed[position + 1 :]
    shares = [low if at == position else 0.995 for at in range(7)]

    def at_share(of_listed: float) -> float:
        char = CharAlternative(listed[position], of_listed)
        named = [[char] if at == position else [] for at in range(7)]
        return posterior(text, listed, **confidences(*shares), char_alternatives=named)

    assert at_share(share + more) >= at_share(share)


@given(POSITION, st.floats(0.3, 0.6), st.floats(0.1, 0.25), st.floats(0.01, 0.05))
def test_a_second_candidate_that_agrees_raises_the_posterior(
    position: int, low: float, share: float, more: float
) -> None:
    """Whole texts of a recogniser that names no single characters.

    A text with less probability than remains for unnamed characters is evidence against it.
    """
    listed = "AB123CD"
    text = listed[:position] + ("7" if listed[position].isdigit() else "K") + listed[position + 1 :]
    shares = [low if at == position else 0.995 for at in range(7)]

    def with_texts(*texts: PlateCandidate) -> float:
        return posterior(text, listed, **confidences(*shares), candidates=[PlateCandidate(text, low), *texts])

    assert with_texts(PlateCandidate(listed, share)) > with_texts()
    assert with_texts(PlateCandidate(listed, share + more)) >= with_texts(PlateCandidate(listed, share))


@given(st.sampled_from(["AB123CD", "ZA987XB", "GH555KL"]), st.floats(0.5, 0.999))
def test_a_plate_impossible_in_the_country_read_lowers_the_posterior(listed: str, share: float) -> None:
    """If the country read is not that of the alert, either the plate or the country was misread."""
    evidence = build_evidence(a_read(listed, "FR", confidence=share))
    fits = posterior_model().score(evidence, listed, posterior_model().competing_plates(evidence, "FR", "FR"))
    misfits = posterior_model().score(
        evidence, listed, posterior_model().competing_plates(evidence, "BE", "FR")
    )
    unknown = posterior_model().score(
        evidence, listed, posterior_model().competing_plates(evidence, None, "FR")
    )
    assert fits is not None
    assert misfits is not None
    assert unknown is not None
    assert misfits.posterior < fits.posterior
    assert unknown.posterior < fits.posterior


@given(st.floats(0.02, 1), st.floats(1, 50))
def test_the_appearance_lowers_or_raises_the_posterior(low: float, high: float) -> None:
    evidence = build_evidence(a_read("A8123CD", "FR", confidence=0.95))
    competing = posterior_model().competing_plates(evidence, "FR")

    def at(ratio: float) -> float:
        result = posterior_model().score(evidence, "AB123CD", competing, ratio)
        assert result is not None
        return result.posterior

    assert at(low) <= at(1) <= at(high)
    assert at(1) == pytest.approx(1 / (1 + (1 / at(low) - 1) * low))


@given(st.text("ABDO0Q8123", min_size=1, max_size=12), st.text("ABDO0Q8123", min_size=1, max_size=12))
def test_the_posterior_is_a_probability(text: str, listed: str) -> None:
    result = score(text, listed, confidence=0.8)
    if result is not None:
        assert 0 <= result.posterior <= 1
    texts = [PlateCandidate(listed, 0.3), PlateCandidate(text, 0.5)]
    shares = [0.8] * len(text)
    named = score(text, listed, **confidences(*shares), candidates=texts)
    assert named is None or 0 <= named.posterior <= 1


def test_a_recogniser_with_whole_texts_only_is_scored_by_a_second_one_that_agrees() -> None:
    def of(*named: PlateCandidate, confidence: float | None = 0.5) -> float:
        own = PlateCandidate("AB123CE", confidence)
        return posterior("AB123CE", "AB123CD", confidence=confidence, candidates=[own, *named])

    assert of() < 0.001
    assert 0.005 < of(PlateCandidate("AB123CD", 0.1)) < of(PlateCandidate("AB123CD", 0.45))
    # Confidences that add up to more than 1 are no probabilities.
    assert of(PlateCandidate("AB123CD", 0.9), confidence=0.95) < 0.001


def test_an_umlaut_named_for_a_position_counts_as_its_plain_letter() -> None:
    def of(char: str) -> float:
        doubtful: list[list[CharAlternative]] = [[], [CharAlternative(char, 0.4)], [], [], [], [], []]
        return posterior(
            "MÜ1234",
            "MO1234",
            "DE",
            **confidences(0.99, 0.5, 0.99, 0.99, 0.99, 0.99),
            char_alternatives=doubtful[:6],
        )

    assert of("Ö") == of("O") > of("Ä")
