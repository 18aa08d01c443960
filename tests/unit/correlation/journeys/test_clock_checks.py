"""Border crossings, as opposed to those that only the wrong clock of a camera suggests."""

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
CameraSecond = tuple[str, int]


def crossing(reads: list[CameraSecond]) -> tuple[str, int] | None:
    """Return site and second of the active border crossing after reads of one vehicle, in their order."""
    index = Index()
    index.apply_value(_ALERT)
    settings = _SETTINGS
    rules = CorrelationRules(settings.correlation, settings.places, {}, settings.cooperation)
    correlator = Correlator(rules, index, Matcher(settings.matching_rules))
    active: dict[str, tuple[str, int]] = {}
    for camera_id, second in reads:
        read = a_read(
            "AB123CD",
            "FR",
            read_id=f"{camera_id}{second}",
            camera_id=camera_id,
            captured_at=after_noon(second),
        )
        match = Match(read, _ALERT, MatchResult("exact", "AB123CD", "AB123CD", 0.999))
        for hit in correlator.handle_match(match, to_ms(after_noon(_LAST_S))):
            if hit.handover is not None:
                active.pop(hit.hit_id, None)
                if hit.kind != "withdrawn":
                    crossed_second = round((hit.handover.earliest - NOON).total_seconds())
                    active[hit.hit_id] = hit.handover.site_id, crossed_second
    assert len(active) <= 1, "only the last border crossed has a handover"
    return next(iter(active.values()), None)


_NO_RETURN = {
    "one of two cameras before the border has a fast clock": [
        ("lille", 0), ("neuville", 600), ("rekkem", 675), ("neuville-2", 700),
    ],
    "the only camera before the border has a fast clock": [("lille", 0), ("rekkem", 675), ("neuville", 690)],
    "the same, and the vehicle drives on": [
        ("lille", 0), ("rekkem", 675), ("neuville", 690), ("kortrijk", 1035),
    ],
    "all clocks are right": [("lille", 0), ("neuville", 600), ("rekkem", 675), ("kortrijk", 1035)],
}  # fmt: skip


@pytest.mark.parametrize("name", _NO_RETURN)
def test_a_wrong_clock_does_not_take_a_vehicle_back_across_the_border(name: str) -> None:
    for reads in permutations(_NO_RETURN[name]):
        assert crossing(list(reads)) == ("rekkem", 675)


def test_a_vehicle_that_returns_has_crossed_back() -> None:
    out = [("lille", 0), ("neuville", 600), ("rekkem", 675)]
    assert crossing([*out, ("neuville", 1275)]) == ("neuville", 1275)
    assert crossing([*out, ("neuville", 700), ("lille", 1300)]) == ("lille", 1300)


def test_a_vehicle_that_turns_at_once_has_crossed_back_when_it_is_read_next() -> None:
    # Within the error of two clocks, a return cannot be distinguished from a wrong clock.
    out = [("lille", 0), ("neuville", 600), ("rekkem", 675), ("neuville-2", 760)]
    assert crossing(out) == ("rekkem", 675)
    assert crossing([*out, ("lille", 1360)]) == ("lille", 1360)


def test_a_site_on_the_route_was_passed_on_return_if_one_wrong_clock_does_not_explain_it() -> None:
    # The best travel time from there to the border is 55 s, and the maximum error of one clock 120 s.
    for after, crossed in ((60, ("rekkem", 675)), (70, ("neuville", 745))):
        for reads in permutations([("lille", 0), ("rekkem", 675), ("neuville", 675 + after)]):
            assert crossing(list(reads)) == crossed


def test_of_two_passages_of_a_site_the_feasible_one_counts() -> None:
    reads = [("rekkem-2", -10), ("neuville", 0), ("rekkem", 62)]
    for order in permutations(reads):
        assert crossing(list(order)) == ("rekkem", 62)


def test_the_outward_passage_may_have_been_missed() -> None:
    # It was at the border hours ago: no clock error explains a return a minute after the other side.
    assert crossing([("rekkem", 0), ("neuville", 18_000), ("rekkem", 18_075)]) == ("rekkem", 18_075)
    # A clock error does explain ten seconds: the best travel time is 55 s.
    assert crossing([("rekkem", 0), ("neuville", 18_000), ("rekkem", 18_010)]) == ("neuville", 18_000)
