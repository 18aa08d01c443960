"""Reasons: true sentences that account for the posterior."""

import pytest

from streams.matching.config import ListConfig, MatchingConfig, MatchingRules
from streams.matching.matcher import Matcher
from streams.records.match import MatchResult
from streams.records.read import CharAlternative, PlateCandidate
from tests.support.builders import a_read, an_alert

ANY_POSTERIOR = {"sis": ListConfig(mode="fuzzy", min_posterior=0.0)}
MATCHER = Matcher(MatchingRules(ANY_POSTERIOR))


def match(text: str, listed: str, country: str | None = "FR", **fields: object) -> MatchResult:
    result = MATCHER.match(a_read(text, country, **fields), an_alert(listed, country or "FR"))
    assert isinstance(result, MatchResult), result
    return result


def test_a_plate_read_correctly() -> None:
    assert list(match("AB-123-CD", "AB 123 CD", confidence=0.99).reasons) == [
        "read as listed, character for character",
        "the reader was 0.99 sure of the whole plate",
    ]


def test_a_doubtful_character_is_named() -> None:
    shares = [0.99, 0.99, 0.4, 0.99, 0.99, 0.99, 0.99]
    assert (
        "the reader was only 0.40 sure of the 1"
        in match("AB123CD", "AB123CD", char_confidences=shares).reasons
    )


def test_a_misread_character() -> None:
    shares = [0.99, 0.6, *[0.99] * 5]
    named = [[], [CharAlternative("B", 0.3)], [], [], [], [], []]
    result = match("A8123CD", "AB123CD", char_confidences=shares, char_alternatives=named)
    assert list(result.reasons) == [
        "B was read as 8: one B in 53",
        "the reader was 0.60 sure of the 8, and gave 0.30 to B",
        "there is no plate A8123CD in FR",
        "a chance of 3.1 % that it is another vehicle with a plate like it",
    ]


@pytest.mark.parametrize(
    ("text", "lost"),
    [("AB12CD", [(5, "3")]), ("AB12C", [(5, "3"), (7, "D")])],
)
def test_a_plate_named_as_a_whole_by_the_recogniser(text: str, lost: list[tuple[int, str]]) -> None:
    """A shorter text is never described as read as listed."""
    texts = [PlateCandidate(text, 0.5), PlateCandidate("AB123CD", 0.4)]
    result = match(text, "AB123CD", char_confidences=[0.9] * len(text), candidates=texts)
    assert list(result.reasons[: len(lost) + 1]) == [
        *(
            words
            for words in result.reasons
            if words.startswith("the ") and "of the listed plate was not read" in words
        ),
        "the reader thought the listed plate possible as a whole, with 0.40",
    ]
    assert [(edit.kind, edit.position, edit.listed) for edit in result.edits] == [
        ("lost", place, char) for place, char in lost
    ]


@pytest.mark.parametrize(
    ("read", "listed"), [("LÖB12", "LOEB12"), ("LOEB12", "LÖB12"), ("LOB12", "LÖB12"), ("LÖB12", "LÖB12")]
)
def test_an_umlaut_in_any_spelling_is_read_correctly(read: str, listed: str) -> None:
    result = match(read, listed, "DE", confidence=0.95)
    assert (result.class_, result.posterior) == ("exact", pytest.approx(0.9996, abs=0.0005))
    same = "character for character" if read == listed else "but for how an umlaut is written"
    assert result.reasons[0] == f"read as listed, {same}"
    assert [edit.kind for edit in result.edits] == ([] if read == listed else ["umlaut"])


def test_a_misread_after_an_umlaut_has_its_position_in_the_listed_plate() -> None:
    result = match("LOEX12", "LÖB12", "DE", confidence=0.95)
    assert [(edit.position, edit.read, edit.listed) for edit in result.edits] == [(3, "X", "B")]


def test_a_read_of_low_confidence_may_be_quite_another_plate() -> None:
    result = match("AB123CD", "AB123CD", confidence=0.3)
    assert result.posterior is not None
    assert result.posterior < 0.1
    assert list(result.reasons[-2:]) == [
        "a chance of 23 % that it is another vehicle with a plate like it",
        "a chance of 72 % that it is another vehicle with quite another plate",
    ]
    assert "another vehicle" not in " ".join(match("AB123CD", "AB123CD", confidence=0.99).reasons)


def test_no_probability_is_stated_as_certain() -> None:
    result = match("AB123CE", "AB123CD", char_confidences=[0.999] * 7)
    assert (
        result.reasons[-1] == "a chance of more than 99.9 % that it is another vehicle with a plate like it"
    )


def test_without_a_country_read_the_plate_may_exist_in_any() -> None:
    """How often the vehicles of a country pass does not affect whether a plate exists."""
    read, listed = a_read("AB123CE", confidence=0.9), an_alert("AB123CD", "FR")
    busy = Matcher(MatchingRules(ANY_POSTERIOR, MatchingConfig(reads_per_day={"FR": 1_000_000, "BE": 1})))
    for matcher in (MATCHER, busy):
        result = matcher.match(read, listed)
        assert isinstance(result, MatchResult)
        existence = [reason for reason in result.reasons if "possible in" in reason]
        assert existence == [
            "the plate as read, AB123CE, is possible in some country: a chance of 62 % that there is such a "
            "vehicle"
        ]
    assert "there is no plate 8B123CD in any country known" in match("8B123CD", "AB123CD", None).reasons
