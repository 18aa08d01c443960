"""Borders crossed, told apart from borders that only a camera's wrong clock makes a vehicle cross."""

from itertools import permutations

import pytest

from streams.alerts.index import Index
from streams.correlation.config import CorrelationRules
from streams.correlation.correlator import Correlator
from streams.matching.matcher import Matcher
from streams.records.match import Match, MatchResult
from streams.records.times import to_ms
from streams.settings.load import parse_settings
from tests.support.builders import NOON, a_read, after_noon, an_alert

_SETTINGS = parse_settings(
    """
[correlation]
ahead_minutes = 0
handover_minutes = 600

[sites.lille]
territory = "FR"
links = [{ to = "neuville", km = 16, minutes = 10 }]
[sites.neuville]
territory = "FR"
links = [{ to = "rekkem", km = 2, minutes = 1.2 }]
[sites.rekkem]
territory = "BE"
links = [{ to = "kortrijk", km = 10, minutes = 6 }]
[sites.kortrijk]
territory = "BE"

[cameras.lille]
site = "lille"
[cameras.neuville]
site = "neuville"
[cameras.neuville-2]
site = "neuville"
[cameras.rekkem]
site = "rekkem"
[cameras.rekkem-2]
site = "rekkem"
[cameras.kortrijk]
site = "kortrijk"

[handovers.fr-be]
from = "FR"
to = "BE"
[handovers.be-fr]
from = "BE"
to = "FR"
""",
    "test",
)
_ALERT = an_alert("AB-123-CD", "FR")
_LAST_S = 20_000
Sight = tuple[str, int]


def crossing(sights: list[Sight]) -> tuple[str, int] | None:
    """The site and second of the border crossing that stands after reads of one vehicle at cameras, each at a
    second; they come in the order given."""
    index = Index()
    index.apply_value(_ALERT)
    settings = _SETTINGS
    rules = CorrelationRules(settings.correlation, settings.places, {}, settings.cooperation)
    state = Correlator(rules, index, Matcher(settings.matching_rules))
    standing: dict[str, tuple[str, int]] = {}
    for camera, when in sights:
        its = a_read(
            "AB123CD", "FR", read_id=f"{camera}{when}", camera_id=camera, captured_at=after_noon(when)
        )
        match = Match(its, _ALERT, MatchResult("exact", "AB123CD", "AB123CD", 0.999))
        for hit in state.handle_match(match, to_ms(after_noon(_LAST_S))):
            if hit.handover is not None:
                standing.pop(hit.hit_id, None)
                if hit.kind != "withdrawn":
                    second = round((hit.handover.earliest - NOON).total_seconds())
                    standing[hit.hit_id] = hit.handover.site_id, second
    assert len(standing) <= 1, "one border is the one crossed last"
    return next(iter(standing.values()), None)


_STAYS = {
    "the clock of one of two cameras before the border is late": [
        ("lille", 0), ("neuville", 600), ("rekkem", 675), ("neuville-2", 700),
    ],
    "so is that of the only one": [("lille", 0), ("rekkem", 675), ("neuville", 690)],
    "… and it goes on": [("lille", 0), ("rekkem", 675), ("neuville", 690), ("kortrijk", 1035)],
    "no clock is wrong": [("lille", 0), ("neuville", 600), ("rekkem", 675), ("kortrijk", 1035)],
}  # fmt: skip


@pytest.mark.parametrize("name", _STAYS)
def test_a_clock_does_not_take_a_vehicle_back_over_the_border(name: str) -> None:
    for sights in permutations(_STAYS[name]):
        assert crossing(list(sights)) == ("rekkem", 675)


def test_a_vehicle_that_comes_back_is_told_to() -> None:
    out = [("lille", 0), ("neuville", 600), ("rekkem", 675)]
    assert crossing([*out, ("neuville", 1275)]) == ("neuville", 1275)
    assert crossing([*out, ("neuville", 700), ("lille", 1300)]) == ("lille", 1300)


def test_who_turns_at_once_is_told_to_be_back_where_it_is_seen_next() -> None:
    # Within what two clocks may be wrong by, turning cannot be told from a wrong clock.
    out = [("lille", 0), ("neuville", 600), ("rekkem", 675), ("neuville-2", 760)]
    assert crossing(out) == ("rekkem", 675)
    assert crossing([*out, ("lille", 1360)]) == ("lille", 1360)


def test_a_site_on_the_way_is_passed_on_the_way_back_if_one_clock_is_not_all_there_is_to_it() -> None:
    # From there to the border takes 55 s at the best, and one clock is wrong by 120 s at most.
    for after, crossed in ((60, ("rekkem", 675)), (70, ("neuville", 745))):
        for sights in permutations([("lille", 0), ("rekkem", 675), ("neuville", 675 + after)]):
            assert crossing(list(sights)) == crossed


def test_of_two_passages_of_a_site_the_one_that_can_be_counts() -> None:
    sights = [("rekkem-2", -10), ("neuville", 0), ("rekkem", 62)]
    for each in permutations(sights):
        assert crossing(list(each)) == ("rekkem", 62)


def test_the_passage_on_the_way_out_may_be_lost() -> None:
    # It was at the border hours ago: that it is back there a minute after the other side is no clock's doing.
    assert crossing([("rekkem", 0), ("neuville", 18_000), ("rekkem", 18_075)]) == ("rekkem", 18_075)
    # Ten seconds after is: at the best it takes 55.
    assert crossing([("rekkem", 0), ("neuville", 18_000), ("rekkem", 18_010)]) == ("neuville", 18_000)
