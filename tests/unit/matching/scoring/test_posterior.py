"""The posterior: the rival explanations counted, and never more than the evidence gives."""

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
def weigher() -> PosteriorModel:
    return PosteriorModel(builtin_models().general, builtin_fleets())


def weighed(text: str, listed: str, country: str = "FR", **fields: object) -> Score | None:
    evidence = build_evidence(a_read(text, country, **fields))
    return weigher().score(evidence, listed, weigher().competing_plates(evidence, country))


def posterior(text: str, listed: str, country: str = "FR", **fields: object) -> float:
    found = weighed(text, listed, country, **fields)
    return found.posterior if found else 0.0


def sure(*shares: float) -> dict[str, object]:
    return {"char_confidences": list(shares)}


def test_a_plate_read_right_is_nearly_sure_to_be_it() -> None:
    assert posterior("AB-123-CD", "AB123CD", **sure(*[0.999] * 7)) > 0.99


def test_of_a_sparse_series_too() -> None:
    """The listed plate is not among its own rivals, however few plates of its series are on the road."""
    assert posterior("1234 AB 59", "1234AB59", **sure(*[0.999] * 8)) > 0.99


def test_another_plate_read_right_is_not_it() -> None:
    assert posterior("AB-123-CE", "AB123CD", **sure(*[0.999] * 7)) < 0.001


def test_a_slip_that_the_format_shows() -> None:
    """There is no French plate with an 8 there; with a B there is."""
    shown = posterior("A8-123-CD", "AB123CD", **sure(0.99, 0.7, *[0.99] * 5))
    possible = posterior("AB-128-CD", "AB123CD", **sure(*[0.99] * 5, 0.7, 0.99))
    assert shown > 0.5 > possible


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
    """Weighed, and less than the whole plate. AB123C is a French moped's plate, ABC123 an older Belgian one:
    that there is such a plate counts against it."""
    partial = weighed(text, listed, country, confidence=0.95)
    assert partial is not None
    assert 0 < partial.posterior < posterior(listed, listed, country, confidence=0.95)
    assert len(partial.character_errors) == 1
    assert (partial.as_read_weight > 0) == exists


def test_the_sum_over_rivals_is_what_adding_them_one_by_one_gives() -> None:
    """All plates of Luxembourg with four characters; nearly all of the sum is in those one slip away."""
    named: list[list[CharAlternative]] = [[], [CharAlternative("7", 0.2)], [], [CharAlternative("8", 0.1)]]
    evidence = build_evidence(a_read("71B3", "LU", **sure(0.9, 0.7, 0.8, 0.85), char_alternatives=named))
    model, fleets = builtin_models().general, builtin_fleets()
    plates = {"".join(chars) for block in fleets.blocks("LU", 4) for chars in product(*block.allowed)}
    summed = 0.0
    for plate in plates:
        found = model.log_likelihood(evidence, plate)
        if found is not None:
            summed += fleets.density(plate, "LU") * exp(found[0])
    lost = [plate for plate in plate_hypotheses(evidence, "LU", fleets, model.commonness) if len(plate) != 4]
    for plate in lost:
        found = model.log_likelihood(evidence, plate)
        if found is not None and len(found[1].misreads) == 1:
            summed += fleets.density(plate, "LU") * exp(found[0])
    assert weigher().competing_plates(evidence, "LU").near_weight == pytest.approx(summed, rel=0.01)


def test_a_text_that_is_named_with_next_to_nothing_makes_no_other_any_number_of_times_likelier() -> None:
    named = [PlateCandidate("AB12CD", 5e-324), PlateCandidate("AB123CD", 0.9)]
    assert posterior("AB12CD", "AB123CD", **sure(*[0.9] * 6), candidates=named) <= 1


@pytest.mark.parametrize(
    ("text", "read_as", "listed", "country", "shares"),
    [
        # The forms of the country read are not known, so none of its longer or shorter plates are added up.
        ("1230TY10", "XK", "1230Y10", "FR", (0.7, 0.9, 0.5, 0.95, 1e-5, 0.999, 1.0, 0.9)),
        # A character too many and another one: such plates are not added up either.
        ("B43", "DE", "41", "LU", (1e-5, 0.999, 0.0)),
    ],
)
def test_what_was_not_added_up_is_not_taken_out(
    text: str, read_as: str, listed: str, country: str, shares: tuple[float, ...]
) -> None:
    """The plate as read stays a rival, however likely the listed one."""
    evidence = build_evidence(a_read(text, read_as, **sure(*shares)))
    found = weigher().score(evidence, listed, weigher().competing_plates(evidence, read_as, country))
    assert found is not None
    assert found.others_weight >= found.as_read_weight > 0


def test_an_alternative_that_is_the_character_read_takes_nothing_from_the_others() -> None:
    def at(*named: CharAlternative) -> float:
        alternatives = [[], [], [], [], [], [], list(named)]
        return posterior("AB123CE", "AB123CF", **sure(*[0.99] * 6, 0.5), char_alternatives=alternatives)

    once = at(CharAlternative("D", 0.4))
    assert at(CharAlternative("E", 0.5), CharAlternative("D", 0.4)) == once
    assert at(CharAlternative("D", 0.4), CharAlternative("D", 0.001)) == once
    assert at(CharAlternative("d", 0.001), CharAlternative("D", 0.4)) == once


@pytest.mark.parametrize("country", ["FR", "BE", "DE", "NL", "LU"])
@given(text=st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=12))
def test_a_population_has_the_plates_of_its_forms(country: str, text: str) -> None:
    """The very plate, those one character longer and shorter, each form held against the text by itself."""
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


