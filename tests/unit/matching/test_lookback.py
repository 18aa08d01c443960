"""Looking back: which reads from before an alert match it, and that each match says by what right."""

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

JUDGE = Matcher(MatchingRules())
HOUR = 3600.0
RULES = {
    "FR": JurisdictionConfig({"NATIONAL": 10.0}, "CSI L233-2"),
    "BE": JurisdictionConfig({"NATIONAL": 2.0, "EUROPOL": 4.0}, "LFP 25/7"),
}


def asked(wanted: Alert, hours: float = 24.0) -> LookbackRequest:
    """An alert, looked back for at noon where it may."""
    return LookbackRequest(
        wanted, hours, to_ms(NOON), determine_scope(wanted, hours, RULES, ["BE", "FR", "NL"], to_ms(NOON))
    )


def found(looking: LookbackSearch, country: str | None, *records: bytes) -> list[Match]:
    """The matches among reads of a country's cameras."""
    return looking.search(records, lambda _: country).matches


def listed(plate: str = "AB-123-CD", **fields: Any) -> Alert:
    """An alert that begins at noon, for noon is when it came."""
    return an_alert(plate, "FR", **({"valid_from": "2026-05-21T12:00:00Z"} | fields))


def test_a_read_from_before_the_alert_matches_and_says_by_what_right() -> None:
    wanted = listed()
    looking = LookbackSearch([asked(wanted)], JUDGE)
    (match,) = found(looking, "FR", read_json("AB123CD", -HOUR), read_json("EF456GH", -HOUR))
    assert match.lookback == Lookback("FR", 10.0, "CSI L233-2", NOON)
    assert match.alert == wanted, "the alert as it is in force, not with the look back's term"
    assert (match.read.captured_at, match.result.class_) == (after_noon(-HOUR), "exact")


def test_the_hours_of_each_country_end_at_the_time_of_asking() -> None:
    looking = LookbackSearch([asked(listed())], JUDGE)
    for country, hours in (("FR", 10), ("BE", 2)):
        records = [read_json("AB123CD", at) for at in (-hours * HOUR - 0.001, -hours * HOUR, -0.001, 0, 60)]
        taken = [match.read.captured_at for match in found(looking, country, *records)]
        assert taken == [after_noon(-hours * HOUR), after_noon(-0.001)]


def test_no_more_than_is_asked_for() -> None:
    looking = LookbackSearch([asked(listed(), hours=1.0)], JUDGE)
    (match,) = found(looking, "FR", read_json("AB123CD", -HOUR), read_json("AB123CD", -HOUR - 1))
    assert match.lookback == Lookback("FR", 1.0, "CSI L233-2", NOON)


def test_a_country_that_allows_nothing_gives_nothing() -> None:
    looking = LookbackSearch([asked(listed())], JUDGE)
    assert looking.countries == ["BE", "FR"]
    assert not found(looking, "NL", read_json("AB123CD", -HOUR))


def test_a_basis_that_a_country_does_not_name_gives_nothing_there() -> None:
    looking = LookbackSearch([asked(listed(basis="EUROPOL"))], JUDGE)
    assert looking.countries == ["BE"]
    assert not found(looking, "FR", read_json("AB123CD", -HOUR))
    assert found(looking, "BE", read_json("AB123CD", -HOUR))


def test_an_alert_that_may_be_looked_back_for_nowhere_gives_nothing() -> None:
    looking = LookbackSearch([asked(listed(basis="INTERPOL-SMV"))], JUDGE)
    assert looking.countries == []
    assert not found(looking, "FR", read_json("AB123CD", -HOUR))


def test_a_read_of_a_camera_whose_country_is_not_known_is_counted_and_gives_nothing() -> None:
    looking = LookbackSearch([asked(listed())], JUDGE)
    taken = looking.search([read_json("AB123CD", -HOUR), read_json("EF456GH", -HOUR)], lambda _: None)
    assert (taken.matches, taken.read_count, taken.unplaced) == ([], 2, 1)


def test_an_alert_whose_term_had_begun_is_looked_back_for_all_the_same() -> None:
    looking = LookbackSearch([asked(listed(valid_from="2026-05-21T11:30:00Z"))], JUDGE)
    assert len(found(looking, "FR", read_json("AB123CD", -HOUR), read_json("AB123CD", -1))) == 2


def test_several_alerts_in_one_pass_each_by_its_own_hours() -> None:
    one, other = listed(), listed("EF-456-GH", alert_id="a2", basis="EUROPOL")
    looking = LookbackSearch([asked(one, hours=1), asked(other)], JUDGE)
    assert looking.start_ms("BE") == to_ms(after_noon(-4 * HOUR))
    assert looking.start_ms("FR") == to_ms(after_noon(-HOUR))
    records = [read_json(plate, -1.5 * HOUR) for plate in ("AB123CD", "EF456GH")]
    assert [match.alert.alert_id for match in found(looking, "BE", *records)] == ["a2"]


def test_matching_is_that_of_the_list() -> None:
    confusable = [read_json("A8123CD", -HOUR)]
    assert found(LookbackSearch([asked(listed())], JUDGE), "FR", *confusable)
    exact = Matcher(MatchingRules({"sis": ListConfig(mode="exact")}))
    assert not found(LookbackSearch([asked(listed())], exact), "FR", *confusable)
    fuzzy = MatchingRules({"sis": ListConfig(mode="fuzzy")})
    sure = [0.99, 0.5, *[0.99] * 5]
    other = read_json("A1-123-CD", -HOUR, country="FR", char_confidences=sure)
    wanted = [asked(listed("AJ-123-CD"))]
    assert not found(LookbackSearch(wanted, JUDGE), "FR", other)
    assert found(LookbackSearch(wanted, Matcher(fuzzy), fuzzy.fuzzy_lists), "FR", other)


def test_a_bad_record_costs_its_neighbours_nothing() -> None:
    taken = LookbackSearch([asked(listed())], JUDGE).search(
        [b"", read_json("AB123CD", -HOUR)], lambda _: "FR"
    )
    assert (len(taken.matches), taken.read_count, [each.position for each in taken.rejected]) == (1, 1, [0])


@given(
    seconds=st.lists(st.floats(-12 * HOUR, HOUR).map(lambda each: round(each, 3)), max_size=20),
    hours=st.floats(0.01, 24),
    cuts=st.lists(st.integers(0, 20), max_size=3),
)
def test_what_matches_is_what_lies_in_the_hours_however_it_is_cut_into_batches(
    seconds: list[float], hours: float, cuts: list[int]
) -> None:
    records = [read_json("AB123CD", each) for each in seconds]
    looking = LookbackSearch([asked(listed(), hours)], JUDGE)
    borders = [0, *sorted(min(cut, len(records)) for cut in cuts), len(records)]
    batches = [records[start:end] for start, end in pairwise(borders)]
    taken = [m.read.captured_at for batch in batches for m in found(looking, "FR", *batch)]
    since = looking.start_ms("FR")
    assert since >= to_ms(NOON) - 10 * 3_600_000 - 1
    assert taken == [after_noon(each) for each in seconds if since <= to_ms(after_noon(each)) and each < 0]
