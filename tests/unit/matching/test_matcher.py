"""The matcher: differences of plates, what the format settles, and the country guard."""

import pytest

from streams.matching.config import ListConfig, MatchingConfig, MatchingRules
from streams.matching.matcher import Matcher
from streams.matching.no_match import NoMatch
from streams.records.alert import MatchMode
from streams.records.match import MatchResult
from tests.support.builders import a_read, an_alert


def matcher(mode: MatchMode = "confusable", **limits: int) -> Matcher:
    """A matcher whose list `sis` has a mode."""
    return Matcher(MatchingRules({"sis": ListConfig(mode=mode)}, MatchingConfig(**limits)))


def decide(
    read: tuple[str, str | None], listed: tuple[str, str | None], mode: MatchMode = "confusable"
) -> str:
    """Return the class and the edits of a match in short, or the rule by which there is none."""
    result = matcher(mode).match(a_read(*read), an_alert(*listed))
    if isinstance(result, NoMatch):
        return result.rule
    edits = [f"{edit.kind} {edit.read}/{edit.listed}@{edit.position}" for edit in result.edits]
    return ", ".join([result.class_, *edits])


@pytest.mark.parametrize(
    ("read", "listed", "expected"),
    [
        (("AB-123-CD", "FR"), ("AB 123 CD", "FR"), "exact"),
        (("AB-123-CE", "FR"), ("AB-123-CD", "FR"), "plate.unlike"),
        (("AB-123-C", "FR"), ("AB-123-CD", "FR"), "plate.unlike"),
        # Each class, settled by the French format: a digit where only a letter can stand, or the reverse.
        (("A8123CD", "FR"), ("AB-123-CD", "FR"), "confusable, settled 8/B@2"),
        (("AB1Z3CD", "FR"), ("AB-123-CD", "FR"), "confusable, settled Z/2@4"),
        (("ABI23CD", "FR"), ("AB-123-CD", "FR"), "confusable, settled I/1@3"),
        (("AB12SCD", "FR"), ("AB-125-CD", "FR"), "confusable, settled S/5@5"),
        (("AB12GCD", "FR"), ("AB-126-CD", "FR"), "confusable, settled G/6@5"),
        (("ABO23CD", "FR"), ("AB-023-CD", "FR"), "confusable, settled O/0@3"),
        # What the format leaves open: 0 at the position of a letter may be D or Q.
        (("AB1230D", "FR"), ("AB-123-DD", "FR"), "confusable, equivalent 0/D@6"),
        (("AB123QD", "FR"), ("AB-123-DD", "FR"), "confusable, equivalent Q/D@6"),
        (("AB123QQ", "FR"), ("AB-123-DD", "FR"), "confusable.too-many"),
        (("A8I2Z0D", "FR"), ("AB-122-DD", "FR"), "confusable, settled 8/B@2, settled I/1@3, settled Z/2@5, "
         "equivalent 0/D@6"),
        # A Belgian plate: one digit, three letters, three digits.
        (("IABC123", "BE"), ("1-ABC-123", "BE"), "confusable, settled I/1@1"),
        (("1A8C123", "BE"), ("1-ABC-123", "BE"), "confusable, settled 8/B@3"),
        (("1ABC124", "BE"), ("1-ABC-123", "BE"), "plate.unlike"),
        # Short plates may differ only where the format settles it.
        (("B12", "LU"), ("812", "LU"), "confusable, settled B/8@1"),
        (("DD1", "DE"), ("D-Q 1", "DE"), "confusable.too-short"),
        # No country at all: nothing is settled where the read is possible somewhere.
        (("AB123QD", None), ("AB-123-DD", None), "confusable, equivalent Q/D@6"),
        # German umlauts, in every mode.
        (("LÖ-B 12", "DE"), ("LÖ-B 12", "DE"), "exact"),
        (("LOB12", "DE"), ("LÖ-B 12", "DE"), "exact, umlaut O/Ö@2"),
        (("LOEB12", "DE"), ("LÖ-B 12", "DE"), "exact, umlaut OE/Ö@2"),
        (("LÖB12", "DE"), ("LOE-B 12", "DE"), "exact, umlaut Ö/OE@2"),
        (("L0B12", "DE"), ("LÖ-B 12", "DE"), "confusable, equivalent 0/O@2"),
        (("LUB12", "DE"), ("LÖ-B 12", "DE"), "plate.unlike"),
        # The country guard.
        (("AB-123-CD", "FR"), ("AB 123 CD", "IT"), "country.other-vehicle"),
        (("AB-123-CD", "IT"), ("AB 123 CD", "IT"), "exact"),
        (("AB-123-CD", None), ("AB 123 CD", "IT"), "exact"),
        (("1-ABC-123", "FR"), ("1-ABC-123", "BE"), "exact"),
        (("AB-I23-CD", "FR"), ("AB 123 CD", "IT"), "country.other-vehicle"),
        # Patterns.
        (("AB-123-CD", "FR"), ("AB-1??-*", "FR"), "pattern"),
        (("AB-223-CD", "FR"), ("AB-1??-*", "FR"), "pattern.unlike"),
        (("AB-123-CD", "FR"), ("A*D", "FR"), "pattern.too-broad"),
        (("AB-123-CD", "FR"), ("AB 123 C?", "IT"), "country.other-vehicle"),
    ],
)  # fmt: skip
def test_decisions(read: tuple[str, str], listed: tuple[str, str], expected: str) -> None:
    assert decide(read, listed) == expected


