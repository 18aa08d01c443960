"""An operation, its sites and hits made up for tests."""

from typing import Any, Final

from msgspec.structs import replace

from streams.network.config import SiteConfig
from streams.operations.config import OperationConfig, TimeWindow
from streams.records.hit import Hit
from streams.records.journey import Admission, NextSite
from streams.records.times import from_ms, parse_time, to_ms
from streams.records.verdict import Verdict
from tests.support.builders import EXAMPLE_HIT, numbered_id

NOON_MS: Final = to_ms(parse_time("2026-05-21T12:00:00Z"))
"""When the operation of tests begins; it lasts two hours."""
MINUTE_MS: Final = 60_000
ENDS_MS: Final = NOON_MS + 120 * MINUTE_MS

SITES: Final = {
    "rekkem": SiteConfig(road="A14/E17", territory="BE", lat=50.79, lon=3.15),
    "camphin": SiteConfig(road="A27", territory="FR", lat=50.60, lon=3.25),
    "lille": SiteConfig(kind="rail", territory="FR", lat=50.638, lon=3.07),
    "jabbeke": SiteConfig(road="A10", territory="BE", lat=51.18, lon=3.09),
    "unplaced": SiteConfig(territory="BE"),
}
AREA: Final = [[50.5, 3.0], [50.5, 3.4], [50.8, 3.4], [50.8, 3.0]]
"""Round rekkem, camphin and lille."""


def a_window(begins: float = 0, ends: float = 120) -> TimeWindow:
    """A window, in minutes after noon."""
    return TimeWindow(
        from_=from_ms(NOON_MS + round(begins * MINUTE_MS)), until=from_ms(NOON_MS + round(ends * MINUTE_MS))
    )


def an_operation(**fields: Any) -> OperationConfig:
    """An operation of two hours with a crew at camphin, which is at all times ready."""
    defaults: dict[str, Any] = {
        "lists": ["sis"],
        "sites": ["rekkem"],
        "crews": ["camphin"],
        "capacity": 3.0,
        "setup_minutes": 0.0,
        "windows": [a_window()],
    }
    return OperationConfig(**(defaults | fields))


def a_next_site(site_id: str, earliest: float, latest: float, share: float = 1.0) -> NextSite:
    """A site ahead; the arrival window is in minutes after noon."""
    begins, ends = (from_ms(NOON_MS + round(each * MINUTE_MS)) for each in (earliest, latest))
    return NextSite(site_id, km=10.0, earliest=begins, expected=begins, latest=ends, share=share)


def an_admission(score: float = 0.5, earliest: float = 10, latest: float = 20, **fields: Any) -> Admission:
    """A hit's place in the operation `joint`, at camphin; the arrival window is in minutes after noon."""
    begins, ends = (from_ms(NOON_MS + round(each * MINUTE_MS)) for each in (earliest, latest))
    defaults: dict[str, Any] = {
        "operation_id": "joint",
        "score": score,
        "chance": score,
        "site_id": "camphin",
        "earliest": begins,
        "latest": ends,
    }
    return Admission(**(defaults | fields))


def a_hit(number: int, *admissions: Admission, minute: float = 0, **fields: Any) -> Hit:
    """A hit of an alert of its own at rekkem, so many minutes after noon; parts are set by their names."""
    read = replace(EXAMPLE_HIT.read, captured_at=from_ms(NOON_MS + round(minute * MINUTE_MS)))
    alert = replace(
        EXAMPLE_HIT.alert,
        list_id=fields.pop("list_id", "sis"),
        alert_id=fields.pop("alert_id", f"A{number}"),
    )
    match = replace(
        EXAMPLE_HIT.match,
        class_=fields.pop("class_", "exact"),
        posterior=fields.pop("posterior", 0.9),
        read_plate=fields.pop("read_plate", EXAMPLE_HIT.match.read_plate),
    )
    place = replace(EXAMPLE_HIT.place, site_id=fields.pop("site_id", "rekkem"))
    parts: dict[str, Any] = {
        "hit_id": numbered_id(number),
        "read": read,
        "alert": alert,
        "match": match,
        "place": place,
        "operations": list(admissions),
        "emitted_at": read.captured_at,
        "journey": None,
        "handover": None,
        "verdict": None,
        "kind": "new",
        "mode": "live",
        "withdrawn": None,
    }
    return replace(EXAMPLE_HIT, **(parts | fields))


def a_verdict(number: int, outcome: str = "confirmed", minute: float = 30, **fields: Any) -> Verdict:
    """What the centre `be` says of a hit, so many minutes after noon."""
    given: Any = {"centre": "be", "verdict": outcome, "at": from_ms(NOON_MS + round(minute * MINUTE_MS))}
    return Verdict(hit_id=numbered_id(number), **(given | fields))