PLACE = st.integers(0, 6)
SURE = st.floats(0.3, 0.9)


@given(PLACE, SURE, st.floats(0.01, 0.09))
def test_more_confidence_in_a_differing_character_lowers_it(place: int, low: float, more: float) -> None:
    listed = "AB123CD"
    text = listed[:place] + ("7" if listed[place].isdigit() else "K") + listed[place + 1 :]
    others = [0.995] * 7

    def at(share: float) -> float:
        return posterior(text, listed, **sure(*others[:place], share, *others[place + 1 :]))

    assert at(low + more) <= at(low) + 1e-12


@given(PLACE, SURE, st.floats(0.01, 0.05), st.floats(0.001, 0.05))
def test_the_more_the_listed_character_was_thought_possible_the_higher_it_is(
    place: int, low: float, share: float, more: float
) -> None:
    listed = "AB123CD"
    text = listed[:place] + ("7" if listed[place].isdigit() else "K") + listed[place + 1 :]
    shares = [low if at == place else 0.995 for at in range(7)]

    def at_share(of_listed: float) -> float:
        char = CharAlternative(listed[place], of_listed)
        named = [[char] if at == place else [] for at in range(7)]
        return posterior(text, listed, **sure(*shares), char_alternatives=named)

    assert at_share(share + more) >= at_share(share)


@given(PLACE, st.floats(0.3, 0.6), st.floats(0.1, 0.25), st.floats(0.01, 0.05))
def test_a_second_candidate_that_agrees_raises_it(place: int, low: float, share: float, more: float) -> None:
    """The recogniser's whole texts, where it names no single characters.

    A text named with less than is left for characters not named says the contrary: that it is not that.
    """
    listed = "AB123CD"
    text = listed[:place] + ("7" if listed[place].isdigit() else "K") + listed[place + 1 :]
    shares = [low if at == place else 0.995 for at in range(7)]

    def with_texts(*texts: PlateCandidate) -> float:
        return posterior(text, listed, **sure(*shares), candidates=[PlateCandidate(text, low), *texts])

    assert with_texts(PlateCandidate(listed, share)) > with_texts()
    assert with_texts(PlateCandidate(listed, share + more)) >= with_texts(PlateCandidate(listed, share))


@given(st.sampled_from(["AB123CD", "ZA987XB", "GH555KL"]), st.floats(0.5, 0.999))
def test_a_form_that_is_impossible_in_the_country_read_lowers_it(listed: str, share: float) -> None:
    """Where another country was read than the alert's, one of the two was misread."""
    evidence = build_evidence(a_read(listed, "FR", confidence=share))
    fits = weigher().score(evidence, listed, weigher().competing_plates(evidence, "FR", "FR"))
    misfits = weigher().score(evidence, listed, weigher().competing_plates(evidence, "BE", "FR"))
    unknown = weigher().score(evidence, listed, weigher().competing_plates(evidence, None, "FR"))
    assert fits is not None
    assert misfits is not None
    assert unknown is not None
    assert misfits.posterior < fits.posterior
    assert unknown.posterior < fits.posterior


@given(st.floats(0.02, 1), st.floats(1, 50))
def test_looks_that_speak_against_it_lower_it_and_for_it_raise_it(low: float, high: float) -> None:
    evidence = build_evidence(a_read("A8123CD", "FR", confidence=0.95))
    rivals = weigher().competing_plates(evidence, "FR")

    def at(looks: float) -> float:
        found = weigher().score(evidence, "AB123CD", rivals, looks)
        assert found is not None
        return found.posterior

    assert at(low) <= at(1) <= at(high)
    assert at(1) == pytest.approx(1 / (1 + (1 / at(low) - 1) * low))


@given(st.text("ABDO0Q8123", min_size=1, max_size=12), st.text("ABDO0Q8123", min_size=1, max_size=12))
def test_it_is_a_probability(text: str, listed: str) -> None:
    found = weighed(text, listed, confidence=0.8)
    if found is not None:
        assert 0 <= found.posterior <= 1
    texts = [PlateCandidate(listed, 0.3), PlateCandidate(text, 0.5)]
    shares = [0.8] * len(text)
    named = weighed(text, listed, **sure(*shares), candidates=texts)
    assert named is None or 0 <= named.posterior <= 1


def test_of_a_reader_that_tells_only_whole_texts_a_second_one_that_agrees_raises_it() -> None:
    def of(*named: PlateCandidate, confidence: float | None = 0.5) -> float:
        own = PlateCandidate("AB123CE", confidence)
        return posterior("AB123CE", "AB123CD", confidence=confidence, candidates=[own, *named])

    assert of() < 0.001
    assert 0.005 < of(PlateCandidate("AB123CD", 0.1)) < of(PlateCandidate("AB123CD", 0.45))
    # Scores that add up to more than one are no probabilities.
    assert of(PlateCandidate("AB123CD", 0.9), confidence=0.95) < 0.001


def test_an_umlaut_named_for_a_place_is_its_plain_letter() -> None:
    def of(char: str) -> float:
        doubtful: list[list[CharAlternative]] = [[], [CharAlternative(char, 0.4)], [], [], [], [], []]
        return posterior(
            "MÜ1234",
            "MO1234",
            "DE",
            **sure(0.99, 0.5, 0.99, 0.99, 0.99, 0.99),
            char_alternatives=doubtful[:6],
        )

    assert of("Ö") == of("O") > of("Ä")
