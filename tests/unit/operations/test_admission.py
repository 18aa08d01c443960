"""Which operations admit a hit, and the chance to intercept."""

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
    """The operations of three that admit a hit at rekkem at noon, unless said otherwise."""
    operations = Operations(
        {
            "named": an_operation(),
            "drawn": an_operation(sites=[], area=AREA, lists=["sis", "be"]),
            "later": an_operation(windows=[a_window(60, 90), a_window(100, 110)]),
        },
        SITES,
    )
    known: dict[str, Any] = {"position": None, "site_id": "rekkem", "captured_ms": NOON_MS}
    return operations.admitting_operations(list_id, bound, **(known | place))


def test_an_operation_admits_only_its_lists() -> None:
    assert admitting("sis") == ["drawn", "named"]
    assert admitting("be") == ["drawn"]
    assert admitting("fr") == []


@pytest.mark.parametrize(
    ("captured", "admitted"),
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
    captured: int, admitted: list[str]
) -> None:
    assert admitting(captured_ms=captured) == admitted


def test_windows_that_overlap_are_one_time() -> None:
    operations = Operations({"joint": an_operation(windows=[a_window(0, 60), a_window(30, 90)])}, SITES)
    admitted = [
        operations.covers("joint", None, "rekkem", NOON_MS + each * MINUTE_MS) for each in (45, 75, 90)
    ]
    assert admitted == [True, True, False]


def test_a_site_belongs_if_it_is_named_or_lies_in_the_area() -> None:
    assert admitting(site_id="rekkem") == ["drawn", "named"]
    assert admitting(site_id="camphin") == ["drawn"]
    assert admitting(site_id="jabbeke") == []
    assert admitting(site_id="unplaced") == []
    assert admitting(site_id="unknown") == []
    assert admitting(site_id=None) == []


def test_a_camera_that_moves_belongs_where_it_is() -> None:
    assert admitting(site_id=None, position=(50.7, 3.2)) == ["drawn"]
    assert admitting(site_id=None, position=(50.9, 3.2)) == []
    # Of a site that lies in the area, but the read was taken elsewhere; of one that is named it counts.
    assert admitting(site_id="camphin", position=(50.9, 3.2)) == []
    assert admitting(site_id="rekkem", position=(50.9, 3.2)) == ["named"]


def test_a_place_on_the_edge_of_the_area_is_in_it_and_one_beside_it_is_not() -> None:
    for position in ((50.5, 3.2), (50.8, 3.4), (50.65, 3.0)):
        assert admitting(site_id=None, position=position) == ["drawn"]
    for position in ((50.4999999, 3.2), (50.8, 3.4000001), (50.65, 2.9999999)):
        assert admitting(site_id=None, position=position) == []


def test_an_area_may_be_hollow_towards_a_place() -> None:
    corners = [[0.0, 0.0], [0.0, 4.0], [4.0, 4.0], [4.0, 3.0], [1.0, 3.0], [1.0, 1.0], [4.0, 1.0], [4.0, 0.0]]
    operations = Operations({"u": an_operation(sites=[], area=corners)}, {})
    inside = [operations.covers("u", (lat, 2.0), None, NOON_MS) for lat in (0.5, 1.0, 2.0)]
    assert inside == [True, True, False]
    assert operations.covers("u", (2.0, 0.5), None, NOON_MS)


def test_a_bound_alert_is_admitted_by_its_operation_alone_and_only_on_its_terms() -> None:
    assert admitting(bound="named") == ["named"]
    assert admitting(bound="drawn", site_id="camphin") == ["drawn"]
    assert admitting(bound="named", site_id="camphin") == []
    assert admitting("be", bound="named") == []
    assert admitting(bound="later") == []
    assert admitting(bound="unknown") == []


def test_known_operations_can_be_bound_to() -> None:
    operations = Operations({"joint": an_operation()}, SITES)
    assert operations.has_operation("joint")
    assert not operations.has_operation("other")


def of(*ahead: NextSite, site: str | None = "rekkem", priority: int = 1, posterior: float | None = 1.0,
       **fields: Any) -> Admission:  # fmt: skip
    """The admission of a read at noon."""
    operations = Operations({"joint": an_operation(**fields)}, SITES)
    return operations.build_admission("joint", priority, posterior, site, NOON_MS, ahead)


