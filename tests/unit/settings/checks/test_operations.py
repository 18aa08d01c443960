"""Checks of operations: valid ones, and every fault of invalid ones."""

import pytest

from streams.operations.config import OperationConfig
from streams.records.times import parse_time
from streams.settings.load import SettingsError, parse_settings
from streams.settings.reference import format_settings

REFERENCED = """[lists.sis]
[sites.rekkem]
[centres.be-west]
"""
VALID = f"""{REFERENCED}
[operations.joint]
name = "Tournai"
lists = ["sis"]
sites = ["rekkem"]
area = [[50, 3], [51, 4.5], [51, 3]]
crews = ["rekkem", "rekkem"]
participants = ["be-west"]
talkgroup = "FR-BE 7"
capacity = 4
[[operations.joint.windows]]
from = 2026-05-21T12:00:00Z
until = 2026-05-21T16:00:00+02:00
[[operations.joint.windows]]
from = "2026-05-22T12:00:00Z"
until = 2026-05-22T14:00:00Z
"""
WINDOW = "windows = [{from = 2026-05-21T12:00:00Z, until = 2026-05-21T12:00:00.001Z}]"


def faults(*keys: str) -> list[str]:
    """Return the faults of an operation with some keys, without the name of the file."""
    with pytest.raises(SettingsError) as caught:
        parse_settings("\n".join([REFERENCED, "[operations.joint]", *keys]), "x")
    return [str(fault).split(": ", 1)[1] for fault in caught.value.faults]


def operation(*keys: str) -> OperationConfig:
    """Return a valid operation with some keys."""
    return parse_settings("\n".join([REFERENCED, "[operations.joint]", *keys]), "x").operations["joint"]


def test_a_valid_operation() -> None:
    settings = parse_settings(VALID, "x")
    joint = settings.operations["joint"]
    assert (joint.lists, joint.sites, joint.crews, joint.capacity) == (["sis"], ["rekkem"], ["rekkem"] * 2, 4)
    assert joint.area == [[50.0, 3.0], [51.0, 4.5], [51.0, 3.0]]
    first, second = joint.windows
    assert first.until == parse_time("2026-05-21T14:00:00Z")
    assert second.from_ == parse_time("2026-05-22T12:00:00Z")
    assert (joint.setup_minutes, joint.stay_minutes) == (5.0, 15.0)
    # The output of `anpr config show` is read back unchanged.
    assert parse_settings(format_settings(settings), "shown") == settings


def test_unknown_ids_are_faults_with_advice() -> None:
    assert faults(
        'lists = ["sis", "sys"]',
        'sites = ["rekem"]',
        'crews = ["nowhere"]',
        'participants = ["be-wst"]',
        "capacity = 3",
        WINDOW,
    ) == [
        'operations.joint.lists[1]: must be an id in [lists], got "sys"; did you mean sis?',
        'operations.joint.sites[0]: must be an id in [sites], got "rekem"; did you mean rekkem?',
        'operations.joint.crews[0]: must be an id in [sites], got "nowhere"; add [sites.nowhere]',
        'operations.joint.participants[0]: must be an id in [centres], got "be-wst"; did you mean be-west?',
    ]


def test_an_operation_has_sites_or_an_area() -> None:
    required = ('lists = ["sis"]', "capacity = 3", WINDOW)
    (fault,) = faults(*required)
    assert fault == (
        "operations.joint: must have `sites` or an `area`; without both, no place belongs to the operation"
    )
    assert faults("sites = []", *required) == [fault]
    assert operation('sites = ["rekkem"]', *required).area is None
    assert operation("area = [[50, 3], [51, 4], [51, 3]]", *required).sites == []


@pytest.mark.parametrize(
    ("window", "fault"),
    [
        (
            "{from = 2026-05-21T12:00:00Z, until = 2026-05-21T14:00:00+02:00}",
            "operations.joint.windows[0].until: must be after `from` (2026-05-21T12:00:00+00:00), "
            "got 2026-05-21T14:00:00+02:00",
        ),
        (
            "{from = 2026-05-21T12:00:00, until = 2026-05-21T14:00:00Z}",
            "operations.joint.windows[0].from: must be a time with a zone, such as 2026-05-21T16:10:06Z, in "
            'the years 2000 to 2099, got "2026-05-21T12:00:00"',
        ),
        ("{from = 2026-05-21T12:00:00Z}", "missing required key `operations.joint.windows[0].until`"),
        ("", "operations.joint.windows: must be an array of 1 to 1000 entries, each a table, got []"),
    ],
)
def test_a_window_ends_after_it_begins(window: str, fault: str) -> None:
    actual = faults('lists = ["sis"]', 'sites = ["rekkem"]', "capacity = 3", f"windows = [{window}]")
    assert actual == [fault]


@pytest.mark.parametrize(
    ("area", "messages"),
    [
        ("[[50, 3], [51, 4]]", [": must be an array of at least 3 entries, "]),
        ("[[50, 3], [51, 4], [52]]", ["[2]: must be an array of 2 entries, "]),
        (
            "[[91, 3], [51, 4], [51, 181]]",
            [
                "[0][0]: must be a latitude, a number from -90 to 90, got 91.0",
                "[2][1]: must be a longitude, a number from -180 to 180, got 181.0",
            ],
        ),
        ("[[50, 3], [51, 4], [52, 5]]", [": must have corners that enclose an area: they lie on one line"]),
        (
            "[[50, 3], [51, 4], [51, 3], [50, 4]]",
            [": must have its corners in order around the area: its edges cross"],
        ),
    ],
)
def test_an_area_has_corners_in_order_around_it(area: str, messages: list[str]) -> None:
    actual = faults('lists = ["sis"]', "capacity = 3", WINDOW, f"area = {area}")
    assert len(actual) == len(messages)
    for fault, message in zip(actual, messages, strict=True):
        assert fault.startswith(f"operations.joint.area{message}")


@pytest.mark.parametrize("capacity", ["0", "-1", "121", '"3"'])
def test_a_crew_makes_at_least_some_interceptions_an_hour(capacity: str) -> None:
    (fault,) = faults('lists = ["sis"]', 'sites = ["rekkem"]', WINDOW, f"capacity = {capacity}")
    assert fault.startswith("operations.joint.capacity: must be a number above 0 and at most 120, got ")
    assert operation('lists = ["sis"]', 'sites = ["rekkem"]', WINDOW, "capacity = 0.5").capacity == 0.5


def test_lists_capacity_and_windows_are_required() -> None:
    assert sorted(faults('sites = ["rekkem"]')) == [
        f"missing required key `operations.joint.{key}`" for key in ("capacity", "lists", "windows")
    ]
