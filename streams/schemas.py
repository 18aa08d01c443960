"""The JSON Schema files of what travels (JSON Schema 2020-12), made from the records' declarations.

The types and bounds come from the Structs. What the code checks beyond them, and a schema can say, is added
here: the rule of a plate, and what many properties share as one definition. Patterns keep to what every
engine of regular expressions reads. What a schema cannot say is in `schemas/README.md`.
"""

import inspect
import json
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec

from streams.plates.normal import LISTED_PATTERN, LITERAL_PATTERN, PLATE_PATTERN
from streams.records.alert import Alert, AlertMatch, Withdrawal
from streams.records.countries import COUNTRIES
from streams.records.encode import encode
from streams.records.hit import Hit, HitAlert, Place, hit_id
from streams.records.match import Edit, MatchResult
from streams.records.read import Candidate, CharAlternative, Read, Vehicle
from streams.records.times import TIME_PATTERN
from streams.records.verdict import Verdict

_VERSION: Final = 1
"""Part of each schema's id; rises when a document that was valid no longer is."""

_READ: Final = Read(
    read_id="rekkem-n-000417",
    camera_id="be.a14.rekkem.n",
    captured_at=datetime(2026, 5, 21, 16, 10, 6, 123000, UTC),
    plate="AB-I23-CD",
    country="FR",
    confidence=0.91,
    char_confidences=[0.99, 0.98, 0.55, 0.97, 0.99, 0.96, 0.98],
    candidates=[Candidate("AB-123-CD", 0.42)],
    char_alternatives=[[], [], [CharAlternative("1", 0.44)], [], [], [], []],
    lane=2,
    direction="receding",
    speed_kmh=87.5,
    vehicle=Vehicle("PEUGEOT", "308", "grey", "car", 0.8),
    image_ref="urn:example:picture:000417",
)
_ALERT: Final = Alert(
    list_id="sis",
    alert_id="FR-2026-00042",
    version=2,
    plate="AB-123-CD",
    basis="SIS-36-discreet",
    reason="seen at thefts of building machines",
    action={"default": "discreet-check", "BE": "inform"},
    valid_from=datetime(2026, 5, 1, tzinfo=UTC),
    valid_until=datetime(2026, 8, 1, tzinfo=UTC),
    country="FR",
    vehicle=Vehicle("PEUGEOT", "308", "grey", "car"),
    priority=2,
    match=AlertMatch("confusable"),
    audience=["be-west", "fr-nord"],
    reference="file 42 of 2026",
)
_HIT: Final = Hit(
    hit_id=hit_id(_ALERT, _READ),
    revision=1,
    kind="new",
    mode="live",
    age_s=0.25,
    read=_READ,
    alert=HitAlert(
        list_id=_ALERT.list_id,
        alert_id=_ALERT.alert_id,
        version=_ALERT.version,
        plate=_ALERT.plate,
        basis=_ALERT.basis,
        reason=_ALERT.reason,
        valid_until=_ALERT.valid_until,
        country=_ALERT.country,
        vehicle=_ALERT.vehicle,
        reference=_ALERT.reference,
    ),
    match=MatchResult("confusable", "ABI23CD", "AB123CD", edits=[Edit("settled", 3, "I", "1")]),
    place=Place(
        camera_id=_READ.camera_id,
        site_id="rekkem",
        road="A14/E17",
        direction="Kortrijk",
        territory="BE",
        lat=50.786,
        lon=3.158,
    ),
    action="inform",
    priority=_ALERT.priority,
    emitted_at=datetime(2026, 5, 21, 16, 10, 6, 373000, UTC),
    audience=["be-west", "fr-nord"],
    rules=["match.confusable", "plate.settled-by-format", "action.BE"],
)
_WITHDRAWAL: Final = Withdrawal(
    list_id=_ALERT.list_id,
    alert_id=_ALERT.alert_id,
    withdrawn_at=datetime(2026, 5, 30, 8, tzinfo=UTC),
)
_VERDICT: Final = Verdict(
    hit_id=_HIT.hit_id,
    centre="be-west",
    verdict="confirmed",
    at=datetime(2026, 5, 21, 16, 14, tzinfo=UTC),
    reason="stopped by a patrol, plate and vehicle as listed",
    by="officer 7",
)


