"""Lookback: which earlier reads match an alert, and the legal permission in each match."""

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.matching.config import ListConfig, MatchingRules
from streams.matching.lookback import LookbackRequest, LookbackSearch
from streams.matching.matcher import Matcher
from streams.records.alert import Alert
from streams.records.lookback import Lookback
from streams.records.match import Match
from streams.records.times import to_ms
from streams.rules.jurisdictions import JurisdictionConfig, determine_scope
from tests.support.builders import NOON, after_noon, an_alert, read_json

MATCHER = Matcher(MatchingRules())
HOUR = 3600.0
JURISDICTIONS = {
    "FR": JurisdictionConfig({"NATIONAL": 10.0}, "CSI L233-2"),
    "BE": JurisdictionConfig({"NATIONAL": 2.0, "EUROPOL": 4.0}, "LFP 25/7"),
}


def a_request(alert: Alert, hours: float = 24.0) -> LookbackRequest:
    """A lookback for an alert, requested at noon, where it is permitted."""
    return LookbackRequest(
        alert,
        hours,
        to_ms(NOON),
        determine_scope(alert, hours, JURISDICTIONS, ["BE", "FR", "NL"], to_ms(NOON)),
    )


def search(lookback: LookbackSearch, country: str | None, *records: bytes) -> list[Match]:
    """Return the matches among reads of a country's cameras."""
    return lookback.search(records, lambda _: country).matches


def a_listed_alert(plate: str = "AB-123-CD", **fields: Any) -> Alert:
    """An alert that arrived, and is valid, from noon on."""
    return an_alert(plate, "FR", **({"valid_from": "2026-05-21T12:00:00Z"} | fields))


def test_a_read_from_before_the_alert_matches_with_its_permission() -> None:
    alert = a_listed_alert()
    lookback = LookbackSearch([a_request(alert)], MATCHER)
    (match,) = search(lookback, "FR", read_json("AB123CD", -HOUR), read_json("EF456GH", -HOUR))
    assert match.lookback == Lookback("FR", 10.0, "CSI L233-2", NOON)
    assert match.alert == alert, "the alert as listed, not with the validity of the lookback"
    assert (match.read.captured_at, match.result.class_) == (after_noon(-HOUR), "exact")


def test_the_hours_of_each_country_end_at_the_time_of_the_request() -> None:
    lookback = LookbackSearch([a_request(a_listed_alert())], MATCHER)
    for country, hours in (("FR", 10), ("BE", 2)):
        records = [read_json("AB123CD", at) for at in (-hours * HOUR - 0.001, -hours * HOUR, -0.001, 0, 60)]
        result = [match.read.captured_at for match in search(lookback, country, *records)]
        assert result == [after_noon(-hours * HOUR), after_noon(-0.001)]


def test_no_more_hours_than_requested() -> None:
    lookback = LookbackSearch([a_request(a_listed_alert(), hours=1.0)], MATCHER)
    (match,) = search(lookback, "FR", read_json("AB123CD", -HOUR), read_json("AB123CD", -HOUR - 1))
    assert match.lookback == Lookback("FR", 1.0, "CSI L233-2", NOON)


def test_a_country_without_permission_has_no_matches() -> None:
    lookback = LookbackSearch([a_request(a_listed_alert())], MATCHER)
    assert lookback.countries == ["BE", "FR"]
    assert not search(lookback, "NL", read_json("AB123CD", -HOUR))


def test_a_basis_that_a_country_does_not_name_has_no_matches_there() -> None:
    lookback = LookbackSearch([a_request(a_listed_alert(basis="EUROPOL"))], MATCHER)
    assert lookback.countries == ["BE"]
    assert not search(lookback, "FR", read_json("AB123CD", -HOUR))
    assert search(lookback, "BE", read_json("AB123CD", -HOUR))


