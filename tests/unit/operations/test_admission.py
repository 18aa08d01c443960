"""Which operations admit a hit, and the chance of interception."""

from typing import Any

import pytest

from streams.operations.admission import Operations
from streams.records.journey import Admission, NextSite
from streams.records.times import from_ms
from tests.support.operations import (
    AREA,
    ENDS_MS,
    MINUTE_MS,
    NOON_MS,
    SITES,
    a_next_site,
    a_window,
    an_operation,
)


def admitting(list_id: str = "sis", bound: str | None = None, **place: Any) -> list[str]:
    """Those of three operations that admit a hit, by default at rekkem at noon."""
    operations = Operations(
        {
            "named": an_operation(),
            "drawn": an_operation(sites=[], area=AREA, lists=["sis", "be"]),
            "later": an_operation(windows=[a_window(60, 90), a_window(100, 110)]),
        },
        SITES,
    )
    defaults: dict[str, Any] = {"position": None, "site_id": "rekkem", "captured_ms": NOON_MS}
    return operations.admitting_operations(list_id, bound, **(defaults | place))


def test_an_operation_admits_only_its_lists() -> None:
    assert admitting("sis") == ["drawn", "named"]
    assert admitting("be") == ["drawn"]
    assert admitting("fr") == []


@pytest.mark.parametrize(
    ("captured_ms", "admitted"),
    [
        (NOON_MS - 1, []),
        (NOON_MS, ["drawn", "named"]),
        (NOON_MS + 60 * MINUTE_MS - 1, ["drawn", "named"]),
        (NOON_MS + 60 * MINUTE_MS, ["drawn", "later", "named"]),
        (NOON_MS + 90 * MINUTE_MS - 1, ["drawn", "later", "named"]),
        (NOON_MS + 90 * MINUTE_MS, ["drawn", "named"]),
        (NOON_MS + 100 * MINUTE_MS, ["drawn", "later", "named"]),
        (NOON_MS + 110 * MINUTE_MS, ["drawn", "named"]),
        (ENDS_MS - 1, ["drawn", "named"]),
        (ENDS_MS, []),
    ],
)
def test_an_operation_admits_only_in_its_windows_to_the_millisecond(
    captured_ms: int, admitted: list[str]
) -> None:
    assert admitting(captured_ms=captured_ms) == admitted


def test_windows_may_overlap() -> None:
    operations = Operations({"joint": an_operation(windows=[a_window(0, 60), a_window(30, 90)])}, SITES)
    admitted = [
        operations.covers("joint", None, "rekkem", NOON_MS + minute * MINUTE_MS) for minute in (45, 75, 90)
    ]
    assert admitted == [True, True, False]


def test_a_site_belongs_if_it_is_named_or_in_the_area() -> None:
    assert admitting(site_id="rekkem") == ["drawn", "named"]
    assert admitting(site_id="camphin") == ["drawn"]
    assert admitting(site_id="jabbeke") == []
    assert admitting(site_id="unplaced") == []
    assert admitting(site_id="unknown") == []
    assert admitting(site_id=None) == []


def test_a_mobile_camera_belongs_by_its_position() -> None:
    assert admitting(site_id=None, position=(50.7, 3.2)) == ["drawn"]
    assert admitting(site_id=None, position=(50.9, 3.2)) == []
    # The position counts for more than a site in the area, but not for more than a site that is named.
    assert admitting(site_id="camphin", position=(50.9, 3.2)) == []
    assert admitting(site_id="rekkem", position=(50.9, 3.2)) == ["named"]


def test_a_position_on_the_edge_of_the_area_is_inside_and_one_next_to_it_is_not() -> None:
    for position in ((50.5, 3.2), (50.8, 3.4), (50.65, 3.0)):
        assert admitting(site_id=None, position=position) == ["drawn"]
    for position in ((50.4999999, 3.2), (50.8, 3.4000001), (50.65, 2.9999999)):
        assert admitting(site_id=None, position=position) == []


def test_an_area_may_be_concave() -> None:
    corners = [[0.0, 0.0], [0.0, 4.0], [4.0, 4.0], [4.0, 3.0], [1.0, 3.0], [1.0, 1.0], [4.0, 1.0], [4.0, 0.0]]
    operations = Operations({"u": an_operation(sites=[], area=corners)}, {})
    inside = [operations.covers("u", (lat, 2.0), None, NOON_MS) for lat in (0.5, 1.0, 2.0)]
    assert inside == [True, True, False]
    assert operations.covers("u", (2.0, 0.5), None, NOON_MS)


def test_a_bound_alert_is_admitted_by_its_operation_only_and_on_its_conditions() -> None:
    assert admitting(bound="named") == ["named"]
    assert admitting(bound="drawn", site_id="camphin") == ["drawn"]
    assert admitting(bound="named", site_id="camphin") == []
    assert admitting("be", bound="named") == []
    assert admitting(bound="later") == []
    assert admitting(bound="unknown") == []


def test_an_operation_is_known_by_its_id() -> None:
    operations = Operations({"joint": an_operation()}, SITES)
    assert operations.has_operation("joint")
    assert not operations.has_operation("other")


