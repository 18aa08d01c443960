"""Where an alert may be looked back for: what each country allows, and why another does not."""

import datetime

from hypothesis import given
from hypothesis import strategies as st

from streams.records.times import to_ms
from streams.rules.jurisdictions import (
    JurisdictionConfig,
    LookbackPermission,
    LookbackRefusal,
    determine_scope,
)
from tests.support.builders import NOON, an_alert

AT = to_ms(NOON)
FRANCE = JurisdictionConfig({"NATIONAL": 24.0, "SIS-36-discreet": 360.0}, "CSI L233-2, requisition 7")


def words(*denied: LookbackRefusal) -> dict[str, str]:
    """Why, by country."""
    return {each.country: each.reason for each in denied}


def test_the_lesser_of_what_is_asked_and_allowed_is_granted_with_its_source() -> None:
    for asked, granted in ((6, 6.0), (24, 24.0), (100, 24.0)):
        found = determine_scope(an_alert("AB123CD"), asked, {"FR": FRANCE}, ["FR"], AT)
        assert found.permitted == [LookbackPermission("FR", granted, "CSI L233-2, requisition 7")]
        assert found.permitted[0].rule_id == "lookback.FR"
        assert not found.refused


def test_a_country_that_says_nothing_allows_nothing() -> None:
    found = determine_scope(
        an_alert("AB123CD"), 24, {"FR": FRANCE, "NL": JurisdictionConfig()}, ["BE", "FR", "NL"], AT
    )
    assert [each.country for each in found.permitted] == ["FR"]
    assert words(*found.refused) == {
        "BE": "[jurisdictions.BE] allows no looking back",
        "NL": "[jurisdictions.NL] allows no looking back",
    }


def test_hours_without_a_source_allow_nothing() -> None:
    assert not determine_scope(
        an_alert("AB123CD"), 24, {"FR": JurisdictionConfig({"NATIONAL": 24.0})}, ["FR"], AT
    ).permitted


def test_a_basis_that_is_not_named_allows_nothing() -> None:
    found = determine_scope(an_alert("AB123CD", basis="EUROPOL"), 24, {"FR": FRANCE}, ["FR"], AT)
    assert not found.permitted
    assert words(*found.refused) == {"FR": "[jurisdictions.FR] allows it for no alert of basis EUROPOL"}


def test_a_country_whose_reads_are_not_here_is_told() -> None:
    assert words(*determine_scope(an_alert("AB123CD"), 24, {"FR": FRANCE}, [], AT).refused) == {
        "FR": "there are no reads of its cameras here"
    }


def test_a_rule_holds_from_its_first_day_to_that_on_which_it_ends() -> None:
    day = NOON.date()
    one = datetime.timedelta(days=1)
    for begins, ends, held in (
        (day, None, True),
        (day + one, None, False),
        (None, day + one, True),
        (None, day, False),
    ):
        rule = JurisdictionConfig({"NATIONAL": 24.0}, "law", begins, ends)
        assert bool(determine_scope(an_alert("AB123CD"), 24, {"FR": rule}, ["FR"], AT).permitted) is held


@given(
    asked=st.floats(0, 8784),
    allowed=st.dictionaries(st.sampled_from(["BE", "FR", "NL"]), st.floats(0.1, 8784)),
    kept=st.sets(st.sampled_from(["BE", "DE", "FR", "NL"])),
)
def test_each_country_is_granted_or_denied_and_never_more_than_asked_or_allowed(
    asked: float, allowed: dict[str, float], kept: set[str]
) -> None:
    rules = {country: JurisdictionConfig({"NATIONAL": hours}, "law") for country, hours in allowed.items()}
    found = determine_scope(an_alert("AB123CD"), asked, rules, kept, AT)
    granted = {each.country for each in found.permitted}
    denied = {each.country for each in found.refused}
    assert granted | denied == kept | allowed.keys()
    assert not granted & denied
    assert granted <= kept & allowed.keys()
    for each in found.permitted:
        assert 0 < each.hours <= min(asked, allowed[each.country])