def test_an_alert_permitted_nowhere_has_no_matches() -> None:
    lookback = LookbackSearch([a_request(a_listed_alert(basis="INTERPOL-SMV"))], MATCHER)
    assert lookback.countries == []
    assert not search(lookback, "FR", read_json("AB123CD", -HOUR))


def test_a_read_of_a_camera_of_unknown_country_is_counted_as_unplaced() -> None:
    lookback = LookbackSearch([a_request(a_listed_alert())], MATCHER)
    result = lookback.search([read_json("AB123CD", -HOUR), read_json("EF456GH", -HOUR)], lambda _: None)
    assert (result.matches, result.read_count, result.unplaced) == ([], 2, 1)


def test_a_lookback_ignores_that_an_alert_was_already_valid() -> None:
    lookback = LookbackSearch([a_request(a_listed_alert(valid_from="2026-05-21T11:30:00Z"))], MATCHER)
    assert len(search(lookback, "FR", read_json("AB123CD", -HOUR), read_json("AB123CD", -1))) == 2


def test_several_alerts_in_one_pass_each_with_its_own_hours() -> None:
    first, second = a_listed_alert(), a_listed_alert("EF-456-GH", alert_id="a2", basis="EUROPOL")
    lookback = LookbackSearch([a_request(first, hours=1), a_request(second)], MATCHER)
    assert lookback.start_ms("BE") == to_ms(after_noon(-4 * HOUR))
    assert lookback.start_ms("FR") == to_ms(after_noon(-HOUR))
    records = [read_json(plate, -1.5 * HOUR) for plate in ("AB123CD", "EF456GH")]
    assert [match.alert.alert_id for match in search(lookback, "BE", *records)] == ["a2"]


def test_matching_follows_the_mode_of_the_list() -> None:
    confusable = [read_json("A8123CD", -HOUR)]
    assert search(LookbackSearch([a_request(a_listed_alert())], MATCHER), "FR", *confusable)
    exact = Matcher(MatchingRules({"sis": ListConfig(mode="exact")}))
    assert not search(LookbackSearch([a_request(a_listed_alert())], exact), "FR", *confusable)
    fuzzy = MatchingRules({"sis": ListConfig(mode="fuzzy")})
    confidences = [0.99, 0.5, *[0.99] * 5]
    misread = read_json("A1-123-CD", -HOUR, country="FR", char_confidences=confidences)
    requests = [a_request(a_listed_alert("AJ-123-CD"))]
    assert not search(LookbackSearch(requests, MATCHER), "FR", misread)
    assert search(LookbackSearch(requests, Matcher(fuzzy), fuzzy.fuzzy_lists), "FR", misread)


def test_an_invalid_record_does_not_affect_the_others() -> None:
    result = LookbackSearch([a_request(a_listed_alert())], MATCHER).search(
        [b"", read_json("AB123CD", -HOUR)], lambda _: "FR"
    )
    assert (len(result.matches), result.read_count) == (1, 1)
    assert [entry.position for entry in result.rejected] == [0]


@given(
    seconds=st.lists(st.floats(-12 * HOUR, HOUR).map(lambda second: round(second, 3)), max_size=20),
    hours=st.floats(0.01, 24),
    cuts=st.lists(st.integers(0, 20), max_size=3),
)
def test_reads_in_the_hours_match_however_they_are_divided_into_batches(
    seconds: list[float], hours: float, cuts: list[int]
) -> None:
    records = [read_json("AB123CD", second) for second in seconds]
    lookback = LookbackSearch([a_request(a_listed_alert(), hours)], MATCHER)
    borders = [0, *sorted(min(cut, len(records)) for cut in cuts), len(records)]
    batches = [records[start:end] for start, end in pairwise(borders)]
    matched = [match.read.captured_at for batch in batches for match in search(lookback, "FR", *batch)]
    start_ms = lookback.start_ms("FR")
    assert start_ms >= to_ms(NOON) - 10 * 3_600_000 - 1
    assert matched == [
        after_noon(second) for second in seconds if start_ms <= to_ms(after_noon(second)) and second < 0
    ]