def admission(
    *next_sites: NextSite,
    site: str | None = "rekkem",
    priority: int = 1,
    posterior: float | None = 1.0,
    **fields: Any,
) -> Admission:
    """The admission of a read at noon."""
    operations = Operations({"joint": an_operation(**fields)}, SITES)
    return operations.build_admission("joint", priority, posterior, site, NOON_MS, next_sites)


def test_the_chance_is_the_share_of_vehicles_that_pass_a_crew() -> None:
    assert admission(a_next_site("camphin", 10, 20, 0.5), talkgroup="T1") == Admission(
        "joint",
        score=0.5,
        chance=0.5,
        site_id="camphin",
        earliest=from_ms(NOON_MS + 10 * MINUTE_MS),
        latest=from_ms(NOON_MS + 20 * MINUTE_MS),
        talkgroup="T1",
    )
    assert admission(a_next_site("jabbeke", 10, 20), talkgroup="T1") == Admission(
        "joint", score=0.0, chance=0.0, talkgroup="T1"
    )
    assert admission() == Admission("joint", score=0.0, chance=0.0)


@pytest.mark.parametrize(
    ("setup", "chance"), [(0, 0.5), (10, 0.5), (12.5, 0.375), (19, 0.05), (20, 0.0), (25, 0.0)]
)
def test_only_the_part_of_the_arrival_window_in_which_the_crew_is_ready_counts(
    setup: float, chance: float
) -> None:
    found = admission(a_next_site("camphin", 10, 20, 0.5), setup_minutes=setup)
    assert found.chance == chance
    assert (found.site_id == "camphin") == (chance > 0)


def test_an_arrival_at_an_instant_counts_wholly_or_not_at_all() -> None:
    assert admission(a_next_site("camphin", 5, 5, 0.5), setup_minutes=5.0).chance == 0.5
    assert admission(a_next_site("camphin", 5, 5, 0.5), setup_minutes=5.1).chance == 0.0


def test_the_best_crew_counts_and_of_equal_ones_the_earliest() -> None:
    crews = ["camphin", "lille", "jabbeke"]
    best = admission(a_next_site("camphin", 10, 20, 0.2), a_next_site("lille", 30, 40, 0.6), crews=crews)
    assert (best.site_id, best.chance) == ("lille", 0.6)
    first = admission(a_next_site("camphin", 30, 40, 0.5), a_next_site("lille", 10, 20, 0.5), crews=crews)
    assert first.site_id == "lille"
    same = admission(a_next_site("lille", 10, 20, 0.5), a_next_site("camphin", 10, 20, 0.5), crews=crews)
    assert same.site_id == "camphin"
    # The nearest crew does not have enough notice, so the next one counts.
    later = admission(
        a_next_site("camphin", 1, 4), a_next_site("jabbeke", 20, 30, 0.3), crews=crews, setup_minutes=5.0
    )
    assert (later.site_id, later.chance) == ("jabbeke", 0.3)


def test_at_a_road_site_of_the_read_only_a_crew_without_notice_has_a_chance() -> None:
    stopped = admission(crews=["rekkem"])
    assert (stopped.chance, stopped.site_id, stopped.earliest) == (1.0, "rekkem", from_ms(NOON_MS))
    assert stopped.latest == stopped.earliest
    assert admission(crews=["rekkem"], setup_minutes=0.1).chance == 0.0


def test_a_vehicle_stays_at_a_station() -> None:
    stopped = admission(site="lille", sites=["lille"], crews=["lille"], setup_minutes=5.0)
    assert stopped.chance == round(10 / 15, 4)
    assert stopped.latest == from_ms(NOON_MS + 15 * MINUTE_MS)
    assert admission(site="lille", sites=["lille"], crews=["lille"], setup_minutes=15.0).chance == 0.0
    assert admission(site="lille", crews=["lille"], setup_minutes=15.0, stay_minutes=60.0).chance == 0.75


def test_by_default_there_is_a_crew_at_each_site_of_the_operation() -> None:
    assert (
        admission(
            a_next_site("rekkem", 10, 20), a_next_site("camphin", 10, 20), site=None, crews=None
        ).site_id
        == "rekkem"
    )
    drawn = admission(a_next_site("lille", 10, 20), site=None, crews=None, sites=[], area=AREA)
    assert drawn.site_id == "lille"
    assert admission(a_next_site("jabbeke", 10, 20), site=None, crews=None, sites=[], area=AREA).chance == 0.0


@pytest.mark.parametrize(("priority", "weight"), [(1, 1.0), (2, 0.8), (3, 0.6), (4, 0.4), (5, 0.2)])
def test_the_score_is_weight_times_posterior_times_chance(priority: int, weight: float) -> None:
    found = admission(a_next_site("camphin", 10, 20, 0.5), priority=priority, posterior=0.75)
    assert found.score == pytest.approx(weight * 0.75 * 0.5, abs=1e-4)
    assert found.chance == 0.5


def test_a_match_of_a_pattern_counts_as_certain() -> None:
    assert admission(a_next_site("camphin", 10, 20, 0.5), posterior=None).score == 0.5
