"""The scope of a lookback: which countries permit it, and why others refuse."""

import datetime
from collections.abc import Sequence

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

NOW_MS = to_ms(NOON)
FRANCE = JurisdictionConfig({"NATIONAL": 24.0, "SIS-36-discreet": 360.0}, "CSI L233-2, requisition 7")


def reasons(refused: Sequence[LookbackRefusal]) -> dict[str, str]:
    """The reason of each refusal, by country."""
    return {refusal.country: refusal.reason for refusal in refused}


def test_a_country_permits_the_lesser_of_the_hours_requested_and_allowed() -> None:
    for requested, permitted in ((6, 6.0), (24, 24.0), (100, 24.0)):
        scope = determine_scope(an_alert("AB123CD"), requested, {"FR": FRANCE}, ["FR"], NOW_MS)
        assert scope.permitted == [LookbackPermission("FR", permitted, "CSI L233-2, requisition 7")]
        assert scope.permitted[0].rule_id == "lookback.FR"
        assert not scope.refused


def test_a_country_without_a_rule_refuses() -> None:
    scope = determine_scope(
        an_alert("AB123CD"), 24, {"FR": FRANCE, "NL": JurisdictionConfig()}, ["BE", "FR", "NL"], NOW_MS
    )
    assert [permission.country for permission in scope.permitted] == ["FR"]
    assert reasons(scope.refused) == {
        "BE": "[jurisdictions.BE] allows no looking back",
        "NL": "[jurisdictions.NL] allows no looking back",
    }


def test_a_rule_without_a_source_permits_nothing() -> None:
    assert not determine_scope(
        an_alert("AB123CD"), 24, {"FR": JurisdictionConfig({"NATIONAL": 24.0})}, ["FR"], NOW_MS
    ).permitted


def test_a_basis_without_hours_is_refused() -> None:
    scope = determine_scope(an_alert("AB123CD", basis="EUROPOL"), 24, {"FR": FRANCE}, ["FR"], NOW_MS)
    assert not scope.permitted
    assert reasons(scope.refused) == {"FR": "[jurisdictions.FR] allows it for no alert of basis EUROPOL"}


def test_a_country_without_retained_reads_is_refused() -> None:
    assert reasons(determine_scope(an_alert("AB123CD"), 24, {"FR": FRANCE}, [], NOW_MS).refused) == {
        "FR": "there are no reads of its cameras here"
    }


def test_a_rule_applies_from_its_first_day_until_the_day_on_which_it_ends() -> None:
    day = NOON.date()
    one_day = datetime.timedelta(days=1)
    for begins, ends, applies in (
        (day, None, True),
        (day + one_day, None, False),
        (None, day + one_day, True),
        (None, day, False),
    ):
        rule = JurisdictionConfig({"NATIONAL": 24.0}, "law", begins, ends)
        assert (
            bool(determine_scope(an_alert("AB123CD"), 24, {"FR": rule}, ["FR"], NOW_MS).permitted) is applies
        )


@given(
    requested=st.floats(0, 8784),
    allowed=st.dictionaries(st.sampled_from(["BE", "FR", "NL"]), st.floats(0.1, 8784)),
    retained=st.sets(st.sampled_from(["BE", "DE", "FR", "NL"])),
)
def test_each_country_permits_or_refuses_and_never_exceeds_its_rule_or_the_request(
    requested: float, allowed: dict[str, float], retained: set[str]
) -> None:
    rules = {country: JurisdictionConfig({"NATIONAL": hours}, "law") for country, hours in allowed.items()}
    scope = determine_scope(an_alert("AB123CD"), requested, rules, retained, NOW_MS)
    permitted = {permission.country for permission in scope.permitted}
    refused = {refusal.country for refusal in scope.refused}
    assert permitted | refused == retained | allowed.keys()
    assert not permitted & refused
    assert permitted <= retained & allowed.keys()
    for permission in scope.permitted:
        assert 0 < permission.hours <= min(requested, allowed[permission.country])