def test_the_chance_is_the_share_that_comes_by_a_crew() -> None:
    assert of(a_next_site("camphin", 10, 20, 0.5), talkgroup="T1") == Admission(
        "joint",
        score=0.5,
        chance=0.5,
        site_id="camphin",
        earliest=from_ms(NOON_MS + 10 * MINUTE_MS),
        latest=from_ms(NOON_MS + 20 * MINUTE_MS),
        talkgroup="T1",
    )
    assert of(a_next_site("jabbeke", 10, 20), talkgroup="T1") == Admission(
        "joint", score=0.0, chance=0.0, talkgroup="T1"
    )
    assert of() == Admission("joint", score=0.0, chance=0.0)


@pytest.mark.parametrize(
    ("setup", "chance"), [(0, 0.5), (10, 0.5), (12.5, 0.375), (19, 0.05), (20, 0.0), (25, 0.0)]
)
def test_only_the_part_of_the_arrival_window_counts_in_which_the_crew_is_ready(
    setup: float, chance: float
) -> None:
    found = of(a_next_site("camphin", 10, 20, 0.5), setup_minutes=setup)
    assert found.chance == chance
    assert (found.site_id == "camphin") == (chance > 0)


def test_an_arrival_at_a_known_instant_is_had_or_not() -> None:
    assert of(a_next_site("camphin", 5, 5, 0.5), setup_minutes=5.0).chance == 0.5
    assert of(a_next_site("camphin", 5, 5, 0.5), setup_minutes=5.1).chance == 0.0


def test_the_best_crew_counts_and_of_equal_ones_the_first_it_comes_to() -> None:
    crews = ["camphin", "lille", "jabbeke"]
    best = of(a_next_site("camphin", 10, 20, 0.2), a_next_site("lille", 30, 40, 0.6), crews=crews)
    assert (best.site_id, best.chance) == ("lille", 0.6)
    first = of(a_next_site("camphin", 30, 40, 0.5), a_next_site("lille", 10, 20, 0.5), crews=crews)
    assert first.site_id == "lille"
    same = of(a_next_site("lille", 10, 20, 0.5), a_next_site("camphin", 10, 20, 0.5), crews=crews)
    assert same.site_id == "camphin"
    # Too near for a crew that needs notice, so the next one.
    later = of(
        a_next_site("camphin", 1, 4), a_next_site("jabbeke", 20, 30, 0.3), crews=crews, setup_minutes=5.0
    )
    assert (later.site_id, later.chance) == ("jabbeke", 0.3)


def test_on_the_road_where_it_was_read_only_a_crew_without_notice_has_it() -> None:
    there = of(crews=["rekkem"])
    assert (there.chance, there.site_id, there.earliest) == (1.0, "rekkem", from_ms(NOON_MS))
    assert there.latest == there.earliest
    assert of(crews=["rekkem"], setup_minutes=0.1).chance == 0.0


def test_at_a_station_it_stays_a_while() -> None:
    there = of(site="lille", sites=["lille"], crews=["lille"], setup_minutes=5.0)
    assert there.chance == round(10 / 15, 4)
    assert there.latest == from_ms(NOON_MS + 15 * MINUTE_MS)
    assert of(site="lille", sites=["lille"], crews=["lille"], setup_minutes=15.0).chance == 0.0
    assert of(site="lille", crews=["lille"], setup_minutes=15.0, stay_minutes=60.0).chance == 0.75


def test_without_crews_set_there_is_one_at_each_of_its_sites() -> None:
    assert (
        of(a_next_site("rekkem", 10, 20), a_next_site("camphin", 10, 20), site=None, crews=None).site_id
        == "rekkem"
    )
    drawn = of(a_next_site("lille", 10, 20), site=None, crews=None, sites=[], area=AREA)
    assert drawn.site_id == "lille"
    assert of(a_next_site("jabbeke", 10, 20), site=None, crews=None, sites=[], area=AREA).chance == 0.0


@pytest.mark.parametrize(("priority", "weight"), [(1, 1.0), (2, 0.8), (3, 0.6), (4, 0.4), (5, 0.2)])
def test_the_score_is_weight_times_posterior_times_chance(priority: int, weight: float) -> None:
    found = of(a_next_site("camphin", 10, 20, 0.5), priority=priority, posterior=0.75)
    assert found.score == pytest.approx(weight * 0.75 * 0.5, abs=1e-4)
    assert found.chance == 0.5


def test_a_pattern_without_a_posterior_counts_as_sure() -> None:
    assert of(a_next_site("camphin", 10, 20, 0.5), posterior=None).score == 0.5