@pytest.mark.parametrize(
    ("mode", "exact", "pattern", "confusable"),
    [
        ("exact", "exact", "mode.exact", "mode.exact"),
        ("pattern", "exact", "pattern", "mode.pattern"),
        ("confusable", "exact", "pattern", "confusable, settled 8/B@2"),
    ],
)
def test_each_mode_includes_those_before_it(
    mode: MatchMode, exact: str, pattern: str, confusable: str
) -> None:
    assert decide(("AB-123-CD", "FR"), ("AB-123-CD", "FR"), mode) == exact
    assert decide(("AB-123-CD", "FR"), ("AB-123-*", "FR"), mode) == pattern
    assert decide(("A8-123-CD", "FR"), ("AB-123-CD", "FR"), mode) == confusable


def test_an_alert_narrows_its_list_and_never_widens_it() -> None:
    narrow = an_alert("AB-123-CD", "FR", match={"mode": "exact"})
    wide = an_alert("AB-123-CD", "FR", match={"mode": "confusable"})
    read = a_read("A8-123-CD", "FR")
    assert isinstance(matcher("confusable").match(read, narrow), NoMatch)
    assert isinstance(matcher("confusable").match(read, wide), MatchResult)
    assert isinstance(matcher("exact").match(read, wide), NoMatch)


def test_a_misread_country_is_a_contradiction() -> None:
    result = matcher().match(a_read("1-ABC-123", "FR"), an_alert("1-ABC-123", "BE"))
    assert isinstance(result, MatchResult)
    assert [contradiction.what for contradiction in result.contradictions] == ["country"]
    assert (result.contradictions[0].read, result.contradictions[0].listed) == ("FR", "BE")


def test_a_read_without_country_has_the_possible_ones() -> None:
    result = matcher().match(a_read("AB-123-CD"), an_alert("AB-123-CD", "FR"))
    assert isinstance(result, MatchResult)
    assert {"FR", "IT"} <= set(result.possible_countries)
    with_country = matcher().match(a_read("AB-123-CD", "FR"), an_alert("AB-123-CD", "FR"))
    assert isinstance(with_country, MatchResult)
    assert with_country.possible_countries == ()


def test_a_different_german_gap_is_a_contradiction_and_a_lost_gap_is_not() -> None:
    listed = an_alert("B-AB 123", "DE")
    different = matcher().match(a_read("BA-B 123", "DE"), listed)
    lost = matcher().match(a_read("BAB123", "DE"), listed)
    assert isinstance(different, MatchResult)
    assert isinstance(lost, MatchResult)
    assert [contradiction.what for contradiction in different.contradictions] == ["gap"]
    assert lost.contradictions == ()


def test_the_limits_are_configurable() -> None:
    two_open, listed = a_read("AB123QQ", "FR"), an_alert("AB-123-DD", "FR")
    assert isinstance(matcher(equivalences=2).match(two_open, listed), MatchResult)
    assert isinstance(matcher(equivalences=1).match(two_open, listed), NoMatch)
    one_open = a_read("AB123QD", "FR")
    assert isinstance(matcher(equivalences=0).match(one_open, listed), NoMatch)
    assert isinstance(matcher(equivalence_min_length=8).match(one_open, listed), NoMatch)
    assert isinstance(
        matcher(pattern_min_literals=2).match(a_read("AB-123-CD"), an_alert("A*D")), MatchResult
    )
