"""An operation, its sites and hits made up for tests."""

import json
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from streams.network.config import Site
from streams.operations.config import Operation, Window
from streams.records.hit import Hit
from streams.records.journey import Admission, Next
from streams.records.times import from_ms, parse_time, to_ms
from streams.records.verdict import Verdict
from tools.contracts import schemas

NOON: Final = to_ms(parse_time("2026-05-21T12:00:00Z"))
"""When the operation of tests begins; it lasts two hours."""
MINUTE: Final = 60_000
ENDS: Final = NOON + 120 * MINUTE
EXAMPLE: Final = msgspec.convert(json.loads(schemas()["hit.schema.json"])["examples"][0], Hit)

SITES: Final = {
    "rekkem": Site(road="A14/E17", territory="BE", lat=50.79, lon=3.15),
    "camphin": Site(road="A27", territory="FR", lat=50.60, lon=3.25),
    "lille": Site(kind="rail", territory="FR", lat=50.638, lon=3.07),
    "jabbeke": Site(road="A10", territory="BE", lat=51.18, lon=3.09),
    "unplaced": Site(territory="BE"),
}
AREA: Final = [[50.5, 3.0], [50.5, 3.4], [50.8, 3.4], [50.8, 3.0]]
"""Round rekkem, camphin and lille."""


def window(begins: float = 0, ends: float = 120) -> Window:
    """A window, in minutes after noon."""
    return Window(from_=from_ms(NOON + round(begins * MINUTE)), until=from_ms(NOON + round(ends * MINUTE)))


def operation(**fields: Any) -> Operation:
    """An operation of two hours with a crew at camphin, which is at all times ready."""
    defaults: dict[str, Any] = {
        "lists": ["sis"],
        "sites": ["rekkem"],
        "crews": ["camphin"],
        "capacity": 3.0,
        "setup_minutes": 0.0,
        "windows": [window()],
    }
    return Operation(**(defaults | fields))


def coming(site_id: str, earliest: float, latest: float, share: float = 1.0) -> Next:
    """A site ahead; the arrival window is in minutes after noon."""
    begins, ends = (from_ms(NOON + round(each * MINUTE)) for each in (earliest, latest))
    return Next(site_id, km=10.0, earliest=begins, expected=begins, latest=ends, share=share)


def admission(score: float = 0.5, earliest: float = 10, latest: float = 20, **fields: Any) -> Admission:
    """A hit's place in the operation `joint`, at camphin; the arrival window is in minutes after noon."""
    begins, ends = (from_ms(NOON + round(each * MINUTE)) for each in (earliest, latest))
    defaults: dict[str, Any] = {
        "operation_id": "joint",
        "score": score,
        "chance": score,
        "site_id": "camphin",
        "earliest": begins,
        "latest": ends,
    }
    return Admission(**(defaults | fields))


def hit(number: int, *admissions: Admission, minute: float = 0, **fields: Any) -> Hit:
    """A hit of an alert of its own at rekkem, so many minutes after noon; parts are set by their names."""
    read = replace(EXAMPLE.read, captured_at=from_ms(NOON + round(minute * MINUTE)))
    alert = replace(
        EXAMPLE.alert,
        list_id=fields.pop("list_id", "sis"),
        alert_id=fields.pop("alert_id", f"A{number}"),
    )
    match = replace(
        EXAMPLE.match,
        class_=fields.pop("class_", "exact"),
        posterior=fields.pop("posterior", 0.9),
        read_plate=fields.pop("read_plate", EXAMPLE.match.read_plate),
    )
    place = replace(EXAMPLE.place, site_id=fields.pop("site_id", "rekkem"))
    parts: dict[str, Any] = {
        "hit_id": f"{number:032x}",
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
    return replace(EXAMPLE, **(parts | fields))


def verdict(number: int, said: str = "confirmed", minute: float = 30, **fields: Any) -> Verdict:
    """What the centre `be` says of a hit, so many minutes after noon."""
    given: Any = {"centre": "be", "verdict": said, "at": from_ms(NOON + round(minute * MINUTE))}
    return Verdict(hit_id=f"{number:032x}", **(given | fields))
