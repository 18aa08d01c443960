"""Records made up for tests."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import orjson
from msgspec.structs import replace

from streams.plates.normal_form import normalise
from streams.records.alert import Alert, Withdrawal
from streams.records.decode import decode_alert
from streams.records.hit import Hit, Place, build_hit_alert, compute_hit_id
from streams.records.match import Match, MatchResult
from streams.records.read import Read
from streams.records.times import HOUR_MS, Millis, parse_time, to_ms, to_rfc3339
from streams.records.verdict import Verdict
from tools.contracts import build_schemas

NOON = datetime(2026, 5, 21, 12, tzinfo=UTC)
"""When the reads of tests are captured, unless they say otherwise."""
EXAMPLE_HIT: Final = msgspec.convert(json.loads(build_schemas()["hit.schema.json"])["examples"][0], Hit)
"""The example of a hit in its schema."""


def after_noon(seconds: float) -> datetime:
    """So many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def hours_after(start: datetime, hours: float) -> Millis:
    """Return a time so many hours after another, in milliseconds."""
    return to_ms(start) + round(hours * HOUR_MS)


def numbered_id(number: int) -> str:
    """Return the id of a hit that is only a number."""
    return f"{number:032x}"


def a_read(plate: str, country: str | None = None, **fields: Any) -> Read:
    """A read at noon, by camera `c1`."""
    defaults: dict[str, Any] = {"read_id": "r1", "camera_id": "c1", "captured_at": NOON}
    return Read(plate=plate, country=country, **(defaults | fields))


def alert_json(plate: str, country: str | None = None, **fields: Any) -> bytes:
    """An alert of the list `sis`, effective all through 2026, as JSON."""
    record: dict[str, Any] = {
        "list_id": "sis",
        "alert_id": "a1",
        "version": 1,
        "plate": plate,
        "basis": "NATIONAL",
        "reason": "stolen vehicle",
        "action": {"default": "stop"},
        "valid_from": "2026-01-01T00:00:00Z",
        "valid_until": "2090-01-01T00:00:00Z",
    }
    if country is not None:
        record["country"] = country
    return orjson.dumps(record | fields)


def an_alert(plate: str, country: str | None = None, **fields: Any) -> Alert:
    """An alert of the list `sis`, effective all through 2026."""
    decoded = decode_alert(alert_json(plate, country, **fields))
    assert isinstance(decoded, Alert), decoded
    return decoded


def a_withdrawal(alert_id: str, time: str | datetime, list_id: str = "sis") -> Withdrawal:
    """The end of an alert."""
    return Withdrawal(list_id, alert_id, parse_time(time) if isinstance(time, str) else time)


def read_json(plate: str, seconds: float = 0, **fields: Any) -> bytes:
    """A read so many seconds after noon, by camera `c1`, as JSON."""
    record = {
        "read_id": f"r{seconds}",
        "camera_id": "c1",
        "captured_at": to_rfc3339(after_noon(seconds)),
        "plate": plate,
    }
    return orjson.dumps(record | fields)


def a_match(read: Read, alert: Alert, **fields: Any) -> Match:
    """A match of a read and an alert; confusable if the two plates differ, else exact."""
    plate, listed = normalise(read.plate), normalise(alert.plate)
    match_class: Any = "exact" if plate == listed else "confusable"
    return Match(read, alert, MatchResult(match_class, plate, listed, **fields))


def a_hit(read: Read, alert: Alert, **fields: Any) -> Hit:
    """The first revision of a live hit at site `s1`; confusable if the two plates differ, else exact."""
    match_class: Any = "exact" if read.plate == alert.plate else "confusable"
    defaults: dict[str, Any] = {
        "hit_id": compute_hit_id(alert, read),
        "revision": 1,
        "kind": "new",
        "mode": "live",
        "age_s": 0.0,
        "read": read,
        "alert": build_hit_alert(alert),
        "match": MatchResult(match_class, read.plate, alert.plate),
        "place": Place(read.camera_id, "s1"),
        "action": "stop",
        "priority": 1,
        "emitted_at": read.captured_at,
    }
    return Hit(**(defaults | fields))


def example_hit(number: int, **fields: Any) -> Hit:
    """The example of a hit in its schema, with a number as its id."""
    return replace(EXAMPLE_HIT, **({"hit_id": numbered_id(number)} | fields))


def a_verdict(
    hit: Hit | str, verdict: Any = "confirmed", seconds: float = 60, centre: str = "ccpd"
) -> Verdict:
    """A verdict on a hit, given by its id or as a whole, so many seconds after noon."""
    return Verdict(hit if isinstance(hit, str) else hit.hit_id, centre, verdict, after_noon(seconds))