class _Public(NamedTuple):
    description: str
    example: msgspec.Struct


_PUBLIC: Final = (
    _Public(
        "One licence plate as one camera read it, once. Topic anpr.reads.<country of the camera>, "
        "key camera_id. Written by gateways, read by workers.",
        _READ,
    ),
    _Public(
        "One vehicle or plate that a list asks for, in one version. Topic anpr.alerts, compacted, key "
        "<list_id>/<alert_id>. Written by the lists' owners, read by workers.",
        _ALERT,
    ),
    _Public(
        "The end of an alert before its time, in files. On Kafka it is the null value of the alert's key.",
        _WITHDRAWAL,
    ),
    _Public(
        "What a police centre is told. The latest revision of a hit_id is what holds. Topic anpr.hits, key "
        "hit_id. Written by workers, read by the centres.",
        _HIT,
    ),
    _Public(
        "What a centre says of a hit, after a person looked at it. Topic anpr.verdicts, key hit_id. Written "
        "by the centres, read by workers.",
        _VERDICT,
    ),
)

_CODES: Final = sorted(COUNTRIES)
_SHARED: Final[dict[str, dict[str, Any]]] = {
    "Time": {
        "description": "An instant: RFC 3339 with a zone, from 2000 to 2099; best in UTC with milliseconds.",
        "type": "string",
        "format": "date-time",
        "pattern": TIME_PATTERN,
    },
    # `action` in streams.records.alert refers to it by this name.
    "Territory": {
        "description": "`default`, or a country's code.",
        "anyOf": [{"const": "default"}, {"$ref": "#/$defs/Country"}],
    },
    "Country": {
        "description": "A country's code: ISO 3166-1 alpha-2 in upper case, and XK for Kosovo.",
        "enum": _CODES,
    },
}
"""Definitions that many properties refer to; one may refer to those below it."""

_BEYOND_TYPES: Final[dict[str, dict[str, dict[str, Any]]]] = {
    "Read": {"plate": {"pattern": PLATE_PATTERN}},
    "Alert": {"plate": {"pattern": LISTED_PATTERN, "allOf": [{"pattern": LITERAL_PATTERN}]}},
}
"""By Struct and property: what the code checks that the Struct's types do not say."""


def schemas() -> dict[str, str]:
    """File name to JSON text, of each record that others write or read."""
    return {f"{_name(public)}.schema.json": _text(public) for public in _PUBLIC}


def _name(public: _Public) -> str:
    return type(public.example).__name__.lower()


def _text(public: _Public) -> str:
    kind = type(public.example)
    _, made = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    defs: dict[str, Any] = {name: _tidy(schema) for name, schema in made.items()}
    for name in _BEYOND_TYPES.keys() & defs.keys():
        for field, rules in _BEYOND_TYPES[name].items():
            defs[name]["properties"][field].update(rules)
    for name, definition in _SHARED.items():
        if f'"#/$defs/{name}"' in json.dumps(defs):
            defs[name] = definition
    root = defs.pop(kind.__name__)
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:anpr-streams:{_name(public)}:{_VERSION}",
        **root,
        "description": public.description,
        "examples": [json.loads(encode(public.example))],
        "$defs": dict(sorted(defs.items())),
    }
    return json.dumps(schema, indent=2) + "\n"


def _tidy(schema: Any) -> Any:
    """A schema of msgspec's, with what is shared referred to and descriptions for those who read the schema.

    That of a property stands at the property; of a Struct's docstring there is the first paragraph.
    """
    if isinstance(schema, list):
        return [_tidy(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("enum") == _CODES:
        return {"$ref": "#/$defs/Country"}
    if schema.get("pattern") == TIME_PATTERN:
        return {**_described(schema), "$ref": "#/$defs/Time"}
    tidy = {key: _tidy(value) for key, value in schema.items() if (key, value) != ("required", [])}
    if "properties" in tidy:
        tidy["description"] = " ".join(inspect.cleandoc(tidy["description"]).split("\n\n")[0].split())
    for part in tidy.get("anyOf", ()):
        tidy = {**_described(part), **tidy}
        part.pop("description", None)
    return tidy


def _described(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": schema["description"]} if "description" in schema else {}
